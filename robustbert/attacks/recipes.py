"""The registry of TextAttack's attack recipes, with the requirements of each.

A recipe is TextAttack's own class, or one of robustbert that sets its parameters. Its entry states
where the class is, which assets it reads, whether it draws random numbers and whether it needs the
victim's gradients. Recipes that cannot run offline are listed too, with their missing requirement
and how to run them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from robustbert.errors import MissingAssetError
from robustbert.registry import Entry, Registry


@dataclass(frozen=True)
class Recipe(Entry):
    """A recipe, as a registry entry.

    Args:
        assets: names of the offline assets that the recipe reads (see ``robustbert assets``).
        random: True if the recipe draws random numbers.
        gradients: True if the recipe needs the victim's gradients (white box).
        missing: the requirement that robustbert does not provide, a noun phrase; empty if the
            recipe can run.
        remedy: why it is not provided, and how to run the recipe without robustbert.
    """

    assets: tuple[str, ...] = ()
    random: bool = False
    gradients: bool = False
    missing: str = ""
    remedy: str = ""


_BASE = ("wordnet", "pos-tagger", "stopwords", "tagset")  # importing TextAttack reads these
_VECTORS = (*_BASE, "word-vectors")
_ALL = (*_VECTORS, "sentence-encoder")
_MASKED = (*_BASE, "masked-lm", "sentence-encoder")


@dataclass(frozen=True)
class _Gap:
    """A requirement that robustbert does not provide: fields of a `Recipe`."""

    missing: str
    remedy: str


_OWN = "robustbert.attacks.textattack"
_HUB = "its weights are on the Hugging Face Hub; run this recipe with TextAttack directly"
_NET = "it is on TextAttack's server; run this recipe with TextAttack directly"
_ENTITIES = _Gap("flair's named-entity tagger", _HUB)
_BILLION = _Gap("the 1-billion-words language model", f"{_NET}, and with TensorFlow")
_WRITE = _Gap("the learning-to-write language model", _NET)
_HOWNET = _Gap("the HowNet candidate list", _NET)
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
    *,
    random: bool = False,
    gradients: bool = False,
) -> Recipe:
    target = f"textattack.attack_recipes:{target}"
    return Recipe(name, target, summary, assets, random=random, gradients=gradients)


def _online(name: str, target: str, summary: str, gap: _Gap) -> Recipe:
    target = f"textattack.attack_recipes:{target}"
    return Recipe(name, target, summary, missing=gap.missing, remedy=gap.remedy)


def _external(name: str, target: str, summary: str) -> Recipe:
    """A recipe of another package: its requirements are unknown, so it gets every asset."""
    return Recipe(name, target, summary, (*_ALL, "masked-lm"), random=True)


def _is_recipe(target: object) -> bool:
    from robustbert.attacks.textattack.recipe_classes import is_recipe_class

    return is_recipe_class(target)


# fmt: off
_BUILT_IN = (
    _offline("deepwordbug", "DeepWordBugGao2018", "typos (Gao 2018)", _BASE, random=True),
    _offline("pruthi", "Pruthi2019", "one keyboard typo (Pruthi 2019)", _BASE, random=True),
    _offline("pwws", "PWWSRen2019", "WordNet synonyms (Ren 2019)", _BASE),
    _offline("textbugger", "TextBuggerLi2018", "typos, neighbours (Li 2018)", _ALL, random=True),
    _offline("textfooler", "TextFoolerJin2019", "embedding neighbours (Jin 2019)", _ALL),
    _offline("iga", "IGAWang2019", "neighbours, genetic search (Wang 2019)", _VECTORS, random=True),
    _offline("a2t", "A2TYoo2021", "gradient-guided neighbours (Yoo 2021)", _ALL, gradients=True),
    _offline("leap", "LEAP2023", "WordNet synonyms, swarm search (Xiao 2023)", _BASE, random=True),
    _offline("bae", "BAEGarg2019", "masked-model replacements (Garg 2020)", _MASKED),
    _offline("bert-attack", "BERTAttackLi2020", "masked-model replacements (Li 2020)", _MASKED),
    _offline("clare", "CLARE2020", "replace, insert, merge (Li 2020)", _MASKED),
    Recipe("bad-characters", f"{_OWN}.bad_characters:BadCharacters2021",
           "one look-alike character (Boucher 2021)", _BASE, random=True),
    _online("alzantot", "GeneticAlgorithmAlzantot2018", "genetic (Alzantot 2018)", _BILLION),
    _online("checklist", "CheckList2020", "names, numbers, places (Ribeiro 2020)", _ENTITIES),
    _online("faster-alzantot", "FasterGeneticAlgorithmJia2019", "genetic (Jia 2019)", _WRITE),
    _online("hotflip", "HotFlipEbrahimi2017", "gradient flips (Ebrahimi 2018)", _WORD_LEVEL),
    _online("input-reduction", "InputReductionFeng2018", "removes words (Feng 2018)", _SHORTEST),
    _online("kuleshov", "Kuleshov2017", "neighbours, language model (Kuleshov 2018)", _BILLION),
    _online("pso", "PSOZang2020", "sememes, particle swarm (Zang 2020)", _HOWNET),
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

Load one with :func:`load_recipe_class`. A recipe of another package is assumed to need every
offline asset, to draw random numbers and to need no gradients.
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
    importlib.import_module("robustbert.attacks.textattack")  # makes TextAttack's assets available
    return RECIPES.load(name)


def runnable_recipe(name: str) -> Recipe:
    """The recipe called ``name``, if it can run offline.

    Raises:
        UnknownNameError: unknown recipe; the message suggests similar names.
        InputError: an import path or entry point cannot be imported or is not a recipe.
        MissingAssetError: the recipe needs something that robustbert does not provide.
    """
    found = recipe(name)
    if found not in _BUILT_IN:  # import it now: it should fail before a model is trained
        load_recipe_class(name)
    if found.missing:
        raise MissingAssetError(
            f"recipe {name!r} needs {found.missing}, which robustbert does not provide: "
            f"{found.remedy}"
        )
    return found


def assets_of(names: Iterable[str]) -> tuple[str, ...]:
    """Every asset that the recipes called ``names`` read, sorted, without duplicates."""
    return tuple(sorted({asset for name in names for asset in runnable_recipe(name).assets}))
