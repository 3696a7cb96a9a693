"""The command line, on toy data."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import robustbert
from robustbert import cli
from robustbert.attacks import RECIPES
from robustbert.cli import main
from robustbert.commands import assets_command, list_command
from robustbert.commands.terminal import command_line
from robustbert.records import read_run
from tests.asset_server import serving, use_server, zip_of_files

HEAVY = (
    *("torch", "transformers", "datasets", "textattack"),
    *("numpy", "pandas", "pydantic", "sklearn", "scipy", "matplotlib", "jinja2", "altair"),
)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
    )


def test_help_imports_nothing_heavy_and_takes_less_than_a_second():
    code = f"""
import sys
import robustbert
from robustbert.cli import main
try:
    main(["--help"])
except SystemExit as done:
    assert done.code == 0
print([name for name in {HEAVY} if name in sys.modules])
"""
    began = time.perf_counter()
    answer = python(code)
    assert time.perf_counter() - began < 1
    assert answer.stdout.splitlines()[-1] == "[]"
    assert "usage: robustbert" in answer.stdout


@pytest.mark.parametrize(
    "command",
    [
        "bench",
        "attack",
        "certify",
        "pretrain",
        "train",
        "tune",
        "curve",
        "predict",
        "explain",
        "show",
        "explore",
        "similarity",
        "audit",
        "recheck",
        "detect",
        "replay",
        "baseline",
        "history",
        "leaderboard",
        "plot",
        "assets",
        "list",
        "doctor",
    ],
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert f"usage: robustbert {command}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"robustbert {robustbert.__version__}\n"


class TestPublicNames:
    """``robustbert.NAME``."""

    def test_each_name_exists(self):
        for name in robustbert.__all__:
            assert getattr(robustbert, name) is not None
        assert dir(robustbert) == sorted(robustbert.__all__)

    def test_train_is_the_function_not_a_module(self):
        import robustbert.training.fitting

        assert callable(robustbert.train)

    def test_other_names_do_not_exist(self):
        with pytest.raises(AttributeError, match="no attribute 'clasify'"):
            robustbert.clasify  # noqa: B018


def test_a_warning_of_robustbert_is_one_line(monkeypatch, capsys):
    import warnings

    from robustbert.errors import BatchInvarianceWarning

    def warn(_options: object) -> int:
        warnings.warn("m: scores depend\non the batch", BatchInvarianceWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(list_command, "show_list", warn)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(["list", "models"]) == 0
    assert capsys.readouterr().err == "robustbert: warning: m: scores depend on the batch\n"


class TestList:
    """``robustbert list``."""

    @pytest.mark.parametrize("what", list(list_command.LISTS))
    def test_prints_a_name_and_a_summary(self, what: str, capsys: pytest.CaptureFixture[str]):
        assert main(["list", what]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert all(len(line.split()) > 1 for line in lines if line.strip() and line[0] != " ")

    def test_recipes_that_cannot_run_say_what_they_need(self, capsys):
        main(["list", "recipes"])
        lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert list(lines) == list(RECIPES)
        assert "needs the HowNet candidate list" in lines["pso"]
        assert "needs" not in lines["pwws"]
        assert "needs gradients" in lines["a2t"]

    def test_recipes_that_run_with_canonical_assets(self, capsys):
        assert main(["list", "recipes", "--assets", "canonical"]) == 0
        lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
        assert list(lines) == list(RECIPES)
        assert "needs" not in lines["pso"]
        assert "cannot run here: needs a victim with a word-level" in lines["hotflip"]
        assert "cannot run yet: the asset billion-words-lm needs" in lines["alzantot"]
        assert "cannot run on the published track yet: " in lines["textfooler"]
        assert "pip install 'robustbert[use]'" in lines["textfooler"]

    def test_defenses_show_paper_hooks_and_cost_within_80_columns(self, capsys, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        main(["list", "defenses"])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split() == ["defense", "paper", "hooks", "forward", "backward", "query"]
        assert max(map(len, lines)) <= 80
        cells = {line.split()[0]: re.split(r"  +", line) for line in lines if line}
        assert cells["augmentation"][1:] == ["Jin et al. 2020", "training_rows", "1", "1", "1"]

    def test_defenses_of_packages_that_fail_are_listed_below_the_table(self, capsys, monkeypatch):
        points = [EntryPoint("lost", "no_such_module:X", "robustbert.defenses")]
        monkeypatch.setattr(
            "robustbert.registry._entry_points", lambda group: points if "defense" in group else []
        )
        assert main(["list", "defenses"]) == 0
        assert "lost cannot be used: defense 'lost'" in capsys.readouterr().out

    def test_models_and_datasets_show_how_to_use_your_own(self, capsys):
        main(["list", "models"])
        main(["list", "datasets"])
        written = capsys.readouterr().out
        assert {"minilm", "tfidf-rf", "FOLDER", "imdb", "file:PATH", "hub:NAME"} <= {
            line.split()[0] for line in written.splitlines()
        }


class TestAssets:
    """``robustbert assets``."""

    def test_check_lists_missing_assets_and_builds_nothing(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
        assert main(["assets", "--check"]) == 1
        written = capsys.readouterr()
        assert "stopwords: NLTK's English list; to build it, run: robustbert assets" in written.out
        assert written.err.startswith("robustbert: ")
        assert not (tmp_path / "cache").exists()

    def test_a_missing_package_does_not_block_other_assets(self, tmp_path, monkeypatch, capsys):
        from robustbert.assets import asset_registry

        def ensure(names):
            made.extend(names)
            if "wordnet" in names:
                raise robustbert.errors.MissingAssetError("not here")
            return {}

        made: list[str] = []
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr("robustbert.assets.ensure_assets", ensure)
        assert main(["assets"]) == 1
        assert made == list(asset_registry.asset_names())

    def test_the_canonical_profile_is_listed_without_network_access(
        self, tmp_path, monkeypatch, capsys
    ):
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
        assert main(["assets", "--profile", "canonical", "--check"]) == 1
        written = capsys.readouterr()
        assert "word-vectors: counter-fitted PARAGRAM; to download it (about" in written.out
        assert (
            "from    https://textattack.s3.amazonaws.com/word_embeddings/paragramcf" in written.out
        )
        assert "17 assets missing" in written.err
        assert not (tmp_path / "cache").exists()

    def test_named_assets_are_downloaded(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
        with serving() as server:
            use_server(monkeypatch, server)
            server.files["/nltk/corpora/stopwords.zip"] = zip_of_files({"stopwords/english": b"a"})
            assert main(["assets", "--profile", "canonical", "stopwords"]) == 0
            written = capsys.readouterr().out
            assert written.splitlines()[0] == "stopwords: NLTK's lists"
            assert f"from    {server.address}/nltk/corpora/stopwords.zip sha256:" in written
            assert main(["assets", "--profile", "canonical", "tagset"]) == 1
            written = capsys.readouterr()
            assert "tagset: cannot download tagset from" in written.out
            assert "the server answered 404: not found" in written.out
            assert "1 asset missing" in written.err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["assets", "--profile", "cannonical"], "did you mean canonical?"),
            (["assets", "hownet"], "belongs to the canonical profile; set ROBUSTBERT_ASSETS"),
            (["assets", "wordnett"], "did you mean wordnet"),
            (["assets", "--profile", "canonical", "gpt3"], "did you mean gpt2?"),
            (["assets", "--profile", "canonical", "bbc-news"], "unknown asset 'bbc-news'; known: "),
            (["list", "recipes", "--assets", "x"], "unknown assets profile 'x'"),
            (["bench", "--assets", "x"], "unknown assets profile 'x'"),
        ],
    )
    def test_wrong_names(self, arguments, message, capsys):
        assert main(arguments) == 2
        written = capsys.readouterr().err
        assert message in written
        assert written.count("\n") == 1

    def test_a_wrong_profile_in_the_environment(self, monkeypatch, capsys):
        monkeypatch.setenv("ROBUSTBERT_ASSETS", "x")
        assert main(["assets", "--check"]) == 2
        assert "ROBUSTBERT_ASSETS: unknown assets profile 'x'" in capsys.readouterr().err


class TestPredict:
    """``robustbert predict``."""

    TEXTS = ("a wonderful lovely film", "the plot was dull and awful")

    @pytest.mark.parametrize("model", ["svm", "bert"])
    def test_predict_matches_classify(self, model: str, request, capsys):
        folder = str(request.getfixturevalue(model))
        assert main(["predict", "--model", folder, *self.TEXTS]) == 0
        written = capsys.readouterr()
        lines = [json.loads(line) for line in written.out.splitlines()]
        assert written.err == ""
        expected = robustbert.classify(self.TEXTS, model=folder)
        for line, prediction in zip(lines, expected, strict=True):
            assert list(line) == ["label", "name", "probabilities", "truncated"]
            assert line["truncated"] is False
            assert line["label"] == prediction.label
            assert type(line["label"]) is int
            assert line["name"] == ("neg", "pos")[line["label"]] == prediction.name
            assert line["probabilities"] == list(prediction.probabilities)
            assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-6)
            assert max(line["probabilities"]) == line["probabilities"][line["label"]]

    def test_predicts_the_toy_reviews(self, svm: Path, capsys):
        main(["predict", "--model", str(svm), *self.TEXTS])
        names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
        assert names == ["pos", "neg"]

    def test_reads_one_text_per_line(self, svm: Path, tmp_path: Path, capsys):
        file = tmp_path / "texts.txt"
        # U+2028 and U+0085 are not line breaks; a carriage return before a newline belongs to it
        file.write_bytes("\ufeffa fine\u2028film\r\na dull\x85film".encode())
        assert main(["predict", "--model", str(svm), "--file", str(file)]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 2

    @pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".CSV"])
    @pytest.mark.parametrize("column", ["text", "review"])
    def test_reads_a_column(self, svm: Path, tmp_path: Path, capsys, suffix: str, column: str):
        import pandas as pd

        texts = ["a wonderful, lovely\nfilm", '"dull" and awful', "=1+1 great"]
        frame = pd.DataFrame({"id": [1, 2, 3], column: texts})
        file = tmp_path / f"texts{suffix}"
        {
            ".csv": lambda: frame.to_csv(file, index=False),
            ".tsv": lambda: frame.to_csv(file, index=False, sep="\t"),
            ".jsonl": lambda: frame.to_json(file, orient="records", lines=True),
            ".parquet": lambda: frame.to_parquet(file),
        }[suffix.lower()]()
        options = [] if column == "text" else ["--text-column", column]
        assert main(["predict", "--model", str(svm), "--file", str(file), *options]) == 0
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        expected = robustbert.classify(texts, model=str(svm))
        assert [line["probabilities"] for line in lines] == [
            list(prediction.probabilities) for prediction in expected
        ]

    def test_truncated_texts_are_reported(self, bert: Path, capsys):
        limit = robustbert.load_model(str(bert)).info.max_length
        texts = ["a fine film", "film " * (limit - 2), "film " * (limit - 1), "dull " * 500]
        assert main(["predict", "--model", str(bert), *texts]) == 0
        written = capsys.readouterr()
        truncated = [json.loads(line)["truncated"] for line in written.out.splitlines()]
        assert truncated == [False, False, True, True]
        assert written.err == (
            f"robustbert: warning: truncated 2 of 4 texts to the model's maximum length, {limit} "
            "tokens\n"
        )

    def test_labels_name_the_outputs(self, svm: Path, capsys):
        assert main(["predict", "--model", str(svm), "--labels", "bad,good", *self.TEXTS]) == 0
        names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
        assert names == ["good", "bad"]

    @pytest.mark.parametrize(
        ("content", "options", "message"),
        [
            (
                "text\na\n",
                ["--text-column", "x"],
                "name the column with --text-column\n",
            ),
            ("text,n\na,1\n,2\n", [], "row 2 has no text in the column 'text'; remove the row"),
            ("text,n\n  ,1\n", [], "row 1 has no text"),
            ("text\n", [], "has no rows"),
            (None, [], "there is no such file"),
            ("text\na\n", ["--labels", "a,b,c"], "has 2 outputs"),
        ],
    )
    def test_invalid_input(self, svm, tmp_path, capsys, content, options, message: str):
        file = tmp_path / "texts.csv"
        if content is not None:
            file.write_text(content)
        assert main(["predict", "--model", str(svm), "--file", str(file), *options]) == 2
        written = capsys.readouterr()
        assert message in written.err
        assert written.err.count("\n") == 1
        assert written.out == ""

    def test_a_text_column_needs_a_table(self, svm: Path, tmp_path: Path, capsys):
        (tmp_path / "texts.txt").write_text("a\n")
        arguments = ["--file", str(tmp_path / "texts.txt"), "--text-column", "text"]
        assert main(["predict", "--model", str(svm), *arguments]) == 2
        assert "--text-column needs a --file in one of the formats" in capsys.readouterr().err


class TestTrain:
    """``robustbert train``."""

    def test_writes_a_model_that_predict_reads(self, reviews: Path, tmp_path: Path, capsys):
        out = tmp_path / "model"
        arguments = ["--dataset", f"file:{reviews}", "--model", "tfidf-nb", "--out", str(out)]
        assert main(["train", *arguments, "--seed", "1"]) == 0
        written = capsys.readouterr()
        assert "test accuracy: 100.0%" in written.out
        assert written.err == ""
        assert main(["predict", "--model", str(out), "a fine film"]) == 0

    @pytest.mark.parametrize(
        ("model", "message"),
        [
            ("minilm", "interrupted; to resume, run the same command with --resume"),
            ("tfidf-nb", "interrupted"),
        ],
    )
    def test_an_interrupted_training_says_how_to_resume(
        self, reviews: Path, tmp_path: Path, capsys, monkeypatch, model: str, message: str
    ):
        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("robustbert.training.train", interrupt)
        arguments = ["--dataset", f"file:{reviews}", "--model", model, "--out", str(tmp_path / "m")]
        assert main(["train", *arguments]) == 130
        assert capsys.readouterr().err == f"robustbert: {message}\n"


class TestAttack:
    """``robustbert attack``."""

    def run(self, reviews: Path, model: object, out: Path, *more: str) -> int:
        what = f"--model {model} --dataset file:{reviews} --recipe deepwordbug --track published"
        return main(["attack", *what.split(), "-n", "5", "--out", str(out), *more])

    def test_a_folder_is_attacked_without_training(self, reviews, svm, tmp_path, own_cache, capsys):
        assert self.run(reviews, svm, tmp_path / "out") == 0
        written = capsys.readouterr()
        assert written.err == ""
        assert "reviews (test, n=5), published track" in written.out
        assert f"records, outcomes and tables are in {tmp_path / 'out'}" in written.out
        (record,) = read_run(tmp_path / "out").records
        assert record.suite is None
        assert record.command.startswith("robustbert attack --model svm --dataset file:reviews.csv")
        assert "/" not in record.command
        assert record.model.name == "svm"
        assert record.timing.train_seconds is None
        assert record.counts.broken > 0
        assert not (own_cache / "models").exists()

    def test_a_name_is_trained_first(self, reviews, tmp_path, own_cache, capsys):
        assert self.run(reviews, "tfidf-nb", tmp_path / "out") == 0
        (record,) = read_run(tmp_path / "out").records
        assert record.model.name == "tfidf-nb"
        assert record.timing.train_seconds > 0
        (kept,) = (own_cache / "models").glob("*/training.json")
        assert json.loads((kept.parent / "made.json").read_text())["key"]["config"]["seed"] == 0
        trained = kept.stat().st_mtime_ns
        assert self.run(reviews, "tfidf-nb", tmp_path / "again") == 0
        assert kept.stat().st_mtime_ns == trained

    def test_ctrl_c_says_how_to_resume(self, reviews, svm, tmp_path, monkeypatch, capsys):
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("robustbert.bench.run.load_job", interrupt)
        assert self.run(reviews, svm, tmp_path / "out") == 130
        assert capsys.readouterr().err == (
            "robustbert: interrupted; to resume, run the same command with "
            f"--out {tmp_path / 'out'}\n"
        )

    def test_failed_attacks_exit_with_1(self, reviews, svm, tmp_path, monkeypatch, capsys):
        from robustbert.attacks.textattack import search

        def fail(*_: object) -> None:
            raise ValueError("broken\nrecipe")

        with monkeypatch.context() as patch:
            patch.setattr(search, "build_attack", fail)
            assert self.run(reviews, svm, tmp_path / "out") == 1
            written = capsys.readouterr()
            assert written.err.startswith("robustbert: 5 attacks failed")
            assert written.err.count("\n") == 1
            assert "errors" in written.out
            assert self.run(reviews, svm, tmp_path / "out", "--allow-errors") == 0
            assert capsys.readouterr().err == ""
        # after the fix, the same command retries them
        assert self.run(reviews, svm, tmp_path / "out") == 0
        (record,) = read_run(tmp_path / "out").records
        assert record.counts.error == 0


class TestCommandLine:
    """The command line that a record stores."""

    def test_a_shell_reads_the_same_arguments(self):
        arguments = ["bench", "--models", "a b,'c'", "$HOME", "*", "", "a\nb"]
        assert shlex.split(command_line(arguments)) == ["robustbert", *arguments]

    @pytest.mark.parametrize(
        ("argument", "shown"),
        [
            ("/home/me/models/svm", "svm"),
            ("/home/me/models/svm/", "svm"),
            ("/home/me/my models/svm", "svm"),
            ("file:/data/reviews.csv", "file:reviews.csv"),
            ("file:///data/reviews.csv", "file:reviews.csv"),
            ("file:~/data/reviews.csv", "file:reviews.csv"),
            ("mine=/models/svm", "mine=svm"),
            ("mine=file:/data/a.csv", "mine=file:a.csv"),
            ("--out=/home/me/runs/1", "--out=1"),
            ("/models/a,tfidf-nb,b=/models/c, /models/d", "a,tfidf-nb,b=c, d"),
            ("--models=/models/a,/models/b", "--models=a,b"),
            ("file:/a/x.csv,file:/b/y.csv", "file:x.csv,file:y.csv"),
            (" /home/me/svm ,  /b/nb", " svm ,  nb"),
            ("/home/me/a=b/svm", "svm"),
            ("/home/me/new\nline/svm", "svm"),
            ("C:\\Users\\me\\svm", "svm"),
            ("m=C:/Users/me/svm", "m=svm"),
            ("~/models/svm", "svm"),
            ("~me/models/svm", "svm"),
            # relative paths and other arguments are kept
            ("models/svm", "models/svm"),
            ("../runs/1", "../runs/1"),
            ("file:data/a.csv", "file:data/a.csv"),
            ("mine=models/svm,hub:name/model@main", "mine=models/svm,hub:name/model@main"),
            ("https://example.com/a", "https://example.com/a"),
            ("my_module:Name", "my_module:Name"),
            ("", ""),
        ],
    )
    def test_absolute_paths_are_shortened(self, argument: str, shown: str):
        assert shlex.split(command_line([argument])) == ["robustbert", shown]

    def test_bytes_that_are_not_utf_8(self):
        assert command_line(["a\udcff"]).isascii()


def test_keyboard_interrupt_exits_with_130(monkeypatch, capsys):
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(assets_command, "assets", interrupt)
    assert main(["assets"]) == 130
    assert capsys.readouterr().err == "robustbert: interrupted\n"


def test_bench_module_is_the_bench_command(monkeypatch):
    given = []
    monkeypatch.setattr(cli, "main", lambda arguments: given.append(arguments) or 0)
    monkeypatch.setattr(sys, "argv", ["bench", "--suite", "quick"])
    assert cli.bench_main() == 0
    assert given == [["bench", "--suite", "quick"]]


# Progress lines, which appear on a slow machine.
PROGRESS = re.compile(
    r"robustbert: (\[\d/2\] reviews|trained tfidf-svm|built |making |checking batch invariance)"
)


@pytest.mark.slow
def test_output_of_other_packages_is_suppressed(reviews: Path, tmp_path: Path, own_cache: Path):
    """In a new process, where nothing is imported and no warning was shown yet."""
    what = f"--datasets file:{reviews} --models tfidf-svm --recipes deepwordbug,pwws -n 3"
    answer = subprocess.run(
        [sys.executable, "-m", "robustbert.bench", *what.split(), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert [line for line in answer.stderr.splitlines() if not PROGRESS.match(line)] == []
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("reviews (test, n=3), unified track")
    assert lines[-1].endswith(f"records, outcomes and tables are in {tmp_path / 'out'}")
