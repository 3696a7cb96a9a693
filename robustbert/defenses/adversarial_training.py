"""Adversarial training by augmentation: the simplest loop.

A classifier is fine-tuned, attacked on some of its training examples, and fine-tuned again on the
training examples and the adversarial ones that the attack found, each with the label of the
example it came from. This is how Jin et al. 2020, "Is BERT Really Robust?", and Ren et al. 2019,
"Generating Natural Language Adversarial Examples through Probability Weighted Word Saliency", use
their attacks for training.

Where this differs: they attack the whole training set with one recipe and train from the
pre-trained weights; this attacks a share of it with several recipes, so that the first epoch of an
evaluation does not cost hours, and goes on from the fine-tuned weights (classical models, which
have no such weights, are trained anew).
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
from robustbert.errors import AttackError, InputError
from robustbert.models.pretrained import retraining_base

if TYPE_CHECKING:
    import datasets

    from robustbert.data import TextDataset
    from robustbert.records.schema import Outcome
    from robustbert.training import TrainedModel, TrainingConfig


@dataclass(frozen=True)
class AdversarialTraining:
    """Its parameters.

    Args:
        recipes: which recipes attack the training examples.
        track: the limits of the attacks, ``published`` or ``unified``.
        examples: how many training examples each recipe attacks, at least 1; each recipe has
            examples of its own.
        epochs: of the second fine-tuning, at least 1.

    Raises:
        InputError: a number out of range, or no recipe.
        UnknownNameError: no such recipe or track.
        MissingAssetError: a recipe that cannot run offline.
    """

    revision: ClassVar[int] = 1

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

    def params(self) -> dict[str, Any]:
        """Every parameter, as a record holds them."""
        return {
            "recipes": list(self.recipes),
            "track": self.track,
            "examples": self.examples,
            "epochs": self.epochs,
        }

    def ingredients(self) -> dict[str, Any]:
        """TextAttack's version, the protocol's revision, and the hash of every asset read."""
        assets = (*assets_of(self.recipes), *assets_of_track(self.track), "sentence-encoder")
        return {
            "textattack": version("textattack"),
            "protocol": PROTOCOL_REVISION,
            "assets": dict(ensure_assets(assets)),
        }

    def train(
        self,
        dataset: TextDataset,
        plain: Path,
        config: TrainingConfig,
        out: Path,
        *,
        resume: bool = False,
    ) -> TrainedModel:
        """Attack the classifier in ``plain``, then train it again on both; into ``out``.

        With ``resume``, the attacks run again and the training goes on from its last checkpoint.

        Raises:
            InputError: the training split holds too few examples.
            AttackError: no attack ran to its end.
        """
        from robustbert.training import train

        broken = self._attack(dataset, plain, config)
        again = replace(config, epochs=self.epochs)
        return train(
            dataset,
            retraining_base(plain),
            again,
            out,
            extra_examples=adversarial_rows(dataset, broken),
            resume=resume,
        )

    def _attack(self, dataset: TextDataset, plain: Path, config: TrainingConfig) -> list[Outcome]:
        """The broken ones of every recipe's share of the training examples."""
        from robustbert.attacks import AttackRunner
        from robustbert.data import select_examples
        from robustbert.models import load_model
        from robustbert.progress import progress_bar

        classifier = load_model(str(plain), device=config.device, label_names=dataset.label_names)
        wanted = self.examples * len(self.recipes)
        items = select_examples(dataset, "train", wanted, config.seed).items
        outcomes: list[Outcome] = []
        with progress_bar(wanted, "attacking training examples", "text") as bar:
            for place, recipe in enumerate(self.recipes):
                runner = AttackRunner(
                    classifier,
                    recipe,
                    track=self.track,
                    length=dataset.length,
                    seed=config.seed,
                    device=config.device,
                )
                share = items[place * self.examples : (place + 1) * self.examples]
                outcomes += runner.run(share, on_outcome=lambda _: bar.update()).outcomes
        if all(outcome.status == "error" for outcome in outcomes):
            raise AttackError(f"every attack on training examples failed: {outcomes[0].error}")
        return [outcome for outcome in outcomes if outcome.status == "broken"]


def adversarial_rows(dataset: TextDataset, broken: Sequence[Outcome]) -> datasets.Dataset:
    """Adversarial texts with their true labels, in the form of the training split."""
    import datasets

    columns = {
        "example_id": [f"{outcome.example_id}-adversarial" for outcome in broken],
        "text": [outcome.adversarial_text for outcome in broken],
        "label": [outcome.label for outcome in broken],
    }
    return datasets.Dataset.from_dict(columns, features=dataset.split("train").features)
