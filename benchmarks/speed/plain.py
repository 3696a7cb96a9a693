"""Baseline: unmodified TextAttack, one example at a time, in float32.

Recipes, seeds, word lists and vectors are those of robustbert. Sentence encoders that recipes fetch
from a hub are replaced by the packaged MiniLM, run by sentence-transformers; masked language models
by the asset ``masked-lm``, run by transformers; and flair's part-of-speech tags by NLTK's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PADDINGS = ("full", "dynamic")
"""Pad to 512 tokens, as TextAttack's wrapper does for hub models; or to the longest text."""

STATUSES = {
    "SuccessfulAttackResult": "broken",
    "FailedAttackResult": "robust",
    "SkippedAttackResult": "skipped",
    "MaximizedAttackResult": "broken",
}


@dataclass(frozen=True)
class PlainOutcome:
    """TextAttack's result for one example; ``text`` is None unless ``status`` is "broken".

    ``queries`` is the number of distinct texts passed to the model wrapper, ``textattack_queries``
    is TextAttack's own count.
    """

    example_id: str
    status: str
    text: str | None
    queries: int
    textattack_queries: int


class PlainTextAttack:
    """A recipe on a model folder, ready to run.

    Args:
        folder: folder of a Hugging Face sequence classifier.
        recipe: name of a recipe in robustbert.
        padding: one of `PADDINGS`.
        seed: seed of the run; the seed of each example is derived from it as in robustbert.
        device: the device of the models, such as cpu or cuda.

    Attributes:
        victim: TextAttack's model wrapper.
        attack: the ``textattack.Attack`` on it.
    """

    def __init__(
        self, folder: str | Path, recipe: str, padding: str, seed: int = 0, device: str = "cpu"
    ) -> None:
        from robustbert.assets import ensure_assets
        from robustbert.attacks.recipes import load_recipe_class, runnable_recipe
        from robustbert.attacks.textattack.recipe_builder import build_attack

        ensure_assets((*runnable_recipe(recipe).assets, "sentence-encoder"))
        self.recipe, self.seed = recipe, seed
        self.victim = _victim(folder, padding, device)
        encoder = _SentenceTransformer(device)
        self.attack = build_attack(load_recipe_class(recipe), self.victim, encoder)
        _use_offline_models(self.attack.transformation, device)

    def outcomes(self, examples: Sequence) -> Iterator[PlainOutcome]:
        """Attack one example at a time."""
        import numpy as np
        import torch

        from robustbert.seeds import derive_seed

        for example in examples:
            state = derive_seed(self.seed, self.recipe, "published", example.example_id)
            random.seed(state)
            np.random.seed(state)
            torch.manual_seed(state)
            self.victim.texts.clear()
            result = self.attack.attack(example.text, example.label)
            status = STATUSES[type(result).__name__]
            text = result.perturbed_text() if status == "broken" else None
            yield PlainOutcome(
                example.example_id, status, text, len(self.victim.texts), result.num_queries
            )


def _use_offline_models(transformation, device: str) -> None:
    import textattack

    from robustbert.attacks.textattack.word_tags import flair_tag

    utils = textattack.shared.utils
    utils.flair_tag = flair_tag(utils.flair_tag)
    for part in getattr(transformation, "transformations", [transformation]):
        if hasattr(part, "_language_model"):
            part._language_model = _language_model(device)


@cache
def _language_model(device: str):
    from transformers import AutoModelForMaskedLM

    from robustbert.assets import asset_folder

    model = AutoModelForMaskedLM.from_pretrained(asset_folder("masked-lm"))
    return model.to(device).eval()


def _victim(folder, padding: str, device: str):
    import torch
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    class FullPadding(HuggingFaceModelWrapper):
        """TextAttack's own wrapper, which also stores the distinct texts that it receives."""

        def __init__(self, model, tokenizer) -> None:
            super().__init__(model, tokenizer)
            self.texts: set[str] = set()

        def __call__(self, text_input_list: Sequence[str]) -> torch.Tensor:
            self.texts.update(text_input_list)
            return super().__call__(text_input_list)

    class DynamicPadding(FullPadding):
        """The same wrapper with padding to the longest text of a batch."""

        def __call__(self, text_input_list: Sequence[str]) -> torch.Tensor:
            self.texts.update(text_input_list)
            inputs = self.tokenizer(
                text_input_list,
                padding=True,
                truncation=True,
                max_length=self.tokenizer.model_max_length,
                return_tensors="pt",
            ).to(device)
            with torch.no_grad():
                return self.model(**inputs).logits

    model = AutoModelForSequenceClassification.from_pretrained(folder).to(device).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if padding == "full":
        # robustbert saves the length used in training; hub models have 512
        tokenizer.model_max_length = min(512, model.config.max_position_embeddings)
        return FullPadding(model, tokenizer)
    return DynamicPadding(model, tokenizer)


@cache
def _sentence_transformer(device: str):
    from sentence_transformers import SentenceTransformer

    from robustbert.assets import sentence_encoder_folder

    return SentenceTransformer(str(sentence_encoder_folder()), device=device)


class _SentenceTransformer:
    """The sentence encoder of recipes, called directly: TextAttack runs without a pool here."""

    def __init__(self, device: str) -> None:
        self._device = device

    def embed(self, texts: Sequence[str]) -> list:
        encoded = _sentence_transformer(self._device).encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return list(encoded)

    exact = embed
