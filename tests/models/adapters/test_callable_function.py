"""`CallableClassifier`: answers of every type, wrong answers, failures and limits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
import torch

from robustbert.errors import BatchInvarianceWarning, InputError, ModelError
from robustbert.models import CallableClassifier
from robustbert.models.adapters import retrying
from robustbert.models.output_checks import SUM_TOLERANCE
from tests.attacks.running import run, without_time
from tests.models.adapters.toys import LABELS, Endpoint, Flaky, reviews_of, word_probabilities
from tests.tiny import toy_reviews

TEXTS = toy_reviews(20)[0]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.0)


@pytest.mark.parametrize(
    "convert",
    [
        lambda rows: rows,
        lambda rows: rows.tolist(),
        lambda rows: [tuple(row) for row in rows],
        lambda rows: rows.astype(np.float32),
        lambda rows: torch.tensor(rows, requires_grad=True),
        lambda rows: pd.DataFrame(rows),
        lambda rows: pd.DataFrame(rows, columns=LABELS)[["pos", "neg"]],
    ],
)
def test_anything_array_like_is_accepted(convert):
    classifier = CallableClassifier(lambda texts: convert(word_probabilities(texts)), LABELS)
    found = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(found, word_probabilities(TEXTS), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1, dtype=np.float64), 1, atol=1e-6)
    np.testing.assert_array_equal(classifier.predict_proba_exact(TEXTS), found)


def test_columns_of_a_frame_are_matched_by_name_even_if_they_are_numbers():
    function = lambda texts: pd.DataFrame(word_probabilities(texts), columns=[1, 0])  # noqa: E731
    found = CallableClassifier(function, ["0", "1"]).predict_proba(TEXTS)
    np.testing.assert_allclose(found, word_probabilities(TEXTS)[:, ::-1], atol=1e-6)


def test_bfloat16_and_rounded_probabilities_are_normalized():
    rows = torch.tensor([[0.4, 0.6]] * len(TEXTS), dtype=torch.bfloat16)
    assert abs(rows[0].double().sum().item() - 1) > SUM_TOLERANCE, "what a model may well return"
    half = CallableClassifier(lambda texts: rows[: len(texts)], LABELS)
    np.testing.assert_allclose(half.predict_proba(TEXTS), rows.float(), atol=2e-3)
    np.testing.assert_allclose(half.predict_proba(TEXTS).sum(axis=1), 1, atol=1e-6)
    rounded = CallableClassifier(lambda texts: word_probabilities(texts).round(3), LABELS)
    sums = rounded.predict_proba(TEXTS).sum(axis=1, dtype=np.float64)
    np.testing.assert_allclose(sums, 1, atol=1e-6)


def test_logits_become_probabilities():
    classifier = CallableClassifier(
        lambda texts: np.log(word_probabilities(texts)) + 5, LABELS, outputs="logits"
    )
    np.testing.assert_allclose(
        classifier.predict_proba(TEXTS), word_probabilities(TEXTS), atol=1e-6
    )
    np.testing.assert_allclose(
        classifier.predict_logits(TEXTS), np.log(word_probabilities(TEXTS)) + 5, rtol=1e-6
    )


def test_probabilities_are_no_logits():
    classifier = CallableClassifier(word_probabilities, LABELS, outputs="logits")
    message = r'returns probabilities: .* pass outputs="probabilities"'
    with pytest.raises(ModelError, match=message):
        classifier.predict_proba(TEXTS)


def test_calls_have_at_most_batch_size_distinct_texts():
    endpoint = Endpoint()
    classifier = CallableClassifier(endpoint, LABELS, batch_size=6)
    distinct = list(dict.fromkeys(TEXTS))
    classifier.predict_proba(TEXTS + TEXTS)
    assert endpoint.texts == distinct
    assert max(map(len, endpoint.calls)) <= 6


def test_calls_run_concurrently_and_keep_the_order():
    barrier = threading.Barrier(3, timeout=10)

    def function(texts):
        barrier.wait()  # needs three calls at the same time
        return word_probabilities(texts)

    texts = [f"text {i}" for i in range(12)]
    classifier = CallableClassifier(function, LABELS, batch_size=2, concurrency=3)
    np.testing.assert_allclose(
        classifier.predict_proba(texts), word_probabilities(texts), atol=1e-6
    )


class TestWrongAnswers:
    @pytest.mark.parametrize(
        ("answer", "message"),
        [
            (lambda n: [[2.5, -1.0]] * n, "if these are logits, apply softmax, or pass outputs="),
            (lambda n: [[0.9, 0.9]] * n, r"sum to 1\.8 for a text, not to 1"),
            (lambda n: [[float("nan"), 1.0]] * n, "NaN or infinity"),
            (lambda n: [[0.2, 0.3, 0.5]] * n, r"3 columns for 2 labels \(neg, pos\)"),
            (lambda n: [[1.0]] * n, "1 column for 2 labels"),
            (lambda n: [[0.5, 0.5]] * (n - 1), r"shape \(1, 2\) for 2 texts and 2 labels"),
            (lambda n: [0.5] * n, r"shape \(2,\) for 2 texts"),
            (lambda n: [[0.5, 0.5], [1.0]], "list whose items are not rows of numbers of the same"),
            (lambda n: ([[0.5, 0.5]] * n, 1), "a tuple whose items are not rows of numbers"),
            (lambda n: [["0.5", "0.5"]] * n, "values of type str, not numbers; return a list with"),
            (lambda n: [[{"label": "pos"}] * 2] * n, "a list that contains values of type dict"),
            (lambda n: [[True, False]] * n, "values of type bool, not numbers"),
            (lambda n: None, "returned a NoneType, not numbers; return a list with one row of 2"),
            (lambda n: ([0.5, 0.5] for _ in range(n)), "returned a generator, not numbers"),
        ],
    )
    def test_are_rejected_at_once(self, answer, message):
        calls = []

        def function(texts):
            calls.append(texts)
            return answer(len(texts))

        with pytest.raises(ModelError, match=message) as caught:
            CallableClassifier(function, LABELS).predict_proba(["one", "two"])
        assert "\n" not in str(caught.value)
        assert len(calls) == 1, "it is not retried"

    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_errors_of_the_code_are_not_retried(self, concurrency):
        calls = []

        def function(texts):
            calls.append(texts)
            return texts.nothing

        classifier = CallableClassifier(
            function, LABELS, concurrency=concurrency, batch_size=20, name="mine"
        )
        message = "function of model 'mine' raised AttributeError: .*; fix the function"
        with pytest.raises(ModelError, match=message):
            classifier.predict_proba(TEXTS)
        assert len(calls) == 1


class TestFailures:
    def test_are_retried_with_growing_waits(self, monkeypatch):
        monkeypatch.setattr(retrying, "FIRST_WAIT", 1.0)
        waits = [retrying._wait(attempts) for attempts in (1, 2, 3, 50, 5000)]
        for wait, mean in zip(waits, (1, 2, 4, 60, 60), strict=True):
            assert 0.5 * mean <= wait <= 1.5 * mean

    def test_that_do_not_end_are_an_error(self):
        flaky = Flaky(1.0)
        classifier = CallableClassifier(flaky, LABELS, name="mine", retries=2)
        message = (
            "the function of model 'mine' failed 3 times; the last error was ConnectionError: "
            r"reset by peer .*; check the endpoint, or allow more retries \(retries=\)"
        )
        with pytest.raises(ModelError, match=message) as caught:
            classifier.predict_proba(TEXTS)
        assert "\n" not in str(caught.value)
        assert flaky.failures == 3

    def test_do_not_draw_from_the_global_generator(self):
        random.seed(0)
        expected = random.Random(0).random()
        CallableClassifier(Flaky(0.5), LABELS, retries=50).predict_proba(TEXTS)
        assert random.random() == expected

    def test_slow_attempts_are_abandoned_and_retried(self):
        calls = []

        def function(texts):
            calls.append(texts)
            if len(calls) == 1:
                time.sleep(30)
            return word_probabilities(texts)

        began = time.monotonic()
        classifier = CallableClassifier(function, LABELS, timeout=0.5)
        found = classifier.predict_proba(TEXTS)
        np.testing.assert_allclose(found, word_probabilities(TEXTS), atol=1e-6)
        assert time.monotonic() - began < 10
        assert len(calls) == 2

    def test_time_outs_that_do_not_end_are_an_error(self):
        classifier = CallableClassifier(
            lambda texts: time.sleep(5), LABELS, timeout=0.05, retries=1
        )
        with pytest.raises(ModelError, match=r"failed 2 times; .* no answer within 0.05 s"):
            classifier.predict_proba(["one"])

    @pytest.mark.slow
    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_do_not_change_outcomes(self, textattack, concurrency):
        flaky = Flaky(0.2)
        steady = CallableClassifier(word_probabilities, LABELS, name="mine")
        shaken = CallableClassifier(
            flaky, LABELS, name="mine", concurrency=concurrency, batch_size=1, retries=20
        )
        reviews = reviews_of(steady, 16)
        expected = without_time(run(steady, "deepwordbug", reviews, "published").outcomes)
        found = without_time(run(shaken, "deepwordbug", reviews, "published").outcomes)
        assert found == expected
        assert flaky.failures > 10
        assert "broken" in {outcome.status for outcome in found}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([3.0, -5.0], "if these are logits, apply softmax"),
        ([0.2, 0.3, 0.5], "3 columns for 2 labels"),
    ],
)
def test_wrong_answers_stop_an_attack(textattack, rows, message):
    reviews = reviews_of(CallableClassifier(word_probabilities, LABELS), 3)
    wrong = CallableClassifier(lambda texts: [rows] * len(texts), LABELS)
    with pytest.raises(ModelError, match=message):
        run(wrong, "deepwordbug", reviews, "published")


# A process that was started in the background may ignore interrupts: this one does not.
SLEEPER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from robustbert.models import CallableClassifier

def function(texts):
    print("asked", flush=True)
    {body}

CallableClassifier(function, ["neg", "pos"], batch_size=1, {options}).predict_proba(["a", "b"])
"""


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("time.sleep(60)", "concurrency=2"),
        ("time.sleep(60)", "timeout=50"),
        ("raise OSError", "retries=100, concurrency=2"),
    ],
)
def test_an_interrupt_ends_the_process_promptly(body, options):
    script = SLEEPER.format(body=body, options=options)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"asked")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) != 0
    finally:
        process.kill()
        process.wait()


