from __future__ import annotations

import hashlib
import json
import os

import pytest

from robustbert.errors import ModelError
from robustbert.models.folders import describe_source, hash_files, is_pretrained, model_kind
from robustbert.models.json_files import MAX_CONTAINERS, SMALL_FILE, read_json


def test_hash_is_over_names_and_contents(tmp_path):
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    found = hash_files([tmp_path / "b", tmp_path / "a"])
    assert found == hashlib.sha256(b"a\x001b\x002").hexdigest()


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ((), None),
        (("training.json", "model.safetensors"), None),
        (("config.json",), "huggingface"),
        (("model.json", "arrays.npz"), "classical"),
        (("config.json", "model.json"), "huggingface"),
    ],
)
def test_model_kind_is_detected_from_its_files(tmp_path, names, kind):
    for name in names:
        (tmp_path / name).touch()
    assert model_kind(tmp_path) == kind


def test_a_folder_that_does_not_exist_has_no_kind(tmp_path):
    assert model_kind(tmp_path / "none") is None


def test_source_comes_from_the_training_file(tmp_path):
    assert describe_source(tmp_path) == f"folder:{tmp_path.name}"
    (tmp_path / "training.json").write_text(
        '{"base": {"source": "w==1"}, "dataset": {"source": "d==2"}}'
    )
    assert describe_source(tmp_path) == "w==1 trained on d==2"


def test_source_of_a_pretrained_base_until_it_is_trained(tmp_path):
    assert not is_pretrained(tmp_path)
    (tmp_path / "pretraining.json").write_text(
        '{"base": {"source": "w==1"}, "dataset": {"source": "d==2"}}'
    )
    assert describe_source(tmp_path) == "w==1 pre-trained on d==2"
    assert is_pretrained(tmp_path)
    (tmp_path / "training.json").write_text(
        '{"base": {"source": "v==1"}, "dataset": {"source": "e==2"}}'
    )
    assert describe_source(tmp_path) == "v==1 trained on e==2"
    assert not is_pretrained(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[" * 50_000,
        '{"base": 1}',
        '{"base": {"source": ["w"]}, "dataset": {"source": "d"}}',
        '{"base": {"source": "two\\nlines"}, "dataset": {"source": "d"}}',
        json.dumps({"base": {"source": "w" * 5000}, "dataset": {"source": "d"}}),
    ],
)
def test_a_source_that_cannot_be_printed_is_omitted(tmp_path, content):
    (tmp_path / "training.json").write_text(content)
    assert describe_source(tmp_path) == f"folder:{tmp_path.name}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot read"),
        ("[1]", "is not a JSON object"),
        ("{", "cannot read"),
        (b"\xff\xfe{}", "cannot read"),
        ('{"a": ' + "9" * 5000 + "}", "cannot read"),
        ('{"a": ' * 50_000, "nested too deeply"),
        ("[" * (MAX_CONTAINERS + 1), "lists and objects"),
        (" " * (SMALL_FILE + 1), "is larger than"),
    ],
)
def test_content_that_is_not_a_json_object(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError, match=f"{message}.*broken"):
        read_json(path)


def test_paths_that_are_not_regular_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe.json", "folder.json", "absent.json"):
        with pytest.raises(ModelError, match="no such file"):
            read_json(tmp_path / name)
