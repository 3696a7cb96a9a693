"""The tables of results in docs/defenses.md, from synthetic records."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests

from robustbert.bench import Overrides, load_suite, make_plan
from robustbert.defenses import make_defense
from robustbert.leaderboard.row_settings import (
    RowSettings,
    settings_of_record,
    settings_of_victim,
)
from robustbert.leaderboard.suite_table import read_suite_tables
from robustbert.metrics.reliability import measured_check
from robustbert.records import DefenseRef, PublishedCell, read_published, read_record
from tests.leaderboard.certified import certification, write_certification
from tests.leaderboard.defense_results import (
    FROM_PLAIN,
    PGD,
    PLAIN,
    defense,
    row,
    write_defenses,
    write_measured_times,
    write_selection,
)
from tests.leaderboard.published import published, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[2]
PINNED = re.search(r"^matplotlib==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
SCRIPT = ROOT / "docs" / "defense_tables.py"
PAGE = """# Defenses

before
<!-- defense results -->
old
<!-- end of defense results -->
<!-- best defenses -->
<!-- end of best defenses -->
between
<!-- defense selection -->
<!-- end of defense selection -->
<!-- composition selection -->
<!-- end of composition selection -->
after
"""


README = """before
<!-- defenses on rotten_tomatoes -->
<!-- end of defenses on rotten_tomatoes -->
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


