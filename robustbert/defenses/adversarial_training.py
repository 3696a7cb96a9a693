"""Adversarial training by augmentation: fine-tune, attack, and fine-tune again on both.

A classifier is fine-tuned and attacked on some of its training examples. It is then fine-tuned
again on the training examples and the adversarial examples that the attacks found, each with the
label of its original. This is how Jin et al. 2020, "Is BERT Really Robust?", and Ren et al. 2019,
"Generating Natural Language Adversarial Examples through Probability Weighted Word Saliency", use
their attacks for training.

Differences: they attack the whole training set with one recipe and train from the pretrained
weights. This attacks a part of it with several recipes, so that it does not take hours, and
continues from the fine-tuned weights (classical models have no such weights and are fitted from
scratch again).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.assets import ensure_assets
from robustbert.attacks import check_track, runnable_recipe
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.recipes import assets_of
from robustbert.attacks.tracks import assets_of_track
from robustbert.defenses.base import Defense
from robustbert.errors import AttackError, InputError

if TYPE_CHECKING:
    import datasets

    from robustbert.data import TextDataset
    from robustbert.records.schema import Outcome
    from robustbert.training import TrainingConfig


@dataclass(frozen=True)
class AdversarialTraining(Defense):
    """Adversarial training by augmentation.

    Args:
        recipes: the recipes that attack the training examples.
        track: the limits of the attacks, ``published`` or ``unified``.
        examples: the number of training examples that each recipe attacks, at least 1; no two
            recipes attack the same example.
        epochs: of the second fine-tuning, at least 1.

    Raises:
        InputError: a number is out of range, or there is no recipe.
        UnknownNameError: there is no such recipe or track.
        MissingAssetError: a recipe cannot run offline.
    """

    revision: ClassVar[int] = 1
    needs_plain_model: ClassVar[bool] = True
    paper: ClassVar[str] = "Jin et al. 2020; Ren et al. 2019"

    recipes: Sequence[str] = ("textfooler", "deepwordbug")
    track: str = "unified"
    examples: int = 200
    epochs: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipes", tuple(self.recipes))
        if not self.recipes:
            raise InputError("adversarial-training: recipes is empty; name at least one recipe")
        if self.examples < 1 or self.epochs < 1:
            raise InputError("adversarial-training: examples and epochs must be at least 1")
        check_track(self.track)
        for recipe in self.recipes:
            runnable_recipe(recipe)

    def training_rows(
        self, dataset: TextDataset, plain: Path | None, config: TrainingConfig
    ) -> datasets.Dataset:
        """The adversarial examples of the plain model, with their true labels.

        Raises:
            InputError: the training split holds too few examples.
            AttackError: every attack failed with an error.
        """
        assert plain is not None
        return adversarial_rows(dataset, self._attack(dataset, plain, config))

    def training_config(self, config: TrainingConfig) -> TrainingConfig:
        """The same settings with the epochs of the second fine-tuning."""
        return replace(config, epochs=self.epochs)

    def dependencies(self) -> dict[str, Any]:
        """TextAttack's version, the protocol's revision, and the hash of every asset read."""
        assets = (*assets_of(self.recipes), *assets_of_track(self.track), "sentence-encoder")
        return {
            "textattack": version("textattack"),
            "protocol": PROTOCOL_REVISION,
            "assets": dict(ensure_assets(assets)),
        }

    def _attack(self, dataset: TextDataset, plain: Path, config: TrainingConfig) -> list[Outcome]:
        """The broken outcomes of all recipes, each on its own training examples."""
        from robustbert.attacks import AttackRunner
        from robustbert.data import select_examples
        from robustbert.models import load_model
        from robustbert.progress import progress_bar

        classifier = load_model(str(plain), device=config.device, label_names=dataset.label_names)
        n = self.examples * len(self.recipes)
        items = select_examples(dataset, "train", n, config.seed).items
        outcomes: list[Outcome] = []
        with progress_bar(n, "attacking training examples", "text") as bar:
            for index, recipe in enumerate(self.recipes):
                runner = AttackRunner(
                    classifier,
                    recipe,
                    track=self.track,
                    length=dataset.length,
                    seed=config.seed,
                    device=config.device,
                )
                share = items[index * self.examples : (index + 1) * self.examples]
                outcomes += runner.run(share, on_outcome=lambda _: bar.update()).outcomes
        if all(outcome.status == "error" for outcome in outcomes):
            raise AttackError(f"every attack on training examples failed: {outcomes[0].error}")
        return [outcome for outcome in outcomes if outcome.status == "broken"]


def adversarial_rows(dataset: TextDataset, broken: Sequence[Outcome]) -> datasets.Dataset:
    """Adversarial texts with their true labels, with the columns of the training split."""
    import datasets

    columns = {
        "example_id": [f"{outcome.example_id}-adversarial" for outcome in broken],
        "text": [outcome.adversarial_text for outcome in broken],
        "label": [outcome.label for outcome in broken],
    }
    return datasets.Dataset.from_dict(columns, features=dataset.split("train").features)