class TestIdentity:
    def test_comes_from_the_name(self):
        first = CallableClassifier(Endpoint(), LABELS, name="api v1")
        assert first.identified
        assert first.info == CallableClassifier(len, LABELS, name="api v1").info
        assert first.info.source == "CallableClassifier"
        others = [
            CallableClassifier(Endpoint(), LABELS, name="api v2"),
            CallableClassifier(Endpoint(), LABELS[::-1], name="api v1"),
            CallableClassifier(Endpoint(), LABELS, name="api v1", outputs="logits"),
        ]
        assert len({first.info.sha256, *(other.info.sha256 for other in others)}) == 4

    def test_is_unknown_without_a_name(self):
        one, other = (CallableClassifier(word_probabilities, LABELS) for _ in range(2))
        assert not one.identified
        assert one.info.name == "word_probabilities"
        assert one.info.sha256 != other.info.sha256
        assert CallableClassifier(lambda texts: texts, LABELS).info.name == "function"


class TestBatchInvariance:
    def test_is_checked_at_first_use(self):
        endpoint = Endpoint()
        classifier = CallableClassifier(endpoint, LABELS, batch_size=10)
        assert not endpoint.calls
        assert classifier.batch_invariance.verified
        asked = len(endpoint.texts)
        assert asked <= 7 * 4
        assert classifier.batch_invariance.verified
        assert len(endpoint.texts) == asked

    def test_needs_no_calls_without_batches(self):
        classifier = CallableClassifier(Endpoint(), LABELS, batch_size=1)
        assert classifier.batch_invariance.verified
        assert not classifier._function.calls

    def test_is_reported_if_it_does_not_hold(self):
        def function(texts):
            return np.tile(word_probabilities(texts).mean(axis=0), (len(texts), 1))

        classifier = CallableClassifier(function, LABELS)
        with pytest.warns(BatchInvarianceWarning, match="other texts of its call.*batch_size=1"):
            assert not classifier.batch_invariance.verified

    def test_is_not_blamed_for_randomness(self):
        generator = np.random.default_rng(0)

        def function(texts):
            return generator.dirichlet([1, 1], size=len(texts))

        classifier = CallableClassifier(function, LABELS)
        with pytest.warns(BatchInvarianceWarning, match="the same text gets different answers"):
            assert not classifier.batch_invariance.verified


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0; give an integer of at least 1"),
        ({"concurrency": 1.5}, r"concurrency is 1\.5"),
        ({"retries": -1}, "retries is -1; give an integer of at least 0"),
        ({"timeout": 0}, "timeout is 0; it must be above 0 seconds"),
        ({"timeout": float("inf")}, "timeout is inf; .* None for no limit"),
        ({"timeout": "5"}, "timeout is '5'; it must be above 0 seconds"),
        ({"name": "two\nlines"}, "name must be a short printable string"),
        ({"label_names": ["one"]}, r"at least two different names, not \['one'\]; name each"),
        ({"label_names": None}, "label_names must be a list of strings, not None"),
        ({"label_names": 2}, "label_names must be a list of strings, not 2"),
    ],
)
def test_invalid_arguments(options, message):
    labels = options.pop("label_names", LABELS)
    with pytest.raises(InputError, match=message):
        CallableClassifier(Endpoint(), labels, **options)


def test_a_classifier_is_no_function():
    with pytest.raises(InputError, match="function is a list, which cannot be called"):
        CallableClassifier([1], LABELS)
