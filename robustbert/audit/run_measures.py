"""Measure the broken examples of a run automatically, cell by cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from robustbert.audit.measure_migrations import MEASURES_MIGRATIONS
from robustbert.audit.text_measures import (
    TextMeasures,
    WordEdits,
    antonym_pairs,
    num_antonyms,
    num_unknown,
    word_edits,
)
from robustbert.data.words import words_of
from robustbert.errors import RecordError
from robustbert.packages import package_version
from robustbert.progress import progress_bar
from robustbert.records import Outcome
from robustbert.records.fields import Name, NonNegativeInt, Sha256, StrictModel, Track
from robustbert.records.strict_json import (
    check_version,
    migrated,
    parse_object,
    read_file,
    validated,
)
from robustbert.reports.broken_texts import BrokenText
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import Selection, ShownCell, select_cells

if TYPE_CHECKING:
    from robustbert.models.pseudo_perplexity import PseudoPerplexity
    from robustbert.reports.similarity_report import Encoder

#: The version of the format of measures.
MEASURES_VERSION: Final = 2


class MeasuredCell(StrictModel):
    """The measures of the broken examples of one cell."""

    dataset: Name = Field(description="the name of the dataset")
    split: Name = Field(description="the split of the examples")
    model: Name = Field(description="the label of the row: the model with its defenses")
    model_sha256: Sha256 = Field(description="the hash of the model's weights")
    track: Track = Field(description="the threat model")
    recipe: Name = Field(description="the attack recipe")
    num_attacked: NonNegativeInt = Field(description="number of attacked examples")
    examples: list[TextMeasures] = Field(description="the broken examples, ordered by id")


class MeasuredRun(StrictModel):
    """The measures of a run, and what measured them."""

    measures_version: Literal[2] = Field(description="the version of the format")
    encoder: Name | None = Field(description="package of the second encoder; null if not used")
    wordfreq: Name = Field(description="package of the list of known words")
    language_model: Sha256 | None = Field(
        description="hash of the masked language model for perplexities; null if not used"
    )
    cells: list[MeasuredCell] = Field(description="in the order of the run")


def measure_run(
    run: Path,
    encoder: Encoder | None,
    *,
    dataset: str | None = None,
    model: str | None = None,
    recipe: str | None = None,
    perplexity: PseudoPerplexity | None = None,
) -> MeasuredRun:
    """Measure the adversarial texts of a run.

    Args:
        run: the output folder of ``bench`` or ``attack``.
        encoder: the encoder for similarities; None leaves them out.
        dataset: the name of a dataset; None for all.
        model: the label of a row or the name of a model; None for all.
        recipe: the name of a recipe; None for all.
        perplexity: measures perplexities; None leaves them out.

    Raises:
        InputError: the run has no such dataset, model or recipe.
        RecordError: the folder cannot be read, or its outcomes have no texts.
        MissingAssetError: WordNet is missing.
    """
    cells = select_cells(run, Selection(dataset=dataset, model=model, recipe=recipe))
    broken = [_broken_examples(cell.outcomes) for cell in cells]
    every = [example for examples in broken for example in examples]
    antonyms = antonym_pairs(example.edits for example in every)
    similarities = {} if encoder is None else _similarities(every, encoder)
    perplexities = {} if perplexity is None else _log_perplexities(every, perplexity)
    return MeasuredRun(
        measures_version=MEASURES_VERSION,
        encoder=None if encoder is None else encoder.source,
        wordfreq=f"wordfreq=={package_version('wordfreq')}",
        language_model=None if perplexity is None else perplexity.model.sha256,
        cells=[
            _measured(
                cell, [one.measured(antonyms, similarities, perplexities) for one in examples]
            )
            for cell, examples in zip(cells, broken, strict=True)
        ],
    )


def read_measures(folder: Path) -> MeasuredRun:
    """Read the files of measures in a folder as one, in the order of their names.

    Files of earlier versions lack what those did not measure.

    Raises:
        RecordError: there is none, one is not valid, or they were measured with other packages or
            language models.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RecordError(f"{folder} contains no measures; make them with benchmarks/audit.py")
    read = [_read(path) for path in paths]
    for path, one in zip(paths, read, strict=True):
        if _measured_by(one) != _measured_by(read[0]):
            raise RecordError(
                f"{path} and {paths[0]} were measured with other packages or language models; "
                "measure both again"
            )
    return read[0].model_copy(update={"cells": [cell for one in read for cell in one.cells]})


