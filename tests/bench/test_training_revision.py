"""The revision of training in cache keys and records."""

from __future__ import annotations

import pytest

from robustbert.bench.training_revision import TRAINING_REVISION, training_revision
from robustbert.data import TextDataset, load_dataset
from robustbert.defenses import DefenseSpec, compose
from robustbert.errors import UnknownNameError
from robustbert.training import TrainingConfig, make_config

PLAIN = compose([])


@pytest.fixture(scope="module")
def reviews() -> TextDataset:
    """rotten_tomatoes: 6,821 rows, so 214 steps per epoch with the default batch size."""
    return load_dataset("rotten_tomatoes")


@pytest.mark.parametrize(
    ("settings", "revision"),
    [
        ({}, 2),
        ({"batch_size": 20}, 2),  # 342 steps
        ({"batch_size": 64}, 3),  # 107 steps: an evaluation every 54, the last at 162 of 214
        ({"evals_per_epoch": 3}, 3),  # an evaluation every 72, the last at 360 of 428
        ({"evals_per_epoch": 1}, 2),
        ({"epochs": 3}, 2),
    ],
)
def test_trainings_whose_last_step_was_always_evaluated_keep_their_revision(
    reviews: TextDataset, settings: dict[str, int], revision: int
) -> None:
    config = make_config(settings)
    assert training_revision("minilm", PLAIN, reviews, config) == revision


def test_other_datasets_have_other_steps() -> None:
    news = load_dataset("bbc_news")
    assert training_revision("minilm", PLAIN, news, TrainingConfig()) == TRAINING_REVISION
    assert training_revision("tfidf-svm", PLAIN, news, TrainingConfig()) == 2


@pytest.mark.parametrize(
    ("defense", "revision"), [("augmentation", 3), ("temperature", 2), ("pgd", 2), ("a2t", 2)]
)
def test_only_rows_that_are_added_to_the_data_change_the_steps(
    reviews: TextDataset, defense: str, revision: int
) -> None:
    defenses = compose([DefenseSpec(defense, {})])
    assert training_revision("minilm", defenses, reviews, TrainingConfig()) == revision


def test_an_unknown_base_is_named(reviews: TextDataset) -> None:
    with pytest.raises(UnknownNameError, match="minlm"):
        training_revision("minlm", PLAIN, reviews, TrainingConfig())
