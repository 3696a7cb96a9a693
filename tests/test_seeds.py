from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from robustbert.seeds import derive_seed

PARTS = st.lists(st.one_of(st.integers(), st.text(st.characters(exclude_characters="\x1f"))))


def test_the_value_never_changes():
    """A different value would make committed records impossible to reproduce."""
    assert derive_seed(0, "pwws", "unified", "ab12") == 1821644033
    expected = hashlib.sha256(b"0\x1fpwws\x1funified\x1fab12").digest()[:4]
    assert derive_seed(0, "pwws", "unified", "ab12") == int.from_bytes(expected, "big")


@given(PARTS)
def test_fits_the_generators(parts):
    assert 0 <= derive_seed(*parts) < 2**32


@given(PARTS, PARTS)
def test_part_boundaries_affect_the_seed(one, other):
    if [str(part) for part in one] != [str(part) for part in other] and one and other:
        assert derive_seed(*one) != derive_seed(*other)


def test_any_text_is_a_part():
    assert derive_seed("\ud800", "\0", "") != derive_seed("\ud801", "\0", "")