def _measured_by(measured: MeasuredRun) -> tuple[str | None, ...]:
    return measured.encoder, measured.wordfreq, measured.language_model


def _read(path: Path) -> MeasuredRun:
    content = parse_object(read_file(path), str(path))
    version = content.get("measures_version")
    if type(version) is int:  # True equals 1
        content = migrated(content, version, MEASURES_MIGRATIONS, str(path))
    check_version(content, "measures_version", MEASURES_VERSION, str(path))
    return validated(MeasuredRun, content, str(path))


@dataclass(frozen=True)
class _BrokenExample:
    """A broken example with what is compared.

    Args:
        outcome: its outcome.
        edits: how its words were changed.
        texts: the original and the adversarial text.
        unrelated: the original, and that of another example; None if there is no other one.
    """

    outcome: Outcome
    edits: WordEdits
    texts: BrokenText
    unrelated: BrokenText | None

    def measured(
        self,
        antonyms: frozenset[tuple[str, str]],
        similarities: Mapping[BrokenText, float],
        perplexities: Mapping[str, float],
    ) -> TextMeasures:
        """The measures, given those that are computed for all examples at once."""
        original, adversarial = self.texts.original, self.texts.adversarial
        return TextMeasures(
            example_id=self.outcome.example_id,
            words=self.outcome.words,
            words_changed=self.texts.words_changed,
            antonyms=num_antonyms(self.edits, antonyms),
            unknown_words=num_unknown(self.edits.added),
            word_difference=len(words_of(adversarial)) - len(words_of(original)),
            character_difference=len(adversarial) - len(original),
            similarity=similarities.get(self.texts),
            unrelated_similarity=None
            if self.unrelated is None
            else similarities.get(self.unrelated),
            log_perplexity=perplexities.get(adversarial),
            original_log_perplexity=perplexities.get(original),
        )


def _broken_examples(outcomes: Sequence[Outcome]) -> list[_BrokenExample]:
    """The examples ordered by id; each is unrelated to the next one."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.example_id)
    texts = [
        BrokenText(one.text or "", one.adversarial_text or "", one.words_changed or 0)
        for one in ordered
    ]
    others = [*texts[1:], *texts[:1]]
    return [
        _BrokenExample(
            outcome=outcome,
            edits=word_edits(words_of(own.original), words_of(own.adversarial)),
            texts=own,
            unrelated=None if own is other else BrokenText(own.original, other.original, 0),
        )
        for outcome, own, other in zip(ordered, texts, others, strict=True)
    ]


def _similarities(examples: Sequence[_BrokenExample], encoder: Encoder) -> dict[BrokenText, float]:
    from robustbert.reports.similarity_report import measure_similarities

    pairs = [pair for one in examples for pair in (one.texts, one.unrelated) if pair is not None]
    return measure_similarities(pairs, encoder)


def _log_perplexities(
    examples: Sequence[_BrokenExample], perplexity: PseudoPerplexity
) -> dict[str, float]:
    """The log perplexity of each original and adversarial text that has tokens."""
    both = (text for one in examples for text in (one.texts.original, one.texts.adversarial))
    texts = list(dict.fromkeys(both))
    found: dict[str, float] = {}
    with progress_bar(len(texts), "perplexity", "text") as bar:
        for text, nats in zip(texts, perplexity.log_perplexities(texts), strict=True):
            if not math.isnan(nats):
                found[text] = nats
            bar.update()
    return found


def _measured(cell: ShownCell, examples: list[TextMeasures]) -> MeasuredCell:
    record = cell.record
    counts = record.counts
    return MeasuredCell(
        dataset=record.dataset.name,
        split=record.dataset.split,
        model=record_label(record),
        model_sha256=record.model.sha256,
        track=record.track,
        recipe=record.recipe.name,
        num_attacked=counts.broken + counts.robust + counts.exhausted,
        examples=examples,
    )
