"""Label errors: flipped labels are found, and what cannot be measured says why."""

from __future__ import annotations

import random

import numpy as np
import pytest
from cleanlab.filter import find_label_issues

import robustbert
from robustbert.data_checks import CHECKS, label_errors
from robustbert.errors import MissingAssetError

OTHERS = [name for name in CHECKS if name != "label-errors"]
CLASS_WORDS = {
    "neg": ["dull", "awful", "boring", "poor", "tedious", "lame"],
    "pos": ["fine", "great", "lovely", "superb", "bright", "moving"],
}
NEUTRAL = [f"{one}{two}" for one in ("ka", "lo", "mi", "nu", "pe") for two in "bdfgst"]


def reviews(number: int) -> tuple[list[str], list[str]]:
    """Texts in which four words tell the class and eight do not."""
    generator = random.Random(3)
    names = [("neg", "pos")[i % 2] for i in range(number)]
    texts = [
        " ".join(generator.sample(CLASS_WORDS[name], 4) + generator.sample(NEUTRAL, 8))
        for name in names
    ]
    return texts, names


def checked(texts, names, **options):
    report = robustbert.check_data((texts, names), skip=OTHERS, **options)
    return report.check("label-errors")


def flipped(names, positions):
    other = {"neg": "pos", "pos": "neg"}
    return [other[name] if i in positions else name for i, name in enumerate(names)]


def test_flipped_labels_are_found():
    texts, names = reviews(80)
    planted = {7, 20, 34, 58}
    given = flipped(names, planted)
    check = checked(texts, given)
    assert {finding.rows[0].row - 1 for finding in check.findings} == planted
    assert (check.num_found, check.num_rows) == (4, 80)
    assert check.facts == {
        "labels that the model predicts": 76 / 80,
        "labels of the largest class": max(map(given.count, given)) / 80,
    }
    first = check.findings[0]
    assert first.note.startswith(f"suggested {names[first.rows[0].row - 1]} (")


def test_correct_labels_are_not_suspected():
    assert checked(*reviews(80)).value == 0.0


def test_it_is_repeatable_and_depends_on_the_seed_of_the_folds():
    texts, names = reviews(60)
    names = flipped(names, {1, 2, 5, 9})
    notes = [
        [finding.note for finding in checked(texts, names, seed=seed).findings]
        for seed in (0, 0, 1)
    ]
    assert notes[0] == notes[1] != notes[2]


def test_copies_do_not_vouch_for_their_own_label():
    """Labels that nothing but copies of the same text tell cannot be predicted."""
    generator = random.Random(5)
    texts = [" ".join(generator.sample(NEUTRAL, 12)) for _ in range(40)]
    names = [generator.choice(["neg", "pos"]) for _ in texts]
    copies = [*texts, *map(str.upper, texts), *(f"{text} indeed" for text in texts)]
    check = checked(copies, names * 3)
    assert check.facts["labels that the model predicts"] < 0.75


def test_the_issues_are_those_of_cleanlab():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([1, 1, 1], size=200)
    labels = generator.integers(0, 3, size=200)
    found = label_errors._issues(labels, probabilities)
    assert set(found) == set(np.flatnonzero(find_label_issues(labels, probabilities, n_jobs=1)))
    trust = [probabilities[i, labels[i]] for i in found]
    assert trust == sorted(trust)


@pytest.mark.parametrize(
    ("texts", "names", "reason"),
    [
        (reviews(12)[0], ["neg"] * 8 + ["pos"] * 4, "5 folds need 5 different texts per class"),
        (["", " ", "", " "], ["neg", "pos"] * 2, "the texts have fewer than two classes"),
        ([f"only{i}" for i in range(20)], ["neg", "pos"] * 10, "no word occurs in two texts"),
    ],
)
def test_what_cannot_be_measured_is_not_zero(texts, names, reason):
    check = checked(texts, names)
    assert reason in check.reason
    assert (check.value, check.passed, check.num_found) == (None, None, None)


def test_without_cleanlab_the_error_names_the_extra(monkeypatch):
    monkeypatch.setattr(label_errors, "find_spec", lambda name: None)
    with pytest.raises(MissingAssetError, match=r"pip install 'robustbert\[data\]'.*--skip"):
        checked(*reviews(12))
    data = reviews(12)
    assert robustbert.check_data(data, skip=["label-errors"]).skipped == ["label-errors"]
