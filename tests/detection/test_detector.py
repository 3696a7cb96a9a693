"""What all detectors share: the registry, checks of what they are fitted to, and their scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from robustbert.detection import DETECTORS, Detector, FittedDetector, TextMeasure, make_detector
from robustbert.errors import InputError, ModelError, UnknownNameError
from tests.detection.words import BagOfWords, fitting_data, pairs_of

VICTIM = BagOfWords({"good": (0, 1)})


@dataclass(frozen=True)
class Lengths(Detector):
    """Scores texts by their length, plus the number of training texts."""

    name: ClassVar[str] = "lengths"
    needs_pairs: ClassVar[bool] = True

    scale: float = 1.0
    names: tuple[str, ...] = ("a", "b")

    def _measured(self, classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        yield from (np.array([len(text)]) for text in texts)

    def _fit(self, measure, data, seed) -> FittedDetector:
        added = len(data.texts)
        return FittedDetector(
            self, lambda texts: self.scale * np.concatenate(measure(texts)) + added
        )


PAIRS = pairs_of(["a"] * 10, ["bb"] * 10)


def test_scores_are_numbers():
    fitted = Lengths().fit(VICTIM, fitting_data(PAIRS, ["x", "y"], [0, 1]), seed=0)
    scores = fitted.score(["a", "four"])
    assert scores.dtype == np.float64
    assert scores.tolist() == [3, 6]
    assert fitted.score([]).shape == (0,)


def test_a_measure_serves_several_fits():
    measure = Lengths().measure(VICTIM)
    first = Lengths().fit_measured(measure, fitting_data(PAIRS), seed=0)
    second = Lengths().fit_measured(measure, fitting_data(PAIRS, ["x"], [0]), seed=0)
    assert (second.score(["abc"]) - first.score(["abc"])).tolist() == [1]
    assert measure.computed == 1


def test_each_text_is_measured_once_and_in_order():
    asked: list[str] = []

    def lengths(texts: Sequence[str]) -> Iterator[np.ndarray]:
        asked.extend(texts)
        yield from (np.array([len(text)]) for text in texts)

    measure = TextMeasure(lengths, "lengths")
    assert np.concatenate(measure(["a", "bb", "a"])).tolist() == [1, 2, 1]
    assert np.concatenate(measure(["ccc", "bb"])).tolist() == [3, 2]
    assert asked == ["a", "bb", "ccc"]


@pytest.mark.parametrize(
    ("data", "seed", "message"),
    [
        (fitting_data(PAIRS[:9]), 0, "only 9 of the validation split succeeded; at least 10"),
        (fitting_data(PAIRS, ["x"], []), 0, "1 texts but 0 labels"),
        (fitting_data(PAIRS, ["x"], [2]), 0, "has the label 2, but there are 2 labels"),
        (fitting_data(PAIRS, ["x"], [-1]), 0, "has the label -1, but there are 2 labels"),
        (fitting_data(PAIRS), -1, "the seed is -1"),
    ],
)
def test_wrong_data_are_refused(data, seed, message):
    with pytest.raises(InputError, match=message):
        Lengths().fit(VICTIM, data, seed)


@pytest.mark.parametrize("wrong", [np.array([np.nan]), np.zeros((1, 1)), np.zeros(2)])
def test_scores_that_are_no_numbers_are_refused(wrong):
    with pytest.raises(ModelError, match="did not give each text a finite score"):
        FittedDetector(Lengths(), lambda texts: wrong).score(["a"])


def test_texts_are_checked():
    with pytest.raises(InputError, match="text 2 of 2 is empty"):
        Lengths().measure(VICTIM)(["a", " "])


def test_every_built_in_detector_can_be_made():
    for entry in DETECTORS.built_in():
        detector = make_detector(entry.name, {})
        assert detector.name == entry.name
        assert detector.paper
        assert entry.summary
        assert make_detector(entry.name, detector.params()) == detector


def test_parameters_are_settings():
    made = make_detector("tests.detection.test_detector:Lengths", {"scale": 2, "names": ["c"]})
    assert made.params() == {"scale": 2, "names": ["c"]}
    assert make_detector("rde", {"dimensions": 3}).params()["dimensions"] == 3


def test_unknown_names_and_parameters_suggest_others():
    with pytest.raises(UnknownNameError, match="unknown detector 'wdx'; did you mean wdr"):
        make_detector("wdx", {})
    with pytest.raises(UnknownNameError, match="unknown setting 'dimension'; did you mean dim"):
        make_detector("rde", {"dimension": 3})
    with pytest.raises(InputError, match=r"give the import path of a subclass of .*Detector"):
        make_detector("robustbert.errors:InputError", {})
