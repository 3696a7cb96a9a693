from __future__ import annotations

import random

import numpy as np
import pytest

from robustbert.attacks.scheduler.recheck import AnswerSample


def lengths(texts) -> np.ndarray:
    return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


def drawn(sample: AnswerSample) -> set[str]:
    asked: list[str] = []
    sample.recheck(lambda texts: asked.extend(texts) or lengths(texts))
    return set(asked)


TEXTS = [f"text {number}" for number in range(5000)]


@pytest.mark.parametrize("share", [0.001, 0.1])
def test_the_sample_does_not_depend_on_order_batches_or_repeats(share: float):
    chance = random.Random(0)
    samples = []
    for _ in range(3):
        texts = TEXTS + chance.sample(TEXTS, 1000)
        chance.shuffle(texts)
        sample = AnswerSample(lengths, seed=0, share=share)
        while texts:
            size = chance.randint(1, 300)
            batch, texts = texts[:size], texts[size:]
            assert np.array_equal(sample(batch), lengths(batch))
        samples.append(drawn(sample))
    assert samples[0] == samples[1] == samples[2]
    assert samples[0] < set(TEXTS)
    if share == 0.001:
        assert len(samples[0]) == 200
    else:
        assert 400 < len(samples[0]) < 600


def test_another_seed_draws_other_texts():
    samples = [AnswerSample(lengths, seed) for seed in (0, 1)]
    for sample in samples:
        sample(TEXTS)
    assert drawn(samples[0]) != drawn(samples[1])


def test_fewer_texts_than_the_least_are_all_drawn():
    sample = AnswerSample(lengths, seed=0)
    sample(TEXTS[:150])
    assert drawn(sample) == set(TEXTS[:150])


def test_answers_that_differ_in_one_bit_are_counted():
    sample = AnswerSample(lengths, seed=0)
    sample(["a", "bb", "ccc"])
    again = lambda texts: np.nextafter(lengths(texts), 9, dtype=np.float32)  # noqa: E731
    assert sample.recheck(lengths).differing == 0
    assert sample.recheck(again).differing == 3
    assert sample.recheck(again).checked == 3


def test_the_first_answer_is_kept_and_later_changes_of_it_are_not():
    answers = lengths(["a"])
    sample = AnswerSample(lambda texts: answers, seed=0)
    sample(["a"])
    answers[0, 0] = 9
    assert sample.recheck(lengths).differing == 0


def test_nothing_asked():
    found = AnswerSample(lengths, seed=0).recheck(lengths)
    assert (found.checked, found.differing) == (0, 0)
