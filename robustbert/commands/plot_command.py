"""``robustbert plot``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_cell_choice, add_command, names
from robustbert.commands.output_files import check_output_files
from robustbert.errors import InputError

_FOLDER = Path("plots")


def add_plot(subparsers: Any) -> None:
    """Add the command ``plot``."""
    command = add_command(
        subparsers,
        "plot",
        plot,
        "plot the accuracies of a run, and what the attacks changed and spent",
    )
    command.add_argument(
        "run_folder",
        type=Path,
        metavar="RUN",
        help="output folder of bench or attack, or published results",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=_FOLDER,
        metavar="DIR",
        help="folder for the plots; files of the same name are replaced; default: plots",
    )
    command.add_argument(
        "--format",
        type=names,
        default=["svg", "png"],
        metavar="NAME,NAME",
        help="svg, png, or both (default)",
    )
    add_cell_choice(command, "plot")


def plot(options: Any) -> int:
    """Run ``robustbert plot``."""
    from robustbert.io import write_bytes
    from robustbert.reports.plots.plot_data import read_plot_data
    from robustbert.reports.plots.run_plots import plot_files, plot_names

    out, run = options.out, options.run_folder
    if out.exists() and not out.is_dir():
        raise InputError(f"--out: {out} is a file; give a folder")
    parts = read_plot_data(run, dataset=options.dataset, model=options.model, recipe=options.recipe)
    for name in plot_names(parts, options.format):
        check_output_files({"--out": out / name}, [run])
    for name, content in plot_files(parts, options.format).items():
        write_bytes(out / name, content)
        print(out / name)
    return 0
