"""TextAttack as it runs by itself, to compare with: one example after another, in float32.

The same recipes, seeds, word lists and vectors on disk as robustbert's; what recipes ask of hubs
(sentence encoders) is the packaged MiniLM, through sentence-transformers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

PADDINGS = ("full", "dynamic")
"""To the model's full length, as TextAttack's wrapper does; to the longest text of a query."""

STATUSES = {
    "SuccessfulAttackResult": "broken",
    "FailedAttackResult": "robust",
    "SkippedAttackResult": "skipped",
    "MaximizedAttackResult": "broken",
}


@dataclass(frozen=True)
class PlainOutcome:
    """What TextAttack says of an example; ``text`` is None unless it is broken."""

    example_id: str
    status: str
    text: str | None
    queries: int


def plain_outcomes(folder, name: str, examples, *, padding: str, seed: int) -> Iterator:
    """The outcomes of a recipe on a model folder, as they come: `PlainOutcome` an example."""
    import numpy as np
    import torch

    from robustbert.assets import ensure_assets, import_textattack
    from robustbert.attacks.recipes import runnable_recipe
    from robustbert.seeds import derive_seed

    recipe = runnable_recipe(name)
    ensure_assets((*recipe.assets, "sentence-encoder"))
    import_textattack()
    from robustbert.attacks.building import build_attack

    attack = build_attack(recipe, _victim(folder, padding), _encode)
    for example in examples:
        state = derive_seed(seed, name, "published", example.example_id)
        random.seed(state)
        np.random.seed(state)
        torch.manual_seed(state)
        result = attack.attack(example.text, example.label)
        status = STATUSES[type(result).__name__]
        text = result.perturbed_text() if status == "broken" else None
        yield PlainOutcome(example.example_id, status, text, result.num_queries)


def _victim(folder, padding: str):
    import torch
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    class DynamicPadding(HuggingFaceModelWrapper):
        def __call__(self, text_input_list: Sequence[str]) -> torch.Tensor:
            inputs = self.tokenizer(
                text_input_list,
                padding=True,
                truncation=True,
                max_length=self.tokenizer.model_max_length,
                return_tensors="pt",
            )
            with torch.no_grad():
                return self.model(**inputs).logits

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if padding == "full":
        # robustbert writes the length that it trained with; TextAttack pads BERT to 512
        tokenizer.model_max_length = min(512, model.config.max_position_embeddings)
        return HuggingFaceModelWrapper(model, tokenizer)
    return DynamicPadding(model, tokenizer)


@cache
def _sentence_transformer():
    from sentence_transformers import SentenceTransformer

    from robustbert.assets import sentence_encoder_folder

    return SentenceTransformer(str(sentence_encoder_folder()), device="cpu")


def _encode(_server: str, texts: Sequence[str]) -> list:
    encoded = _sentence_transformer().encode(
        list(texts), normalize_embeddings=True, show_progress_bar=False
    )
    return list(encoded)
