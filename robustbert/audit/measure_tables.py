"""Summarise the automatic measures of cells; format them for the terminal, as Markdown and JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from robustbert.audit.audit_tables import mean_text, share_text
from robustbert.audit.estimates import Estimate, geometric_mean_of, mean_of, share_of
from robustbert.audit.run_measures import MeasuredCell, MeasuredRun
from robustbert.audit.text_measures import TextMeasures
from robustbert.console import printable
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.render import text_table

_SEED = 0
_HEADER = (
    *("recipe", "broken", "words changed", "% of words", "similarity", "unrelated"),
    *("antonyms", "unknown words", "longer by words", "by characters"),
    *("original perplexity", "perplexity ratio"),
)


@dataclass(frozen=True)
class CellSummary:
    """The measures of a cell: means over its broken examples with 95% intervals.

    Args:
        words_changed: words replaced, inserted or removed.
        share_changed: these as a share of the words of the original.
        similarity: to the original, by the second encoder.
        unrelated_similarity: of two originals, to compare with.
        antonyms: share of examples with a word replaced by an antonym.
        unknown_words: share of examples with an added word that is not in the list of words.
        word_difference: words of the adversarial text minus those of the original.
        character_difference: characters, likewise.
        original_perplexity: of the originals; the geometric mean.
        perplexity_ratio: that of an adversarial text divided by that of its original; the geometric
            mean, because a few texts with a very high perplexity would decide the usual one.
    """

    words_changed: Estimate
    share_changed: Estimate
    similarity: Estimate
    unrelated_similarity: Estimate
    antonyms: Estimate
    unknown_words: Estimate
    word_difference: Estimate
    character_difference: Estimate
    original_perplexity: Estimate
    perplexity_ratio: Estimate


def summarize_cell(cell: MeasuredCell) -> CellSummary:
    """Average the measures of a cell; bootstrap intervals have seed 0."""

    def values(value: Callable[[TextMeasures], float | None]) -> list[float]:
        return [found for one in cell.examples if (found := value(one)) is not None]

    return CellSummary(
        words_changed=mean_of(values(lambda one: one.words_changed), _SEED),
        share_changed=mean_of(
            values(lambda one: one.words_changed / one.words if one.words else None), _SEED
        ),
        similarity=mean_of(values(lambda one: one.similarity), _SEED),
        unrelated_similarity=mean_of(values(lambda one: one.unrelated_similarity), _SEED),
        antonyms=share_of(values(lambda one: one.antonyms > 0), _SEED),
        unknown_words=share_of(values(lambda one: one.unknown_words > 0), _SEED),
        word_difference=mean_of(values(lambda one: one.word_difference), _SEED),
        character_difference=mean_of(values(lambda one: one.character_difference), _SEED),
        original_perplexity=geometric_mean_of(
            values(lambda one: one.original_log_perplexity), _SEED
        ),
        perplexity_ratio=geometric_mean_of(values(lambda one: one.log_perplexity_ratio), _SEED),
    )


def measures_as_dict(measured: MeasuredRun) -> dict[str, Any]:
    """Convert measures for JSON, with the summary of each cell."""
    content = measured.model_dump()
    for cell, found in zip(content["cells"], measured.cells, strict=True):
        cell["summary"] = asdict(summarize_cell(found))
    return content


def render_measures(measured: MeasuredRun, width: int) -> str:
    """Format measures as one table per dataset, model and track for the terminal."""
    header = [name.replace(" ", "\n") for name in _HEADER]
    parts = [
        f"{printable(heading)}\n\n{text_table(header, _rows(cells, printable), width)}"
        for heading, cells in _groups(measured.cells).items()
    ]
    return "\n\n".join([*parts, textwrap.fill(printable(_note(measured)), width)]) + "\n"


def measures_markdown(measured: MeasuredRun) -> str:
    """Format measures as one Markdown table per dataset, model and track; names are escaped."""
    parts = [
        "\n".join([f"**{markdown(heading)}**", "", *pipe_table(_HEADER, _rows(cells, markdown))])
        for heading, cells in _groups(measured.cells).items()
    ]
    return "\n\n".join([*parts, markdown(_note(measured))]) + "\n"


def _groups(cells: Iterable[MeasuredCell]) -> dict[str, list[MeasuredCell]]:
    groups: dict[str, list[MeasuredCell]] = {}
    for cell in cells:
        heading = f"{cell.dataset} ({cell.split}), {cell.model}, {cell.track} track"
        groups.setdefault(heading, []).append(cell)
    return groups


def _rows(cells: Sequence[MeasuredCell], escape: Callable[[str], str]) -> list[list[str]]:
    return [
        [
            escape(cell.recipe),
            f"{len(cell.examples)} of {cell.num_attacked}",
            *_numbers(summarize_cell(cell)),
        ]
        for cell in cells
    ]


def _numbers(summary: CellSummary) -> list[str]:
    return [
        mean_text(summary.words_changed, 1),
        share_text(summary.share_changed),
        mean_text(summary.similarity, 3),
        mean_text(summary.unrelated_similarity, 3),
        share_text(summary.antonyms),
        share_text(summary.unknown_words),
        mean_text(summary.word_difference, 2, signed=True),
        mean_text(summary.character_difference, 1, signed=True),
        mean_text(summary.original_perplexity, 1),
        mean_text(summary.perplexity_ratio, 2),
    ]


def _note(measured: MeasuredRun) -> str:
    similarity = (
        "not measured."
        if measured.encoder is None
        else f"angular, by {measured.encoder}; compare it with the similarity of unrelated "
        "originals of the same cell."
    )
    perplexity = (
        "not measured."
        if measured.language_model is None
        else "geometric means, by the masked language model with the hash "
        f"{measured.language_model[:12]}; the ratio is that of an adversarial text to its original."
    )
    return (
        "Means over the broken examples with 95% intervals (Wilson's for shares of examples, else "
        f"the bootstrap). Similarity: {similarity} Antonyms: examples in % with a word replaced by "
        "an antonym in WordNet. Unknown words: examples in % with an added word that is not in "
        f"{measured.wordfreq}; more words are misspelt, because that list has frequent "
        f"misspellings. Perplexity: {perplexity}"
    )
