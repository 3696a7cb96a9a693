"""Models of defenses that read words are trained again when the definition of words changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from robustbert.data import word_split, words
from robustbert.defenses import DEFENSES, Composition, compose, make_defense
from robustbert.defenses.composition import DefenseSpec
from robustbert.defenses.word_sources import word_split_hashes

#: The built-in defenses whose training texts are made by splitting texts into words.
READ_WORDS = {"discrete", "safer", "ranmask", "synonym-encoding", "robust-encoding"}


@pytest.mark.parametrize("name", [name for name in DEFENSES if make_defense(name, {}).trains])
def test_their_keys_hold_the_hashes_of_its_modules(name):
    found = compose([DefenseSpec(name)]).cache_key()["dependencies"]
    for module in (word_split, words):
        source = Path(module.__file__).read_bytes()
        expected = hashlib.sha256(source).hexdigest() if name in READ_WORDS else None
        assert found.get(module.__name__.rpartition(".")[2]) == expected


def test_a_changed_definition_changes_the_key(monkeypatch, tmp_path):
    def keys() -> list[dict]:
        made = [compose([DefenseSpec(name)]) for name in ("discrete", "safer", "flooding")]
        return [one.cache_key() for one in made]

    before = keys()
    changed = tmp_path / "word_split.py"
    changed.write_bytes(Path(word_split.__file__).read_bytes() + b"\n")
    monkeypatch.setattr(word_split, "__file__", str(changed))
    assert [a == b for a, b in zip(before, keys(), strict=True)] == [False, False, True]


def test_the_module_of_a_users_class_counts():
    """This module imports ``word_split``, so a defense of it is one that reads words."""
    from robustbert.defenses import Defense

    class Own(Defense):
        def training_texts(self, texts):
            return texts

    key = Composition(("own",), (Own(),)).cache_key()
    assert key["dependencies"] == word_split_hashes()
