"""The command line; nothing heavy is imported before a command runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from robustbert import __version__
from robustbert.errors import InputError, RobustbertError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code: 0 done, 1 an attack failed, 2 bad input."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except RobustbertError as error:
        print(f"robustbert: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("robustbert: interrupted; the same command goes on where it was", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output went away: nothing is wrong
        return 0
    return code


def bench_main() -> int:
    """``python -m robustbert.bench``: the same as ``robustbert bench``."""
    return main(["bench", *sys.argv[1:]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robustbert",
        description="Adversarial robustness benchmarks for BERT text classifiers.",
    )
    parser.add_argument("--version", action="version", version=f"robustbert {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_bench(commands)
    _add_attack(commands)
    _add_train(commands)
    _add_predict(commands)
    _add_assets(commands)
    _add_list(commands)
    return parser


def _add(commands: Any, name: str, run: Callable[[Any], int], summary: str) -> Any:
    command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:])
    command.set_defaults(run=run)
    return command


def _add_numbers(command: Any) -> None:
    command.add_argument(
        "--dtype", default="auto", help="number format of queries: auto, float32 or bfloat16"
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")


def _add_columns(command: Any) -> None:
    command.add_argument("--text-column", default="text", help="of file: and hub: datasets")
    command.add_argument("--label-column", default="label", help="of file: and hub: datasets")


def _add_bench(commands: Any) -> None:
    command = _add(
        commands, "bench", _bench, "run a suite and tabulate clean and attacked accuracy"
    )
    command.add_argument("--suite", default="quick", help="a name or a TOML file (default: quick)")
    command.add_argument("--datasets", type=_names, help="instead of the suite's, by commas")
    command.add_argument("--models", type=_names, help="instead of the suite's, by commas")
    command.add_argument("--recipes", type=_names, help="instead of the suite's, by commas")
    command.add_argument("--track", type=_names, help="published, unified, or both by a comma")
    command.add_argument("--num-examples", type=_number, help="instead of the suite's")
    command.add_argument("--seed", type=_number, help="instead of the suite's")
    command.add_argument("--out", type=Path, help="folder for results (default: runs/SUITE-TIME)")
    command.add_argument(
        "--allow-errors", action="store_true", help="exit 0 even where an attack failed"
    )
    _add_numbers(command)
    _add_columns(command)


def _add_attack(commands: Any) -> None:
    command = _add(commands, "attack", _attack, "attack one model with one recipe")
    command.add_argument("--model", required=True, help="a name, a folder, or hub:NAME")
    command.add_argument("--dataset", required=True, help="a name, file:PATH, or hub:NAME")
    command.add_argument("--recipe", required=True, help="see: robustbert list recipes")
    command.add_argument("-n", "--num-examples", type=_number, default=100)
    command.add_argument("--track", default="unified", help="published or unified")
    command.add_argument("--split", default="test", help="train, validation or test")
    command.add_argument("--seed", type=_number, default=0)
    command.add_argument("--out", type=Path, help="folder for results (default: runs/attack-TIME)")
    command.add_argument(
        "--allow-errors", action="store_true", help="exit 0 where an attack failed"
    )
    _add_numbers(command)
    _add_columns(command)


def _add_train(commands: Any) -> None:
    command = _add(commands, "train", _train, "fine-tune a classifier")
    command.add_argument("--dataset", required=True, help="a name, file:PATH, or hub:NAME")
    command.add_argument("--model", required=True, help="a name, a folder, or hub:NAME")
    command.add_argument("--out", type=Path, required=True, help="folder for the trained model")
    command.add_argument("--epochs", type=float, help="passes over the training split")
    command.add_argument("--batch-size", type=_number, help="examples a step")
    command.add_argument("--learning-rate", type=float, help="at its highest")
    command.add_argument("--max-length", type=_number, help="tokens read of a text")
    command.add_argument("--seed", type=_number, default=0)
    command.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    _add_columns(command)


def _add_predict(commands: Any) -> None:
    command = _add(commands, "predict", _predict, "classify texts, a JSON line each")
    command.add_argument("texts", nargs="*", metavar="TEXT")
    command.add_argument("--model", required=True, help="a folder or hub:NAME")
    command.add_argument("--file", type=Path, help="a text a line, UTF-8; - for standard input")
    _add_numbers(command)


def _add_assets(commands: Any) -> None:
    command = _add(commands, "assets", _assets, "show what is on disk, and make what is missing")
    command.add_argument("--check", action="store_true", help="only show; exit 1 if any is missing")


def _add_list(commands: Any) -> None:
    command = _add(commands, "list", _list, "list the names that other commands take")
    command.add_argument("what", choices=["datasets", "models", "recipes", "suites", "defenses"])


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("give at least one name")
    return names


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _bench(options: Any) -> int:
    from robustbert.bench import Choices, default_out, load_suite, make_plan

    choices = Choices(
        datasets=options.datasets,
        models=options.models,
        recipes=options.recipes,
        tracks=options.track,
        num_examples=options.num_examples,
        seed=options.seed,
    )
    plan = make_plan(load_suite(options.suite), choices)
    return _run_plan(plan, options, options.out or default_out(plan.suite))


def _attack(options: Any) -> int:
    from robustbert.bench import Suite, default_out, make_plan

    if options.num_examples < 1:
        raise InputError(f"--num-examples is {options.num_examples}; give a number above 0")
    if options.seed < 0:
        raise InputError(f"--seed is {options.seed}; give a number of at least 0")
    _check_names(options)
    suite = Suite(
        name="attack",
        datasets=(options.dataset,),
        models=(options.model,),
        recipes=(options.recipe,),
        tracks=(options.track,),
        split=options.split,
        num_examples=options.num_examples,
        seed=options.seed,
    )
    return _run_plan(make_plan(suite), options, options.out or default_out("attack"))


def _check_names(options: Any) -> None:
    from robustbert.attacks import check_track

    check_track(options.track)
    for name in ("dataset", "model", "recipe", "split"):
        if not getattr(options, name):
            raise InputError(f"--{name} is empty; give a name")


def _run_plan(plan: Any, options: Any, out: Path) -> int:
    from robustbert.bench import Settings, run_plan
    from robustbert.reports import render_text

    settings = Settings(
        out=out,
        dtype=options.dtype,
        device=options.device,
        text_column=options.text_column,
        label_column=options.label_column,
    )
    result = run_plan(plan, settings)
    print(render_text(result.table))
    for cell in result.skipped:
        print(f"n/a: {cell.recipe} reads gradients, which {cell.victim.label} does not have")
    print(f"\n{result.seconds:.0f} s; records, outcomes and tables in {out}")
    if result.errors:
        print(
            f"robustbert: {result.errors} attacks failed; see the error lines in {out}/outcomes",
            file=sys.stderr,
        )
        return 0 if options.allow_errors else 1
    return 0


def _train(options: Any) -> int:
    from robustbert.data import load_dataset
    from robustbert.training import make_config, train

    given = {
        name: getattr(options, name)
        for name in ("epochs", "batch_size", "learning_rate", "max_length")
        if getattr(options, name) is not None
    }
    config = make_config(given, seed=options.seed)
    dataset = load_dataset(
        options.dataset, text_column=options.text_column, label_column=options.label_column
    )
    trained = train(dataset, options.model, config, options.out, resume=options.resume)
    for name, value in trained.metrics.items():
        print(f"{name:<22}{value:.4f}")
    print(f"{'seconds':<22}{trained.seconds:.1f}\n{'model':<22}{trained.folder}")
    return 0


def _predict(options: Any) -> int:
    import json

    from robustbert.models import classify

    texts = [*options.texts, *_lines(options.file)]
    if not texts:
        raise InputError("no text to classify; give TEXT arguments or --file")
    for prediction in classify(
        texts, model=options.model, dtype=options.dtype, device=options.device
    ):
        line = {
            "label": prediction.label,
            "name": prediction.name,
            "probabilities": list(prediction.probabilities),
        }
        print(json.dumps(line, ensure_ascii=True))
    return 0


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}; give a text file") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}); convert it") from error
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if lines == [""]:
        raise InputError(f"{file} is empty; give a text a line")
    return lines


def _assets(options: Any) -> int:
    from robustbert.assets import asset_names, asset_status, ensure_assets

    if not options.check:
        ensure_assets(asset_names())
    rows = asset_status()
    width = max(len(row.name) for row in rows)
    for row in rows:
        state = (row.sha256 or "")[:12] if row.present else "missing"
        print(f"{row.name:<{width}}  {state:<12}  {row.source}")
        if row.path is not None:
            print(f"{'':<{width}}  {'':<12}  {row.path}")
    return 0 if all(row.present for row in rows) else 1


def _list(options: Any) -> int:
    rows = _LISTS[options.what]()
    width = max(len(name) for name, _ in rows)
    for name, summary in rows:
        print(f"{name:<{width}}  {summary}")
    return 0


def _list_datasets() -> list[tuple[str, str]]:
    from robustbert.data import DATASETS

    rows = [(entry.name, entry.summary) for entry in DATASETS.entries()]
    return [
        *rows,
        ("file:PATH", "your own: CSV, TSV, JSON lines or Parquet"),
        ("hub:NAME", "from the Hugging Face hub, through `datasets`"),
    ]


def _list_models() -> list[tuple[str, str]]:
    from robustbert.models import MODELS

    rows = [(entry.name, entry.summary) for entry in MODELS.entries()]
    return [
        *rows,
        ("PATH", "your own: a folder of a fine-tuned Hugging Face sequence classifier"),
        ("hub:NAME", "one from the Hugging Face hub (safetensors)"),
    ]


def _list_recipes() -> list[tuple[str, str]]:
    from robustbert.attacks import RECIPES

    rows = []
    for entry in RECIPES.entries():
        needs = f"; not offline: needs {entry.missing}" if entry.missing else ""
        white = "; white box" if entry.gradients else ""
        rows.append((entry.name, f"{entry.summary}{white}{needs}"))
    return rows


def _list_suites() -> list[tuple[str, str]]:
    from robustbert.bench import load_suite, suite_names

    return [(name, load_suite(name).summary) for name in suite_names()]


def _list_defenses() -> list[tuple[str, str]]:
    from robustbert.defenses import DEFENSES

    return [(entry.name, entry.summary) for entry in DEFENSES.entries()]


_LISTS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "datasets": _list_datasets,
    "models": _list_models,
    "recipes": _list_recipes,
    "suites": _list_suites,
    "defenses": _list_defenses,
}


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
