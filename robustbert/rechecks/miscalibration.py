"""The check ``miscalibration``: attack the model with calibrated probabilities.

Raina et al. 2024, "Extreme Miscalibration and the Illusion of Adversarial Robustness" (ACL): a
model whose logits are very large, or very small, hides from attacks how its probabilities change,
and looks robust. The gain disappears when the attacker divides the logits by a suitable
temperature, which changes no prediction.

The temperature is the one that fits the validation split. For an under-confident model, which is
attacked with sharper probabilities then, others around it are tried on validation examples as well,
and the one under which the fewest survive is used.
"""

from __future__ import annotations

import numpy as np

from robustbert.data import select_examples
from robustbert.metrics.calibration import fit_temperature
from robustbert.models.temperature_scaling import at_temperature
from robustbert.rechecks.attacked_row import AttackedRow
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records.row_recheck import Calibration, TriedTemperature

NAME = "miscalibration"
SPLIT = "validation"
#: A model whose fitted temperature is below this is under-confident.
UNDER_CONFIDENT = 0.5
#: The temperatures that are tried for an under-confident model, in multiples of the fitted one.
FACTORS = (1.0, 0.25, 4.0)
#: The number of validation examples on which they are tried; all that attacks take if fewer.
TRIED_EXAMPLES = 50


def reason_not_to_check(attacker: RowAttacker) -> str | None:
    """Why a row cannot be checked; None if it can."""
    if not attacker.classifier.has_logits:
        return "the model has no logits"
    if SPLIT not in attacker.cells.dataset(attacker.row.first).splits:
        return f"the dataset has no {SPLIT} split"
    return None


def check_calibration(attacker: RowAttacker) -> Calibration:
    """Attack the calibrated model of a row on the row's examples.

    Args:
        attacker: attacks the row; its model has logits, and its data a validation split.
    """
    rows = attacker.cells.dataset(attacker.row.first).split(SPLIT)
    logits = attacker.classifier.predict_logits(rows["text"][:])
    fitted = fit_temperature(logits, np.array(rows["label"][:]))
    tried = _tried(attacker, fitted.temperature)
    chosen = min(tried, key=lambda one: one.accuracy).temperature if tried else fitted.temperature
    calibrated = at_temperature(attacker.classifier, chosen)
    outcomes = attacker.attack(calibrated, f"calibrated (temperature {chosen:.3g})")
    return Calibration(
        temperature=chosen,
        fitted_temperature=fitted.temperature,
        nll_before=fitted.nll_before,
        nll=fitted.nll,
        num_examples=fitted.num_examples,
        tried=tried,
        attack=attacker.row.test(outcomes),
    )


def _tried(attacker: RowAttacker, fitted: float) -> list[TriedTemperature]:
    """Temperatures with the worst case under attack on validation examples; the fitted one first.

    There are none for a model that is not under-confident.
    """
    if fitted >= UNDER_CONFIDENT:
        return []
    first = attacker.row.first
    available = select_examples(attacker.cells.dataset(first), SPLIT, None, first.protocol.seed)
    found = []
    for temperature in (fitted * factor for factor in FACTORS):
        outcomes = attacker.attack_split(
            at_temperature(attacker.classifier, temperature),
            SPLIT,
            min(TRIED_EXAMPLES, len(available)),
            f"temperature {temperature:.3g}",
        )
        survivors = AttackedRow(attacker.row.records, outcomes).survivors()
        accuracy = sum(survivors.values()) / len(survivors)
        found.append(TriedTemperature(temperature=temperature, accuracy=accuracy))
    return found
