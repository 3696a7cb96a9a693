"""The check of miscalibration, on a word count whose logits are scaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robustbert.data import load_dataset
from robustbert.metrics import mcnemar_of_counts
from robustbert.models import load_model
from robustbert.models.temperature_scaling import at_temperature
from robustbert.rechecks.miscalibration import FACTORS, TRIED_EXAMPLES
from robustbert.rechecks.recheck_run import checks_of, recheck_row
from robustbert.rechecks.recheck_text import recheck_text
from robustbert.rechecks.row_attacker import RowAttacker
from robustbert.records.row_recheck import RowRecheck
from tests.conftest import write_reviews
from tests.rechecks.toy_rechecks import WordLogits, cells_of, loaded, row_of, run_of
from tests.voting import MaskedVotes

pytestmark = [
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
]
N = 12


def rechecked(scale: float, reviews: Path, out: Path) -> RowRecheck:
    classifier = WordLogits(scale)
    row = row_of(run_of(classifier, reviews, out, "deepwordbug", n=N))
    return recheck_row(row, loaded(classifier), cells_of(reviews), 8)


@pytest.fixture(scope="module")
def results(many_reviews, own_cache, tmp_path_factory) -> dict[float, RowRecheck]:
    folder = tmp_path_factory.mktemp("runs")
    return {
        scale: rechecked(scale, many_reviews, folder / str(scale)) for scale in (0.1, 1.0, 100.0)
    }


def test_logits_times_100_are_marked(results):
    found = results[100.0]
    assert found.worst_case.value == 1, "the search sees no change of a probability"
    attack = found.calibration.attack
    assert attack.worst_case.value < 0.5
    assert attack.only_before == round(N * (1 - attack.worst_case.value)) > 5
    assert attack.only_after == 0
    assert attack.p_value == mcnemar_of_counts(attack.only_before, 0, N).p_value < 0.05
    [check] = checks_of(found)
    assert (check.name, check.passed, check.threshold) == ("miscalibration", False, 0.02)
    assert check.measured == pytest.approx(1 - attack.worst_case.value)
    text = recheck_text(found)
    assert "scale 100 on reviews" in text
    assert text.splitlines()[1].endswith(", marked τ")
    reason = "the model is not randomised and transforms no texts"
    assert f"adaptive: not checked, because {reason}" in text


def test_the_plain_model_is_not_marked_and_agrees_with_it_after_calibration(results):
    plain, scaled = results[1.0], results[100.0]
    [check] = checks_of(plain)
    assert check.passed
    assert check.measured == 0
    assert scaled.calibration.attack.worst_case == plain.calibration.attack.worst_case
    assert scaled.calibration.temperature == pytest.approx(100 * plain.calibration.temperature)
    assert scaled.calibration.nll == pytest.approx(plain.calibration.nll)
    assert plain.calibration.tried == scaled.calibration.tried == []


def test_the_outcomes_after_calibration_are_those_of_the_calibrated_plain_model(
    many_reviews, results, tmp_path
):
    """An attack on the plain model at its own temperature, by a run instead of a recheck."""
    plain, scaled = WordLogits(), WordLogits(100.0)
    run = run_of(scaled, many_reviews, tmp_path / "scaled", "deepwordbug", n=N)
    attacker = RowAttacker(row_of(run), loaded(scaled), cells_of(many_reviews))
    calibrated = at_temperature(scaled, results[100.0].calibration.temperature)
    again = attacker.attack(calibrated, "again")["deepwordbug"]
    oracle = run_of(
        at_temperature(plain, results[1.0].calibration.temperature),
        *(many_reviews, tmp_path / "plain", "deepwordbug"),
        n=N,
    )
    expected = {o.example_id: o.adversarial_text for o in row_of(oracle).outcomes["deepwordbug"]}
    assert {o.example_id: o.adversarial_text for o in again} == expected
    assert sum(text is not None for text in expected.values()) > 5


def test_a_network_with_logits_times_100_agrees_after_calibration(bert, many_reviews, tmp_path):
    network = load_model(bert, dtype="float32", device="cpu")
    found = {}
    for scale, classifier in ((1, network), (100, network.with_temperature(0.01))):
        run = run_of(classifier, many_reviews, tmp_path / str(scale), "deepwordbug", n=4)
        row = row_of(run)
        found[scale] = recheck_row(row, loaded(classifier), cells_of(many_reviews), 8).calibration
    assert found[100].temperature == pytest.approx(100 * found[1].temperature, rel=1e-3)
    assert found[100].attack.worst_case == found[1].attack.worst_case


def test_other_temperatures_are_tried_for_an_under_confident_model(results):
    found = results[0.1].calibration
    assert found.fitted_temperature == pytest.approx(0.1 * results[1.0].calibration.temperature)
    tried = [one.temperature for one in found.tried]
    assert tried == pytest.approx([found.fitted_temperature * factor for factor in FACTORS])
    accuracies = [one.accuracy for one in found.tried]
    assert found.temperature == tried[int(np.argmin(accuracies))]


def test_attacks_on_another_split_have_the_conditions_of_the_row(tmp_path, recwarn):
    reviews = write_reviews(tmp_path / "reviews.csv", 100)
    classifier = WordLogits(1.0)
    row = row_of(run_of(classifier, reviews, tmp_path / "run", "deepwordbug", n=2))
    attacker = RowAttacker(row, loaded(classifier), cells_of(reviews))
    attacker.attack_split(classifier, "train", 2, "it")  # which has more texts than the test split
    assert not [str(one.message) for one in recwarn if "other conditions" in str(one.message)]


def test_temperatures_are_tried_on_texts_that_attacks_take(tmp_path):
    """Those of more than 4 words, although the validation split has others too."""
    reviews = write_reviews(tmp_path / "reviews.csv", 100)
    with reviews.open("a", encoding="utf-8") as file:
        file.writelines(f"good film {number},pos\n" for number in range(60))
    found = rechecked(0.1, reviews, tmp_path / "run").calibration
    validation = load_dataset(f"file:{reviews}").split("validation")["text"]
    attacked = sum(len(text.split()) > 4 for text in validation)
    assert 0 < attacked < len(validation) < TRIED_EXAMPLES
    assert len(found.tried) == len(FACTORS)
    for one in found.tried:
        survivors = one.accuracy * attacked
        assert survivors == pytest.approx(round(survivors)), "all of them are attacked"


def test_a_model_without_logits_is_not_checked(many_reviews, tmp_path):
    votes = MaskedVotes()
    row = row_of(run_of(votes, many_reviews, tmp_path / "run", "deepwordbug", n=4))
    found = recheck_row(row, loaded(votes), cells_of(many_reviews), 8)
    assert found.calibration is None
    assert found.not_checked == {"miscalibration": "the model has no logits"}
    assert [check.name for check in checks_of(found)] == ["adaptive"]
