"""What the pages show, against the outcomes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from robustbert.cli import _parser
from robustbert.leaderboard import Leaderboard, make_leaderboard, read_leaderboard
from robustbert.leaderboard.site.compare_data import CLEAN, WORST_CASE, compare_data
from robustbert.leaderboard.site.index_page import IndexPage, index_page
from robustbert.leaderboard.site.model_charts import accuracy_bars, query_curves, words_curves
from robustbert.leaderboard.site.model_history import ResultsHistory
from robustbert.leaderboard.site.model_page import model_page
from robustbert.leaderboard.site.site_models import Section, SiteModel, family, site_models
from robustbert.metrics import mcnemar_exact, worst_case
from robustbert.records import Outcome, ReliabilityCheck, without_texts
from robustbert.reports.reproduction import reproduction
from tests.hostile import HOSTILE
from tests.leaderboard.published import core_cells, published
from tests.records.builders import make_outcome, make_outcomes, make_record

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture(scope="module")
def leaderboard(results: Path) -> Leaderboard:
    return read_leaderboard(results)


@pytest.fixture(scope="module")
def models(leaderboard: Leaderboard) -> tuple[SiteModel, ...]:
    return site_models(leaderboard)


@pytest.fixture(scope="module")
def index(leaderboard: Leaderboard) -> IndexPage:
    return index_page(leaderboard)


@pytest.fixture(scope="module")
def committed() -> Leaderboard:
    return read_leaderboard(RESULTS)


def column(index: IndexPage, key: str, board: int = 1) -> list[Any]:
    number = [column.key for column in index.columns].index(key)
    return [row.cells[number] for row in index.boards[board].rows]


def adaptive_board() -> Leaderboard:
    """A row and its adaptive attack."""
    return make_leaderboard(
        [
            *core_cells("rrrrb", defense="safer", adaptive=False),
            *core_cells("rrbbb", defense="safer", adaptive=True, adaptive_votes=32),
        ]
    )


class TestIndex:
    """The table of all rows."""

    def test_an_adaptive_attack_is_named(self) -> None:
        leaderboard = adaptive_board()
        defenses = [cell.text for cell in column(index_page(leaderboard), "defense", board=0)]
        assert {*defenses} == {"safer", "safer (adaptive)"}
        models = {model.name: model for model in site_models(leaderboard)}
        assert {*models} == {"minilm + safer", "minilm + safer (adaptive)"}
        names = {one["name"] for one in compare_data(leaderboard, [*models.values()])["models"]}
        assert names == {*models}
        known = {
            name: fact.value
            for name, model in models.items()
            for section in model_page(model, ResultsHistory(None, "")).sections
            for fact in section.protocol
            if fact.name == "Knowledge of the defenses"
        }
        assert known == {
            "minilm + safer": "attacked without knowledge of the defenses",
            "minilm + safer (adaptive)": (
                "adaptive: attacked through the defenses; searches average over 32 votes"
            ),
        }

    def test_boards_are_those_of_the_leaderboard(self, index: IndexPage) -> None:
        boards = [(board.dataset, board.track, len(board.rows)) for board in index.boards]
        assert boards == [
            ("bbc_news", "unified", 1),
            ("rotten_tomatoes", "unified", 5),
            ("rotten_tomatoes", "published", 2),
        ]

    def test_ranks_and_accuracies(self, index: IndexPage, leaderboard: Leaderboard) -> None:
        rows = leaderboard.boards[1].rows
        for cell, row in zip(column(index, "rank"), rows, strict=True):
            assert cell.value == (row.rank.rank if row.rank else None)
        (unranked,) = [row for row in index.boards[1].rows if row.not_ranked]
        assert unranked.not_ranked == "not attacked by textbugger and textfooler"
        first = column(index, "worst case")[0]
        metric = rows[0].row.worst_case
        assert (first.value, first.low, first.high) == (metric.value, metric.low, metric.high)
        assert first.text == "85.0"

    def test_replicates_are_one_row_with_their_deviation(self, index: IndexPage) -> None:
        (row,) = [row for row in index.boards[1].rows if row.num_replicates == 2]
        cell = column(index, "worst case")[index.boards[1].rows.index(row)]
        assert (cell.text, cell.detail, cell.low) == ("32.5", "± 3.5", None)

    def test_best_known_and_claimed_stand_beside_the_measured(self, index: IndexPage) -> None:
        best = [cell.text for cell in column(index, "best known")]
        claimed = [(cell.text, cell.detail) for cell in column(index, "claimed")]
        assert sorted(best) == ["", "", "", "", "10.0"]
        assert claimed[0] == ("42.3", "textfooler")
        assert {cell.text for cell in column(index, "best known", 0)} == {""}

    def test_families_sizes_and_marks_are_choices(self, index: IndexPage) -> None:
        options = {one.key: one.options for one in index.filters}
        assert options["family"] == ("classical", "other")
        assert options["size"] == ("below 1 M", "10 M to 50 M")
        assert options["defense"] == ("adversarial-training", "none")
        assert options["marks"] == ("no mark", "§")
        assert [mark.symbol for mark in index.marks] == ["§"]
        assert index.marks[0].text.startswith("The query budget ran out for more than 10% of")

    def test_a_mark_of_several_checks_explains_each(self) -> None:
        outcomes = without_texts([make_outcome()])
        checks = [
            ReliabilityCheck(name=name, passed=False, measured=1, threshold=0, about="is new")
            for name in ("first", "second")
        ]
        record = make_record(outcomes).model_copy(update={"reliability": checks})
        page = index_page(make_leaderboard([published(record, outcomes)]))
        (note,) = page.marks
        assert (note.symbol, note.text) == ("!", "first: is new. second: is new.")

    def test_without_claims_there_is_no_such_column(self, committed: Leaderboard) -> None:
        keys = [column.key for column in index_page(committed).columns]
        assert "claimed" not in keys
        assert "best known" in keys

    def test_families_of_the_committed_models(self, committed: Leaderboard) -> None:
        models = [row.records[0].model for board in committed.boards for row in board.rows]
        assert {model.name: family(model) for model in models} == {
            "minilm": "MiniLM",
            **dict.fromkeys(["tfidf-nb", "tfidf-rf", "tfidf-svm"], "classical"),
        }


class TestCharts:
    """Bars and curves."""

    def sections(self, models: Sequence[SiteModel]) -> list[Section]:
        return [section for model in models for section in model.sections]

    def test_bars_are_the_accuracies_in_percent(self, models: Sequence[SiteModel]) -> None:
        section = models[0].sections[0]
        bars = {bar["label"]: bar for bar in accuracy_bars(section)}
        assert list(bars)[:2] == ["no attack", "worst case"]
        for record in section.records:
            metric = record.metrics.accuracy_under_attack
            assert bars[record.recipe.name]["value"] == pytest.approx(100 * metric.value, abs=0.01)
            assert bars[record.recipe.name]["low"] == pytest.approx(100 * metric.low, abs=0.01)

    def test_a_model_without_a_worst_case_has_no_bar_for_it(
        self, models: Sequence[SiteModel]
    ) -> None:
        (few,) = [model for model in models if model.name == "few"]
        labels = [bar["label"] for bar in accuracy_bars(few.sections[0])]
        assert labels == ["no attack", "deepwordbug", "pwws"]

    def test_each_step_of_a_curve_counts_the_outcomes(self, models: Sequence[SiteModel]) -> None:
        def alive(outcome: Outcome, queries: float) -> bool:
            broken = outcome.status == "broken" and outcome.queries <= queries
            return outcome.status in ("robust", "exhausted", "broken") and not broken

        for section in self.sections(models):
            for record, line in zip(section.records, query_curves(section).chart, strict=True):
                outcomes = section.board.cell_outcomes(record)
                for x, accuracy in zip(line["x"], line["accuracy"], strict=True):
                    expected = sum(alive(outcome, x) for outcome in outcomes) / len(outcomes)
                    assert accuracy == pytest.approx(100 * expected, abs=0.01)

    def test_tables_end_where_no_attack_needs_more(self, models: Sequence[SiteModel]) -> None:
        for section in self.sections(models):
            for table in (query_curves(section), words_curves(section)):
                for record, line in zip(section.records, table.lines, strict=True):
                    value = record.metrics.accuracy_under_attack.value
                    assert line.cells[-1].startswith(f"{100 * value:.1f} [")
        assert words_curves(models[0].sections[0]).budgets[0] == "5%"

    def test_an_attack_may_change_more_words_than_there_are(self) -> None:
        outcomes = without_texts([make_outcome(status="broken", words=10, words_changed=15)])
        cells = [published(make_record(outcomes), outcomes)]
        (model,) = site_models(make_leaderboard(cells))
        (line,) = words_curves(model.sections[0]).chart
        assert line["x"] == [0, 150, 165]
        assert line["accuracy"] == [100, 0, 0]

    def test_lines_share_the_ends_of_the_axis(self, models: Sequence[SiteModel]) -> None:
        for section in self.sections(models):
            for table in (query_curves(section), words_curves(section)):
                assert len({line["x"][0] for line in table.chart}) == 1
                assert len({line["x"][-1] for line in table.chart}) == 1
                assert all(line["x"] == sorted(line["x"]) for line in table.chart)
                for line, record in zip(table.chart, section.records, strict=True):
                    clean = record.metrics.clean_accuracy.value
                    assert line["accuracy"][0] == pytest.approx(100 * clean, abs=0.01)


class TestComparison:
    """The strings from which the page compares two models."""

    def test_counts_agree_with_the_paired_test(self, committed: Leaderboard) -> None:
        models = site_models(committed)
        data = {
            model["folder"]: model["cells"] for model in compare_data(committed, models)["models"]
        }
        board = committed.boards[0]
        first, second = board.rows[0], board.rows[-1]
        strings = [
            {cell["m"]: cell for cell in data[row.folders[0]] if cell["b"] == 0}
            for row in (first, second)
        ]
        for a in first.records:
            (b,) = [one for one in second.records if one.recipe == a.recipe] or [None]
            if b is None:
                continue
            expected = mcnemar_exact(board.cell_outcomes(a), board.cell_outcomes(b))
            pair = [of_row[a.recipe.name] for of_row in strings]
            assert pair[0]["e"] == pair[1]["e"]
            counted = [
                sum(x + y == digits for x, y in zip(pair[0]["s"], pair[1]["s"], strict=True))
                for digits in ("10", "01")
            ]
            assert counted == [expected.only_a, expected.only_b]

    def test_worst_case_and_clean_are_cells_too(
        self, leaderboard: Leaderboard, models: Sequence[SiteModel]
    ) -> None:
        for model, found in zip(models, compare_data(leaderboard, models)["models"], strict=True):
            for section in model.sections:
                board = leaderboard.boards.index(section.board)
                cells = {cell["m"]: cell["s"] for cell in found["cells"] if cell["b"] == board}
                runs = list(map(section.board.cell_outcomes, section.records))
                assert cells[CLEAN].count("1") == sum(outcome.correct for outcome in runs[0])
                if len(runs) >= 4:
                    share = cells[WORST_CASE].count("1") / len(cells[WORST_CASE])
                    assert share == worst_case(runs[:4]).value
                else:
                    assert WORST_CASE not in cells

    def test_other_examples_have_another_number(
        self, leaderboard: Leaderboard, models: Sequence[SiteModel]
    ) -> None:
        cells = [cell for m in compare_data(leaderboard, models)["models"] for cell in m["cells"]]
        assert {len({c["e"] for c in cells if c["b"] == b}) for b in range(3)} == {1}
        assert len({cell["e"] for cell in cells}) == 3


class TestReproduction:
    """The commands of a page are commands of robustbert."""

    def parsed(self, command: str) -> Any:
        program, *arguments = shlex.split(command)
        assert program == "robustbert"
        return _parser().parse_args(arguments)

    def test_every_command_of_the_committed_results_parses(self, committed: Leaderboard) -> None:
        commands = [
            command
            for model in site_models(committed)
            for section in model_page(model, ResultsHistory(None, "")).sections
            for command in section.reproduction.recorded + section.reproduction.equivalent
        ]
        assert len(commands) >= 20
        for command in set(commands):
            assert callable(self.parsed(command).run)

    @pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
    def test_equivalent_commands_parse_whatever_the_names(self, text: str) -> None:
        record = make_record(make_outcomes(robust=2), dataset=text, model=text, training={})
        found = reproduction([record])
        (command,) = found.equivalent
        options = self.parsed(command)
        assert found.recorded == ()
        assert options.dataset == text
        assert options.track == "unified"

    def test_the_command_of_a_defended_model_from_python_has_its_defense(self) -> None:
        record = make_record(make_outcomes(robust=2), defense="adversarial-training")
        found = reproduction([record])
        (command,) = found.equivalent
        [chosen] = self.parsed(command).defenses
        [ref] = record.defenses
        assert (chosen.name, chosen.settings) == (ref.name, ("epochs=2",))
        assert ref.params == {"epochs": 2}
        assert not self.parsed(command).adaptive

    def test_the_command_of_an_adaptive_attack_is_adaptive(self) -> None:
        record = make_record(make_outcomes(robust=2), defense="safer", adaptive=True)
        (command,) = reproduction([record]).equivalent
        assert self.parsed(command).adaptive
