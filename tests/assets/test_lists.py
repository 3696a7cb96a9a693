from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.assets import asset_folder, lists
from robustbert.errors import MissingAssetError

UNIVERSAL = {"VERB", "NOUN", "PRON", "ADJ", "ADV", "ADP", "CONJ", "DET", "NUM", "PRT", "X", "."}


@pytest.mark.usefixtures("nltk_paths")
def test_nltk_reads_the_stopwords() -> None:
    from nltk.corpus.reader import StopwordsCorpusReader

    reader = StopwordsCorpusReader(str(asset_folder("stopwords")), r"(?!README|\.).*")
    words = reader.words("english")
    assert len(words) == len(set(words)) == lists.STOPWORDS
    assert {"the", "not", "wouldn't", "i", "yourselves"} <= set(words)
    assert not {"good", "film", "never"} & set(words)


def test_every_tag_of_the_tagger_has_a_universal_one(tagger_folder: Path) -> None:
    lines = (asset_folder("tagset") / "en-ptb.map").read_text().splitlines()
    universal = dict(line.split("\t") for line in lines)
    assert len(universal) == len(lines) == lists.PENN_TAGS
    assert set(universal.values()) == UNIVERSAL
    path = tagger_folder / "averaged_perceptron_tagger_eng.classes.json"
    assert set(json.loads(path.read_text())) <= set(universal)
    assert (universal["VBZ"], universal["JJR"], universal["TO"]) == ("VERB", "ADJ", "PRT")


def test_a_list_that_lost_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "STOPWORDS", lists.STOPWORDS + 1)
    with pytest.raises(MissingAssetError, match="install robustbert again"):
        lists.build_stopwords(tmp_path, {})
