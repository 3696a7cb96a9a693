"""Upper and lower case of a word that takes the place of another."""

from __future__ import annotations


def like_case(word: str, original: str) -> str:
    """A word in lower case, written in the case of the one that it replaces.

    >>> [like_case("film", original) for original in ("movie", "Movie", "MOVIE", "mOvie", "A")]
    ['film', 'Film', 'FILM', 'film', 'Film']
    """
    if len(original) > 1 and original.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if original[:1].isupper() else word
