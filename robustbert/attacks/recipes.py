"""The table of attack recipes: TextAttack's, by name, with what each needs.

A recipe is TextAttack's own object; this table only says where it is, which assets it reads,
whether it draws random numbers and whether it needs the victim's gradients. Recipes whose assets
have no offline source are listed too, with what is missing and how to obtain it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from robustbert.errors import MissingAssetError
from robustbert.registry import Entry, Registry


@dataclass(frozen=True)
class Recipe(Entry):
    """A line of the recipe table.

    Args:
        assets: names of the offline assets that the recipe reads (``robustbert assets``).
        random: True where the recipe draws random numbers.
        gradients: True where the recipe reads the victim's gradients (white box).
        missing: what it needs that has no offline source; empty where the recipe runs.
        remedy: how to obtain what is missing.
    """

    assets: tuple[str, ...] = ()
    random: bool = False
    gradients: bool = False
    missing: str = ""
    remedy: str = ""


_BASE = ("wordnet", "pos-tagger", "stopwords", "tagset")  # what importing TextAttack reads
_VECTORS = (*_BASE, "word-vectors")
_ALL = (*_VECTORS, "sentence-encoder")


@dataclass(frozen=True)
class _Gap:
    """What has no offline source, and how to obtain it."""

    missing: str
    remedy: str


_HUB = "its weights come from the Hugging Face hub, use textattack itself"
_NET = "it is downloaded from TextAttack's server, use textattack itself"
_MASKED = _Gap("a masked language model", _HUB)
_ENTITIES = _Gap("flair's named-entity tagger", _HUB)
_BILLION = _Gap("the 1-billion-words language model", f"{_NET}, with tensorflow")
_WRITE = _Gap("the learning-to-write language model", _NET)
_HOWNET = _Gap("the HowNet candidate list", _NET)
_CONFUSABLES = _Gap(
    "shared/intentional_homoglyphs.txt, which TextAttack's wheel lacks",
    "install TextAttack from its source repository",
)
_WORD_LEVEL = _Gap(
    "a victim with a word-level vocabulary (TextAttack's LSTM or CNN)", "use textattack itself"
)
_SHORTEST = _Gap(
    "another measure: it looks for the shortest text that keeps the prediction",
    "use textattack itself",
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
    """A recipe of another package: what it reads is not known, so every asset is provided."""
    return Recipe(name, target, summary, _ALL, random=True)


def _is_recipe(target: object) -> bool:
    from textattack.attack_recipes import AttackRecipe

    return isinstance(target, type) and issubclass(target, AttackRecipe)


# fmt: off
_BUILT_IN = (
    _offline("deepwordbug", "DeepWordBugGao2018", "typos (Gao 2018)", _BASE, random=True),
    _offline("pruthi", "Pruthi2019", "one keyboard typo (Pruthi 2019)", _BASE, random=True),
    _offline("pwws", "PWWSRen2019", "WordNet synonyms (Ren 2019)", _BASE),
    _offline("textbugger", "TextBuggerLi2018", "typos, neighbours (Li 2018)", _ALL, random=True),
    _offline("textfooler", "TextFoolerJin2019", "embedding neighbours (Jin 2019)", _ALL),
    _offline("iga", "IGAWang2019", "neighbours, genetic search (Wang 2019)", _VECTORS, random=True),
    _offline("a2t", "A2TYoo2021", "neighbours by gradient (Yoo 2021)", _ALL, gradients=True),
    _offline("leap", "LEAP2023", "WordNet synonyms, swarm search (Xiao 2023)", _BASE, random=True),
    _online("alzantot", "GeneticAlgorithmAlzantot2018", "genetic (Alzantot 2018)", _BILLION),
    _online("bad-characters", "BadCharacters2021", "unseen letters (Boucher 2021)", _CONFUSABLES),
    _online("bae", "BAEGarg2019", "masked-model replacements (Garg 2020)", _MASKED),
    _online("bert-attack", "BERTAttackLi2020", "masked-model replacements (Li 2020)", _MASKED),
    _online("checklist", "CheckList2020", "names, numbers, places (Ribeiro 2020)", _ENTITIES),
    _online("clare", "CLARE2020", "replace, insert, merge (Li 2020)", _MASKED),
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
"""The recipes by name; each target is a TextAttack recipe, loaded after TextAttack is set up.

A recipe of another package may need any offline asset and may draw random numbers. It is taken to
read no gradients.
"""

#: The recipes over which the worst case of a table is taken, in the order of its columns.
CORE_RECIPES = ("deepwordbug", "pwws", "textbugger", "textfooler")


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        UnknownNameError: no such recipe; the message lists the near ones.
        DuplicateNameError: several packages register the name.
    """
    return RECIPES.entry(name)


def runnable_recipe(name: str) -> Recipe:
    """The recipe called ``name``, if everything that it needs has an offline source.

    Raises:
        UnknownNameError: no such recipe; the message lists the near ones.
        MissingAssetError: the recipe needs something that has no offline source.
    """
    found = recipe(name)
    if found.missing:
        raise MissingAssetError(
            f"recipe {name!r} needs {found.missing}, which is not here: {found.remedy}"
        )
    return found


def assets_of(names: Iterable[str]) -> tuple[str, ...]:
    """Every asset that the recipes called ``names`` read, sorted, without repeats."""
    return tuple(sorted({asset for name in names for asset in runnable_recipe(name).assets}))
