"""Robust encoding: typos of words, their codes, and codes of synonyms."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.assets import ensure_assets
from robustbert.defenses import make_defense, robust_encoding, typo_clusters
from robustbert.defenses.robust_encoding import TypoEncoder, encode_clusters
from robustbert.defenses.text_encoding import encode_text
from robustbert.defenses.typo_clusters import edits
from robustbert.errors import InputError

CODES = {
    "the": "the",
    "then": "then",
    "film": "film",
    "fill": "film",
    "good": "good",
    "filn": "filn",
}
ENCODE = TypoEncoder(CODES)


def test_every_typo_has_the_code_of_the_most_frequent_word_that_has_it():
    inner, typos = ({word: edits(word, inner=i) for word in CODES} for i in (True, False))
    for typo in set().union(*typos.values()) - set(CODES):
        having = [word for word in CODES if typo in inner[word]]
        having += [word for word in CODES if typo in typos[word]]
        assert ENCODE(typo) == CODES[having[0]]
    assert all(ENCODE(word) == code for word, code in CODES.items())
    assert ENCODE("flm") == ENCODE("ilm") == ENCODE("filmz") == "film"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The fi1m, then FIILL", "The film, then FILM"),
        ("teh ghood\tf\u0456lm", "the good\tfilm"),
        ("хороший 世界 👍 \x00 <b>goood</b>", "хороший 世界 👍 \x00 <b>good</b>"),
        ("zzzzz 12", "zzzzz 12"),
    ],
)
def test_texts(text, expected):
    assert encode_text(text, ENCODE) == expected


@given(
    st.lists(st.sampled_from([*CODES, "tthe", "Fllm", "FI1M", "ſilm", "世界"])).map(" ".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
def test_encoding_twice_does_nothing_more(text: str):
    once = encode_text(text, ENCODE)
    assert encode_text(once, ENCODE) == once


def test_a_very_long_word_stays():
    assert ENCODE("a" * 100_000) == "a" * 100_000


def test_clusters_of_synonyms_get_one_code():
    codes = {"movie": "movie", "film": "film", "move": "movie", "cinema": "cinema", "the": "the"}
    near = {"move": {"cinema": 0.7}, "film": {"movie": 0.9, "other": 0.95}, "the": {"film": 0.99}}
    found = encode_clusters(codes, near, 1)
    assert found == {"movie": "movie", "film": "movie", "cinema": "movie", "the": "the"}
    assert encode_clusters(codes, {}, 1) == {code: code for code in codes if code != "move"}


SMALL = {"vocabulary": 600}


class TestOnRealWords:
    @pytest.mark.parametrize("clusters", ["agglomerative", "connected"])
    def test_a_code_is_its_own_and_the_most_frequent_of_its_cluster(self, clusters):
        params = {**SMALL, "clusters": clusters}
        words = tuple(robust_encoding.known_words(600))
        encode = make_defense("robust-encoding", params).encoder()
        codes = {word: encode(word) for word in words}
        assert len(set(codes.values())) < len(words)
        for word, code in codes.items():
            assert codes[code] == code
            assert words.index(code) <= words.index(word)

    def test_connected_clusters_hide_every_typo_of_a_known_word(self):
        """As each typo is taken for a word that is connected with it."""
        encode = make_defense("robust-encoding", {**SMALL, "clusters": "connected"}).encoder()
        for word in robust_encoding.known_words(40):
            assert {encode(typo) for typo in edits(word, inner=True)} <= {encode(word)}

    def test_more_fidelity_gives_more_codes(self):
        counts = []
        for gamma in (0.0, 0.3, 1.0):
            encode = make_defense("robust-encoding", {**SMALL, "gamma": gamma}).encoder()
            counts.append(len({encode(word) for word in robust_encoding.known_words(600)}))
        assert counts == sorted(set(counts))
        assert counts[-1] == 600

    def test_synonyms_can_share_codes_too(self):
        params = {"vocabulary": 2000, "gamma": 1.0, "neighbours": 10, "min_cosine": 0.6}
        encode = make_defense("robust-encoding", params).encoder()
        words = robust_encoding.known_words(2000)
        assert encode("film") == encode("fiilm") == encode("movie")
        assert all(encode(encode(word)) == encode(word) for word in words)


def test_it_depends_on_its_files():
    defense = make_defense("robust-encoding", {})
    assert set(defense.wrapper_assets()) == {"wordfreq"}
    both = make_defense("robust-encoding", {"neighbours": 5})
    shared = dict(ensure_assets(["word-vectors", "stopwords"]))
    assert (
        both.wrapper_assets()
        == both.dependencies()["assets"]
        == {
            **defense.wrapper_assets(),
            **shared,
        }
    )
    source = Path(typo_clusters.__file__).read_bytes()
    assert defense.dependencies()["typo_clusters"] == hashlib.sha256(source).hexdigest()
    assert defense.hooks == ("training_texts", "wrap")


@pytest.mark.parametrize(
    "wrong",
    [
        {"clusters": "none"},
        {"gamma": -0.1},
        {"gamma": float("nan")},
        {"vocabulary": 0},
        {"vocabulary": 60_000},
        {"neighbours": -1},
        {"neighbours": 101},
        {"min_cosine": 2.0},
    ],
)
def test_parameters_out_of_range_are_rejected_by_name(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"{name} is .*; give"):
        make_defense("robust-encoding", wrong)
