from __future__ import annotations

import pytest

from robustbert.models import load_model
from tests.explanations.toys import linear_classifier, mean_classifier


@pytest.fixture(scope="session")
def tiny(bert):
    return load_model(str(bert), dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def mean(bert):
    from transformers import AutoTokenizer

    return mean_classifier(AutoTokenizer.from_pretrained(bert))


@pytest.fixture(scope="session")
def linear():
    return linear_classifier()
