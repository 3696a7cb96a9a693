"""Measure inference and training speed on this machine in a few seconds, to estimate a run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustbert.models.pretrained import Base
from robustbert.training import TrainingConfig

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.models import Classifier

#: Time limit of a measurement; the first batch always completes.
MAX_SECONDS = 2.0
#: Maximum number of texts in a measurement.
MAX_TEXTS = 256
_BATCH_SIZE = 64
#: Batch size of measured training steps; small because long texts take a second each.
_STEP_BATCH_SIZE = 4
#: How often each training step is repeated; its shortest time counts. While other processes use the
#: CPU, torch's threads wait for each other, and some steps take many times as long as others.
_REPEATS = 3


@dataclass(frozen=True)
class Speed:
    """The speed of a model.

    Args:
        query_seconds: seconds per query.
        training_seconds: seconds for a full training run.
    """

    query_seconds: float
    training_seconds: float


def measure_queries(classifier: Classifier, texts: Sequence[str]) -> float:
    """Seconds per text of batched inference."""
    batches = [texts[i : i + _BATCH_SIZE] for i in range(0, len(texts), _BATCH_SIZE)]
    classifier.predict_proba(batches[0][:8])  # warm-up
    return _seconds_per_item(batches, classifier.predict_proba)


def measure_base(
    base: Base, dataset: TextDataset, config: TrainingConfig, texts: Sequence[str], dtype: str
) -> Speed:
    """Estimate the inference speed and the training time of an untrained model.

    Nothing is written. A network gets an untrained head and is trained for a few steps. A
    classical model is fitted on a sample, and its time is scaled linearly to the whole dataset.

    Args:
        base: the base to train from.
        dataset: the training data.
        config: the training configuration.
        texts: texts to classify.
        dtype: dtype for inference: auto, float32 or bfloat16.
    """
    rows = dataset.split("train")
    n = len(rows)
    chosen = sorted(random.Random(0).sample(range(n), min(n, MAX_TEXTS)))
    sample = rows.select(chosen)
    if base.folder is None:
        return _measure_classical(base, dataset, sample, texts)
    return _measure_network(base, dataset, config, sample, texts, dtype)


def _measure_classical(
    base: Base, dataset: TextDataset, sample: Any, texts: Sequence[str]
) -> Speed:
    from robustbert.models.classical.tfidf_classifier import fit_tfidf

    # A small sample may lack a label; the names of labels do not affect the time.
    labels = sorted(set(sample["label"]))
    began = time.perf_counter()
    fitted = fit_tfidf(
        str(base.kind),
        list(sample["text"]),
        [labels.index(label) for label in sample["label"]],
        [dataset.label_names[label] for label in labels],
        seed=0,
    )
    fitting = time.perf_counter() - began
    query = measure_queries(fitted, texts)
    held_out = sum(len(split) for name, split in dataset.splits.items() if name != "train")
    scaled = fitting * len(dataset.split("train")) / len(sample)
    return Speed(query, scaled + query * held_out)


def _measure_network(
    base: Base,
    dataset: TextDataset,
    config: TrainingConfig,
    sample: Any,
    texts: Sequence[str],
    dtype: str,
) -> Speed:
    import torch

    from robustbert.models.huggingface import HuggingFaceClassifier
    from robustbert.models.huggingface_files import LoadedFiles, max_input_length, read_tokenizer
    from robustbert.models.pretrained import load_network

    assert base.folder is not None
    with torch.random.fork_rng():
        model = load_network(base.folder, dataset.label_names).eval()
    _bias_head(model)
    tokenizer = read_tokenizer(base.folder)
    limits = [max_input_length(model, tokenizer), config.max_length]
    tokenizer.model_max_length = min(limit for limit in limits if limit is not None)
    classifier = HuggingFaceClassifier(
        LoadedFiles(model, tokenizer, "0" * 64),
        name=base.name,
        source=base.source,
        dtype=dtype,
        device=config.device,
    )
    query = measure_queries(classifier, texts)
    step = _measure_step(model, tokenizer, config, sample)
    steps = -(-len(dataset.split("train")) // config.batch_size) * config.epochs
    validation, test = (len(dataset.splits.get(name, ())) for name in ("validation", "test"))
    evaluated = validation * (config.epochs * config.evals_per_epoch + 1) + test
    return Speed(query, steps * step + evaluated * query)


def _bias_head(model: Any) -> None:
    """Bias the untrained head towards one label, so that predictions have a large margin.

    Predictions in bfloat16 near the decision boundary are recomputed in float32; a trained model
    has few such predictions.
    """
    import torch

    heads = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == model.config.num_labels
    ]
    if heads and heads[-1].bias is not None:
        with torch.no_grad():
            heads[-1].bias[0] += 10


def _measure_step(model: Any, tokenizer: Any, config: TrainingConfig, sample: Any) -> float:
    """Seconds per optimizer step, extrapolated from steps with smaller batches."""
    import torch

    from robustbert.models.devices import choose_device, choose_dtype

    device = choose_device(config.device)
    bfloat16 = choose_dtype(config.dtype, device) == "bfloat16"
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9)

    def accumulate(rows: Sequence[tuple[str, int]]) -> None:
        texts, labels = zip(*rows, strict=True)
        batch = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            loss = model(**batch.to(device), labels=torch.tensor(labels, device=device)).loss
        loss.backward()

    def update(_: Sequence[int]) -> None:
        optimizer.step()

    # sorted by length, as training groups texts into batches
    rows = sorted(zip(sample["text"], sample["label"], strict=True), key=lambda row: len(row[0]))
    groups = [rows[i : i + _STEP_BATCH_SIZE] for i in range(0, len(rows), _STEP_BATCH_SIZE)]
    random.Random(0).shuffle(groups)
    with torch.random.fork_rng(), torch.enable_grad():
        accumulate(groups[0])
        batches = groups[1:] or groups
        per_text = _seconds_per_item(batches, accumulate, MAX_SECONDS / 2, _REPEATS)
        update([0])
        per_update = _seconds_per_item([[0]], update, MAX_SECONDS / 2, _REPEATS)
    return config.batch_size * per_text + per_update


def _seconds_per_item(
    batches: Sequence[Sequence[Any]],
    work: Callable[[Any], object],
    max_seconds: float = MAX_SECONDS,
    repeats: int = 1,
) -> float:
    """Mean seconds per item over the batches within the time limit, at least one batch.

    Each batch is repeated, and its shortest time counts.
    """
    done, total, began = 0, 0.0, time.perf_counter()
    for batch in batches:
        total += min(_seconds(work, batch) for _ in range(repeats))
        done += len(batch)
        if time.perf_counter() - began > max_seconds:
            break
    return total / done


def _seconds(work: Callable[[Any], object], batch: Sequence[Any]) -> float:
    began = time.perf_counter()
    work(batch)
    return time.perf_counter() - began
