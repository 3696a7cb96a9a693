"""The documents to pre-train on, and those that are held out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.data.cleaning import fold_white_space
from robustbert.errors import DatasetError, InputError
from robustbert.seeds import derive_seed

if TYPE_CHECKING:
    from robustbert.data import TextDataset


@dataclass(frozen=True)
class Corpus:
    """Documents to pre-train on.

    Args:
        name: a short name for progress and messages.
        source: where the documents come from, without local folders.
        documents: the documents, none of them empty, each once.
    """

    name: str
    source: str
    documents: tuple[str, ...]

    def sha256(self) -> str:
        """A hash over the documents, in order."""
        digest = hashlib.sha256()
        for document in self.documents:
            content = document.encode()
            digest.update(b"%d\0" % len(content) + content)
        return digest.hexdigest()


@dataclass(frozen=True)
class CorpusSplit:
    """The documents to train on, and those that are held out to measure the model."""

    training: tuple[str, ...]
    held_out: tuple[str, ...]


def collect_corpus(
    dataset: TextDataset | None, texts: Sequence[str] = (), texts_source: str = "texts"
) -> Corpus:
    """Collect the texts of a dataset's training split, and other texts.

    No other split is read, because a model must not have seen the texts that it is tested on. White
    space is folded; empty texts and repetitions are left out.

    Args:
        dataset: the dataset; None for the texts alone.
        texts: other documents.
        texts_source: where these come from, such as ``file:reviews.txt``.

    Raises:
        DatasetError: the dataset has no training split.
        InputError: a text is not valid Unicode, or there is no text at all.
    """
    names = [] if dataset is None else [dataset.name]
    sources = [] if dataset is None else [dataset.source]
    documents = [] if dataset is None else list(dataset.split("train")["text"])
    if texts:
        names.append(texts_source.rpartition(":")[2])
        sources.append(texts_source)
        documents += [_checked(text, number) for number, text in enumerate(texts, start=1)]
    folded = dict.fromkeys(text for text in map(fold_white_space, documents) if text.strip())
    if not folded:
        raise InputError("there is no text to pre-train on; give a dataset or texts")
    return Corpus(" and ".join(names), " and ".join(sources), tuple(folded))


def hold_out(corpus: Corpus, share: float, *, at_least: int = 1) -> CorpusSplit:
    """Split a corpus into documents to train on and held-out documents.

    A document's place depends on its text and the corpus alone, not on a seed: models that were
    pre-trained on one corpus with several seeds can be compared.

    Args:
        corpus: the corpus.
        share: the share of held-out documents, in (0, 1).
        at_least: the smallest number of documents in either part.

    Raises:
        DatasetError: there are too few documents.
    """
    documents = corpus.documents
    if len(documents) < 2 * at_least:
        raise DatasetError(
            f"{corpus.name} has {len(documents)} usable document(s), and pre-training needs at "
            f"least {2 * at_least}, half of them held out; give more texts, one document per line"
        )
    count = max(at_least, round(share * len(documents)))
    count = min(count, len(documents) - at_least)
    held = set(sorted(documents, key=lambda text: derive_seed("held out", text))[:count])
    return CorpusSplit(
        training=tuple(text for text in documents if text not in held),
        held_out=tuple(text for text in documents if text in held),
    )


def _checked(text: str, number: int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"text {number} contains a lone surrogate, which is not a valid character; save the "
            "texts as UTF-8"
        ) from None
    return text
