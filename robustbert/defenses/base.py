"""The base class of defenses: a defense overrides hooks, the base class does the rest.

A defense is a frozen dataclass whose fields are its parameters. A published defense is a module of
its own, which cites the paper and says where the code differs from it::

    @dataclass(frozen=True)
    class LabelSmoothing(Defense):
        paper: ClassVar[str] = "Szegedy et al. 2016"

        smoothing: float = 0.1

        def training_loss(self, model, inputs):
            logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
            return cross_entropy(logits, inputs["labels"], label_smoothing=self.smoothing)

In a record of a defended model, ``defenses`` holds the defense's name, parameters and revision, and
``model`` holds the hash of the trained weights. A defense at inference (:meth:`Defense.wrap`) does
not change the weights, so a wrapped classifier has the same hash as the model that it wraps. They
are still two rows of a table: a row is one model under one list of defenses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.step_cost import RowCost as RowCost
from robustbert.defenses.step_cost import StepCost as StepCost
from robustbert.defenses.step_cost import TrainingAttack as TrainingAttack
from robustbert.errors import ModelError
from robustbert.models.pretrained import find_base

if TYPE_CHECKING:
    import datasets
    import torch
    import transformers

    from robustbert.data import TextDataset
    from robustbert.models import Classifier
    from robustbert.training import EpochStart, ExtraRow, TrainingConfig

#: The methods by which a defense changes training or predictions.
HOOKS = ("training_texts", "training_loss", "training_rows", "epoch_rows", "wrap")


@dataclass(frozen=True)
class Defense:
    """A defense with its parameters; every hook does nothing unless it is overridden.

    The hooks are :meth:`training_texts`, :meth:`training_loss`, :meth:`training_rows`,
    :meth:`epoch_rows` and :meth:`wrap`. A defense that overrides only :meth:`wrap` trains nothing:
    the plain model is wrapped, which is the one that is trained without a defense.

    Attributes:
        revision: of the defense, at least 1, stored in records. Increase it when the same
            parameters produce another model or another wrapped classifier than before.
        needs_plain_model: whether the plain model is trained first, for example to attack it. Its
            folder is then given to :meth:`training_rows`. The training itself starts from the
            base, as that of the plain model does.
        paper: a short citation, such as ``Zhu et al. 2020``; several are separated by semicolons.
        is_randomised: whether the predictions of the wrapped classifier depend on random numbers,
            which are derived from the text (see :meth:`wrap`).
        transforms_texts: whether the wrapped classifier reads other texts than it is given, and so
            may undo edits.
        keeps_gradients: whether the wrapped classifier provides gradients if the classifier does;
            recipes that need gradients are skipped otherwise.
    """

    revision: ClassVar[int] = 1
    needs_plain_model: ClassVar[bool] = False
    paper: ClassVar[str] = ""
    is_randomised: ClassVar[bool] = False
    transforms_texts: ClassVar[bool] = False
    keeps_gradients: ClassVar[bool] = True

    @property
    def step_cost(self) -> StepCost:
        """The passes of the network in one training step; those of plain training by default.

        It may depend on the parameters. Attacks on training examples are not included.
        """
        return StepCost()

    def row_cost(self, rows: int, epochs: int) -> RowCost | None:
        """The cost of the rows that it adds to a training; None if it adds some at unknown cost.

        A defense that overrides :meth:`training_rows` or :meth:`epoch_rows` can declare it, and is
        part of the training time that ``--dry-run`` estimates then.

        Args:
            rows: the number of training rows.
            epochs: the number of epochs.
        """
        adds = self.overrides("training_rows") or self.overrides("epoch_rows")
        return None if adds else RowCost()

    @property
    def query_cost(self) -> int:
        """The forward passes of a prediction of the wrapped classifier; 1 by default."""
        return 1

    def training_texts(self, texts: Sequence[str]) -> Sequence[str]:
        """Transform the texts that the model is trained, validated and tested on; none by default.

        It is called with the texts of every split, and with those of extra rows. Rows of epochs are
        made of transformed texts, so transforming twice must do nothing more. Each text's result is
        a function of that text alone, and has at least one word. A defense that overrides it
        transforms the texts in :meth:`wrap` too, see
        :class:`robustbert.defenses.TransformedClassifier`.
        """
        return texts

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Compute the training loss of a batch, in place of cross-entropy.

        It runs in training mode, under autocast if the training uses bfloat16. It may run the
        network several times, read and perturb its input embeddings
        (``model.get_input_embeddings()``, then ``model(inputs_embeds=...)``) or hidden states, and
        compute gradients of its own with ``torch.autograd.grad``. The Trainer calls ``backward`` on
        the returned loss; gradients that the method itself accumulates into ``.grad`` count too.
        Random numbers must come from torch's, NumPy's or Python's global generators, which are
        seeded and restored when a training is resumed. State that must survive between batches
        belongs in the network (see :meth:`callbacks`), because a resumed training starts with a
        new object.

        Args:
            model: the network, a ``transformers.PreTrainedModel`` for sequence classification; with
                several GPUs, the parallel wrapper of torch around it.
            inputs: ``input_ids`` and ``attention_mask``, int64 (n, t), and ``labels``, int64 (n,),
                on the network's device.

        Returns:
            A scalar tensor.
        """
        raise NotImplementedError(f"{type(self).__name__} has no training loss")

    def training_rows(
        self, dataset: TextDataset, plain: Path | None, config: TrainingConfig
    ) -> datasets.Dataset | None:
        """Make extra training rows with the columns ``text`` and ``label``, or None.

        They are added to the training split. It must give the same rows for the same arguments,
        since it runs again when a training is resumed; derive random choices from ``config.seed``.

        Args:
            dataset: the training data, which no defense has transformed: the plain model is trained
                on such texts. All defenses that transform texts then transform those of the rows.
            plain: the folder of the plain model, for :func:`robustbert.models.load_model`; None
                unless :attr:`needs_plain_model`.
            config: the training settings.
        """
        return None

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        """Make extra training rows for an epoch, from the network as it is when the epoch starts.

        Each is trained on in the batch of the row that it was made from, so that the number of
        steps stays the same. It must give the same rows for the same arguments. The global
        generators are seeded for it, and it runs in one process.

        The rows are transformed by all defenses that transform texts. But if the defense overrides
        :meth:`wrap` too, its rows are what the wrapped classifier reads, and only the defenses
        after it in the list transform them, as they do at inference.

        Args:
            start: the epoch, the training rows, and the network as a classifier.
        """
        return ()

    @property
    def weighs_rows(self) -> bool:
        """Whether rows of an epoch have weights; then no other defense can change the loss."""
        return False

    def wrap(self, classifier: Classifier) -> Classifier:
        """Put a classifier around the trained one, for a defense at inference.

        The result has the same labels in the same order. Its ``info`` can have another dtype or
        maximum length; its hash is that of the wrapped classifier, see the top of this module. Each
        text's probabilities must be a function of that text alone, so random choices must be
        derived from the text, for example from its hash. Return the wrapped classifier's
        ``batch_invariance`` if that holds; otherwise tables mark the row as not verified.
        """
        return classifier

    def training_config(self, config: TrainingConfig) -> TrainingConfig:
        """Change the training settings, for example the number of epochs; the same by default."""
        return config

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """Callbacks for the Trainer; none by default.

        Their ``on_init_end`` gets the network as ``model`` and the tokenizer as
        ``processing_class``, for example to find substitutes of tokens, or to attach a module with
        parameters of its own to the network: the optimizer then trains it and checkpoints hold it.
        ``on_train_end`` has to remove the module again.
        """
        return ()

    def dependencies(self) -> dict[str, Any]:
        """What else the trained model depends on, as JSON: part of its cache key; none by default.

        For example hashes of assets and versions of packages. Data, base model, parameters,
        training settings and the source of the defense's class are in the key already, and so is
        the source of :class:`robustbert.data.word_split.WordSplit` if the module of the class
        imports it.
        """
        return {}

    def wrapper_assets(self) -> dict[str, str]:
        """The SHA-256 of each asset that the wrapped classifier reads, by name; none by default."""
        return {}

    def params(self) -> dict[str, Any]:
        """All parameters by name, as records hold them; tuples are lists."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the hooks that it overrides, in the order of :data:`HOOKS`."""
        return tuple(hook for hook in HOOKS if self.overrides(hook))

    @property
    def has_training_loss(self) -> bool:
        """Whether it overrides :meth:`training_loss`."""
        return self.overrides("training_loss")

    @property
    def trains(self) -> bool:
        """Whether it overrides a method for training, so that it has a model of its own."""
        hooks = (*HOOKS, "training_config", "callbacks")
        return any(self.overrides(hook) for hook in hooks if hook != "wrap")

    def check_base(self, base: str) -> None:
        """Check that the defense can train a base model.

        Raises:
            UnknownNameError: there is no such base.
            ModelError: the base cannot be trained, or it is a classical model, which has no
                training loss, and the defense replaces that.
        """
        if find_base(base).folder is None:
            loss = self.has_training_loss or self.overrides("callbacks")
            if loss or self.overrides("epoch_rows"):
                raise ModelError(
                    f"{type(self).__name__} changes {'the training loss' if loss else 'epochs'}, "
                    f"which {base} does not have; use a network such as minilm, or a defense that "
                    "adds training rows"
                )

    def check_dataset(self, dataset: TextDataset) -> None:
        """Check that it can train on a dataset, before any training; raise InputError if not."""

    def overrides(self, method: str) -> bool:
        """Whether its class overrides a method of :class:`Defense`."""
        return getattr(type(self), method) is not getattr(Defense, method)
