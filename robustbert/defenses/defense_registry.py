"""The table of defenses: one published defense per module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from robustbert.defenses.base import Defense
from robustbert.registry import Entry, Registry
from robustbert.validation import build_from_settings


def _is_defense(target: object) -> bool:
    # A subclass that is not a dataclass itself would ignore its parameters.
    return (
        isinstance(target, type)
        and issubclass(target, Defense)
        and "__dataclass_params__" in vars(target)
    )


#: The registry of defenses; each target is a subclass of ``Defense``.
DEFENSES = Registry(
    "defense",
    [
        Entry(
            "augmentation",
            "robustbert.defenses.augmentation:Augmentation",
            "attack training examples, and train on clean and adversarial texts",
        ),
        Entry(
            "a2t",
            "robustbert.defenses.a2t:A2T",
            "attack training examples at the start of each epoch, train on both",
        ),
        Entry(
            "discrete",
            "robustbert.defenses.discrete:Discrete",
            "train on the worst of several random changes of each text",
        ),
        Entry(
            "pgd",
            "robustbert.defenses.pgd:Pgd",
            "train on embeddings perturbed by gradient ascent",
        ),
        Entry(
            "freelb",
            "robustbert.defenses.freelb:FreeLb",
            "average the gradients of all steps of an ascent on embeddings",
        ),
        Entry(
            "freelb++",
            "robustbert.defenses.freelb:FreeLbPlusPlus",
            "freelb without a limit of the perturbation",
        ),
        Entry(
            "smart",
            "robustbert.defenses.smart:Smart",
            "add the divergence that small perturbations of embeddings can cause",
        ),
        Entry(
            "tavat",
            "robustbert.defenses.tavat:Tavat",
            "perturb embeddings from a table of each token's earlier perturbations",
        ),
        Entry(
            "ascc",
            "robustbert.defenses.ascc:Ascc",
            "train on the worst mixtures of words and their substitutes",
        ),
        Entry(
            "dne",
            "robustbert.defenses.dne:Dne",
            "train and predict on random mixtures of words and their neighbours",
        ),
        Entry(
            "flooding",
            "robustbert.defenses.flooding:Flooding",
            "keep the training loss above a level",
        ),
        Entry(
            "temperature",
            "robustbert.defenses.temperature:Temperature",
            "train with a softmax at a high temperature",
        ),
        Entry(
            "safer",
            "robustbert.defenses.safer:Safer",
            "vote over random substitutions of all words",
        ),
        Entry(
            "ranmask",
            "robustbert.defenses.ranmask:RanMask",
            "vote over random masks of the words",
        ),
        Entry(
            "spell-correction",
            "robustbert.defenses.spell_correction:SpellCorrection",
            "correct misspelled words before the classifier reads them",
        ),
        Entry(
            "synonym-encoding",
            "robustbert.defenses.synonym_encoding:SynonymEncoding",
            "replace each word by the code of its cluster of synonyms",
        ),
        Entry(
            "robust-encoding",
            "robustbert.defenses.robust_encoding:RobustEncoding",
            "replace words, and typos of them, by the codes of their clusters",
        ),
    ],
    accepts=_is_defense,
    expected="a dataclass that extends robustbert.defenses.Defense",
    renamed={"adversarial-training": "augmentation"},
)


def make_defense(name: str, params: Mapping[str, Any]) -> Defense:
    """Make the defense called ``name`` with these parameters; missing ones have their defaults.

    Raises:
        UnknownNameError: there is no such defense or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range, or an import path leads to
            something else.
    """
    defense: Defense = build_from_settings(DEFENSES.load(name), params, name)
    return defense
