"""Models as they are given on the command line: ``NAME=FOLDER``, and names of their outputs."""

from __future__ import annotations

import pytest

from robustbert.bench import Overrides, Suite, load_suite, make_plan
from robustbert.bench.model_names import split_name
from robustbert.cli import main
from robustbert.commands import bench_command
from robustbert.errors import InputError, RobustbertError
from robustbert.records import read_run
from tests.tiny import make_tiny_bert

pytestmark = pytest.mark.usefixtures("own_cache")


def plan_of(*models: object, **overrides: object):
    suite = Suite(
        name="toy",
        datasets=("rotten_tomatoes",),
        models=tuple(map(str, models)),
        recipes=("deepwordbug",),
    )
    return make_plan(suite, Overrides(**overrides))


def test_a_name_before_a_folder(svm):
    [cell] = plan_of(f"mine={svm}").cells
    assert (cell.victim.name, cell.victim.base) == ("mine", str(svm))
    assert not cell.victim.needs_training


def test_a_folder_whose_name_has_an_equals_sign(svm, tmp_path):
    (tmp_path / "a=b").symlink_to(svm)
    assert split_name(str(tmp_path / "a=b")) == (None, str(tmp_path / "a=b"))
    [cell] = plan_of(tmp_path / "a=b").cells
    assert cell.victim.base == str(tmp_path / "a=b")


def test_a_name_before_a_built_in_model():
    [cell] = plan_of("mine=tfidf-nb").cells
    assert (cell.victim.name, cell.victim.base) == ("mine", "tfidf-nb")
    assert cell.victim.needs_training


@pytest.mark.parametrize("model", ["=models/svm", "mine="])
def test_half_a_name_is_refused(model: str):
    with pytest.raises(InputError, match=r"is not NAME=MODEL; give a name and a model folder"):
        plan_of(model)


def test_an_unknown_folder_after_a_name():
    with pytest.raises(RobustbertError, match="no model folder 'models/svn'"):
        plan_of("mine=models/svn")


def test_labels_are_for_models_that_are_already_trained(svm):
    first, second = plan_of(svm, "tfidf-nb", labels=("neg", "pos")).cells
    assert first.victim.labels == ("neg", "pos")
    assert second.victim.labels is None
    with pytest.raises(InputError, match="every model has its own"):
        plan_of("tfidf-nb", labels=("neg", "pos"))


def test_models_that_differ_in_their_labels_alone_have_their_own_files(svm):
    tables = {
        key: {"name": "m", "base": str(svm), "labels": labels}
        for key, labels in (("a", ["neg", "pos"]), ("b", ["pos", "neg"]))
    }
    suite = Suite(name="s", datasets=["imdb"], models=["a", "b"], recipes=["pwws"], model=tables)
    assert len({cell.victim.variant for cell in make_plan(suite).cells}) == 2


def test_several_models_and_recipes_in_one_folder(reviews, svm, tmp_path, capsys):
    """The table shows all cells of the folder, whichever command they came from."""
    out = tmp_path / "out"
    common = ["--dataset", f"file:{reviews}", "-n", "3", "--out", str(out)]
    assert main(["attack", "--model", f"mine={svm}", "--recipe", "deepwordbug,pwws", *common]) == 0
    assert main(["attack", "--model", "tfidf-nb", "--recipe", "pwws", *common]) == 0
    shown = capsys.readouterr().out
    names = [(r.model.name, r.recipe.name) for r in read_run(out).records]
    assert sorted(names) == [("mine", "deepwordbug"), ("mine", "pwws"), ("tfidf-nb", "pwws")]
    last = shown[shown.rindex("accuracy in %") :]
    assert "mine" in last
    assert "tfidf-nb" in last


def test_the_number_of_examples_is_limited_to_what_there_is(reviews, svm, tmp_path, capsys):
    command = ["attack", "--model", str(svm), "--dataset", f"file:{reviews}"]
    command += ["--recipe", "deepwordbug", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    [record] = read_run(tmp_path / "out").records
    assert record.protocol.n == record.dataset.n < 100
    assert main([*command, "-n", "100", "--out", str(tmp_path / "other")]) == 2
    assert "cannot take 100 examples" in capsys.readouterr().err


@pytest.mark.parametrize(
    "own",
    [["--models", "{svm}"], ["--datasets", "file:{reviews}"], ["--test-file", "{reviews}"]],
)
def test_a_run_of_own_models_or_data_is_not_called_quick(own, reviews, svm, monkeypatch):
    started = []
    monkeypatch.setattr(
        bench_command,
        "_run",
        lambda plan, thresholds, options, out: started.append((plan, out)) or 0,
    )
    assert main(["bench", *(part.format(svm=svm, reviews=reviews) for part in own)]) == 0
    [(plan, out)] = started
    assert plan.suite is None
    assert out.name.startswith("bench-")


def test_other_options_keep_the_name_of_the_suite():
    assert make_plan(load_suite("quick"), Overrides(num_examples=3)).suite == "quick"


class TestModelWithoutLabelNames:
    """A Hugging Face model whose configuration has only LABEL_0, LABEL_1, …."""

    @pytest.fixture
    def folder(self, tmp_path):
        return make_tiny_bert(tmp_path / "models" / "m", label_names=())

    def attack(self, folder, reviews, out, *more: str) -> int:
        data = ["--model", str(folder), "--dataset", f"file:{reviews}"]
        return main(
            ["attack", *data, "--recipe", "deepwordbug", "-n", "4", "--out", str(out), *more]
        )

    @pytest.mark.filterwarnings("always::robustbert.errors.RobustbertWarning")
    def test_the_assumed_mapping_is_printed(self, folder, reviews, tmp_path, capsys):
        assert self.attack(folder, reviews, tmp_path / "a") == 0
        error = capsys.readouterr().err
        assert "LABEL_0 = neg, LABEL_1 = pos" in error
        assert "--labels" in error

    def test_labels_give_the_mapping(self, folder, reviews, tmp_path, capsys):
        assert self.attack(folder, reviews, tmp_path / "a", "--labels", "neg,pos") == 0
        assert "LABEL_0" not in capsys.readouterr().err
        assert self.attack(folder, reviews, tmp_path / "b", "--labels", "pos,neg") == 0
        [straight] = read_run(tmp_path / "a").records
        [swapped] = read_run(tmp_path / "b").records
        accuracies = [r.metrics.clean_accuracy.value for r in (straight, swapped)]
        assert sum(accuracies) == 1, "with two labels, each text is correct in one of the orders"

    def test_other_labels_do_not_resume_a_run(self, folder, reviews, tmp_path, capsys):
        assert self.attack(folder, reviews, tmp_path / "a", "--labels", "neg,pos") == 0
        assert self.attack(folder, reviews, tmp_path / "a", "--labels", "pos,neg") == 2
        assert "differs from this run in model" in capsys.readouterr().err

    def test_wrong_labels(self, folder, reviews, tmp_path, capsys):
        assert self.attack(folder, reviews, tmp_path / "a", "--labels", "neg") == 2
        assert self.attack(folder, reviews, tmp_path / "a", "--labels", "bad,good") == 2
        first, second = capsys.readouterr().err.strip().split("\n")
        assert "at least two" in first
        assert "bad, good" in second
        assert not (tmp_path / "a").exists()
