"""The tables of a suite's rows as Markdown: results, tests, certificates, settings tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench.certification_record import CertificationRecord
from robustbert.gate.comparison.comparison_notation import p_value, points
from robustbert.leaderboard.against_plain import AgainstPlain, RowDifference
from robustbert.leaderboard.against_plain_text import findings
from robustbert.leaderboard.certificates_markdown import certificates
from robustbert.leaderboard.row_settings import RowSettings
from robustbert.leaderboard.suite_costs import Costs, cost_cells, cost_notes
from robustbert.leaderboard.suite_table import SuiteLine, SuiteTable
from robustbert.reports.cell import Cell
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.notes.noted_cells import cells_of, first_record
from robustbert.reports.notes.reliability_notes import marked_checks, randomised
from robustbert.reports.table_cells import accuracy_cell, marked
from robustbert.reports.wording import MISSING, counted, listed, percent


def summary(table: SuiteTable, costs: Costs, certified: Mapping[str, CertificationRecord]) -> str:
    """A short table of one dataset: accuracies, the difference from the plain row, and costs.

    Rows that have not been run are left out. The column of certified accuracies is there if a row
    has certificates.

    Args:
        table: the rows.
        costs: what they cost on this dataset.
        certified: certificates, keyed by the name of the row.
    """
    differences = {line.title: found.worst_case for line, found in table.against_plain()}
    rows = []
    for line in table.lines:
        if line.row is None:
            continue
        clean, worst_case = worst_case_cells(line, table)
        step, _, query = cost_cells(line.settings, costs)
        difference = differences.get(line.title)
        shown = points(difference.difference) if difference else ""
        row = [title_cell(line), clean, *recipe_cells(line, table), worst_case, shown]
        if certified:
            found = certified.get(line.name)
            row.append(MISSING if found is None else percent(found.accuracies.certified["1"]))
        rows.append([*row, step, query])
    header = ["model", "clean", *map(markdown, table.group.recipes), "worst case", "minus plain"]
    header += ["certified, 1 word"] if certified else []
    return _table([*header, "step time", "query time"], rows)


def mark_notes(table: SuiteTable) -> Iterator[str]:
    """What the marks of a table stand for, as a list; nothing without marks."""
    cells = cells_of(table.group.rows)
    if notes := [*marked_checks(cells), *randomised(cells)]:
        yield _bullets(notes)


def legend(names: Mapping[RowSettings, str]) -> str:
    """The table of what the names of a suite's rows stand for."""
    return _table(
        ["row", "model and defenses"],
        [[markdown(name), markdown(settings.title)] for settings, name in names.items()],
        left=2,
    )


def result_parts(
    table: SuiteTable,
    costs: Costs,
    certified: Mapping[str, CertificationRecord],
    notes: Iterable[str],
) -> Iterator[str]:
    """The part of one dataset: accuracies, the comparison with the plain row, and notes.

    Args:
        table: the rows.
        costs: what they cost on this dataset.
        certified: certificates, keyed by the name of the row.
        notes: notes of the suite.
    """
    group, plain = table.group, table.plain
    yield f"### {markdown(group.dataset)}\n"
    seeds = common_seeds(table)
    shown = (
        f": mean ± standard deviation over {seeds} training seeds. Worst case"
        if seeds
        else ", with 95% Wilson intervals for clean accuracy and the worst case"
    )
    yield (
        f"{counted(group.n, 'example')} of the {group.split} split, {group.track} track. Accuracy "
        f"in %{shown}: the share of examples that survive {listed(CORE_RECIPES)}.\n"
    )
    header = ["model", "clean", "worst case", *map(markdown, group.recipes)]
    header += ["step time", "passes per step", "query time"]
    rows = [
        [
            title_cell(line),
            *worst_case_cells(line, table),
            *recipe_cells(line, table),
            *cost_cells(line.settings, costs),
        ]
        for line in table.lines
    ]
    yield _table(header, rows)
    if plain is not None:
        yield from comparison(table, plain)
    yield from certificates(certified)
    found = [*cost_notes(table, costs), *same_weights_notes(table), *notes, *group.notes]
    if any(line.row is None for line in table.lines):
        found.append("Rows without numbers have not been run yet.")
    yield _bullets(found)


def common_seeds(table: SuiteTable) -> int | None:
    """The number of training seeds if all rows have the same, more than one; else None."""
    numbers = {len(line.row.replicates) for line in table.lines if line.row}
    [number] = numbers if len(numbers) == 1 else [1]
    return number if number > 1 else None


def same_weights_notes(table: SuiteTable) -> Iterator[str]:
    """Name the rows whose defenses changed nothing in training."""
    plain = table.plain
    if plain is None or plain.row is None:
        return
    weights = first_record(plain.row).model.sha256
    same = [
        line.title
        for line in table.lines
        if line.row is not None
        and first_record(line.row).model.sha256 == weights
        and any(defense.trains for defense in line.settings.built_in.values())
    ]
    if same:
        verb = "has" if len(same) == 1 else "have"
        yield (
            f"{listed(same)} {verb} the weights of {plain.title}: the defense changed nothing in "
            "training."
        )