@pytest.fixture
def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the script with arguments; the exit code."""
    return partial(run_script, script, monkeypatch)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with both suites, without records."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "defenses.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    return tmp_path


def lines_of(root: Path) -> list[str]:
    return (root / "docs" / "defenses.md").read_text(encoding="utf-8").splitlines()


def cells_of(root: Path, title: str) -> list[list[str]]:
    """The cells of every table line with this title, without the title and the list of rows."""
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines_of(root)]
    return [cells[1:] for cells in found if len(cells) > 2 and cells[0] == title]


def part_of(root: Path, name: str) -> str:
    """What is between two markers."""
    text = "\n".join(lines_of(root))
    return text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0]


def test_the_committed_tables_are_current(run: Callable[..., int]) -> None:
    assert run("--check") == 0


def test_nothing_is_measured_without_records(run: Callable[..., int], root: Path) -> None:
    assert run("--root", str(root)) == 0
    lines = lines_of(root)
    assert sum(line.startswith("Not measured yet") for line in lines) == 4
    assert [line for line in lines if line in ("before", "between", "after", "old")] == [
        *("before", "between", "after")
    ]


def test_tables_are_written_and_then_current(run, root: Path, capsys) -> None:
    write_defenses(root)
    write_selection(root)
    assert run("--check", "--root", str(root)) == 1
    assert "defenses.md is outdated" in capsys.readouterr().err
    assert run("--root", str(root)) == 0
    assert run("--check", "--root", str(root)) == 0


def test_the_committed_plots_are_those_of_the_committed_results(script: ModuleType) -> None:
    for shown in script.RESULTS.values():
        tables, picture = script.read_tables(shown, ROOT, named=True), ROOT / shown.plot
        assert picture.exists() == script.has_plot(tables)
        if picture.exists():
            drawn = script.against_plain_plot(tables, "svg")
            assert PINNED is not None
            if version("matplotlib") == PINNED.group(1):
                assert picture.read_bytes() == drawn
            else:
                assert texts_in(picture.read_bytes()) == texts_in(drawn)


def texts_in(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter()]


def test_the_plot_has_all_rows_but_the_plain_one(run, root: Path) -> None:
    write_defenses(root)
    assert run("--root", str(root)) == 0
    assert "](plots/defenses.svg)" in "\n".join(lines_of(root))
    labels = texts_in((root / "docs" / "plots" / "defenses.svg").read_bytes())
    assert {
        "minilm-control",
        "minilm-pgd",
        "minilm-temperature",
        "rotten_tomatoes, n=20",
    } <= {*labels}
    assert "minilm" not in labels


def plot_text(script: ModuleType, root: Path) -> str:
    tables = script.read_tables(script.RESULTS["defense results"], root, named=True)
    lines = texts_in(script.against_plain_plot(tables, "svg"))
    return " ".join(" ".join(lines).split())


def test_there_is_no_plot_of_the_plain_row_alone(run, root: Path) -> None:
    write_defenses(root)
    suite = root / "benchmarks" / "suites" / "defenses.toml"
    lines = suite.read_text().splitlines()
    suite.write_text("\n".join('models = ["minilm"]' if "models" in x else x for x in lines))
    for path in (root / "results" / "defenses").glob("*/*/*"):
        if not is_plain(path):
            shutil.rmtree(path)
    assert run("--root", str(root)) == 0
    assert "plots/" not in "\n".join(lines_of(root))
    assert not (root / "docs" / "plots").exists()


def is_plain(row_folder: Path) -> bool:
    record = read_record(next(row_folder.glob("*.json")))
    return not record.defenses and record.model.training is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing\n", "none of the markers defense results"),
        ("<!-- defense results -->\n", "lacks the marker <!-- end of defense results -->"),
    ],
)
def test_a_document_without_markers_is_left_alone(run, root: Path, text: str, message: str) -> None:
    page = root / "docs" / "defenses.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=rf"defenses.md: it .*{message}"):
        run("--root", str(root))
    assert page.read_text(encoding="utf-8") == text
    assert (root / "README.md").read_text(encoding="utf-8") == README


def test_the_readme_has_a_short_table(run, root: Path) -> None:
    write_defenses(root)
    write_measured_times(root)
    assert run("--root", str(root)) == 0
    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()
    rows = {line.split("|")[1].strip(): line.split("|")[2:-1] for line in lines if "|" in line}
    header = [cell.strip() for cell in rows["model"]]
    pgd = dict(zip(header, (cell.strip() for cell in rows["minilm-pgd"]), strict=True))
    # 14 of 20 examples survive, 4 with the plain model
    assert pgd["worst case"] == "70.0 [48.1, 85.5] #"
    assert pgd["minus plain"].startswith("+50.0 [")
    assert (pgd["step time"], pgd["query time"]) == ("4.0× (3.5–4.5)", "1.0× (1.0–1.0)")
    assert [cell.strip() for cell in rows["minilm"]][header.index("minus plain")] == ""
    assert "minilm-temperature" not in rows  # it has not been run


def test_each_row_of_the_suite_has_its_accuracies_and_costs(run, root: Path) -> None:
    write_defenses(root)
    write_measured_times(root)
    assert run("--root", str(root)) == 0
    plain, *_ = cells_of(root, "minilm")
    # 20 of 20 examples are there: 2 skipped, 4 survive deepwordbug, 18 the others
    assert plain == [
        *("90.0 [69.9, 97.2]", "20.0 [8.1, 41.6] #", "20.0 #"),
        *(["90.0 #"] * 4),
        *("1.0× (1.0–1.0)", "1 + 1", "1.0× (1.0–1.0)"),
    ]
    pgd, _ = cells_of(root, "minilm-pgd")
    assert pgd[1:3] == ["70.0 [48.1, 85.5] #", "70.0 #"]
    assert pgd[-3:] == ["4.0× (3.5–4.5)", "4 + 4", "1.0× (1.0–1.0)"]
    control, _ = cells_of(root, "minilm-control")
    assert control[-3:-1] == ["1.0× (1.0–1.0)", "1 + 1"]  # more steps, not longer ones
    temperature, _ = cells_of(root, "minilm-temperature")
    assert temperature[-3:] == ["n/a", "1 + 1", "1.5× (1.2–1.8)"]  # measured before it is run


def test_the_names_of_the_suite_are_explained(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    text = script.contents(root)["defense results"]
    assert "| row | model and defenses |\n| --- | --- |\n| minilm | minilm |\n" in text
    assert "| minilm-control | minilm (epochs = 3) |" in text
    assert "| minilm-pgd | minilm + pgd (steps = 3) |" in text


def test_missing_cells_are_shown_as_missing(run, root: Path) -> None:
    write_defenses(root)
    assert run("--root", str(root)) == 0
    for cells in cells_of(root, "minilm-temperature"):  # no record at all
        assert {*cells} <= {"n/a", "1 + 1"}
    other, tests = cells_of(root, "minilm-from-plain")
    assert other[-4:] == ["n/a", "n/a", "1 + 1", "n/a"]  # not attacked by a2t, no times
    assert "n/a" not in tests
    notes = [line for line in lines_of(root) if line.startswith("- ")]
    assert any(note == "- a2t was not run for minilm-from-plain." for note in notes)
    assert any(note.startswith(r"- \# More than 30% of the surviving") for note in notes)


def test_a_row_without_a_core_recipe_has_no_worst_case(run, root: Path) -> None:
    write_defenses(root)
    part = row(PGD, defense("temperature"), recipes=["deepwordbug", "pwws"])
    write_published(part, root / "results" / "defenses")
    assert run("--root", str(root)) == 0
    accuracies, tests = cells_of(root, "minilm-temperature")
    assert accuracies[:3] == ["90.0 [69.9, 97.2]", "n/a", "70.0 #"]
    assert tests[1:6] == ["n/a"] * 5
    assert tests[6] == "+0.0 [+0.0, +0.0]"  # clean accuracy is compared on what there is


def test_no_worst_case_over_fewer_recipes_than_the_core(run, root: Path) -> None:
    write_defenses(root)
    for path in (root / "results").glob("**/textfooler.json*"):
        path.unlink()
    assert run("--root", str(root)) == 0
    plain, *_ = cells_of(root, "minilm")
    assert plain[:3] == ["90.0 [69.9, 97.2]", "n/a", "20.0 #"]
    assert "of 0 rows tested" in "\n".join(lines_of(root))


def test_the_tests_are_those_of_scipy_and_statsmodels(run, root: Path) -> None:
    write_defenses(root)
    assert run("--root", str(root)) == 0
    titles = ["minilm-control", "minilm-pgd", "minilm-from-plain"]
    counts = {"worst case": [(1, 0), (10, 0), (0, 0)], "clean": [(0, 0), (0, 0), (1, 0)]}
    found = [cells_of(root, title)[1] for title in titles]
    for start, expected in zip((1, 6), counts.values(), strict=True):
        p = [
            binomtest(gained, gained + lost).pvalue if gained else 1.0 for gained, lost in expected
        ]
        holm = multipletests(p, method="holm")[1]
        for cells, (gained, lost), *values in zip(found, expected, p, holm, strict=True):
            difference = 100 * (gained - lost) / len(PLAIN)
            assert cells[start].startswith(f"{difference:+.1f} [")
            shown = [str(gained), str(lost), *(f"{value:.4f}" for value in values)]
            assert cells[start + 1 : start + 5] == shown


def test_a_sentence_counts_the_differences_by_direction(run, root: Path) -> None:
    write_defenses(root)
    worse = row("ss" + "b" * 18, defense("flooding", level=0.3))
    write_published(worse, root / "results" / "defenses")
    assert run("--root", str(root)) == 0
    text = "\n".join(lines_of(root))
    assert (
        "In the worst case, 1 (minilm-pgd) is better than minilm and none are worse, "
        "of 4 rows tested, with a corrected p-value below 0.05. Not tested: minilm-temperature."
    ) in text
    assert "In clean accuracy, none are better than minilm and none are worse, of 4 rows" in text
    assert "Each model was trained with one seed only." in text
    # a row that is not in the suite comes last, and its p-value is corrected with the others
    assert cells_of(root, "minilm + flooding (level = 0.3)")[1][2:6] == [
        "0",
        "4",
        "0.1250",
        "0.3750",
    ]


def test_the_gain_of_a_marked_row_is_doubted(run, root: Path) -> None:
    cells = write_defenses(root)
    assert run("--root", str(root)) == 0
    assert "may be an illusion" not in "\n".join(lines_of(root))
    failed = [measured_check("miscalibration", 0.3), measured_check("adaptive", 0.0)]
    marked = [
        replace(cell, record=cell.record.model_copy(update={"reliability": failed}))
        for cell in cells
        if [one.name for one in cell.record.defenses] == ["pgd"]
    ]
    write_published(marked, root / "results" / "defenses")
    assert run("--root", str(root)) == 0
    assert (
        "The gain of minilm-pgd (τ) may be an illusion: the notes on the marks say what was found."
    ) in lines_of(root)


def test_a_row_with_fewer_examples_is_compared_on_them(run, root: Path) -> None:
    write_defenses(root)
    few = row("ssbbrrrrrr", defense("temperature"))  # the plain model is broken on all of these
    write_published(few, root / "results" / "defenses")
    assert run("--root", str(root)) == 0
    [_, tests] = cells_of(root, "minilm-temperature ‡")
    assert (tests[0], tests[1].split()[0], tests[2:4]) == ("10", "+60.0", ["6", "0"])
    text = "\n".join(lines_of(root))
    assert "minilm-temperature with the other rows: 10 examples instead of 20." in text


def test_a_significant_loss_is_named(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    worse = row("s" * 14 + "b" * 6, defense("flooding", level=0.3))
    write_published(worse, root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert (
        "In clean accuracy, none are better than minilm and 1 (minilm + flooding (level = 0.3)) is "
        "worse, of 4 rows tested"
    ) in text


def test_replicates_are_compared_by_their_mean(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    results = root / "results" / "defenses"
    for seed, survivors in ((1, 8), (2, 12)):
        letters = "ss" + "b" * (18 - survivors) + "r" * survivors
        cells = row(letters, defense("temperature"), training_seed=seed, seconds=100.0 * seed)
        write_published(cells, results)
    text = script.contents(root)["defense results"]
    assert "| minilm-temperature | 90.0 ± 0.0 (n=2 seeds) | 50.0 ± 14.1 (n=2 seeds) # |" in text
    # the plain model survives on 4 of 20 examples, these two on 8 and 12
    assert re.search(r"\| minilm-temperature \| 20 \| \+30\.0 \[\+\d.* \| 8 \| 0 \|", text)
    assert "Of models with several training seeds the means are compared." in text
    assert "and over training seeds where a model has several" in plot_text(script, root)
    assert "Each model was trained with one seed only" not in text


def test_a_number_of_seeds_that_all_rows_have_is_in_the_caption(
    script: ModuleType, root: Path
) -> None:
    write_defenses(root)
    shutil.rmtree(root / "results")
    for seed, survivors in ((0, 4), (1, 6)):
        for defenses, more in ((), 0), ((defense("temperature"),), 4):
            letters = "ss" + "b" * (18 - survivors - more) + "r" * (survivors + more)
            cells = row(letters, *defenses, training_seed=seed)
            write_published(cells, root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert "Accuracy in %: mean ± standard deviation over 2 training seeds. Worst case: " in text
    assert re.search(r"\| minilm \| 90\.0 ± 0\.0 \| 25\.0 ± 7\.1 #? ?\|", text)
    assert "| minilm-temperature | 20 | +20.0 [" in text
    assert "a 95% paired bootstrap interval that draws seeds as well as examples" in text
    assert "McNemar" not in text + plot_text(script, root)
    assert "Intervals and tests cover the sampling of examples and of training seeds." in text


def test_a_cell_under_other_conditions_is_not_compared(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    cells = row(PGD, defense("temperature"))
    changed = cells[1].record.recipe.model_copy(update={"textattack_version": "0.3.10"})
    cells[1] = type(cells[1])(
        cells[1].path, cells[1].record.model_copy(update={"recipe": changed}), cells[1].outcomes
    )
    write_published(cells, root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert "Not compared: minilm-temperature (pwws: TextAttack 0.3.10 instead of 0.3.11)." in text


def test_notes_say_what_the_times_are(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    write_measured_times(root)
    text = script.contents(root)["defense results"]
    assert (
        "- Step time: CPU time of a training step of minilm relative to plain training, median and "
        "quartiles over 3 batches of 32 texts, each done by all in turn on one thread (a "
        "processor, AVX2).\n"
        "- Query time: CPU time of a float32 prediction of minilm relative to the plain model, "
        "median and quartiles over 2 batches of 64 texts, each done by all in turn on one thread "
        "(a processor, AVX2)."
    ) in text
    assert f"- No step time for {FROM_PLAIN}: training texts are attacked or changed" in text
    assert f"- For {FROM_PLAIN}, the plain model is trained first" in text


@pytest.mark.parametrize("other", [{"processor": "another"}, {"dataset": "bbc_news"}])
def test_times_elsewhere_are_not_those_of_the_table(script, root: Path, other) -> None:
    write_defenses(root)
    write_measured_times(root, **other)
    text = script.contents(root)["defense results"]
    assert "| n/a | 4 + 4 | n/a |" in text
    assert "Step time" not in text
    assert "Query time" not in text


def test_a_defense_that_changed_nothing_in_training_is_named(script, root: Path) -> None:
    [plain, *_] = write_defenses(root)
    same = row(PLAIN, defense("temperature"), model_sha256=plain.record.model.sha256)
    write_published(same, root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert (
        "- minilm-temperature has the weights of minilm: the defense changed nothing in training."
    ) in text
    assert "minilm-pgd has the weights" not in text


def test_recipes_that_need_gradients_are_explained(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    path = root / "benchmarks" / "suites" / "defenses.toml"
    path.write_text(
        path.read_text().replace('models = ["minilm"', 'models = ["minilm", "tfidf-nb"')
    )
    text = script.contents(root)["defense results"]
    assert "- a2t needs gradients, which tfidf-nb does not provide." in text


def test_the_selection_marks_the_settings_of_the_suite(run, root: Path) -> None:
    write_defenses(root)
    write_selection(root)
    assert run("--root", str(root)) == 0
    text = (
        "\n".join(lines_of(root))
        .partition("<!-- defense selection -->")[2]
        .partition("<!-- end")[0]
    )
    lines = [line for line in text.splitlines() if line.startswith("| minilm")]
    assert [line.split("|")[-2].strip() for line in lines] == ["", "yes", ""]
    # 1 of 10 examples is skipped, 5 survive deepwordbug and 9 pwws
    half = "50.0 [23.7, 76.3]"
    assert lines[1].startswith(f"| minilm + pgd (steps = 3) | 90.0 [59.6, 98.2] | {half}")
    cells = [cell.strip(" #") for cell in lines[1].split("|")]
    assert cells[3:6] == [half, half, "90.0 [59.6, 98.2]"]
    assert "10 examples of the validation split" in text
    assert "Worst case: the share of examples that survive deepwordbug and pwws." in text


def test_a_setting_without_one_of_the_attacks_has_no_worst_case(run, root: Path) -> None:
    write_defenses(root)
    write_selection(root)
    [path] = [p for p in root.glob("results/defense-selection/**/pwws.json") if is_plain(p.parent)]
    path.unlink()
    path.with_suffix(".jsonl").unlink()
    assert run("--root", str(root)) == 0
    *_, cells = cells_of(root, "minilm")
    assert cells[:2] == ["90.0 [59.6, 98.2]", "n/a"]
    assert cells[3] == "n/a"


def test_names_in_records_are_text(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    hostile = row(PGD, model="<b>|`x`")
    write_published(hostile, root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert "| &lt;b&gt;&#124;\\`x\\` |" in text
    assert "<b>" not in text


def test_a_record_chooses_no_code(tmp_path: Path, script: ModuleType, root: Path) -> None:
    write_defenses(root)
    foreign = defense("pgd").model_copy(update={"name": "this:zen", "params": {"a": 1}})
    write_published(row(PGD, foreign), root / "results" / "defenses")
    sys.modules.pop("this", None)
    text = script.contents(root)["defense results"]
    assert "| minilm + this:zen (a = 1) |" in text
    assert "this" not in sys.modules


def test_titles_have_what_differs_from_the_defaults() -> None:
    changed = {"norm": "linf", "steps": 3}  # the defense has them in another order
    settings = settings_of_record(row(PGD, defense("pgd", **changed))[0].record)
    assert settings.title == "minilm + pgd (steps = 3, norm = linf)"
    assert settings.is_defended
    assert settings.step_cost == make_defense("pgd", changed).step_cost
    assert [*settings.built_in] == ["pgd"]


def test_parameters_of_an_earlier_revision_are_shown() -> None:
    earlier = DefenseRef(name="temperature", params={"warmth": 3}, revision=99)
    settings = settings_of_record(row(PGD, earlier)[0].record)
    assert settings.title == "minilm + temperature (warmth = 3, revision = 99)"
    assert settings.step_cost is None


@pytest.mark.parametrize("model", ["minilm", "minilm-control", "minilm-pgd", "minilm-from-plain"])
def test_a_row_of_a_suite_is_that_of_its_records(root: Path, model: str) -> None:
    cells = write_defenses(root)
    suite = load_suite(str(root / "benchmarks" / "suites" / "defenses.toml"))
    [(_, victim)] = make_plan(suite, Overrides(models=[model])).victims()
    found = {cell.row_folder for cell in cells if is_row(cell, settings_of_victim(victim))}
    assert len(found) == 1


def is_row(cell: PublishedCell, settings: RowSettings) -> bool:
    return settings_of_record(cell.record) == settings


def test_an_earlier_revision_of_a_defense_is_another_row(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    earlier = defense("temperature").model_copy(update={"revision": 99})
    write_published(row(PGD, earlier), root / "results" / "defenses")
    text = script.contents(root)["defense results"]
    assert "| minilm-temperature | n/a |" in text
    assert "| minilm + temperature (revision = 99) | 90.0" in text


def test_other_weights_of_the_same_settings_are_two_rows(root: Path) -> None:
    write_defenses(root)
    write_published(row(PGD), root / "results" / "defenses")
    suite = load_suite(str(root / "benchmarks" / "suites" / "defenses.toml"))
    [table] = read_suite_tables(root / "results" / "defenses", suite)
    titles = [line.title for line in table.lines]
    assert len({*titles}) == len(titles)
    assert sum(title.startswith("minilm [") for title in titles) == 2


def test_an_adaptive_row_has_the_certificates_of_its_model(script, root: Path) -> None:
    write_defenses(root)
    sha256 = certification().model.sha256
    cells = row(PGD, defense("safer"), model_sha256=sha256)
    adaptive = {"adaptive": True, "adaptive_votes": 32}
    for cell in cells:
        protocol = cell.record.protocol.model_copy(update=adaptive)
        record = cell.record.model_copy(update={"protocol": protocol})
        write_published([published(record, cell.outcomes)], root / "results" / "defenses")
    write_certification(certification(), root / "results" / "certificates", "safer")
    text = script.contents(root)["defense results"]
    assert "| minilm + safer (adaptive) | 90.0" in text
    assert "| minilm + safer (adaptive) | 10 | 80.0" in text


def test_certificates_of_other_weights_are_not_shown(script, root: Path) -> None:
    write_defenses(root)
    write_published(row(PGD, defense("safer")), root / "results" / "defenses")
    write_certification(certification(), root / "results" / "certificates", "safer")
    text = script.contents(root)["defense results"]
    assert "| minilm + safer | 90.0" in text
    assert "certificate" not in text


def test_certificates_of_a_row_are_shown(script: ModuleType, root: Path) -> None:
    write_defenses(root)
    assert "certificate" not in script.contents(root)["defense results"]
    certificates = root / "results" / "certificates"
    defenses = [defense("pgd", steps=3)]
    [model, *_] = [
        cell.record.model
        for cell in read_published(root / "results" / "defenses")
        if cell.record.defenses == defenses
    ]
    write_certification(certification(defenses=defenses, model=model), certificates, "row")
    write_certification(certification(), certificates, "not-in-the-suite")
    text = script.contents(root)["defense results"]
    [line] = [line for line in text.splitlines() if line.endswith("| 100 | 99% |")]
    assert "minilm + safer" not in text
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    assert cells[:2] == ["minilm-pgd", "10"]
    shares = [float(cell.split()[0]) for cell in cells[2:8]]
    assert shares == [80.0, 60.0, 30.0, 20.0, 30.0, 10.0]  # the unified limit is 2 words
    assert cells[8] == "1"
