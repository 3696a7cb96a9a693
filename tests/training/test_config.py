from __future__ import annotations

import json

import pytest

from robustbert.errors import InputError, UnknownNameError
from robustbert.training import TrainingConfig, make_config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("evals_per_epoch", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", 5.0),
        ("weight_decay", -0.1),
        ("warmup_ratio", 1.0),
        ("layer_decay", 0.0),
        ("layer_decay", 1.1),
        ("max_length", 4),
        ("patience", 0),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_values_out_of_range_are_rejected_by_name(name, value):
    with pytest.raises(InputError, match=f"training: {name} is .*; it must be"):
        TrainingConfig(**{name: value})


def test_an_unknown_dtype():
    with pytest.raises(UnknownNameError, match="did you mean bfloat16"):
        TrainingConfig(dtype="bfloat61")


def test_an_unknown_optimizer():
    with pytest.raises(UnknownNameError, match="did you mean adamw"):
        TrainingConfig(optimizer="adam")


def test_the_defaults_are_those_of_earlier_versions_in_cache_keys_and_records():
    assert TrainingConfig().as_dict() == {
        "epochs": 2,
        "batch_size": 32,
        "learning_rate": 1e-4,
        "weight_decay": 0.01,
        "warmup_ratio": 0.1,
        "max_length": 128,
        "evals_per_epoch": 2,
        "patience": 3,
        "dtype": "auto",
        "device": "auto",
        "seed": 0,
        "tensorboard": False,
    }


def test_as_dict_has_all_other_values():
    config = TrainingConfig(optimizer="adafactor", layer_decay=0.9)
    assert config.as_dict()["optimizer"] == "adafactor"
    assert TrainingConfig(**config.as_dict()) == config


def test_as_dict_round_trips_through_json():
    config = TrainingConfig(seed=3, max_length=None)
    assert TrainingConfig(**json.loads(json.dumps(config.as_dict()))) == config


def test_settings_by_name():
    made = make_config({"epochs": 3, "weight_decay": 0, "patience": None}, seed=5)
    assert made == TrainingConfig(epochs=3, weight_decay=0, patience=None, seed=5)


@pytest.mark.parametrize("value", ["3", 3.0, True, None])
def test_settings_of_the_wrong_type(value):
    with pytest.raises(InputError, match=r"training: epochs is .*; give a whole number"):
        make_config({"epochs": value})


def test_settings_that_do_not_exist_or_are_fixed_by_the_caller():
    with pytest.raises(UnknownNameError, match="did you mean epochs"):
        make_config({"epoch": 3})
    with pytest.raises(UnknownNameError):
        make_config({"seed": 3}, seed=5)