def title_cell(line: SuiteLine) -> str:
    """The title of a line with the marks of its row."""
    return markdown(marked(line.title, line.row.marks if line.row else ""))


def worst_case_cells(
    line: SuiteLine, table: SuiteTable, recipes: Sequence[str] = CORE_RECIPES
) -> list[str]:
    """Clean accuracy and the worst case; it is missing if the table's is over other recipes."""
    row, group = line.row, table.group
    if row is None:
        return [MISSING] * 2
    worst_case = row.worst_case if group.core == recipes else None
    marks = row.worst_case_marks(group.core) if worst_case else ""
    return [
        _shown(accuracy_cell(group, row.clean, row.n), table),
        _shown(accuracy_cell(group, worst_case, row.n, marks), table),
    ]


def recipe_cells(line: SuiteLine, table: SuiteTable, *, with_interval: bool = False) -> list[str]:
    """The accuracy under each recipe of the table."""
    row, group = line.row, table.group
    if row is None:
        return [MISSING] * len(group.recipes)
    cells = []
    for recipe in group.recipes:
        n = row.num_examples(recipe) or group.n
        cell = accuracy_cell(group, row.accuracy_under(recipe), n, row.recipe_marks(recipe))
        cells.append(_shown(cell if with_interval else replace(cell, interval=None), table))
    return cells


def comparison(table: SuiteTable, plain: SuiteLine) -> Iterator[str]:
    """The table of the tests against the plain row, and what they say."""
    tests = table.against_plain()
    name = markdown(plain.title)
    corrected = (
        "also with Holm's correction over the rows of the table, for the worst case and for clean "
        "accuracy each.\n"
    )
    if common_seeds(table):
        yield (
            f"Each row minus {name} in points, on the examples that both have: means over the "
            "training seeds, with a 95% paired bootstrap interval that draws seeds as well as "
            "examples; the examples that the row gets right with a larger share of its seeds than "
            f"{name} (gained), or with a smaller one (lost); and the p-value of the bootstrap, "
            f"{corrected}"
        )
    else:
        yield (
            f"Each row minus {name} in points, on the examples that both have, with its 95% paired "
            f"bootstrap interval; the examples that only the row (gained) or only {name} (lost) "
            f"gets right; and the p-value of the exact McNemar test, {corrected}"
        )
        if any(line.row and len(line.row.replicates) > 1 for line in table.lines):
            yield (
                "Of models with several training seeds the means are compared. The bootstrap draws "
                "seeds as well as examples, and the p-value comes from it. Gained and lost are the "
                "examples that one model gets right with a larger share of its seeds than the "
                "other.\n"
            )
    test = ["gained", "lost", "p", "p (Holm)"]
    rows = [
        [
            title_cell(line),
            examples_of(found),
            *test_cells(found.worst_case),
            *test_cells(found.clean),
        ]
        for line, found in tests
    ]
    yield _table(["model", "examples", "worst case", *test, "clean", *test], rows)
    yield from (f"{markdown(sentence)}\n" for sentence in findings(plain.title, tests))


def examples_of(found: AgainstPlain) -> str:
    """The number of examples of a comparison."""
    measures = (found.worst_case, found.clean)
    return next((str(one.difference.n) for one in measures if one is not None), MISSING)


def test_cells(measure: RowDifference | None) -> list[str]:
    """The difference of a measure with its test."""
    if measure is None:
        return [MISSING] * 5
    return [
        points(measure.difference),
        str(measure.gained),
        str(measure.lost),
        markdown(p_value(measure.p_value)),
        markdown(p_value(measure.adjusted_p)),
    ]


def selection_parts(table: SuiteTable, chosen: Collection[RowSettings]) -> Iterator[str]:
    """The table of the rows that were tried on one dataset, and which were chosen."""
    group = table.group
    yield (
        f"{markdown(group.dataset)}: {counted(group.n, 'example')} of the {group.split} split, "
        f"{group.track} track. Accuracy in %, with 95% Wilson intervals. Worst case: the share of "
        f"examples that survive {listed(group.core)}. Parameters that are not shown have their "
        "defaults.\n"
    )
    rows = [
        [
            title_cell(line),
            *worst_case_cells(line, table, group.core),
            *recipe_cells(line, table, with_interval=True),
            "yes" if line.row and line.settings.is_defended and line.settings in chosen else "",
        ]
        for line in table.lines
    ]
    yield _table(["model", "clean", "worst case", *map(markdown, group.recipes), "chosen"], rows)
    notes = [*group.notes]
    if any(line.row is None for line in table.lines):
        notes.append("Rows without numbers have not been run yet.")
    if notes:
        yield _bullets(notes)


def _shown(cell: Cell, table: SuiteTable) -> str:
    """A cell in one line, without the number of seeds if all rows of the table have it."""
    seeds = f"n={common_seeds(table)} seeds"
    return replace(cell, remarks=tuple(one for one in cell.remarks if one != seeds)).inline


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    return "\n".join(pipe_table(header, rows, left)) + "\n"


def _bullets(notes: Sequence[str]) -> str:
    return "".join(f"- {markdown(note)}\n" for note in notes)
