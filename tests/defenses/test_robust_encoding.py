"""Robust encoding: typos of words, their codes, and codes of synonyms."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.assets import ensure_assets
from robustbert.data.words import HOMOGLYPHS
from robustbert.defenses import make_defense, typo_clusters
from robustbert.defenses.robust_encoding import TypoEncoder, encode_clusters
from robustbert.defenses.text_encoding import encode_text
from robustbert.defenses.typo_clusters import edits
from robustbert.defenses.typo_vocabulary import typo_vocabulary
from robustbert.errors import InputError

CODES = {
    "the": "the",
    "then": "then",
    "film": "film",
    "fill": "film",
    "good": "good",
    "filn": "filn",
    "ist": "the",
    "don't": "don't",
    "dont": "don't",
    "film's": "film's",
    "1st": "1st",
}
ENCODE = TypoEncoder(CODES)


def test_every_typo_has_the_code_of_the_most_frequent_word_that_has_it():
    inner, typos = ({word: edits(word, inner=i) for word in CODES} for i in (True, False))
    for typo in filter(str.isalpha, set().union(*typos.values()) - set(CODES)):
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
        ("Don't, DONT; film's", "Don't, DON'T; film's"),
        ("do'nt, dno't, dont't, doon`t", "don't, don't, don't, don't"),
        ("fill's fill-good, good-ist", "fill's fill-good, good-ist"),
        ("filll's, goood-fi1l, zz-good", "fill's, good-fill, zz-good"),
        ("th'en isn't fiklm's dzont", "th'en isn't film's don't"),
        ("1st, 2st, 3film, 4film, the9, tеn", "1st, 2st, 3film, 4film, the9, then"),
        ("góod, goøod", "good, goøod"),
    ],
)
def test_texts(text, expected):
    assert encode_text(text, ENCODE) == expected


@given(
    st.lists(
        st.sampled_from([*CODES, "tthe", "Fllm", "FI1M", "ſilm", "世界", "-", "'s", "'", "zz"])
    ).map(" ".join)
    | st.lists(st.sampled_from([*CODES, "tthe", "-", "-", "'s", "zz", "іѕ", "é"])).map("".join)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
)
def test_encoding_twice_does_nothing_more(text: str):
    once = encode_text(text, ENCODE)
    assert encode_text(once, ENCODE) == once


@given(st.lists(st.sampled_from(list(CODES)), min_size=2).map("-".join))
def test_words_of_known_parts_stay(word: str):
    for clean in (word, f"{word}'s"):
        assert ENCODE(clean) == clean


@pytest.mark.parametrize("letter", "bdfgilmnot")
def test_look_alikes_are_undone(letter):
    encode = TypoEncoder({**CODES, "bob": "bob"})
    for word in (word for word in [*CODES, "bob"] if letter in word and word != "1st"):
        changed = word.replace(letter, HOMOGLYPHS[letter], 1)
        assert encode_text(changed, encode).lower() == encode(word)


@pytest.mark.parametrize("part", ["a", "zqz-", "don't", "1", "'s"])
def test_very_long_words_take_no_longer(part, monkeypatch):
    def refuse(word: str, **options: Any) -> set[str]:
        assert len(word) < 100, "the edits of a long word are not listed"
        return edits(word, **options)

    monkeypatch.setattr("robustbert.defenses.typo_clusters.edits", refuse)
    TypoEncoder(CODES)(part * 20_000)
    assert TypoEncoder(CODES)("a" * 100_000) == "a" * 100_000


def test_words_with_apostrophes_and_digits_are_known():
    known = typo_vocabulary(5000)
    assert {word: known.others[word] for word in ("isn't", "people's", "1st")} == {
        "isn't": "isn't",
        "people's": "people's",
        "1st": "1st",
    }
    assert known.others["isnt"] == known.others["isn't"]
    assert known.others["wont"] == "won't"
    assert not {"its", "were", "well", "ill", "hell", "films"} & set(known.others)
    assert not set(known.words) & set(known.others)
    assert len(set(known.words)) == len(known.words) == len(known.frequencies)
    assert list(known.frequencies) == sorted(known.frequencies, reverse=True)
    assert all(word.isascii() and word.isalpha() for word in known.words)


def test_clusters_of_synonyms_get_one_code():
    codes = {"movie": "movie", "film": "film", "move": "movie", "cinema": "cinema", "the": "the"}
    near = {"move": {"cinema": 0.7}, "film": {"movie": 0.9, "other": 0.95}, "the": {"film": 0.99}}
    found = encode_clusters(codes, near, 1)
    assert found == {"movie": "movie", "film": "movie", "cinema": "movie", "the": "the"}
    assert encode_clusters(codes, {}, 1) == {code: code for code in codes if code != "move"}


SMALL = {"vocabulary": 600}


class TestOnRealWords:
    def test_clean_contractions_numbers_and_hyphenated_words_stay(self):
        encode = make_defense("robust-encoding", SMALL).encoder()
        for word in ["isn't", "he's", "can't", "well-made", "1st", "90s", "3bn", "people's"]:
            assert encode(word) == word
        assert encode("ins't") == encode("isnt") == encode("is`nt") == "isn't"
        assert encode("poeple's") == "people's"

    @pytest.mark.parametrize("clusters", ["agglomerative", "connected"])
    def test_a_code_is_its_own_and_the_most_frequent_of_its_cluster(self, clusters):
        params = {**SMALL, "clusters": clusters}
        words = typo_vocabulary(600).words
        encode = make_defense("robust-encoding", params).encoder()
        codes = {word: encode(word) for word in words}
        assert len(set(codes.values())) < len(words)
        for word, code in codes.items():
            assert codes[code] == code
            assert words.index(code) <= words.index(word)

    def test_connected_clusters_hide_every_typo_of_a_known_word(self):
        """As each typo is taken for a word that is connected with it.

        Only spellings of other words are not: "hes" is "he's", not a typo of "his".
        """
        encode = make_defense("robust-encoding", {**SMALL, "clusters": "connected"}).encoder()
        for word in typo_vocabulary(40).words:
            typos = edits(word, inner=True) - set(typo_vocabulary(600).others)
            assert {encode(typo) for typo in typos} <= {encode(word)}

    def test_more_fidelity_gives_more_codes(self):
        counts = []
        for gamma in (0.0, 0.3, 1.0):
            encode = make_defense("robust-encoding", {**SMALL, "gamma": gamma}).encoder()
            counts.append(len({encode(word) for word in typo_vocabulary(600).words}))
        assert counts == sorted(set(counts))
        assert counts[-1] == len(typo_vocabulary(600).words)

    def test_synonyms_can_share_codes_too(self):
        params = {"vocabulary": 2000, "gamma": 1.0, "neighbours": 10, "min_cosine": 0.6}
        encode = make_defense("robust-encoding", params).encoder()
        words = typo_vocabulary(2000).words
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
