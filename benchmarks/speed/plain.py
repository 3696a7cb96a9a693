"""TextAttack as it runs by itself, to compare with: one example after another, in float32.

The same recipes, seeds, word lists and vectors on disk as robustbert's; what recipes ask of hubs
(sentence encoders) is the packaged MiniLM, through sentence-transformers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PADDINGS = ("full", "dynamic")
"""To 512 tokens, as TextAttack's wrapper pads hub models; to the longest text of a query."""

STATUSES = {
    "SuccessfulAttackResult": "broken",
    "FailedAttackResult": "robust",
    "SkippedAttackResult": "skipped",
    "MaximizedAttackResult": "broken",
}


@dataclass(frozen=True)
class PlainOutcome:
    """What TextAttack says of an example; ``text`` is None unless it is broken.

    ``queries`` counts the distinct texts that its wrapper was asked, ``textattack_queries`` is its
    own count.
    """

    example_id: str
    status: str
    text: str | None
    queries: int
    textattack_queries: int


class PlainTextAttack:
    """A recipe on a model folder, ready to run.

    Args:
        folder: of a Hugging Face sequence classifier.
        recipe: a name of robustbert's table.
        padding: one of `PADDINGS`.
        seed: of the run; each example's own is derived from it, as robustbert derives it.
    """

    def __init__(self, folder: str | Path, recipe: str, padding: str, seed: int = 0) -> None:
        from robustbert.assets import ensure_assets
        from robustbert.attacks.recipes import runnable_recipe
        from robustbert.attacks.textattack.bootstrap import import_textattack

        found = runnable_recipe(recipe)
        ensure_assets((*found.assets, "sentence-encoder"))
        import_textattack()
        from robustbert.attacks.textattack.recipe_builder import build_attack

        self.recipe, self.seed = recipe, seed
        self._victim = _victim(folder, padding)
        self._attack = build_attack(found, self._victim, _encode)

    def outcomes(self, examples: Sequence) -> Iterator[PlainOutcome]:
        """Attack examples one after another."""
        import numpy as np
        import torch

        from robustbert.seeds import derive_seed

        for example in examples:
            state = derive_seed(self.seed, self.recipe, "published", example.example_id)
            random.seed(state)
            np.random.seed(state)
            torch.manual_seed(state)
            self._victim.texts.clear()
            result = self._attack.attack(example.text, example.label)
            status = STATUSES[type(result).__name__]
            text = result.perturbed_text() if status == "broken" else None
            yield PlainOutcome(
                example.example_id, status, text, len(self._victim.texts), result.num_queries
            )


def _victim(folder, padding: str):
    import torch
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    class FullPadding(HuggingFaceModelWrapper):
        """TextAttack's own wrapper; it keeps the distinct texts that it was asked."""

        def __init__(self, model, tokenizer) -> None:
            super().__init__(model, tokenizer)
            self.texts: set[str] = set()

        def __call__(self, text_input_list: Sequence[str]) -> torch.Tensor:
            self.texts.update(text_input_list)
            return super().__call__(text_input_list)

    class DynamicPadding(FullPadding):
        def __call__(self, text_input_list: Sequence[str]) -> torch.Tensor:
            self.texts.update(text_input_list)
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
        # robustbert writes the length that it trained with; hub models say 512
        tokenizer.model_max_length = min(512, model.config.max_position_embeddings)
        return FullPadding(model, tokenizer)
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
