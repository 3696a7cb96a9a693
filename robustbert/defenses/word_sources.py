"""The hashes of the modules that define the words of a text, for defenses that read words."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from robustbert.data import word_split, words
from robustbert.data.word_split import WordSplit
from robustbert.defenses.base import Defense


def word_split_hashes() -> dict[str, str]:
    """The SHA-256 of the modules that split texts into words, for :meth:`Defense.dependencies`."""
    return {
        module.__name__.rpartition(".")[2]: _sha256(Path(str(module.__file__)))
        for module in (word_split, words)
    }


def word_dependencies(defense: Defense) -> dict[str, str]:
    """:func:`word_split_hashes` if a module of the defense's class uses them; else nothing.

    Modules that the class calls do not count: their defenses name them among their dependencies.
    """
    used = (WordSplit, word_split, words, words.words_of)
    modules = {kind.__module__ for kind in type(defense).__mro__} & sys.modules.keys()
    named = [value for module in modules for value in vars(sys.modules[module]).values()]
    return word_split_hashes() if any(one is value for one in used for value in named) else {}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
