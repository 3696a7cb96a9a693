"""The registry of TextAttack's attack recipes, with the requirements of each.

A recipe is TextAttack's own class, or one of robustbert that sets its parameters. Its entry states
where the class is, which assets it reads in each profile, whether it draws random numbers and
whether it needs the victim's gradients. Recipes that cannot run are listed too, with their missing
requirement and how to run them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from robustbert.assets.asset_registry import ensure_usable
from robustbert.assets.canonical_assets import (
    BILLION_WORDS,
    DISTILROBERTA,
    GPT2,
    HOWNET,
    LEARNING_TO_WRITE,
    NER,
    SBERT,
    UPOS,
    USE,
    USE_LARGE,
)
from robustbert.assets.profiles import current_profile, is_canonical
from robustbert.attacks.tracks import assets_of_track
from robustbert.errors import MissingAssetError
from robustbert.registry import Entry, Registry


@dataclass(frozen=True)
class Recipe(Entry):
    """A recipe, as a registry entry.

    Args:
        assets: names of the offline assets that the recipe reads (see ``robustbert assets``).
        random: True if the recipe draws random numbers.
        gradients: True if the recipe needs the victim's gradients (white box).
        missing: the requirement that the offline profile does not provide, a noun phrase; empty if
            the recipe can run.
        remedy: why it is not provided, and how to run the recipe.
        canonical_assets: names of the assets that it reads in the canonical profile; None if it
            cannot run there either.
        encoder: those of its own sentence encoders in the canonical profile, which the ``unified``
            track does not use.
    """

    assets: tuple[str, ...] = ()
    random: bool = False
    gradients: bool = False
    missing: str = ""
    remedy: str = ""
    canonical_assets: tuple[str, ...] | None = None
    encoder: tuple[str, ...] = ()

    @property
    def missing_now(self) -> str:
        """The requirement that the current profile does not provide; empty if there is none."""
        return "" if is_canonical() and self.canonical_assets is not None else self.missing

    def assets_now(self, tracks: Iterable[str] = ("published",)) -> tuple[str, ...]:
        """The assets that it reads in the current profile on some tracks."""
        if not is_canonical():
            return self.assets
        own = self.encoder if set(tracks) - {"unified"} else ()
        return (*(self.canonical_assets or ()), *own)


_BASE = ("wordnet", "pos-tagger", "stopwords", "tagset")  # importing TextAttack reads these
_VECTORS = (*_BASE, "word-vectors")
_ALL = (*_VECTORS, "sentence-encoder")
_MASKED = (*_BASE, "masked-lm", "sentence-encoder")


@dataclass(frozen=True)
class _Gap:
    """A requirement that is not provided offline: fields of a `Recipe`."""

    missing: str
    remedy: str


_OWN = "robustbert.attacks.textattack"
_CANONICAL = "it has no offline replacement; use the original assets: --assets canonical"
_ENTITIES = _Gap("flair's named-entity tagger", _CANONICAL)
_BILLION = _Gap("the 1-billion-words language model", _CANONICAL)
_GPT2 = _Gap("the language model GPT-2", _CANONICAL)
_WRITE = _Gap("the learning-to-write language model", _CANONICAL)
_HOWNET = _Gap("the HowNet candidate list", _CANONICAL)
_WORD_LEVEL = _Gap(
    "a victim with a word-level vocabulary (TextAttack's LSTM or CNN)",
    "its models have other vocabularies; run this recipe with TextAttack directly",
)
_SHORTEST = _Gap(
    "a metric of text length",
    "it searches for the shortest text that keeps the prediction; run this recipe with TextAttack "
    "directly",
)


def _offline(
    name: str,
    target: str,
    summary: str,
    assets: tuple[str, ...],
    canonical: tuple[str, ...] | None = None,
    *,
    encoder: str = "",
    random: bool = False,
    gradients: bool = False,
) -> Recipe:
    """A recipe that runs in both profiles; by default, it reads assets of the same names."""
    return Recipe(
        name,
        f"textattack.attack_recipes:{target}",
        summary,
        assets,
        random=random,
        gradients=gradients,
        canonical_assets=assets if canonical is None else canonical,
        encoder=(encoder,) if encoder else (),
    )


def _online(
    name: str,
    target: str,
    summary: str,
    gap: _Gap,
    canonical: tuple[str, ...] | None = None,
    *,
    random: bool = False,
) -> Recipe:
    """A recipe that does not run offline; with ``canonical`` assets, it runs with them."""
    return Recipe(
        name,
        f"textattack.attack_recipes:{target}",
        summary,
        random=random,
        missing=gap.missing,
        remedy=gap.remedy,
        canonical_assets=canonical,
    )


def _external(name: str, target: str, summary: str) -> Recipe:
    """A recipe of another package: its requirements are unknown, so it gets every shared asset."""
    every, encoders = (*_ALL, "masked-lm"), (USE, USE_LARGE, SBERT)
    return Recipe(
        name, target, summary, every, random=True, canonical_assets=every, encoder=encoders
    )


def _is_recipe(target: object) -> bool:
    from robustbert.attacks.textattack.recipe_classes import is_recipe_class

    return is_recipe_class(target)


# fmt: off
_BUILT_IN = (
    _offline("deepwordbug", "DeepWordBugGao2018", "typos (Gao 2018)", _BASE, random=True),
    _offline("pruthi", "Pruthi2019", "one keyboard typo (Pruthi 2019)", _BASE, random=True),
    _offline("pwws", "PWWSRen2019", "WordNet synonyms (Ren 2019)", _BASE),
    _offline("textbugger", "TextBuggerLi2018", "typos, neighbours (Li 2018)", _ALL, random=True,
             encoder=USE),
    _offline("textfooler", "TextFoolerJin2019", "embedding neighbours (Jin 2019)", _ALL,
             encoder=USE),
    _offline("iga", "IGAWang2019", "neighbours, genetic search (Wang 2019)", _VECTORS, random=True),
    _offline("a2t", "A2TYoo2021", "gradient-guided neighbours (Yoo 2021)", _ALL, gradients=True,
             encoder=SBERT),
    _offline("leap", "LEAP2023", "WordNet synonyms, swarm search (Xiao 2023)", _BASE, random=True),
    _offline("bae", "BAEGarg2019", "masked-model replacements (Garg 2020)", _MASKED, encoder=USE),
    _offline("bert-attack", "BERTAttackLi2020", "masked-model replacements (Li 2020)", _MASKED,
             encoder=USE),
    _offline("clare", "CLARE2020", "replace, insert, merge (Li 2020)", _MASKED,
             (*_BASE, DISTILROBERTA, UPOS), encoder=USE),
    Recipe("bad-characters", f"{_OWN}.bad_characters:BadCharacters2021",
           "one look-alike character (Boucher 2021)", _BASE, random=True, canonical_assets=_BASE),
    _online("alzantot", "GeneticAlgorithmAlzantot2018", "genetic (Alzantot 2018)", _BILLION,
            (*_VECTORS, BILLION_WORDS), random=True),
    _online("checklist", "CheckList2020", "names, numbers, places (Ribeiro 2020)", _ENTITIES,
            (*_BASE, NER), random=True),
    _online("faster-alzantot", "FasterGeneticAlgorithmJia2019", "genetic (Jia 2019)", _WRITE,
            (*_VECTORS, LEARNING_TO_WRITE), random=True),
    _online("hotflip", "HotFlipEbrahimi2017", "gradient flips (Ebrahimi 2018)", _WORD_LEVEL),
    _online("input-reduction", "InputReductionFeng2018", "removes words (Feng 2018)", _SHORTEST),
    _online("kuleshov", "Kuleshov2017", "neighbours, language model (Kuleshov 2018)", _GPT2,
            (*_VECTORS, GPT2)),
    _online("pso", "PSOZang2020", "sememes, particle swarm (Zang 2020)", _HOWNET,
            (*_BASE, HOWNET, UPOS), random=True),
)
# fmt: on

RECIPES = Registry(
    "recipe",
    _BUILT_IN,
    external=_external,
    accepts=_is_recipe,
    expected="a subclass of textattack.attack_recipes.AttackRecipe",
)
"""The recipes by name; each target is a class of TextAttack recipes.

