"""A learning curve as a table: for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.console import printable, wrapped
from robustbert.gate.comparison.comparison_notation import p_value, points
from robustbert.learning_curves.curve_differences import compared_rows, reference_row
from robustbert.learning_curves.curve_record import LearningCurve
from robustbert.learning_curves.curve_rows import CurveRow, OverSeeds, curve_rows, metric_names
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.render import text_table
from robustbert.reports.wording import counted, listed

_LEADING = ("size", "examples", "noise", "wrong labels")
_ONE_SEED = "In percent, with 95% Wilson intervals over examples."
_SEVERAL_SEEDS = (
    "In percent: the mean over seeds, [its 95% Wilson interval over examples] and (the lowest to "
    "the highest seed). All seeds are measured on the same examples, so the interval is as wide as "
    "that of one seed."
)


def render_curve(curve: LearningCurve, width: int) -> str:
    """The table for the terminal and its notes.

    Args:
        curve: the curve.
        width: of the terminal, in characters.
    """
    names = metric_names(curve)
    rows = [
        [_training_data(row), *("\n".join(_parts(row.accuracies[name])) for name in names)]
        for row in curve_rows(curve)
    ]
    parts = [wrapped(curve_title(curve), width)]
    parts += [text_table(["training data", *map(printable, names)], rows, width)]
    parts += [wrapped(note, width) for note in curve_notes(curve)]
    return "\n\n".join([*parts, ""])


def markdown_curve(curve: LearningCurve) -> str:
    """The table and its notes as Markdown; names are escaped."""
    names = metric_names(curve)
    rows = [
        [*_leading(row), *(" ".join(_parts(row.accuracies[name])) for name in names)]
        for row in curve_rows(curve)
    ]
    table = pipe_table([*_LEADING, *map(markdown, names)], rows, left=0)
    notes = [markdown(note) for note in curve_notes(curve)]
    return "\n".join([*table, "", " ".join(notes), *_differences(curve)])


def _differences(curve: LearningCurve) -> Iterator[str]:
    """A second table: each row minus the one with most and cleanest training data."""
    compared = compared_rows(curve)
    if not compared:
        return
    names = list(compared[0].differences)
    header = [*_LEADING, *(cell for name in names for cell in (name, "p", "p (Holm)"))]
    rows = []
    for one in compared:
        cells = _leading(one.row)
        for name in names:
            found = one.differences[name]
            cells += [points(found.difference.difference)]
            cells += [p_value(found.difference.p_value), p_value(found.adjusted_p)]
        rows.append(cells)
    reference = reference_row(curve)
    yield ""
    yield (
        f"Minus the row with {reference.num_examples:,} examples and {100 * reference.noise:g}% "
        "noise, in points, on the same examples: with 95% paired bootstrap intervals that draw "
        "seeds as well as examples, and the p-value of the bootstrap, also with Holm's correction "
        "over the rows, for each accuracy:"
    )
    yield ""
    yield from pipe_table(header, rows, left=0)


def curve_title(curve: LearningCurve) -> str:
    """What was measured, in one line."""
    seeds = len({point.seed for point in curve.points})
    parts = [f"{curve.label} on {curve.dataset}", counted(seeds, "seed")]
    if curve.recipes:
        parts.append(f"attacked with {listed(curve.recipes)} ({curve.track} track)")
    return "; ".join(parts)


def curve_notes(curve: LearningCurve) -> list[str]:
    """Sentences on how to read the numbers."""
    numbers = {len(row.seeds) for row in curve_rows(curve)}
    notes = [_SEVERAL_SEEDS if max(numbers) > 1 else _ONE_SEED, examples_note(curve)]
    errors = sum(point.errors for point in curve.points)
    if errors:
        notes.append(f"{counted(errors, 'attack')} failed with an error and count as not survived.")
    if len(numbers) > 1:
        notes.append(f"The rows have {min(numbers)} to {max(numbers)} seeds.")
    return notes


def examples_note(curve: LearningCurve) -> str:
    """A sentence on which examples the accuracies are measured."""
    point = curve.points[0]
    clean = f"Clean accuracy is that on all {point.clean.n:,} {curve.split} examples"
    if not curve.recipes:
        return f"{clean}."
    return f"{clean}, accuracy under attack that on {point.attacked[curve.recipes[0]].n:,} of them."


def _training_data(row: CurveRow) -> str:
    """The number of examples, and below it that of wrong labels, if there are any."""
    wrong = f"\n{row.num_changed:,} wrong ({100 * row.noise:g}%)" if row.noise else ""
    return f"{row.num_examples:,} ({100 * row.size:g}%){wrong}"


def _leading(row: CurveRow) -> list[str]:
    size, noise = (f"{100 * share:g}%" for share in (row.size, row.noise))
    return [size, f"{row.num_examples:,}", noise, f"{row.num_changed:,}"]


def _parts(found: OverSeeds) -> list[str]:
    """The mean with its interval, and the range if the seeds differ."""
    interval = f"{100 * found.mean:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    if found.least == found.greatest:
        return [interval]
    return [interval, f"({100 * found.least:.1f} to {100 * found.greatest:.1f})"]
