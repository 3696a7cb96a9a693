"""Write the tables of results in docs/defenses.md, and their plot.

``python docs/defense_tables.py`` writes them; ``--check`` only says whether the tables are
current. The tables of ``results/defenses`` are between ``<!-- defense results -->`` and ``<!-- end
of defense results -->``, those of ``results/defense-selection`` between ``<!-- defense selection
-->`` and ``<!-- end of defense selection -->``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench import Suite, load_suite, make_plan
from robustbert.gate import ComparedMeasure
from robustbert.gate.comparison.comparison_notation import p_value, points
from robustbert.io import write_bytes
from robustbert.leaderboard.against_plain import AgainstPlain
from robustbert.leaderboard.against_plain_plot import TITLE, against_plain_plot
from robustbert.leaderboard.against_plain_text import findings
from robustbert.leaderboard.certified_rows import CertifiedRow, read_certified_rows
from robustbert.leaderboard.relative_times import (
    QueryTimes,
    RelativeTimes,
    StepTimes,
    times_of,
)
from robustbert.leaderboard.row_settings import RowSettings, rows_of_suite, settings_of_victim
from robustbert.leaderboard.suite_table import SuiteLine, SuiteTable, read_suite_tables
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.table_cells import accuracy_cell, marked
from robustbert.reports.table_groups import Group
from robustbert.reports.wording import MISSING, counted, listed, percent

ROOT = Path(__file__).parents[1]
DOCUMENT, PLOT = "docs/defenses.md", "docs/plots/defenses.svg"
#: The suites, and where their records are.
DEFENSES, SELECTION = "defenses", "defense_selection"
RESULTS = {DEFENSES: "results/defenses", SELECTION: "results/defense-selection"}
#: The certificates of rows that vote over random changes.
CERTIFICATES = "results/certificates"
#: Measured training steps and queries.
TRAINING_SPEED, INFERENCE_SPEED = "results/training-speed", "results/inference-speed"
#: The hooks by which a defense adds training texts.
ROW_HOOKS = ("training_rows", "epoch_rows")
NOT_MEASURED = "Not measured yet: `make defenses` runs the suite and writes the tables.\n"


@dataclass(frozen=True)
class Costs:
    """What training steps and queries cost on the dataset of a table; None if not measured."""

    steps: StepTimes | None
    queries: QueryTimes | None

    @classmethod
    def of(cls, group: Group, root: Path) -> Costs:
        """Read them, as measured on the processor of the table's rows."""
        return cls(
            times_of(StepTimes, group, root / TRAINING_SPEED),
            times_of(QueryTimes, group, root / INFERENCE_SPEED),
        )


