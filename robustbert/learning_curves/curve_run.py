"""Measure a learning curve: ``rb.learning_curve``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.attacks import check_track
from robustbert.attacks.recipes import ensure_attack_assets
from robustbert.bench.environment import capture_environment
from robustbert.bench.victims import check_trainable
from robustbert.data import TextDataset, load_dataset
from robustbert.defenses import compose
from robustbert.errors import InputError
from robustbert.io import check_free, file_lock, remove_temporary_files, write_files
from robustbert.learning_curves.curve_figure import curve_figure
from robustbert.learning_curves.curve_options import CurveOptions, GridPoint, check_split
from robustbert.learning_curves.curve_record import (
    CURVE_VERSION,
    CurvePoint,
    LearningCurve,
    read_curve,
)
from robustbert.learning_curves.noisy_subset import noisy_subset
from robustbert.learning_curves.point_measurement import PointMeter
from robustbert.paths import user_path
from robustbert.progress import report_step
from robustbert.records import Environment
from robustbert.records.strict_json import encode
from robustbert.reports.conditions import readable
from robustbert.reports.escape import shorten
from robustbert.reports.plots.plot_style import FORMATS, figure_bytes
from robustbert.reports.wording import percent
from robustbert.version import __version__

CURVE_FILE = "curve.json"
_LOCK = ".lock"
_PLOTS = tuple(f"curve.{file_format}" for file_format in FORMATS)
_MAX_SHOWN = 40

Measure = Callable[[GridPoint], CurvePoint]


def learning_curve(
    dataset: Any, options: CurveOptions | None = None, *, out: Path | str
) -> LearningCurve:
    """Measure clean accuracy and accuracy under attack by training size and label noise.

    Only the training split is made smaller and noisy. The same arguments resume an interrupted
    measurement and retry points with failed attacks; other sizes, noises and seeds add points to
    those in the folder.

    Args:
        dataset: a dataset of :func:`robustbert.load_dataset`, or anything that it accepts.
        options: what is varied and measured; None for the defaults of
            :class:`robustbert.learning_curves.CurveOptions`.
        out: the folder for the points and the plot.

    Raises:
        RobustbertError: the model cannot be trained or attacked, the data have no such split, a
            part lacks a class, or ``out`` holds something else or another curve.
    """
    options = options or CurveOptions()
    check_curve(options, Path(out))
    loaded = dataset if isinstance(dataset, TextDataset) else load_dataset(dataset)
    return run_curve(plan_curve(loaded, options), Path(out))


def check_curve(options: CurveOptions, out: Path) -> None:
    """Check what can be checked before the dataset is loaded.

    Raises:
        UnknownNameError: there is no such model.
        ModelError: the model cannot be trained.
        InputError: a recipe needs gradients that the model does not have.
        OutputError: ``out`` holds something else than a learning curve.
    """
    options.check_model()
    out = user_path(out).absolute()
    if (out / CURVE_FILE).exists():
        remove_temporary_files(out)
    check_free(out, disposable=(_LOCK, CURVE_FILE, *_PLOTS))


@dataclass(frozen=True)
class CurvePlan:
    """A dataset with the points to measure on it, all of which were checked.

    Args:
        options: what is measured.
        meter: measures a point.
        rows: the number of training examples and of wrong labels of each point.
        configuration: everything that determines a point, except its place, as JSON.
    """

    options: CurveOptions
    meter: PointMeter
    rows: Mapping[GridPoint, tuple[int, int]]
    configuration: Mapping[str, Any]

    def missing(self, points: Mapping[tuple[float, float, int], CurvePoint]) -> list[GridPoint]:
        """The points that are not among ``points``, or with failed attacks, which are retried."""
        found = {place for place, point in points.items() if not point.errors}
        return [p for p in self.rows if (p.size, p.noise, p.seed) not in found]


def plan_curve(dataset: TextDataset, options: CurveOptions) -> CurvePlan:
    """Check that a curve can be measured on a dataset; nothing is trained or written.

    Raises:
        DatasetError: a split is missing.
        InputError: a subset lacks a class, a noise changes no label, there are fewer examples than
            are to be attacked, or a defense cannot train on the dataset.
    """
    check_trainable(options.spec(), dataset)
    examples = options.select(dataset)
    rows = {}
    for point in options.grid():
        subset = noisy_subset(dataset, point.size, point.noise, point.seed)
        rows[point] = (subset.num_examples, subset.num_changed)
    configuration = options.configuration(dataset, examples)
    return CurvePlan(options, PointMeter(dataset, options, examples), rows, configuration)


def stored_points(plan: CurvePlan, out: Path) -> dict[tuple[float, float, int], CurvePoint]:
    """The points in a folder, keyed by place; none if there is no curve.

    Raises:
        RecordError: the file is damaged.
        InputError: it is a curve of another configuration.
    """
    path = user_path(out).absolute() / CURVE_FILE
    if not path.exists():
        return {}
    curve = read_curve(path)
    for name in (*plan.configuration, *curve.configuration):
        before, now = curve.configuration.get(name), plan.configuration.get(name)
        if before != now:
            raise InputError(
                f"{path} is a learning curve of another configuration ({name} is "
                f"{shorten(readable(before), _MAX_SHOWN)} there, but "
                f"{shorten(readable(now), _MAX_SHOWN)} here); give the same options, or another "
                "output folder"
            )
    return {point.place: point for point in curve.points}


def run_curve(
    plan: CurvePlan, out: Path, *, command: str | None = None, measure: Measure | None = None
) -> LearningCurve:
    """Measure the points that are missing in a folder, and write each as soon as it is measured.

    Points with failed attacks are measured again.

    Args:
        plan: what to measure.
        out: the folder, see :func:`check_curve`.
        command: the command line without absolute paths, for the file.
        measure: measures a point; None for the meter of the plan.

    Returns:
        All points in the folder, those of earlier calls included.

    Raises:
        RobustbertError: see :func:`learning_curve`.
    """
    folder = user_path(out).absolute()
    measure = measure or plan.meter
    busy = f"another command is writing to {folder}; wait for it, or choose another output folder"
    lock = {"place": f"to {folder}", "advice": "choose another output folder", "busy": busy}
    with file_lock(folder / _LOCK, **lock):
        points = stored_points(plan, folder)
        if plan.options.recipes:
            ensure_attack_assets(plan.options.recipes, [plan.options.track])
        environment = capture_environment(plan.options.device)
        missing = plan.missing(points)
        for number, place in enumerate(missing, start=1):
            point = measure(place)
            points[point.place] = point
            curve = _curve(plan, points, environment, command)
            write_files({folder / CURVE_FILE: encode(curve, indent=1)})
            report_step(f"point {number} of {len(missing)}: {place}: {_found(point)}")
        curve = read_curve(folder / CURVE_FILE)
        title = f"robustbert curve: {curve.dataset}"
        write_files(
            {
                folder / name: figure_bytes(lambda: curve_figure(curve), title, file_format)
                for name, file_format in zip(_PLOTS, FORMATS, strict=True)
            }
        )
    return curve


def _curve(
    plan: CurvePlan,
    points: Mapping[tuple[float, float, int], CurvePoint],
    environment: Environment,
    command: str | None,
) -> LearningCurve:
    options, dataset = plan.options, plan.meter.dataset
    ordered = sorted(points.values(), key=lambda p: (p.seed, p.noise, p.size))
    return LearningCurve(
        curve_version=CURVE_VERSION,
        robustbert_version=__version__,
        command=command,
        dataset=dataset.name,
        source=dataset.source,
        model=options.spec().name,
        defenses=list(compose(options.defenses).refs()),
        recipes=list(options.recipes),
        track=check_track(options.track),
        split=check_split(options.split),
        configuration=dict(plan.configuration),
        environment=environment,
        points=ordered,
    )


def _found(point: CurvePoint) -> str:
    metrics = {"clean": point.clean, **point.attacked}
    shown = (f"{name} {percent(metric)}" for name, metric in metrics.items())
    return f"{', '.join(shown)} (in %)"
