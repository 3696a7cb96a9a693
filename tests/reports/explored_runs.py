"""Run folders with texts for ``robustbert explore``: made-up film reviews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from robustbert.data.words import words_of
from robustbert.models import CallableClassifier
from robustbert.records import Outcome
from tests.records.builders import add_cell, make_outcome

# A review, its class (1: positive), and adversarial versions of recipes that break it.
REVIEWS: tuple[tuple[str, int, dict[str, str]], ...] = (
    (
        "a warm and funny film about two sisters who inherit a lighthouse .",
        1,
        {
            "deepwordbug": "a wram and fumny film about two sisters who inherit a lighthouse .",
            "pwws": "a affectionate and curious film about two sisters who inherit a lighthouse .",
            "textfooler": "a warm and odd film about two sisters who inherit a lighthouse .",
        },
    ),
    (
        "the plot limps from one tired joke to the next and never gets there .",
        0,
        {
            "deepwordbug": "the plto limps from one tierd joke to the next and never gets htere .",
            "textfooler": "the plot limps from one weary jest to the next and never gets there .",
        },
    ),
    (
        "an honest , beautifully acted story of a village choir in winter .",
        1,
        {
            "deepwordbug": "an hoenst , beautifulyl acted story of a village choir in winter .",
            "pwws": "an good , attractively acted story of a village choir in winter .",
        },
    ),
    (
        "two hours of shouting , explosions and a romance that nobody asked for .",
        0,
        {"pwws": "two hours of hollering , explosions and a love that nobody asked for ."},
    ),
    (
        "slow at first , but the last half hour is worth every minute .",
        1,
        {
            "deepwordbug": "slow at first , but the lsat half hour is wotrh every minute .",
            "pwws": "slow at first , but the final half hour is deserving every minute .",
            "textfooler": "slow at first , but the last half hour is price every moment .",
        },
    ),
    (
        "the camera loves the desert ; the script , sadly , is just as dry .",
        0,
        {"textfooler": "the camera loves the desert ; the script , regrettably , is fair as dry ."},
    ),
    (
        "a small miracle of a comedy , light on its feet and sharp as a pin .",
        1,
        {"deepwordbug": "a small mirable of a comedy , light on its feet and shrap as a pin ."},
    ),
    (
        "it wants to be a thriller and a sermon , and it is boring as both .",
        0,
        {
            "deepwordbug": "it wants to be a thriller and a sermon , and it is borring as both .",
            "pwws": "it wants to be a thriller and a sermon , and it is drill as both .",
            "textfooler": "it wants to be a thriller and a sermon , and it is drilled as both .",
        },
    ),
    ("the songs are lovely and the dancing is even better .", 1, {}),
    ("nothing here that a better film did not do ten years ago .", 0, {}),
    ("you leave the cinema smiling , and you call your mother .", 1, {}),
    ("the twist is visible from the opening credits , and still it takes forever .", 0, {}),
)
RECIPES = ("deepwordbug", "pwws", "textfooler")

# How much a word speaks for the class 1.
_WEIGHTS = {
    **{"warm": 1.5, "funny": 1.2, "film": 0.2, "affectionate": 0.7, "odd": -1.0, "curious": -0.4},
    **{"limps": -1.6, "tired": -1.2, "joke": -0.4, "never": -0.7, "weary": -0.3, "jest": 0.5},
    **{"honest": 0.9, "beautifully": 1.7, "acted": 0.4, "good": 0.8, "attractively": 0.3},
    **{"nobody": -0.9, "shouting": -0.8, "explosions": -0.3, "romance": 0.4, "love": 1.0},
    **{"slow": -0.9, "worth": 1.6, "last": -0.2, "minute": 0.2, "deserving": -0.2, "price": -0.6},
    **{"loves": 0.6, "sadly": -0.9, "dry": -1.4, "regrettably": -0.3, "fair": 0.6},
    **{"miracle": 1.3, "comedy": 0.3, "light": 0.5, "sharp": 0.8, "boring": -1.8, "thriller": 0.3},
}


def review_classifier() -> CallableClassifier:
    """The first model of :func:`review_run`: it adds up a made-up weight per word."""

    def logits(texts: Sequence[str]) -> np.ndarray:
        sums = [sum(_WEIGHTS.get(word, 0.0) for word in words_of(text)) for text in texts]
        return np.stack([np.zeros(len(texts)), sums], axis=1)

    return CallableClassifier(logits, ("negative", "positive"), name="minilm", outputs="logits")


def review_run(run: Path) -> Path:
    """Two models under three recipes; the second resists two of three attacks."""
    hashes = {"minilm": review_classifier().info.sha256, "minilm-robust": "d" * 64}
    for model, step in (("minilm", 1), ("minilm-robust", 3)):
        for position, recipe in enumerate(RECIPES):
            cell = [_outcome(number, recipe, step, position) for number in range(len(REVIEWS))]
            add_cell(
                run,
                cell,
                dataset="film-notes",
                model=model,
                recipe=recipe,
                model_sha256=hashes[model],
            )
    return run


def _outcome(number: int, recipe: str, step: int, position: int) -> Outcome:
    text, label, versions = REVIEWS[number]
    words = len(words_of(text))
    common: dict[str, Any] = {
        "label": label,
        "text": text,
        "words": words,
        "label_probability": round(0.98 - 0.023 * number, 3),
        "queries": 14 + 9 * number + 5 * position,
    }
    if number == len(REVIEWS) - 1:
        common.update(clean_prediction=1 - label, label_probability=0.412, queries=1)
        return make_outcome(f"9e{number:04x}", "skipped", **common)
    version = versions.get(recipe)
    if version is None or number % step:
        status = "exhausted" if number == len(REVIEWS) - 2 else "robust"
        after = round(0.93 - 0.03 * number, 3)
        common.update(clean_prediction=label, adversarial_label_probability=after)
        return make_outcome(f"9e{number:04x}", status, **common)
    changed = sum(a != b for a, b in zip(words_of(text), words_of(version), strict=True))
    return make_outcome(
        f"9e{number:04x}",
        "broken",
        clean_prediction=label,
        adversarial_prediction=1 - label,
        adversarial_text=version,
        adversarial_label_probability=round(0.46 - 0.021 * number, 3),
        words_changed=changed,
        similarity=round(0.97 - 0.03 * changed - 0.004 * number, 3),
        **common,
    )
