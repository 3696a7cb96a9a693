import numpy as np
import pytest

from robustbert.models.inference.answer_cache import Remembered


class Lengths:
    """A server that notes what it is asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts) -> np.ndarray:
        self.calls.append(list(texts))
        return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


@pytest.mark.parametrize("capacity", [1, 2, 1000])
def test_answers_are_those_of_the_function(capacity: int):
    remembered = Remembered(Lengths(), capacity)
    generator = np.random.default_rng(0)
    for _ in range(50):
        texts = ["x" * n for n in generator.integers(1, 6, size=generator.integers(1, 8))]
        assert np.array_equal(remembered(texts), Lengths()(texts))


def test_the_function_is_asked_for_what_is_not_kept():
    lengths = Lengths()
    remembered = Remembered(lengths, capacity=2)
    remembered(["a", "bb", "a"])
    remembered(["bb", "ccc"])  # "a" must go
    remembered(["a", "ccc"])
    assert [call for call in lengths.calls if call] == [["a", "bb"], ["ccc"], ["a"]]
    assert remembered.computed == 4


def test_an_answer_that_is_changed_by_its_reader_is_kept_as_it_was():
    remembered = Remembered(Lengths())
    remembered(["a"])[0, 0] = 9
    assert remembered(["a"]).tolist() == [[1.0]]


def test_nothing_asked():
    assert Remembered(Lengths())([]).shape == (0, 1)
