"""Words compared with TextAttack's own splitting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.data.words import HOMOGLYPHS, words_of

pytestmark = pytest.mark.usefixtures("_textattack")


@pytest.fixture(scope="module")
def _textattack() -> None:
    import robustbert.attacks.textattack  # noqa: F401


LETTERS = st.sampled_from([*"ab Z9'-_*@.,!?\n\t\x85\x1c", *HOMOGLYPHS.values(), "é", "中", "😀"])


@given(st.text(LETTERS) | st.text())
def test_words_match_textattack(text: str) -> None:
    from textattack.shared.utils import words_from_text

    assert words_of(text) == words_from_text(text)


def test_words_of_the_packaged_texts_match_textattack(bbc_news, rotten_tomatoes) -> None:
    from textattack.shared.utils import words_from_text

    for dataset in (bbc_news, rotten_tomatoes):
        for text in dataset.split("test")["text"]:
            assert words_of(text) == words_from_text(text)


def test_homoglyphs_match_textattack() -> None:
    from textattack.transformations import WordSwapHomoglyphSwap

    source = WordSwapHomoglyphSwap.__init__.__code__.co_consts
    assert set(HOMOGLYPHS.values()) <= {one for one in source for one in str(one)}
