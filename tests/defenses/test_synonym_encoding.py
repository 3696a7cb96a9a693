"""Synonym encoding: Algorithm 1 of Wang et al. 2021, and encoded texts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.assets import asset_folder, ensure_assets, load_word_vectors
from robustbert.assets.vectors import WordVectors, nearest_neighbours
from robustbert.data import load_dataset, word_split
from robustbert.defenses import TransformedClassifier, letter_case, make_defense, train_defended
from robustbert.defenses.synonym_encoding import encode_synonyms, near_words
from robustbert.defenses.text_encoding import encode_text
from robustbert.errors import InputError
from robustbert.models import load_model
from robustbert.training import TrainingConfig


def numbered_codes(distances: np.ndarray, limit: float, count: int, common: set[int]) -> list[int]:
    """Algorithm 1 with numbers for codes: an independent oracle.

    Args:
        distances: of each word to each other, (n, n); the most frequent word is the first.
        limit: synonyms are nearer than this.
        count: the largest number of synonyms.
        common: words that get codes first.
    """
    n = len(distances)
    codes = [-1] * n
    for word in sorted(common):
        codes[word] = word
    fresh = n
    for word in range(n):
        if codes[word] >= 0:
            continue
        order = sorted((distances[word, other], other) for other in range(n) if other != word)
        synonyms = [other for distance, other in order[:count] if distance < limit]
        encoded = [other for other in synonyms if codes[other] >= 0]
        if encoded:
            codes[word] = codes[min(encoded, key=lambda other: distances[word, other])]
        else:
            codes[word] = fresh
            fresh += 1
        for other in synonyms:
            if codes[other] < 0:
                codes[other] = codes[word]
    return codes


@pytest.mark.parametrize("seed", range(6))
def test_the_clusters_are_those_of_the_algorithm(seed):
    draw = np.random.default_rng(seed)
    points = draw.normal(size=(40, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    words, common = [f"w{i}" for i in range(40)], {3, 17}
    count, limit = 4, 0.9

    def synonyms(word: str) -> list[str]:
        row = int(word[1:])
        near = [other for other in np.argsort(distances[row], kind="stable") if other != row]
        return [words[other] for other in near[:count] if distances[row, other] < limit]

    codes = encode_synonyms(words, synonyms, [words[row] for row in common])
    expected = numbered_codes(distances, limit, count, common)
    assert set(codes) == set(words)
    for a in range(40):
        for b in range(40):
            assert (codes[words[a]] == codes[words[b]]) == (expected[a] == expected[b])
    assert all(codes[code] == code for code in codes.values()), "a code is its own code"
    assert len(set(expected)) < 40


def test_neighbours_are_the_nearest_words_above_the_cosine():
    draw = np.random.default_rng(0)
    unit = draw.normal(size=(12, 4)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    words = tuple("abcdefghijkl")
    vectors = WordVectors(words, unit, nearest_neighbours(unit, 6))
    found = near_words(vectors, 3, 0.2)
    for row, word in enumerate(words):
        cosines = {words[other]: float(unit[row] @ unit[other]) for other in range(12)}
        del cosines[word]
        best = sorted(cosines, key=cosines.__getitem__, reverse=True)[:3]
        expected = {other: cosines[other] for other in best if cosines[other] >= 0.2}
        assert list(found[word]) == list(expected)
        assert found[word] == pytest.approx(expected, abs=1e-5)


CODES = {"movie": "film", "movies": "film", "great": "good", "superb": "good", "film": "film"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a superb movie !", "a good film !"),
        ("Great MOVIES", "Good FILM"),
        ("great-movie's  'great'\tfilm", "great-movie's  'good'\tfilm"),
        ("gReat fIlm", "good fIlm"),
        ("отличный фильм 很好 👍 \x00", "отличный фильм 很好 👍 \x00"),
        ("<b>great</b> {movie}", "<b>good</b> {film}"),
        ("...", "..."),
    ],
)
def test_texts(text, expected):
    assert encode_text(text, lambda word: CODES.get(word, word)) == expected


@given(
    st.lists(st.sampled_from([*CODES, "Great", "MOVIE", "é", "İ", "世界", "-"])).map(" ".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
def test_encoding_twice_does_nothing_more(text: str):
    def encode(word: str) -> str:
        return CODES.get(word, word)

    once = encode_text(text, encode)
    assert encode_text(once, encode) == once


class TestOnTheWordVectors:
    def test_neighbours_share_a_code_that_is_its_own(self):
        encode = make_defense("synonym-encoding", {}).encoder()
        words = load_word_vectors().words
        assert encode("movie") == encode("films") == "film"
        assert all(encode(encode(word)) == encode(word) for word in words)
        assert encode("zzyzx") == "zzyzx"

    def test_stopwords_have_codes_of_their_own(self):
        encode = make_defense("synonym-encoding", {"min_cosine": 0.3}).encoder()
        stopwords = (asset_folder("stopwords") / "english").read_text().split()
        assert [encode(word) for word in [*stopwords, "x"]] == [*stopwords, "x"]

    def test_a_cosine_of_1_leaves_every_text_as_it_is(self):
        defense = make_defense("synonym-encoding", {"min_cosine": 1.0})
        texts = ["the movies were superb", "dull films"]
        assert defense.training_texts(texts) == texts

    def test_training_and_inference_read_the_same(self, reviews: Path, tmp_path: Path):
        defense = make_defense("synonym-encoding", {"min_cosine": 0.5})
        dataset = load_dataset(f"file:{reviews}")
        model = train_defended([defense], dataset, "tfidf-nb", TrainingConfig(), tmp_path / "m")
        wrapped = defense.wrap(load_model(str(model.folder)))
        assert isinstance(wrapped, TransformedClassifier)
        texts = list(dataset.split("test")["text"])
        assert wrapped.transform(texts) == list(defense.training_texts(texts)) != texts
        found = np.mean(
            wrapped.predict_proba(texts).argmax(axis=1) == dataset.split("test")["label"]
        )
        assert found == pytest.approx(model.metrics["test_accuracy"])


def test_it_depends_on_the_assets():
    defense = make_defense("synonym-encoding", {})
    assets = dict(ensure_assets(["word-vectors", "stopwords"]))
    assert defense.wrapper_assets() == defense.dependencies()["assets"] == assets
    for name, module in (("letter_case", letter_case), ("word_split", word_split)):
        source = Path(module.__file__).read_bytes()
        assert defense.dependencies()[name] == hashlib.sha256(source).hexdigest()
    assert defense.hooks == ("training_texts", "wrap")
    assert not defense.keeps_gradients


@pytest.mark.parametrize(
    "wrong",
    [{"neighbours": 0}, {"neighbours": 101}, {"min_cosine": 1.1}, {"min_cosine": float("nan")}],
)
def test_parameters_out_of_range_are_rejected_by_name(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name} is .*; give"):
        make_defense("synonym-encoding", wrong)
