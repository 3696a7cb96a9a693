"""The model wrapper of one search."""

from __future__ import annotations

from types import SimpleNamespace

from robustbert.models.classifier import TokenGradient


def test_a_search_asks_for_each_gradient_once(textattack):
    """TextAttack asks for the gradient of a text, and then for its tokens."""
    import numpy as np

    from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper

    asked: list[str] = []

    def gradients(texts):
        asked.extend(texts)
        return [
            TokenGradient(np.arange(2), ("[CLS]", text), np.full((2, 3), len(text)))
            for text in texts
        ]

    classifier = SimpleNamespace(info=SimpleNamespace(max_length=128))
    wrapper = PooledModelWrapper(SimpleNamespace(classifier=classifier, gradients=gradients))
    assert wrapper.get_grad("film")["gradient"].tolist() == [[4] * 3] * 2
    assert wrapper.get_grad("film")["ids"].tolist() == [0, 1]
    assert wrapper._tokenize(["film", "plot twist"]) == [["[CLS]", "film"], ["[CLS]", "plot twist"]]
    assert asked == ["film", "plot twist"]
    assert wrapper.differentiated == {"film"}, "tokens alone are no gradient of the search"
    assert list(wrapper._last) == ["plot twist"], "a long search does not fill the memory"