Load one with :func:`load_recipe_class`. A recipe of another package is assumed to need every asset
that several recipes read, to draw random numbers and to need no gradients.
"""

#: The recipes that a table's worst-case column is computed from, in the order of their columns.
CORE_RECIPES = ("deepwordbug", "pwws", "textbugger", "textfooler")


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        UnknownNameError: unknown recipe; the message suggests similar names.
        DuplicateNameError: several packages register the name.
    """
    return RECIPES.entry(name)


def load_recipe_class(name: str) -> Any:
    """The subclass of TextAttack's ``AttackRecipe`` called ``name``; imports TextAttack.

    Raises:
        UnknownNameError: unknown recipe; the message suggests similar names.
        InputError: an import path or entry point cannot be imported or is not a recipe.
    """
    bootstrap = importlib.import_module("robustbert.attacks.textattack.bootstrap")
    bootstrap.import_textattack()  # makes the assets of the current profile available to it
    return RECIPES.load(name)


def runnable_recipe(name: str) -> Recipe:
    """The recipe called ``name``, if it can run with the assets of the current profile.

    Raises:
        UnknownNameError: unknown recipe; the message suggests similar names.
        InputError: an import path or entry point cannot be imported or is not a recipe.
        MissingAssetError: the recipe needs something that robustbert does not provide.
    """
    found = recipe(name)
    if found not in _BUILT_IN:  # import it now: it should fail before a model is trained
        load_recipe_class(name)
    if found.missing_now:
        raise MissingAssetError(
            f"recipe {name!r} needs {found.missing}, which robustbert does not provide with "
            f"{current_profile()} assets: {found.remedy}"
        )
    return found


def assets_of(names: Iterable[str], tracks: Iterable[str] = ("published",)) -> tuple[str, ...]:
    """Every asset that the recipes called ``names`` read on some tracks, sorted, each once."""
    read = {asset for name in names for asset in runnable_recipe(name).assets_now(tracks)}
    return tuple(sorted(read))


def assets_of_attacks(names: Iterable[str], tracks: Iterable[str]) -> tuple[str, ...]:
    """Every asset that attacks with recipes on some tracks read, sorted, each once.

    These are the assets of the recipes and the tracks, and the sentence encoder, which measures the
    similarity of texts.
    """
    tracks = tuple(tracks)
    of_tracks = {asset for track in tracks for asset in assets_of_track(track)}
    return tuple(sorted({*assets_of(names, tracks), *of_tracks, "sentence-encoder"}))


def ensure_attack_assets(names: Iterable[str], tracks: Iterable[str]) -> Mapping[str, str]:
    """Build or download the assets of attacks with recipes on some tracks.

    Returns:
        The SHA-256 of each.

    Raises:
        MissingAssetError: an asset cannot be obtained, or a package that it needs is missing.
    """
    return ensure_usable(assets_of_attacks(names, tracks))
