"""The candidates of masked language models are those of TextAttack with the padded network."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.attacks.running import run, without_time
from tests.tiny import make_tiny_masked_lm


@pytest.fixture(scope="module")
def language_model(textattack, tmp_path_factory):
    """A tiny random masked language model that takes 512 tokens, and its tokenizer."""
    return make_tiny_masked_lm(tmp_path_factory.mktemp("language-model") / "tiny")


@pytest.fixture(scope="module")
def build(language_model):
    """Builds a recipe on a victim, with the tiny model in place of the asset."""
    from robustbert.attacks.recipes import recipe
    from robustbert.attacks.textattack import masked_model
    from robustbert.attacks.textattack.patches import PATCHES

    network, tokenizer = language_model
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masked_model, "masked_model", lambda: masked_model.MaskedModel(network))
        patch.setattr(masked_model, "masked_tokenizer", lambda: tokenizer)
        with PATCHES.applied():
            yield lambda name: recipe(name).load().build(SimpleNamespace(model=None))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("bae", ["WordSwapMaskedLM"]),
        ("bert-attack", ["WordSwapMaskedLM"]),
        ("clare", ["WordSwapMaskedLM", "WordInsertionMaskedLM", "WordMergeMaskedLM"]),
    ],
)
def test_candidates_are_those_of_textattack(build, language_model, reviews, name, kinds):
    from textattack.shared import AttackedText

    network, tokenizer = language_model
    transformation = build(name).transformation
    parts = getattr(transformation, "transformations", [transformation])
    assert [type(part).__name__ for part in parts] == kinds
    for part in parts:
        options = {key: getattr(part, key) for key in ("max_candidates", "min_confidence")}
        if name == "bert-attack":
            options |= {"method": part.method, "max_candidates": 2}  # TextAttack tries 2 ** n
            part.max_candidates = 2
        # TextAttack's own code on the network itself, with 512 tokens
        plain = type(part)(masked_language_model=network, tokenizer=tokenizer, **options)
        for review in (reviews[2], reviews[6]):
            text = AttackedText(review.text)
            indices = range(len(text.words))
            found = part._get_transformations(text, indices)
            expected = plain._get_transformations(text, indices)
            assert [one.text for one in found] == [one.text for one in expected]
            assert len(found) > 2


def test_other_language_models_are_still_loaded_by_name(build, language_model, tmp_path):
    from textattack.transformations import WordSwapMaskedLM

    network, tokenizer = language_model
    network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = WordSwapMaskedLM(masked_language_model=str(tmp_path))
    assert type(found._language_model).__name__ == "BertForMaskedLM"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bae", "bert-attack", "clare"])
def test_outcomes_depend_on_the_example_alone(build, victim, reviews, name):
    items = [reviews[2], reviews[6]]
    together = without_time(run(victim, name, items).outcomes)
    backwards = without_time(run(victim, name, items[::-1], lanes=1).outcomes)
    assert backwards[::-1] == together
    assert {outcome.status for outcome in together} <= {"broken", "robust", "exhausted"}
    assert max(outcome.queries for outcome in together) > 10