def result_parts(
    table: SuiteTable, suite: Suite, costs: Costs, certified: Sequence[CertifiedRow]
) -> Iterator[str]:
    """The part of one dataset: accuracies, the comparison with the plain row, and notes."""
    group, plain = table.group, table.plain
    yield f"### {markdown(group.dataset)}\n"
    yield (
        f"{counted(group.n, 'example')} of the {group.split} split, {group.track} track. Accuracy "
        "in %, with 95% Wilson intervals for clean accuracy and the worst case: the share of "
        f"examples that survive {listed(CORE_RECIPES)}.\n"
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
    notes = [*cost_notes(table, costs), *gradient_notes(suite, group.dataset), *group.notes]
    if any(line.row is None for line in table.lines):
        notes.append("Rows without numbers have not been run yet.")
    yield _bullets(notes)


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
        accuracy_cell(group, row.clean, row.n).inline,
        accuracy_cell(group, worst_case, row.n, marks).inline,
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
        cells.append((cell if with_interval else replace(cell, interval=None)).inline)
    return cells


def cost_cells(settings: RowSettings, costs: Costs) -> list[str]:
    """The relative time of a training step, its passes, and the relative time of a query."""
    step, query = (
        times.ratio(settings) if times else None for times in (costs.steps, costs.queries)
    )
    passes = settings.step_cost
    return [
        str(step) if step else MISSING,
        f"{passes.forward} + {passes.backward}" if passes else MISSING,
        str(query) if query else MISSING,
    ]


def comparison(table: SuiteTable, plain: SuiteLine) -> Iterator[str]:
    """The table of the tests against the plain row, and what they say."""
    tests = table.against_plain()
    name = markdown(plain.title)
    yield (
        f"Each row minus {name} in points, on the examples that both have, with its 95% paired "
        f"bootstrap interval; the examples that only the row (gained) or only {name} (lost) gets "
        "right; and the p-value of the exact McNemar test, also with Holm's correction over the "
        "rows of the table, for the worst case and for clean accuracy each.\n"
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
    return next((str(one.base.n) for one in measures if one is not None), MISSING)


def test_cells(measure: ComparedMeasure | None) -> list[str]:
    """The difference of a measure with its test."""
    if measure is None:
        return [MISSING] * 5
    return [
        points(measure.difference),
        str(len(measure.gained)),
        str(len(measure.lost)),
        markdown(p_value(measure.p_value)),
        markdown(p_value(measure.adjusted_p)),
    ]


def certificates(rows: Sequence[CertifiedRow]) -> Iterator[str]:
    """The table of certified accuracies, if there are any."""
    if not rows:
        return
    yield (
        "The share of examples that no change of so many words can break, in %, with 95% Wilson "
        "intervals, and what [a certificate holds for](#certificates). Vote: the share that most "
        "changed texts get right, without an attack. Unified limit: as many words as attacks of "
        "the unified track may change.\n"
    )
    keys = ("1", "2", "3", "unified", "all")
    header = ["model", "examples", "vote", "1 word", "2 words", "3 words", "unified limit"]
    header += ["all words", "median radius", "changed texts", "confidence"]
    yield _table(
        header,
        [
            [
                markdown(row.settings.title),
                str(len(row.record.examples)),
                percent(row.record.accuracies.vote),
                *(percent(row.record.accuracies.certified[key]) for key in keys),
                number_or_missing(row.record.accuracies.median_radius),
                str(row.record.samples),
                f"{100 * row.record.confidence:g}%",
            ]
            for row in rows
        ],
    )


def number_or_missing(number: int | None) -> str:
    """A number, or that there is none."""
    return MISSING if number is None else str(number)


def cost_notes(table: SuiteTable, costs: Costs) -> Iterator[str]:
    """What the times are, and what the training of rows with more texts consists of."""
    if costs.steps is not None:
        yield (
            f"Step time: CPU time of a training step of {costs.steps.model} relative to plain "
            f"training, {batches_of(costs.steps)}."
        )
    if costs.queries is not None:
        yield (
            f"Query time: CPU time of a float32 prediction of {costs.queries.model} relative to "
            f"the plain model, {batches_of(costs.queries)}."
        )
    yield "Passes per step: forward + backward, without those that make training texts."
    defenses = dict(pair for line in table.lines for pair in line.settings.built_in.items())
    adding = [name for name, one in defenses.items() if {*one.hooks} & {*ROW_HOOKS}]
    if adding:
        yield (
            f"No step time for {listed(adding)}: training texts are attacked or changed at random, "
            "and the steps are plain ones with more texts."
        )
    after_plain = [name for name in adding if defenses[name].needs_plain_model]
    if after_plain:
        yield f"For {listed(after_plain)}, the plain model is trained first, to attack it."


def batches_of(times: RelativeTimes) -> str:
    """What a ratio is computed from."""
    return (
        f"median and quartiles over {times.num_batches} batches of "
        f"{counted(times.batch_size, 'text')}, each done by all in turn on one thread "
        f"({times.environment.processor}, {times.instructions})"
    )


def gradient_notes(suite: Suite, dataset: str) -> Iterator[str]:
    """Name the rows that a recipe cannot attack because they provide no gradients."""
    titles: dict[str, dict[str, None]] = {}
    for cell in make_plan(suite).skipped:
        if cell.dataset == dataset:
            titles.setdefault(cell.recipe, {})[settings_of_victim(cell.victim).title] = None
    for recipe, names in titles.items():
        verb = "does" if len(names) == 1 else "do"
        yield f"{recipe} needs gradients, which {listed([*names])} {verb} not provide."


def seeds_sentence(tables: Sequence[SuiteTable]) -> str:
    """What the intervals and tests cover."""
    rows = [line.row for table in tables for line in table.lines if line.row]
    if all(len(row.replicates) == 1 for row in rows):
        return (
            "Each model was trained with one seed only. Intervals and tests cover the sampling of "
            "examples alone: another training seed gives another model, with other numbers.\n"
        )
    return (
        "Rows with several training seeds show the mean and the standard deviation over them, and "
        "are not tested. Intervals and tests of the others cover the sampling of examples alone.\n"
    )


def selection_parts(table: SuiteTable, chosen: Sequence[RowSettings]) -> Iterator[str]:
    """The table of the settings that were tried on one dataset."""
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
        notes.append(
            "Settings without numbers have not been run yet. Until all settings of a method have "
            "been run, the rows above have its default."
        )
    if notes:
        yield _bullets(notes)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(pipe_table(header, rows)) + "\n"


def _bullets(notes: Sequence[str]) -> str:
    return "".join(f"- {markdown(note)}\n" for note in notes)


def read_suites(root: Path) -> dict[str, Suite]:
    """The suites that there are, keyed by name."""
    paths = {name: root / "benchmarks" / "suites" / f"{name}.toml" for name in RESULTS}
    return {name: load_suite(str(path)) for name, path in paths.items() if path.exists()}


def read_tables(root: Path, name: str) -> tuple[SuiteTable, ...]:
    """The tables of a suite; none if there is no suite or no record."""
    suite = read_suites(root).get(name)
    return read_suite_tables(root / RESULTS[name], suite) if suite else ()


def certified_rows(root: Path, table: SuiteTable) -> list[CertifiedRow]:
    """The certificates on the dataset and split of a table, in the order of its lines.

    They do not depend on an attack, so a row that is attacked adaptively has them as well.
    """
    order = [replace(line.settings, adaptive=False) for line in table.lines]
    found = [
        row
        for row in read_certified_rows(root / CERTIFICATES)
        if row.record.dataset.name == table.group.dataset
        and row.record.dataset.split == table.group.split
        and row.settings in order
    ]
    return sorted(found, key=lambda row: order.index(row.settings))


def contents(root: Path) -> dict[str, str]:
    """The current tables, keyed by the name in their markers."""
    suite, measured = read_suites(root).get(DEFENSES), read_tables(root, DEFENSES)
    results, chosen = [], []
    if suite is not None:
        chosen = [row for rows in rows_of_suite(suite).values() for row in rows]
        results = [
            part
            for table in measured
            for part in result_parts(
                table, suite, Costs.of(table.group, root), certified_rows(root, table)
            )
        ]
    if results:
        link = PurePosixPath(PLOT).relative_to("docs")
        image = [f"![{TITLE}]({link})\n"] if has_plot(measured) else []
        results = [*image, *results, seeds_sentence(measured)]
    tried = read_tables(root, SELECTION)
    selection = [part for table in tried for part in selection_parts(table, chosen)]
    return {
        "defense results": "\n".join(results) or NOT_MEASURED,
        "defense selection": "\n".join(selection) or NOT_MEASURED,
    }


def has_plot(tables: Sequence[SuiteTable]) -> bool:
    """Whether there is a row to compare with the plain one."""
    return any(table.against_plain() for table in tables)


def updated(document: str, content: Mapping[str, str]) -> str:
    """The document with the current tables between its markers."""
    for name, text in content.items():
        start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = document.partition(start)
        _, marker, after = rest.partition(end)
        if not marker:
            raise SystemExit(f"the document lacks the markers {start.strip()} and {end}")
        document = f"{before}{start}\n{text}\n{end}{after}"
    return document


def main() -> int:
    """Write or check the document; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if outdated")
    parser.add_argument("--root", type=Path, default=ROOT, help="the root of the repository")
    options = parser.parse_args()
    path = options.root / DOCUMENT
    text = path.read_text(encoding="utf-8")
    current = updated(text, contents(options.root))
    if options.check:
        if current != text:
            print(f"{path} is outdated; run: python docs/defense_tables.py", file=sys.stderr)
        return int(current != text)
    path.write_text(current, encoding="utf-8")
    tables = read_tables(options.root, DEFENSES)
    if has_plot(tables):
        write_bytes(options.root / PLOT, against_plain_plot(tables, "svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
