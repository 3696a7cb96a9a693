"""The table of attack recipes: TextAttack's, by name, with what each needs.

A recipe is TextAttack's own object; this table only says where it is, which assets it reads,
whether it draws random numbers and whether it needs the victim's gradients. Recipes whose assets
have no offline source are listed too, with what is missing and how it is had.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from robustbert.errors import MissingAssetError
from robustbert.registry import Entry, Registry

_R = "textattack.attack_recipes:"


@dataclass(frozen=True)
class Recipe(Entry):
    """A line of the recipe table.

    Args:
        assets: names of the offline assets that the recipe reads (``robustbert assets``).
        random: True where the recipe draws random numbers.
        gradients: True where the recipe reads the victim's gradients (white box).
        missing: what it needs that has no offline source; empty where the recipe runs.
        remedy: how what is missing is had.
    """

    assets: tuple[str, ...] = ()
    random: bool = False
    gradients: bool = False
    missing: str = ""
    remedy: str = ""


_BASE = ("wordnet", "pos-tagger", "stopwords", "tagset")  # what importing TextAttack reads
_VECTORS = (*_BASE, "word-vectors")
_ALL = (*_VECTORS, "sentence-encoder")
_MLM = "a masked language model"
_HUB = "its weights come from the Hugging Face hub, which robustbert never asks; use textattack"
_TF = "use textattack with tensorflow and a network"


def _recipe(name: str, target: str, summary: str, assets: tuple[str, ...], **kinds: bool) -> Recipe:
    return Recipe(name, _R + target, summary, assets, **kinds)


def _missing(name: str, target: str, summary: str, missing: str, remedy: str) -> Recipe:
    return Recipe(name, _R + target, summary, missing=missing, remedy=remedy)


# fmt: off
RECIPES = Registry("recipe", [
    _recipe("deepwordbug", "DeepWordBugGao2018", "typos in important words (Gao et al. 2018)", _BASE, random=True),
    _recipe("pruthi", "Pruthi2019", "one keyboard typo anywhere (Pruthi et al. 2019)", _BASE, random=True),
    _recipe("pwws", "PWWSRen2019", "WordNet synonyms by weighted saliency (Ren et al. 2019)", _BASE),
    _recipe("textbugger", "TextBuggerLi2018", "typos, homoglyphs and neighbours (Li et al. 2018)", _ALL, random=True),
    _recipe("textfooler", "TextFoolerJin2019", "embedding neighbours, same part of speech (Jin et al. 2019)", _ALL),
    _recipe("iga", "IGAWang2019", "embedding neighbours by a genetic algorithm (Wang et al. 2019)", _VECTORS, random=True),
    _recipe("a2t", "A2TYoo2021", "embedding neighbours ranked by gradient (Yoo and Qi 2021)", _ALL, gradients=True),
    _recipe("leap", "LEAP2023", "WordNet synonyms by Levy-flight swarms (Xiao et al. 2023)", _BASE, random=True),
    _missing("alzantot", "GeneticAlgorithmAlzantot2018", "genetic algorithm with a language model (Alzantot et al. 2018)", "the 1-billion-words language model", _TF),
    _missing("bad-characters", "BadCharacters2021", "imperceptible characters (Boucher et al. 2021)", "shared/intentional_homoglyphs.txt, which TextAttack's wheel lacks", "install TextAttack from its source repository"),
    _missing("bae", "BAEGarg2019", "masked-model replacements (Garg and Ramakrishnan 2020)", _MLM + " (bert-base-uncased)", _HUB),
    _missing("bert-attack", "BERTAttackLi2020", "masked-model replacements of sub-words (Li et al. 2020)", _MLM + " (bert-base-uncased)", _HUB),
    _missing("checklist", "CheckList2020", "names, numbers, places, contractions (Ribeiro et al. 2020)", "flair's named-entity tagger", _HUB),
    _missing("clare", "CLARE2020", "masked-model replace, insert, merge (Li et al. 2020)", _MLM + " (distilroberta-base)", _HUB),
    _missing("faster-alzantot", "FasterGeneticAlgorithmJia2019", "faster genetic algorithm (Jia et al. 2019)", "the learning-to-write language model", "use textattack with a network"),
    _missing("hotflip", "HotFlipEbrahimi2017", "gradient word flips (Ebrahimi et al. 2018)", "a victim with a word-level vocabulary (TextAttack's LSTM or CNN)", "use textattack"),
    _missing("input-reduction", "InputReductionFeng2018", "removes words, keeps the prediction (Feng et al. 2018)", "a goal that accuracy can measure: it looks for the shortest text, not for an error", "use textattack"),
    _missing("kuleshov", "Kuleshov2017", "neighbours under a language model (Kuleshov et al. 2018)", "the 1-billion-words language model and GloVe vectors", _TF),
    _missing("pso", "PSOZang2020", "sememe substitutes by particle swarms (Zang et al. 2020)", "the HowNet candidate list", "use textattack with a network"),
])
# fmt: on


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        UnknownNameError: no such recipe; the message lists the near ones.
    """
    entry = RECIPES.entry(name)
    assert isinstance(entry, Recipe)
    return entry


def runnable_recipe(name: str) -> Recipe:
    """The recipe called ``name``, if all it needs can be had offline.

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
