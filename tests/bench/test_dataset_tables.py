"""``[dataset.NAME]`` tables, datasets given as sources, and how options apply to them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench import Overrides, RunOptions, load_suite, make_plan
from robustbert.bench.job import make_jobs
from robustbert.bench.run import load_datasets
from robustbert.bench.suite import Suite
from robustbert.data import DatasetSource
from robustbert.errors import DatasetError, InputError, SuiteError, UnknownNameError
from tests.news import news_files

BASE = """
name = "mine"
datasets = ["news", "imdb"]
models = ["tfidf-nb"]
recipes = ["pwws"]
[dataset.news]
"""
NEWS = 'train = "train.csv"\ntest = "test.csv"\ntext_column = "description"\n'
COLUMNS = {"text_column": "description", "label_column": "topic"}


def suite(tmp_path: Path, table: str, base: str = BASE) -> Suite:
    path = tmp_path / "mine.toml"
    path.write_text(base + table, encoding="utf-8")
    return load_suite(str(path))


def test_a_table_becomes_a_source(tmp_path: Path) -> None:
    table = NEWS + 'label_names = ["a", "b"]\nlabel_map = { 1 = "a" }\ntext_length = "long"'
    plan = make_plan(suite(tmp_path, table))
    assert dict(plan.sources) == {
        "news": DatasetSource(
            name="news",
            train="train.csv",
            test="test.csv",
            text_column="description",
            label_names=("a", "b"),
            label_map={"1": "a"},
            length="long",
        ),
        "imdb": DatasetSource("imdb"),
    }
    assert {cell.dataset for cell in plan.cells} == {"news", "imdb"}
    assert plan == pickle.loads(pickle.dumps(plan))
    hash(make_jobs(plan, RunOptions(tmp_path)))


def test_a_table_takes_precedence_over_a_built_in_name(tmp_path: Path) -> None:
    path = 'source = "file:mine.csv"'
    plan = make_plan(suite(tmp_path, path, BASE.replace("news", "rotten_tomatoes")))
    assert plan.sources["rotten_tomatoes"].source == "file:mine.csv"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("", "dataset.news: a dataset has no source and splits"),
        ('source = "imdb"\ntest = "t.csv"', "dataset.news: a dataset has both source and splits"),
        ('source = "imbd"', "dataset.news: unknown dataset 'imbd'; did you mean imdb"),
        ('source = "imdb"\ntext_column = "x"', "dataset.news: imdb has its own columns"),
        ('test = "t.txt"', "dataset.news: test: 't.txt' is not a split"),
        ('tset = "t.csv"', "dataset.news.tset: unknown key; did you mean test"),
        ('test = "t.csv"\ntrain = "./t.csv"', "dataset.news: test and train are the same data"),
        ('test = "t.csv"\ntext_length = "log"', "dataset.news: unknown text length 'log'; did you"),
        (
            'test = "t.csv"\ntext_column = "label"',
            "dataset.news: the column 'label' cannot be ",
        ),
        ('test = "t.csv"\nlabel_names = ["a"]', "dataset.news: the label names are a; give at lea"),
        (
            'test = "t.csv"\nlabel_map = { a = 1 }',
            "dataset.news.label_map.a: input should be a ",
        ),
        ('test = ""', "dataset.news.test: string should have at least 1 character"),
    ],
)
def test_an_invalid_table_names_its_position(tmp_path: Path, table: str, expected: str) -> None:
    with pytest.raises(SuiteError) as error:
        suite(tmp_path, table)
    assert str(error.value).startswith(f"{tmp_path / 'mine.toml'}: {expected}")
    assert "\n" not in str(error.value)


def test_an_unknown_dataset_suggests_tables(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="datasets: unknown dataset 'nwes'; did you mean news"):
        suite(tmp_path, NEWS, BASE.replace('["news"', '["nwes"'))
    base = BASE + NEWS
    found = suite(tmp_path, "[dataset_examples]\nnews = 3", base)
    assert make_plan(found).cells[0].n == 3
    with pytest.raises(SuiteError, match="dataset_examples: unknown dataset 'new'; did you mean"):
        suite(tmp_path, "[dataset_examples]\nnew = 3", base)


@pytest.mark.parametrize("labels", ['["a"]', '["a", "a"]'])
def test_labels_of_a_model_differ(tmp_path: Path, labels: str) -> None:
    model = f'[model.own]\nbase = "tfidf-nb"\nlabels = {labels}'
    with pytest.raises(SuiteError, match=r"model\.own: labels is a.*; give at least two names th"):
        suite(tmp_path, NEWS + model)


class TestOverrides:
    """Options of the command line."""

    def test_columns_apply_to_every_dataset(self, tmp_path: Path) -> None:
        found = suite(tmp_path, NEWS)
        plan = make_plan(found, Overrides(["news", "file:other.csv"], label_column="topic"))
        assert [source.label_column for source in plan.sources.values()] == ["topic", "topic"]
        assert plan.sources["news"].text_column == "description"

    @pytest.mark.parametrize("datasets", [None, ["imdb", "news"], ["news", "imdb"]])
    def test_options_of_a_dataset_that_has_its_own(self, tmp_path: Path, datasets) -> None:
        with pytest.raises(InputError, match="imdb has its own columns"):
            make_plan(suite(tmp_path, NEWS), Overrides(datasets, text_column="text2"))
        with pytest.raises(InputError, match="imdb has its own text length"):
            make_plan(suite(tmp_path, NEWS), Overrides(datasets, text_length="short"))

    def test_sources_take_the_place_of_names(self, tmp_path: Path) -> None:
        source = DatasetSource((["a text", "another"], ["x", "y"]))
        named = replace(source, name="mine")
        plan = make_plan(suite(tmp_path, NEWS), Overrides([source, "bbc_news", named], split="all"))
        assert list(plan.sources) == ["data", "bbc_news", "mine"]
        assert all(one.whole for one in plan.sources.values())
        assert replace(plan.sources["mine"], whole=False) == named
        with pytest.raises(InputError, match="two datasets are named 'data'; give them names that"):
            make_plan(suite(tmp_path, NEWS), Overrides([source, source]))

    def test_an_unknown_split(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownNameError, match="unknown split 'al'; did you mean all"):
            make_plan(suite(tmp_path, NEWS), Overrides(split="al"))

    def test_a_suite_without_datasets(self, tmp_path: Path) -> None:
        found = suite(tmp_path, "", 'name = "m"\nmodels = ["tfidf-nb"]\nrecipes = ["pwws"]')
        assert make_plan(found, Overrides(["imdb"])).cells
        with pytest.raises(InputError, match="no dataset is given; name one with --dataset"):
            make_plan(found)


class TestNumbersOfExamples:
    """``num_examples`` is the smaller of 100 and what there is, unless it is given."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> DatasetSource:
        return DatasetSource(**COLUMNS, **{k: str(v) for k, v in news_files(tmp_path).items()})

    def suite(self, **more: object) -> Suite:
        given = {"name": "m", "models": ("tfidf-nb",), "recipes": ("pwws", "iga"), **more}
        return Suite(**given)

    @pytest.mark.parametrize(
        ("more", "expected"),
        [
            ({}, [24, 24]),
            ({"recipe_examples": {"iga": 5}}, [24, 5]),
            ({"recipe_examples": {"iga": 50}}, [24, 24]),
            ({"dataset_examples": {"imdb": 3}}, [24, 24]),
            ({"num_examples": 7, "recipe_examples": {"iga": 50}}, [7, 7]),
            ({"split": "train"}, [48, 48]),
        ],
    )
    def test_numbers(self, source: DatasetSource, more, expected: list[int]) -> None:
        plan = make_plan(self.suite(**more), Overrides([source]))
        loaded = load_datasets(plan)
        assert [cell.n for cell in loaded.plan.cells] == expected
        assert [job.cell.n for job in make_jobs(loaded.plan, RunOptions(Path("x")))] == expected

    def test_a_large_dataset_has_100(self) -> None:
        plan = make_plan(self.suite(split="test"), Overrides(["bbc_news"]))
        assert {cell.n for cell in plan.cells} == {100}
        assert {cell.n for cell in load_datasets(plan).plan.cells} == {100}

    def test_a_number_that_is_given_and_too_large(self, source: DatasetSource) -> None:
        plan = make_plan(self.suite(), Overrides([source], num_examples=25))
        with pytest.raises(InputError, match=r"cannot take 25 examples: .*; choose 1 to 24"):
            load_datasets(plan)

    def test_datasets_of_one_name(self, source: DatasetSource) -> None:
        loaded = source.load()
        given = [DatasetSource(loaded), replace(source, name="other", test=None)]
        plan = make_plan(self.suite(split="validation"), Overrides(given))
        assert [one.name for one in load_datasets(plan).datasets.values()] == ["test", "other"]
        with pytest.raises(DatasetError, match="other has no split 'test'"):
            load_datasets(make_plan(self.suite(), Overrides(given)))
