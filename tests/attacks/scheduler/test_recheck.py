from __future__ import annotations

import random

import numpy as np
import pytest

from robustbert.attacks.scheduler.recheck import OutputSample, rounding_tolerance


def lengths(texts) -> np.ndarray:
    return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


def sampled(sample: OutputSample) -> set[str]:
    rechecked: list[str] = []
    sample.recheck(lambda texts: rechecked.extend(texts) or lengths(texts))
    return set(rechecked)


TEXTS = [f"text {number}" for number in range(5000)]


@pytest.mark.parametrize("share", [0.001, 0.1])
def test_the_sample_does_not_depend_on_order_batches_or_repeats(share: float):
    chance = random.Random(0)
    samples = []
    for _ in range(3):
        texts = TEXTS + chance.sample(TEXTS, 1000)
        chance.shuffle(texts)
        sample = OutputSample(lengths, seed=0, share=share)
        while texts:
            size = chance.randint(1, 300)
            batch, texts = texts[:size], texts[size:]
            assert np.array_equal(sample(batch), lengths(batch))
        samples.append(sampled(sample))
    assert samples[0] == samples[1] == samples[2]
    assert samples[0] < set(TEXTS)
    if share == 0.001:
        assert len(samples[0]) == 200
    else:
        assert 400 < len(samples[0]) < 600


def test_another_seed_samples_other_texts():
    samples = [OutputSample(lengths, seed) for seed in (0, 1)]
    for sample in samples:
        sample(TEXTS)
    assert sampled(samples[0]) != sampled(samples[1])


def test_fewer_texts_than_the_minimum_are_all_sampled():
    sample = OutputSample(lengths, seed=0)
    sample(TEXTS[:150])
    assert sampled(sample) == set(TEXTS[:150])


def test_outputs_that_differ_in_one_bit_are_counted():
    sample = OutputSample(lengths, seed=0)
    sample(["a", "bb", "ccc"])
    changed = lambda texts: np.nextafter(lengths(texts), 9, dtype=np.float32)  # noqa: E731
    assert sample.recheck(lengths).differing == 0
    assert sample.recheck(changed).differing == 3
    assert sample.recheck(changed).checked == 3


@pytest.mark.parametrize(
    ("dtype", "difference", "changed"),
    [
        ("float32", 1e-6, 0),
        ("float32", 2e-3, 3),
        ("bfloat16", 2e-3, 0),
        ("bfloat16", 3e-2, 3),
        ("float32", np.nan, 3),
    ],
)
def test_rounding_is_not_a_change(dtype: str, difference: float, changed: int):
    sample = OutputSample(lengths, seed=0)
    sample(["a", "bb", "ccc"])
    found = sample.recheck(lambda texts: lengths(texts) + difference, rounding_tolerance(dtype))
    assert (found.checked, found.differing, found.changed) == (3, 3, changed)


def test_the_sample_is_a_copy_of_the_first_output():
    answers = lengths(["a"])
    sample = OutputSample(lambda texts: answers, seed=0)
    sample(["a"])
    answers[0, 0] = 9
    assert sample.recheck(lengths).differing == 0


def test_without_calls_nothing_is_rechecked():
    found = OutputSample(lengths, seed=0).recheck(lengths)
    assert (found.checked, found.differing) == (0, 0)
