"""Continue the pre-training of a base model: the entry point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.io import check_free
from robustbert.models.pretrained import Base, find_base
from robustbert.paths import user_path
from robustbert.training.pretraining.corpus import Corpus, collect_corpus, hold_out
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.result import CHECKPOINTS

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.training.pretraining.held_out_scores import HeldOutScores
    from robustbert.training.pretraining.pretraining_result import PretrainedModel


def pretrain(
    dataset: TextDataset | None,
    base: str,
    config: PretrainingConfig,
    out: Path,
    *,
    texts: Sequence[str] = (),
    texts_source: str = "texts",
    resume: bool = False,
) -> PretrainedModel:
    """Continue the pre-training of a BERT on domain texts, and write a base model.

    The objectives are those of Devlin et al. 2019, "BERT": masked language modelling and next
    sentence prediction. The same arguments give the same weights on the same machine with the same
    number of threads. Until the training is complete, ``out`` holds only ``checkpoints``.

    Args:
        dataset: its training split is used, and no other one; None for ``texts`` alone.
        base: a name in the table of models, a model folder, or ``hub:NAME``. Heads that it has are
            kept; others are new.
        config: the settings.
        out: the folder to write; it must not hold a model already.
        texts: other documents.
        texts_source: where these come from, such as ``file:reviews.txt``.
        resume: continue from the last checkpoint in ``out``, if there is one.

    Raises:
        UnknownNameError: there is no such base.
        ModelError: the base is no BERT or cannot be loaded, or the training diverged.
        DatasetError: there are too few documents, or too few with several sentences for nsp.
        InputError: there is no text, or the base takes fewer tokens than ``max_length`` or has
            fewer layers than ``frozen_layers``.
        OutputError: ``out`` holds something already, or cannot be written.
    """
    out = user_path(out).absolute()
    found = check_pretraining(base, out)
    corpus = collect_corpus(dataset, texts, texts_source)
    split = hold_out(corpus, config.held_out, at_least=_fewest_held_out(config))
    from robustbert.training.pretraining.pretraining_run import PretrainingRun

    plan = _plan(corpus, found, config, len(split.held_out))
    return PretrainingRun(found, config, out, plan).run(split, resume=resume)


def held_out_scores(
    dataset: TextDataset | None, base: str, config: PretrainingConfig, *, texts: Sequence[str] = ()
) -> HeldOutScores:
    """What a base predicts on the documents that :func:`pretrain` holds out.

    Two bases have the same rows and masks if they have the same tokenizer.

    Args:
        dataset: as for :func:`pretrain`.
        base: as for :func:`pretrain`; heads that it lacks are random.
        config: the settings; those of the training itself do not matter.
        texts: as for :func:`pretrain`.

    Raises:
        UnknownNameError: there is no such base.
        ModelError: the base is no BERT, cannot be loaded, or predicts NaN.
        DatasetError: there are too few documents, or too few with several sentences for nsp.
        InputError: there is no text, or the base takes fewer tokens than ``max_length``.
    """
    found = find_base(base)
    split = hold_out(
        collect_corpus(dataset, texts), config.held_out, at_least=_fewest_held_out(config)
    )
    from robustbert.training.pretraining.pretraining_network import check_bert
    from robustbert.training.pretraining.pretraining_run import PretrainingRun

    check_bert(found)
    return PretrainingRun(found, config, Path(), {}).measure(split)


def _fewest_held_out(config: PretrainingConfig) -> int:
    # a random second sentence needs another document, also among those that are held out
    return 2 if config.pairs_sentences else 1


def check_pretraining(base: str, out: Path) -> Base:
    """Find a base model, and check that it is a BERT and ``out`` free; :func:`pretrain` does so.

    Args:
        base: as for :func:`pretrain`.
        out: as for :func:`pretrain`.

    Raises:
        UnknownNameError: there is no such base.
        ModelError: the base is no BERT.
        OutputError: ``out`` holds something already.
    """
    check_free(user_path(out).absolute(), disposable=(CHECKPOINTS,))
    found = find_base(base)
    from robustbert.training.pretraining.pretraining_network import check_bert

    check_bert(found)
    return found


def _plan(corpus: Corpus, base: Base, config: PretrainingConfig, held_out: int) -> dict[str, Any]:
    """Everything that determines the result of a pre-training; it is written beside the model."""
    return {
        "base": {"name": base.name, "source": base.source, "sha256": base.sha256},
        "dataset": {
            "name": corpus.name,
            "source": corpus.source,
            "sha256": corpus.sha256(),
            "documents": len(corpus.documents),
            "held_out_documents": held_out,
        },
        "config": config.as_dict(),
    }
