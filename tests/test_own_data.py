"""A user's own news files through the command line: train, bench, attack, and bad input."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.records import read_run
from tests.news import TOPICS, news_files, news_rows, write_news

COLUMNS = ("--text-column", "description", "--label-column", "topic")
ATTACK = ("--recipe", "deepwordbug", "--track", "published", "-n", "4")


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("news")
    return {split: str(path) for split, path in news_files(folder).items()}


@pytest.fixture(scope="module")
def model(news, tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> str:
    """A naive Bayes classifier that ``robustbert train`` trained on the files."""
    out = str(tmp_path_factory.mktemp("models") / "news-nb")
    assert main(["train", *files(news), *COLUMNS, "--model", "tfidf-nb", "--out", out]) == 0
    return out


def files(paths: dict[str, str]) -> list[str]:
    return [part for split, path in paths.items() for part in (f"--{split}-file", path)]


def only(paths: dict[str, str], *splits: str) -> list[str]:
    return files({split: paths[split] for split in splits})


def run(out: Path, command: str, *arguments: object) -> list:
    """Run a command that must succeed, and return its records."""
    assert main([command, *map(str, arguments), "--out", str(out)]) == 0
    return read_run(out).records


class TestEndToEnd:
    """Train, bench and attack on separate files with string labels."""

    def test_train_writes_the_order_of_the_labels(self, model: str) -> None:
        training = json.loads((Path(model) / "training.json").read_text())
        assert training["dataset"]["name"] == "train"
        assert training["dataset"]["source"] == "files:train.csv,validation.csv,test.csv"
        assert training["dataset"]["label_names"] == sorted(TOPICS)
        assert set(training["metrics"]) == {"validation_accuracy", "test_accuracy"}

    def test_train_without_a_test_file(self, news, tmp_path: Path, capsys) -> None:
        out = str(tmp_path / "m")
        arguments = [*only(news, "train"), *COLUMNS, "--model", "tfidf-nb", "--out", out]
        assert main(["train", *arguments]) == 0
        written = capsys.readouterr().out
        assert "validation accuracy: " in written
        assert "test accuracy" not in written

    def test_bench_trains_on_one_file_and_attacks_another(self, news, own_cache, tmp_path) -> None:
        what = ["--models", "tfidf-nb", "--recipes", "deepwordbug", "--track", "published"]
        (record,) = run(tmp_path / "out", "bench", *files(news), *COLUMNS, *what)
        test = dict(news_rows()[2])
        assert (record.dataset.name, record.dataset.split) == ("test", "test")
        assert record.dataset.source == "files:train.csv,validation.csv,test.csv"
        assert record.protocol.n == record.dataset.n == len(test) == 24, "all, as there are < 100"
        assert record.timing.train_seconds is not None
        ((outcome, *rest),) = read_run(tmp_path / "out").outcomes.values()
        assert {one.text for one in (outcome, *rest)} == set(test)
        # a second run is resumed, although the numbers of examples are not given
        assert len(run(tmp_path / "out", "bench", *files(news), *COLUMNS, *what)) == 1

    def test_attack_needs_no_training_file(self, news, model: str, tmp_path: Path) -> None:
        arguments = [*only(news, "test"), *COLUMNS, "--model", model, *ATTACK]
        (record,) = run(tmp_path / "out", "attack", *arguments)
        assert (record.dataset.source, record.dataset.n) == ("file:test.csv", 24)
        assert record.timing.train_seconds is None
        assert record.metrics.clean_accuracy.value == 1
        assert str(tmp_path) not in record.dataset.model_dump_json()

    @pytest.mark.parametrize("option", ["--test-file", "--dataset"])
    def test_a_whole_file_is_attacked(self, news, model, tmp_path, option: str) -> None:
        path = news["test"] if option == "--test-file" else f"file:{news['test']}"
        arguments = [option, path, "--split", "all", *COLUMNS, "--model", model, *ATTACK[:4]]
        (record,) = run(tmp_path / "out", "attack", *arguments)
        assert (record.dataset.split, record.dataset.n, record.protocol.n) == ("all", 24, 24)

    def test_bench_split(self, news, model, tmp_path: Path) -> None:
        what = ["--models", model, "--recipes", "deepwordbug", "--track", "published", "-n", "2"]
        arguments = [*files(news), *COLUMNS, *what, "--split", "validation"]
        (record,) = run(tmp_path / "out", "bench", *arguments)
        assert (record.dataset.split, record.dataset.n) == ("validation", 12)

    def test_overlapping_files_are_reported(self, news, tmp_path, capsys) -> None:
        train, _, test = news_rows()
        path = write_news(tmp_path / "train.csv", [*train, *test[:3]])
        arguments = ["--train-file", path, *only(news, "test"), *COLUMNS, "--model", "tfidf-nb"]
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            assert main(["train", *map(str, arguments), "--out", str(tmp_path / "m")]) == 0
        line = capsys.readouterr().err
        assert line.startswith("robustbert: warning: train: 3 of 51 train rows were dropped")
        assert line.count("\n") == 1


class TestLabelOrder:
    """Files whose labels have another order or other names than the model's outputs."""

    ORDER = ",".join(sorted(TOPICS, reverse=True))

    def outcomes(self, out: Path) -> dict[str, tuple]:
        (found,) = read_run(out).outcomes.values()
        return {one.text: (one.status, one.adversarial_text) for one in found}

    def test_another_order_is_matched_by_name(self, news, model, tmp_path: Path) -> None:
        arguments = [*only(news, "test"), *COLUMNS, "--model", model, *ATTACK]
        (plain,) = run(tmp_path / "plain", "attack", *arguments)
        (other,) = run(tmp_path / "other", "attack", *arguments, "--label-names", self.ORDER)
        assert plain.dataset.label_names == sorted(TOPICS)
        assert other.dataset.label_names == self.ORDER.split(",")
        assert plain.metrics == other.metrics
        assert other.metrics.clean_accuracy.value == 1
        assert self.outcomes(tmp_path / "plain") == self.outcomes(tmp_path / "other")

    def test_other_names_are_mapped(self, news, model, tmp_path: Path, capsys) -> None:
        rows = [(text, f"{list(TOPICS).index(topic) + 1}") for text, topic in news_rows()[2]]
        path = write_news(tmp_path / "numbers.csv", rows)  # AG News numbers its topics from 1
        arguments = ["--test-file", path, *COLUMNS, "--model", model, *ATTACK]
        assert main(["attack", *map(str, arguments), "--out", str(tmp_path / "no")]) == 2
        line = capsys.readouterr().err
        assert "'news-nb' has the labels Business, Science" in line
        assert "if only the names differ, rename those of the data (--label-map" in line
        names = ",".join(f"{number}={topic}" for number, topic in enumerate(TOPICS, start=1))
        (record,) = run(tmp_path / "out", "attack", *arguments, "--label-map", names)
        assert record.metrics.clean_accuracy.value == 1
        run(tmp_path / "plain", "attack", *only(news, "test"), *arguments[2:])
        assert self.outcomes(tmp_path / "plain") == self.outcomes(tmp_path / "out")

    def test_a_test_file_without_rows_of_a_class(self, news, model, tmp_path, capsys) -> None:
        rows = [(text, topic) for text, topic in news_rows()[2] if topic != "World"]
        path = write_news(tmp_path / "part.csv", rows)
        arguments = ["--test-file", path, *COLUMNS, "--model", model, *ATTACK]
        assert main(["attack", *map(str, arguments), "--out", str(tmp_path / "no")]) == 2
        assert "give the names of all classes (--label-names" in capsys.readouterr().err
        (record,) = run(tmp_path / "out", "attack", *arguments, "--label-names", self.ORDER)
        assert (record.dataset.n, record.metrics.clean_accuracy.value) == (18, 1)


