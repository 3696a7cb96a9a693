from __future__ import annotations

import importlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from robustbert.assets import asset_folder, load_word_vectors, sentence_encoder_folder
from robustbert.assets.lexicon import WordPairs, word_pairs
from robustbert.assets.manifest import tree_sha256
from robustbert.assets.vectors import (
    NEIGHBOURS,
    VOCABULARY,
    WordVectors,
    by_frequency,
    make_word_vectors,
    nearest_neighbours,
    read_word_vectors,
    write_word_vectors,
)
from robustbert.assets.word_embeddings import embed_words, frequent_words
from robustbert.assets.wordnet_database import read_database
from robustbert.errors import MissingAssetError


@pytest.fixture(scope="module")
def words() -> tuple[str, ...]:
    """300 words: frequent ones, with some that have synonyms and antonyms."""
    extra = ("film", "movie", "picture", "terrible", "awful", "boring", "tedious", "brilliant")
    return tuple(dict.fromkeys((*extra, *frequent_words(320))))[:300]


@pytest.fixture(scope="module")
def encodings(words: tuple[str, ...]) -> np.ndarray:
    return embed_words(words, sentence_encoder_folder())


@pytest.mark.slow
def test_encodings_are_those_of_sentence_transformers(
    words: tuple[str, ...], encodings: np.ndarray
) -> None:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(sentence_encoder_folder()), device="cpu")
    expected = encoder.encode(list(words[:40]), normalize_embeddings=True)
    np.testing.assert_allclose(encodings[:40], expected, atol=1e-5)


@pytest.mark.slow
def test_two_builds_are_bit_identical(
    words: tuple[str, ...], encodings: np.ndarray, wordnet_folder: Path, tmp_path: Path
) -> None:
    hashes = []
    pairs = word_pairs(read_database(wordnet_folder), frozenset(words), max_sense=2)
    again = embed_words(words, sentence_encoder_folder())
    for name, encoded in (("first", encodings), ("second", again)):
        folder = tmp_path / name
        folder.mkdir()
        write_word_vectors(folder, make_word_vectors(words, encoded, pairs))
        hashes.append(tree_sha256(folder))
    assert hashes[0] == hashes[1]

    read = read_word_vectors(tmp_path / "first")
    assert read.words == words
    assert read.vectors.shape == encodings.shape
    row = {word: number for number, word in enumerate(words)}
    film, movie = row["film"], row["movie"]
    assert read.vectors[film] @ read.vectors[movie] > encodings[film] @ encodings[movie]


def test_a_lexicon_without_pairs_is_rejected(words: tuple[str, ...], encodings: np.ndarray) -> None:
    with pytest.raises(MissingAssetError, match="WordNet"):
        make_word_vectors(words, encodings, WordPairs((), (), ()))


def test_neighbours_are_the_nearest(encodings: np.ndarray) -> None:
    found = nearest_neighbours(encodings, 21, block=64)
    cosines = np.round((encodings @ encodings.T).astype(np.float64), 6)
    np.fill_diagonal(cosines, 2.0)
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :21]
    assert found.dtype == np.int32
    assert (found == expected).mean() > 0.999  # rounding may fall on either side
    assert (found[:, 0] == np.arange(300)).all()


def test_ties_go_to_the_lower_row() -> None:
    vectors = np.tile(np.float32([[1, 0], [0, 1]]), (4, 1))
    found = nearest_neighbours(vectors, 5)
    assert found[0].tolist() == [0, 2, 4, 6, 1]
    assert found[5].tolist() == [5, 1, 3, 7, 0]
    assert nearest_neighbours(vectors, 99).shape == (8, 8)


def test_excluded_pairs_are_not_neighbours(encodings: np.ndarray) -> None:
    plain = nearest_neighbours(encodings, 60, block=64)
    random = np.random.default_rng(0)
    rows = np.repeat(np.arange(0, 300, 3), 5)
    near = plain[rows, random.integers(1, 20, len(rows))]  # pairs that would be found
    excluded = np.stack([rows, near], axis=1)
    found = nearest_neighbours(encodings, 40, excluded=excluded, block=64)

    barred = {(a, b) for one in excluded.tolist() for a, b in (one, one[::-1])}
    expected = [
        [b for b in row.tolist() if (row[0], b) not in barred][:40]
        for row in plain  # the next ones move up, in the same order
    ]
    assert found.tolist() == expected
    assert (found != plain[:, :40]).any(axis=1).sum() >= 100


def test_a_small_vocabulary_limits_the_number_of_neighbours() -> None:
    vectors = np.eye(4, dtype=np.float32)
    found = nearest_neighbours(vectors, 9, excluded=np.array([[0, 1], [1, 0], [0, 2]]))
    assert found.shape == (4, 2)  # row 0 has itself and row 3
    assert found[0].tolist() == [0, 3]


