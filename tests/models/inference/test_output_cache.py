import numpy as np
import pytest

from robustbert.models.inference.output_cache import OutputCache


class Lengths:
    """A function of texts that records its calls."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts) -> np.ndarray:
        self.calls.append(list(texts))
        return np.array([[len(text)] for text in texts], dtype=np.float32).reshape(-1, 1)


@pytest.mark.parametrize("capacity", [1, 2, 1000])
def test_rows_are_those_of_the_function(capacity: int):
    cache = OutputCache(Lengths(), capacity)
    generator = np.random.default_rng(0)
    for _ in range(50):
        texts = ["x" * n for n in generator.integers(1, 6, size=generator.integers(1, 8))]
        assert np.array_equal(cache(texts), Lengths()(texts))


def test_function_is_called_only_for_texts_that_are_not_cached():
    lengths = Lengths()
    cache = OutputCache(lengths, capacity=2)
    cache(["a", "bb", "a"])
    cache(["bb", "ccc"])  # evicts "a"
    cache(["a", "ccc"])
    assert [call for call in lengths.calls if call] == [["a", "bb"], ["ccc"], ["a"]]
    assert cache.computed == 4


def test_changing_a_returned_row_does_not_change_the_cache():
    cache = OutputCache(Lengths())
    cache(["a"])[0, 0] = 9
    assert cache(["a"]).tolist() == [[1.0]]


def test_no_texts():
    assert OutputCache(Lengths())([]).shape == (0, 1)