class TestBadInput:
    """Invalid options and files: one line each."""

    @pytest.fixture
    def rejected(self, tmp_path, monkeypatch, capsys, own_cache: Path):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")

        def check(*arguments: object) -> str:
            assert main([str(argument) for argument in arguments]) == 2
            written = capsys.readouterr()
            assert (written.out, written.err.count("\n")) == ("", 1)
            assert not list(Path().iterdir()), "files were left behind"
            return written.err

        return check

    def attack(self, *arguments: object, model: str = "tfidf-nb") -> list[object]:
        return ["attack", *arguments, *COLUMNS, "--model", model, *ATTACK]

    def test_a_model_to_train_needs_a_training_file(self, rejected, news) -> None:
        line = rejected(*self.attack(*only(news, "test")))
        assert "test has no training split (it has test); to train a model, give one" in line
        assert "has no training split (it has all)" in rejected(
            *self.attack(*only(news, "test"), "--split", "all")
        )
        arguments = ["--models", "tfidf-nb", *only(news, "test"), *COLUMNS, "--dry-run"]
        assert "no training split" in rejected("bench", *arguments)

    def test_a_test_split_is_not_made_from_a_training_file(self, rejected, news) -> None:
        line = rejected(*self.attack(*only(news, "train")))
        assert "train has no split 'test'; choose one of train, validation" in line

    def test_files_and_datasets(self, rejected, news, model) -> None:
        both = self.attack(*only(news, "test"), "--dataset", "imdb", model=model)
        assert "--dataset and --test-file are both given" in rejected(*both)
        several = ["bench", *only(news, "train"), "--datasets", "imdb,bbc_news"]
        assert "--datasets and --train-file are both given" in rejected(*several)
        assert "no dataset is given" in rejected(*self.attack(model=model))
        assert "no dataset is given" in rejected("train", "--model", "tfidf-nb", "--out", "x")
        assert "--test-file is empty" in rejected(*self.attack("--test-file", ""))

    @pytest.mark.parametrize("datasets", ["file:{},imdb", "imdb,file:{}", "file:{},my_module:rows"])
    @pytest.mark.parametrize("option", [("--text-column", "description"), ("--label-map", "a=b")])
    def test_options_for_a_dataset_that_has_its_own(self, rejected, news, datasets, option) -> None:
        given = datasets.format(news["test"])
        line = rejected("bench", "--datasets", given, *option)
        name = "imdb" if "imdb" in given else "my_module:rows"
        assert f"{name} has its own " in line

    def test_a_length_for_a_built_in_dataset(self, rejected, news) -> None:
        given = f"file:{news['test']},imdb"
        assert "imdb has its own text length" in rejected(
            "bench", "--datasets", given, "--text-length", "long"
        )

    def test_an_unknown_length_of_training_texts(self, rejected, news) -> None:
        arguments = ["--model", "tfidf-nb", "--out", "model", "--text-length", "log"]
        line = rejected("train", "--train-file", news["train"], *COLUMNS, *arguments)
        assert "unknown text length 'log'; did you mean long?" in line

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("", "test.csv is empty"),
            ("description,topic\n", "test.csv has no rows"),
            (
                "text,topic\nfine,World\n",
                "has no column 'description'; it has 'text', 'topic'; name the columns with "
                "--text-column and --label-column (in a suite and in Python: text_column and "
                "label_column)",
            ),
            ("description,topic\nfine,Wolrd\n", "row 1 has the label 'Wolrd', which is not in the"),
        ],
    )
    def test_bad_test_files(self, rejected, news, tmp_path, content: str, expected: str) -> None:
        path = tmp_path / "test.csv"
        path.write_text(content)
        assert expected in rejected(*self.attack(*only(news, "train"), "--test-file", path))

    def test_the_same_file_twice(self, rejected, news) -> None:
        files = ["--train-file", news["train"], "--test-file", news["train"]]
        assert "test and train are the same data" in rejected(*self.attack(*files))

    def test_files_with_the_same_texts(self, rejected, news, tmp_path: Path) -> None:
        twin = write_news(tmp_path / "twin.csv", news_rows()[0])
        files = ["--train-file", news["train"], "--test-file", twin]
        line = rejected(*self.attack(*files))
        assert "no usable row is left for the train split" in line

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("World", "'World' is not a pair OLD=NEW"),
            ("World=", "'World=' is not a pair OLD=NEW"),
            ("World=A,World=B", "'World' has two new names"),
            ("Wolrd=Politics", "unknown label 'Wolrd'; did you mean World?"),
        ],
    )
    def test_bad_label_maps(self, rejected, news, given: str, expected: str) -> None:
        assert expected in rejected(*self.attack(*files(news), "--label-map", given))

    def test_too_many_examples(self, rejected, news, model) -> None:
        arguments = [*self.attack(*only(news, "test"), model=model), "-n", 25]
        assert "cannot take 25 examples: test's test split has 24 texts" in rejected(*arguments)