def test_frequent_words_are_plain_and_ordered() -> None:
    words = frequent_words(1000)
    assert words[:3] == ("the", "to", "and")
    assert len(set(words)) == 1000
    assert all(word.isalpha() and word.isascii() and word.islower() for word in words)


@pytest.fixture(scope="module")
def real() -> WordVectors:
    return load_word_vectors()


OPPOSITES = (
    ("good", "bad"),
    ("better", "worse"),
    ("happy", "sad"),
    ("good", "terrible"),
    ("love", "hate"),
    ("loved", "hated"),
    ("hot", "cold"),
    ("winning", "losing"),
    ("won", "lost"),
    ("entertaining", "boring"),
    ("with", "without"),
    ("always", "never"),
    ("everybody", "nobody"),
)


def cosine(real: WordVectors, a: str, b: str) -> float:
    return float(real.vectors[real.words.index(a)] @ real.vectors[real.words.index(b)])


@pytest.mark.slow
def test_real_vectors_have_synonyms_but_not_antonyms_as_neighbours(real: WordVectors) -> None:
    assert real.vectors.shape == (VOCABULARY, 384)
    assert real.neighbours.shape == (VOCABULARY, NEIGHBOURS)
    for a, b in (("film", "movie"), ("terrible", "awful"), ("brilliant", "superb")):
        assert cosine(real, a, b) > 0.8  # A2T's limit
    for a, b in OPPOSITES:
        assert cosine(real, a, b) < 0.5  # TextFooler's limit


@pytest.mark.slow
def test_no_opposite_is_a_neighbour(real: WordVectors, wordnet_folder: Path) -> None:
    pairs = word_pairs(read_database(wordnet_folder), frozenset(real.words), max_sense=2)
    row = {word: number for number, word in enumerate(real.words)}
    neighbours = [set(rows) for rows in real.neighbours.tolist()]
    for a, b in (*pairs.opposites, *OPPOSITES, ("winning", "lost")):
        assert row[a] not in neighbours[row[b]]
        assert row[b] not in neighbours[row[a]]
    assert all(len(rows) == NEIGHBOURS for rows in neighbours)
    for a, b in (("film", "movie"), ("films", "movies"), ("terrible", "awful")):
        assert row[b] in real.neighbours[row[a], 1:51]


@pytest.mark.slow
def test_textattack_reads_the_real_vectors(real: WordVectors) -> None:
    importlib.import_module("robustbert.attacks.textattack")
    from textattack.shared import WordEmbedding

    embedding = WordEmbedding.counterfitted_GLOVE_embedding()
    row = real.words.index("film")
    assert embedding.word2index("film") == row
    assert embedding.nearest_neighbours(row, 50).tolist() == real.neighbours[row, 1:51].tolist()
    assert embedding.get_cos_sim("film", "movie") == pytest.approx(
        cosine(real, "film", "movie"), abs=1e-5
    )
    assert embedding.get_mse_dist("film", "movie") == pytest.approx(
        2 - 2 * cosine(real, "film", "movie"), abs=1e-5
    )
    assert asset_folder("word-vectors").is_dir()


def test_vectors_of_others_are_sorted_by_frequency_and_scaled() -> None:
    words = ("zebra", "the", "film", "qqqx", "qqqw")
    vectors = np.diag([1.0, 2.0, 4.0, 0.0, 3.0])  # float64, as TextAttack may store them
    neighbours = np.array([[0, 2], [1, 0], [2, 1], [3, 4], [4, 3]], dtype=np.int64)
    found = by_frequency(WordVectors(words, vectors, neighbours))
    assert found.words == ("the", "film", "zebra", "qqqx", "qqqw")
    assert found.vectors.dtype == np.float32
    norms = np.linalg.norm(found.vectors, axis=1)
    np.testing.assert_array_equal(norms, [1, 1, 1, 0, 1])
    named = {
        found.words[row]: [found.words[i] for i in near]
        for row, near in enumerate(found.neighbours.tolist())
    }
    assert named == {
        words[row]: [words[i] for i in near] for row, near in enumerate(neighbours.tolist())
    }


def test_words_are_read_in_the_order_of_their_rows(tmp_path: Path) -> None:
    vectors = WordVectors(
        ("a", "b"), np.eye(2, dtype=np.float32), np.array([[0, 1], [1, 0]], dtype=np.int32)
    )
    write_word_vectors(tmp_path, vectors)
    with (tmp_path / "wordlist.pickle").open("wb") as file:
        pickle.dump({"b": 1, "a": 0}, file)
    assert read_word_vectors(tmp_path).words == ("a", "b")


class Payload:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("content", [b"", pickle.dumps(3), pickle.dumps(Payload())])
def test_a_list_of_words_that_is_damaged_or_would_run_something(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wordlist.pickle").write_bytes(content)
    with pytest.raises(
        MissingAssetError, match=r"remove .* robustbert assets --profile offline wo"
    ):
        read_word_vectors(tmp_path)
    assert not (tmp_path / "ran").exists()
