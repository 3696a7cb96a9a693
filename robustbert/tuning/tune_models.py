"""Search for training settings: ``rb.tune``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robustbert.data import TextDataset, load_dataset
from robustbert.defenses import DefenseSpec
from robustbert.errors import OutputError
from robustbert.io import check_free, file_lock, remove_temporary_files, write_files
from robustbert.paths import user_path
from robustbert.progress import report_step
from robustbert.reports.plots.plot_style import FORMATS, figure_bytes
from robustbert.tuning.search_space import SearchSpace
from robustbert.tuning.study_file import STUDY_FILE, check_optuna, open_study, quiet_optuna
from robustbert.tuning.study_trials import importances, read_trials, run_trials
from robustbert.tuning.trial_result import TrialResult, TuneResult
from robustbert.tuning.trial_scores import Evaluate, TrialScorer
from robustbert.tuning.tune_options import TuneAttack, TuneOptions
from robustbert.tuning.tune_plot import tuning_figure
from robustbert.tuning.tune_table import tuning_csv, tuning_json

_LOCK, _TRIAL = ".lock", "trial"
_TABLES = ("trials.csv", "trials.json")
_PLOTS = tuple(f"trials.{file_format}" for file_format in FORMATS)


def tune(
    dataset: Any,
    models: str | Sequence[str] = "minilm",
    *,
    out: Path | str,
    trials: int = 20,
    objective: str = "clean",
    attack: TuneAttack | None = None,
    defenses: Sequence[DefenseSpec] = (),
    space: SearchSpace | None = None,
    seed: int = 0,
    max_length: int = 128,
    timeout: float | None = None,
    dtype: str = "auto",
    device: str = "auto",
) -> TuneResult:
    """Search for training settings that give the best accuracy on the validation split.

    The test split is never read. No trained model is kept; :meth:`TuneResult.train_command` trains
    one again. The same arguments resume an interrupted search, and with more ``trials`` extend it.

    Args:
        dataset: a dataset of :func:`robustbert.load_dataset`, or anything that it accepts.
        models: the base models to choose from; networks only.
        out: the folder for the study, the tables and the plot.
        trials: the number of trainings, at least 1, including those of earlier calls.
        objective: ``clean`` accuracy, accuracy when ``attacked``, or ``both`` (Pareto front).
        attack: the attack; None for 100 examples and deepwordbug on the unified track.
        defenses: trained with every model.
        space: the settings to choose from; None for the defaults of :class:`SearchSpace`.
        seed: of the search, the trainings, and the choice of the attacked examples.
        max_length: the maximum number of tokens per text.
        timeout: seconds after which no further trial begins; None for no limit.
        dtype: of the training: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        RobustbertError: an argument is out of range or unknown, the data have no training or
            validation split, ``out`` holds something else or another search, or optuna is missing.
    """
    options = TuneOptions(
        models=(models,) if isinstance(models, str) else tuple(models),
        trials=trials,
        objective=objective,
        attack=attack or TuneAttack(),
        defenses=tuple(defenses),
        space=space or SearchSpace(),
        seed=seed,
        max_length=max_length,
        timeout=timeout,
        dtype=dtype,
        device=device,
    )
    check_tuning(options, Path(out))
    loaded = dataset if isinstance(dataset, TextDataset) else load_dataset(dataset)
    return run_tuning(loaded, options, Path(out), data=_data_option(dataset))


def check_tuning(options: TuneOptions, out: Path) -> None:
    """Check what can be checked before the dataset is loaded.

    Raises:
        MissingAssetError: optuna is not installed.
        UnknownNameError: there is no such model.
        ModelError: a model cannot be fine-tuned.
        OutputError: ``out`` holds something else than a search.
    """
    check_optuna()
    options.bases()
    out = user_path(out).absolute()
    if (out / STUDY_FILE).exists():
        remove_temporary_files(out)
    check_free(out, disposable=(_LOCK, _TRIAL, STUDY_FILE, *_TABLES, *_PLOTS))


def run_tuning(
    dataset: TextDataset,
    options: TuneOptions,
    out: Path,
    *,
    data: Sequence[str] = (),
    evaluate: Evaluate | None = None,
) -> TuneResult:
    """Run a search, or what is missing of it, and write its tables and its plot.

    Args:
        dataset: the data.
        options: what to search for, see :func:`check_tuning`.
        out: the folder.
        data: see :class:`TuneResult`.
        evaluate: trains and measures a model; None for :class:`TrialScorer`.

    Raises:
        RobustbertError: see :func:`tune`.
    """
    folder = user_path(out).absolute()
    configuration = options.configuration(dataset, options.bases())
    evaluate = evaluate or TrialScorer(dataset, options, folder / _TRIAL)
    place, advice = f"to {folder}", "choose another output folder"
    busy = f"another search is writing to {folder}; wait for it, or choose another output folder"
    with file_lock(folder / _LOCK, place=place, advice=advice, busy=busy), quiet_optuna():
        study = open_study(folder, configuration, len(options.metrics))
        run_trials(study, options, evaluate, _reporter(options))
        trials = tuple(read_trials(study))
        if not trials:
            raise OutputError("no trial was finished; give a longer --timeout")
        found = importances(study, options)
        result = TuneResult(dataset.name, options, trials, found, folder, tuple(data))
        _write(result)
    return result


def _data_option(dataset: Any) -> tuple[str, ...]:
    """The option of the command line that names a dataset; nothing for an object in memory."""
    if isinstance(dataset, Path):
        return (f"--dataset=file:{dataset}",)
    return (f"--dataset={dataset}",) if isinstance(dataset, str) else ()


def _write(result: TuneResult) -> None:
    contents = {
        "trials.csv": tuning_csv(result).encode("utf-8", "backslashreplace"),
        "trials.json": tuning_json(result).encode("utf-8", "backslashreplace"),
    }
    title = f"robustbert tune: {result.dataset}"
    for name, file_format in zip(_PLOTS, FORMATS, strict=True):
        contents[name] = figure_bytes(lambda: tuning_figure(result), title, file_format)
    write_files({result.folder / name: content for name, content in contents.items()})


def _reporter(options: TuneOptions) -> Any:
    """A function that prints a line about each trial."""

    def report(trial: TrialResult) -> None:
        found = {"clean": trial.clean, "attacked": trial.attacked}
        parts = [
            f"{name} {100 * metric.value:.1f}%"
            for name, metric in found.items()
            if metric is not None and metric.value is not None
        ]
        if trial.status != "complete":
            parts.append(trial.status)
        if trial.seconds is not None:
            parts.append(f"{trial.seconds:.0f} s")
        report_step(f"trial {trial.number} of {options.trials}: {', '.join(parts)}")

    return report
