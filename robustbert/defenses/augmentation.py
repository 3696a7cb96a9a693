"""Augmentation: attack training examples, and train on clean and adversarial texts.

Jin et al. 2020, "Is BERT Really Robust? A Strong Baseline for Natural Language Attack on Text
Classification and Entailment", section "Adversarial Training": a fine-tuned BERT is attacked on
training texts with TextFooler; the texts that fool it are added to the training split with the
labels of their originals, and BERT is trained on both from its pretrained weights, not from those
of the model that was attacked.

Difference: they attack the training splits of their datasets. Here each recipe attacks 1,000
examples by default, because the attacks take most of the time. The default is TextFooler under its
published constraints, as in the paper. Their repository (jind11/TextFooler) has the attack alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.attacks import check_track, runnable_recipe
from robustbert.defenses.attack_dependencies import attack_dependencies
from robustbert.defenses.base import Defense, RowCost, TrainingAttack
from robustbert.errors import AttackError, InputError, RobustbertWarning

if TYPE_CHECKING:
    import datasets

    from robustbert.data import Example, TextDataset
    from robustbert.records.schema import Outcome
    from robustbert.training import TrainingConfig


@dataclass(frozen=True)
class Augmentation(Defense):
    """Training on adversarial texts in addition to the training split.

    Args:
        recipes: the recipes that attack training examples.
        track: the threat model of the attacks, such as ``published`` or ``unified``.
        num_examples: the number of training examples that each recipe attacks, at least 1; no two
            recipes attack the same example.
        control: add the clean texts of the broken examples once more, in place of the adversarial
            texts. This is the control of the defense: as many rows, of the same examples, and as
            many optimizer steps unless a training stops early, but no adversarial text.

    Raises:
        InputError: the number is out of range, or there is no recipe.
        UnknownNameError: there is no such recipe or track.
        MissingAssetError: a recipe cannot run offline.
    """

    needs_plain_model: ClassVar[bool] = True
    paper: ClassVar[str] = "Jin et al. 2020"

    recipes: Sequence[str] = ("textfooler",)
    track: str = "published"
    num_examples: int = 1000
    control: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipes", tuple(self.recipes))
        if not self.recipes:
            raise InputError("augmentation: recipes is empty; name at least one recipe")
        if self.num_examples < 1:
            raise InputError(
                f"augmentation: num_examples is {self.num_examples}; give a number of at least 1"
            )
        check_track(self.track)
        for recipe in self.recipes:
            runnable_recipe(recipe)

    def row_cost(self, rows: int, epochs: int) -> RowCost:
        """The attack of each recipe, before the first epoch."""
        attacks = [
            TrainingAttack(recipe, self.track, self.num_examples, None, epochs)
            for recipe in self.recipes
        ]
        return RowCost(attacks=tuple(attacks))

    def check_dataset(self, dataset: TextDataset) -> None:
        """Check that the training split holds as many examples as are attacked.

        Raises:
            InputError: it holds fewer.
        """
        self._examples(dataset, 0)

    def training_rows(
        self, dataset: TextDataset, plain: Path | None, config: TrainingConfig
    ) -> datasets.Dataset:
        """The texts that broke the plain model, or the clean ones that they were made of.

        Warns if attacks failed with an error; their examples are left out.

        Raises:
            InputError: the training split holds too few examples.
            AttackError: every attack failed with an error.
        """
        assert plain is not None
        outcomes = self._attack(dataset, plain, config)
        failed = [outcome for outcome in outcomes if outcome.status == "error"]
        if len(failed) == len(outcomes):
            raise AttackError(f"every attack on training examples failed: {failed[0].error}")
        if failed:
            warnings.warn(
                f"augmentation: {len(failed)} of {len(outcomes)} attacks on training examples "
                f"failed and add no text; the first error is {failed[0].error}",
                RobustbertWarning,
                stacklevel=2,
            )
        broken = [outcome for outcome in outcomes if outcome.status == "broken"]
        return _clean_rows(dataset, broken) if self.control else adversarial_rows(dataset, broken)

    def dependencies(self) -> dict[str, Any]:
        """TextAttack's version, the protocol's revision, and the hash of every asset read."""
        return attack_dependencies(self.recipes, self.track)

    def _attack(self, dataset: TextDataset, plain: Path, config: TrainingConfig) -> list[Outcome]:
        """The outcomes of all recipes, each on its own training examples."""
        from robustbert.attacks import AttackRunner
        from robustbert.models import load_model
        from robustbert.progress import progress_bar

        items = self._examples(dataset, config.seed)
        classifier = load_model(str(plain), device=config.device, label_names=dataset.label_names)
        outcomes: list[Outcome] = []
        with progress_bar(len(items), "attacking training examples", "text") as bar:
            for index, recipe in enumerate(self.recipes):
                runner = AttackRunner(
                    classifier,
                    recipe,
                    track=self.track,
                    length=dataset.length,
                    seed=config.seed,
                    device=config.device,
                )
                share = items[index * self.num_examples : (index + 1) * self.num_examples]
                outcomes += runner.run(share, on_outcome=lambda _: bar.update()).outcomes
        return outcomes

    def _examples(self, dataset: TextDataset, seed: int) -> Sequence[Example]:
        """The training examples of all recipes."""
        from robustbert.data import select_examples

        items = select_examples(dataset, "train", None, seed).items
        n = self.num_examples * len(self.recipes)
        if n > len(items):
            most = len(items) // len(self.recipes)
            raise InputError(
                f"augmentation attacks {n} training examples ({self.num_examples} with each "
                f"recipe), but {dataset.name}'s train split has {len(items)} texts of more than 4 "
                "words; "
                + (f"set num_examples to at most {most}" if most else "name fewer recipes")
            )
        return items[:n]


def adversarial_rows(dataset: TextDataset, broken: Sequence[Outcome]) -> datasets.Dataset:
    """Adversarial texts with their true labels, with the columns of the training split."""
    import datasets

    columns = {
        "example_id": [f"{outcome.example_id}-adversarial" for outcome in broken],
        "text": [outcome.adversarial_text for outcome in broken],
        "label": [outcome.label for outcome in broken],
    }
    return datasets.Dataset.from_dict(columns, features=dataset.split("train").features)


def _clean_rows(dataset: TextDataset, broken: Sequence[Outcome]) -> datasets.Dataset:
    """The rows of the training split of which the adversarial texts were made."""
    train = dataset.split("train")
    position = {example_id: index for index, example_id in enumerate(train["example_id"])}
    return train.select([position[outcome.example_id] for outcome in broken])
