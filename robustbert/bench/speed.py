"""A short look at how fast this machine answers and trains: seconds, not a benchmark."""

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

#: No measurement goes on for longer, but for its first batch.
MOST_SECONDS = 2.0
#: Texts that are looked at, at most.
MOST_TEXTS = 256
_BATCH = 64
#: Texts of a step of the measured training: few, since long ones take a second each.
_STEP = 4


@dataclass(frozen=True)
class Speed:
    """How fast a model answers and trains.

    Args:
        query_seconds: per text that it answers.
        training_seconds: one whole training; 0 if there is nothing to train.
    """

    query_seconds: float
    training_seconds: float


def measure_queries(classifier: Classifier, texts: Sequence[str]) -> float:
    """Seconds per text, asked in batches."""
    batches = [texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH)]
    classifier.predict_proba(batches[0][:8])  # what is made on first use is no part of it
    return _seconds_each(batches, classifier.predict_proba)


def measure_base(
    base: Base, dataset: TextDataset, config: TrainingConfig, texts: Sequence[str], dtype: str
) -> Speed:
    """How fast a model will be that is not trained yet, and how long its training takes.

    In memory alone: a network gets an untrained head and takes a few steps; a classical model is
    fitted on some texts, and its time is taken to grow with their number.

    Args:
        base: what the training starts from.
        dataset: what it is trained on.
        config: how.
        texts: what it is asked.
        dtype: of queries: auto, float32 or bfloat16.
    """
    rows = dataset.split("train")
    n = len(rows)
    chosen = sorted(random.Random(0).sample(range(n), min(n, MOST_TEXTS)))
    sample = rows.select(chosen)
    if base.folder is None:
        return _measure_classical(base, dataset, sample, texts)
    return _measure_network(base, dataset, config, sample, texts, dtype)


def _measure_classical(
    base: Base, dataset: TextDataset, sample: Any, texts: Sequence[str]
) -> Speed:
    from robustbert.models.classical.tfidf_classifier import fit_tfidf

    # Small samples may lack a label: names of labels do not change the time.
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
    held_out = len(dataset.split("validation")) + len(dataset.split("test"))
    whole = fitting * len(dataset.split("train")) / len(sample)
    return Speed(query, whole + query * held_out)


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
    _make_decided(model)
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
    validation, test = (len(dataset.split(name)) for name in ("validation", "test"))
    answered = validation * (config.epochs * config.evals_per_epoch + 1) + test
    return Speed(query, steps * step + answered * query)


def _make_decided(model: Any) -> None:
    """Let an untrained head prefer one label clearly, as a trained one does.

    Answers in bfloat16 that are close are computed again in float32; a trained model has few.
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
    """Seconds of one optimizer step, from steps with fewer texts."""
    import torch

    from robustbert.models.devices import choose_device, has_bfloat16

    device = choose_device(config.device)
    auto = config.dtype == "auto"
    lower = has_bfloat16(device) if auto else config.dtype == "bfloat16"
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9)

    def learn(rows: Sequence[tuple[str, int]]) -> None:
        texts, labels = zip(*rows, strict=True)
        batch = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        with torch.autocast(device.type, torch.bfloat16, enabled=lower):
            loss = model(**batch.to(device), labels=torch.tensor(labels, device=device)).loss
        loss.backward()

    def update(_: Sequence[int]) -> None:
        optimizer.step()

    # in order of length, as training groups them
    rows = sorted(zip(sample["text"], sample["label"], strict=True), key=lambda row: len(row[0]))
    groups = [rows[i : i + _STEP] for i in range(0, len(rows), _STEP)]
    random.Random(0).shuffle(groups)
    with torch.random.fork_rng(), torch.enable_grad():
        learn(groups[0])
        per_text = _seconds_each(groups[1:] or groups, learn, MOST_SECONDS / 2)
        update([0])
        per_update = _seconds_each([[0]] * 5, update, MOST_SECONDS / 2)
    return config.batch_size * per_text + per_update


def _seconds_each(
    batches: Sequence[Sequence[Any]],
    work: Callable[[Any], object],
    most_seconds: float = MOST_SECONDS,
) -> float:
    """Seconds per item of the batches that fit into the time; of the first one in any case."""
    done, began = 0, time.perf_counter()
    for batch in batches:
        work(batch)
        done += len(batch)
        if time.perf_counter() - began > most_seconds:
            break
    return (time.perf_counter() - began) / done
