"""The file names of cells."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

_PLAIN_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
# Suffixes that are added to model names; a name that already ends like this is hashed.
_SUFFIXED = re.compile(r".*-(seed[0-9]+|v[0-9a-f]{8})")
# The pattern of hashed parts; a plain name that matches it is hashed, too.
_HASHED = re.compile(r"(.*-)?[0-9a-f]{8}")
_LONGEST_NAME = 32


def cell_name(
    dataset: str,
    model: str,
    defense: str | None,
    track: str,
    recipe: str,
    *,
    training_seed: int | None = None,
    variant: str | None = None,
    adaptive: bool = False,
) -> str:
    """The file name, without extension, of a cell: five parts joined by ``--``.

    Names can be any strings. A part that is a short plain lower-case name is kept. Any other part
    (such as a path, or a name that itself ends in ``-`` and 8 hex digits) is replaced by a slug of
    its last component and the first 8 hex digits of its SHA-256, so no plain name looks like a
    hashed one.

    Args:
        dataset: the dataset's name.
        model: the model's name.
        defense: the defense's name, or None.
        track: the track's name.
        recipe: the recipe's name.
        training_seed: the model's training seed, if it is not the run's seed.
        variant: 8 hex digits that distinguish models of the same name.
        adaptive: whether the attack knows the defense; no track is named like its part then.

    >>> cell_name("rotten_tomatoes", "minilm", None, "unified", "pwws")
    'rotten_tomatoes--minilm--none--unified--pwws'
    >>> cell_name("file:/data/My Set.csv", "minilm", None, "unified", "pwws", training_seed=1)
    'my-set.csv-1fca6e5f--minilm-seed1--none--unified--pwws'
    >>> cell_name("my-set.csv-1fca6e5f", "minilm", None, "unified", "pwws")
    'my-set.csv-1fca6e5f-7f3bcc99--minilm--none--unified--pwws'
    >>> cell_name("rotten_tomatoes", "minilm", "safer", "unified", "pwws", adaptive=True)
    'rotten_tomatoes--minilm--safer--unified-adaptive--pwws'
    """
    suffix = f"-v{variant}" if variant else ""
    suffix += f"-seed{training_seed}" if training_seed is not None else ""
    named = _hashed(model) if _SUFFIXED.fullmatch(model) else file_name_part(model)
    attack = f"{track}-adaptive" if adaptive else track
    rest = (file_name_part(part) for part in (defense or "none", attack, recipe))
    return "--".join((file_name_part(dataset), named + suffix, *rest))


def replicate_seed(training_seed: int | None, seed: int) -> int | None:
    """The training seed for the file name; None if it is the run's ``seed``."""
    return None if training_seed == seed else training_seed


def file_name_part(part: str, reserved: Collection[str] = ()) -> str:
    """A name as a part of a file name: as it is if short and plain, else a slug with its hash.

    Args:
        part: the name.
        reserved: plain names that another file has; they get a hash as well.
    """
    plain = _PLAIN_NAME.fullmatch(part) and not _HASHED.fullmatch(part) and part not in reserved
    return part if plain and len(part) <= _LONGEST_NAME else _hashed(part)


def _hashed(part: str) -> str:
    digest = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    end = re.split(r"[/\\:]", part.rstrip("/\\"))[-1].lower()
    shown = re.sub(r"([^a-z0-9._]|[._]{2,})+", "-", end)[:24].strip("-._")
    return f"{shown}-{digest}" if shown else digest
