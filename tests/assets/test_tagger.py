from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from robustbert.assets.tagger import read_perceptron
from robustbert.errors import MissingAssetError
from robustbert.packages import package_file


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo run >&2; touch ran",)


def test_the_json_holds_what_the_pickle_holds(tagger_folder: Path) -> None:
    path = package_file("textblob-aptagger", "textblob_aptagger/trontagger-0.1.0.pickle")
    with path.open("rb") as file:
        weights, tagdict, classes = pickle.load(file)
    prefix = "averaged_perceptron_tagger_eng"
    read = {
        part: json.loads((tagger_folder / f"{prefix}.{part}.json").read_text())
        for part in ("weights", "tagdict", "classes")
    }
    assert read["weights"] == weights
    assert read["tagdict"] == tagdict
    assert read["classes"] == sorted(classes)


def test_nltk_tags_sensibly(tagger_folder: Path) -> None:
    from nltk.tag.perceptron import PerceptronTagger

    prefix = "averaged_perceptron_tagger_eng"
    tagger = PerceptronTagger(load=False)
    tagger.decode_json_params(
        json.loads((tagger_folder / f"{prefix}.{part}.json").read_text())
        for part in ("weights", "tagdict", "classes")
    )
    text = "The/DT acting/NN was/VBD terribly/RB dull/JJ ,/, but/CC she/PRP loved/VBD films/NNS"
    expected = [tuple(token.split("/")) for token in text.split()]
    assert tagger.tag([word for word, _ in expected]) == expected


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_is_refused(
    protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingAssetError, match="system"):
        read_perceptron(pickle.dumps(Payload(), protocol))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x02", pickle.dumps(3), pickle.dumps(({}, {}, set())), pickle.dumps(({}, 1))],
)
def test_a_pickle_of_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(MissingAssetError, match="textblob-aptagger"):
        read_perceptron(content)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sets_are_admitted_in_every_protocol(protocol: int) -> None:
    content = ({"bias": {"NN": 1.5}}, {"the": "DT"}, {"DT", "NN"})
    assert read_perceptron(pickle.dumps(content, protocol)).classes == {"DT", "NN"}
