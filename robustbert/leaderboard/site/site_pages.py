"""The pages of the site and the files that they share, as contents keyed by path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from robustbert.leaderboard.boards import Leaderboard
from robustbert.leaderboard.site.chart_specs import SPECS_SCRIPT, VEGA_SCRIPT, chart_scripts
from robustbert.leaderboard.site.compare_data import compare_data
from robustbert.leaderboard.site.index_page import index_page
from robustbert.leaderboard.site.model_history import read_results_history
from robustbert.leaderboard.site.model_page import RECIPE_HEADINGS, ModelPage, model_page
from robustbert.leaderboard.site.record_facts import COST_HEADINGS
from robustbert.leaderboard.site.site_models import SiteModel, site_models
from robustbert.progress import progress_bar
from robustbert.reports.pages import ASSET_FOLDER, asset_files, render_page
from robustbert.version import __version__

#: The pages beside those of the models.
INDEX, COMPARE = "index.html", "compare.html"
#: The folder of the pages of the models.
MODEL_FOLDER = "models"
_SOURCE = f"Made by robustbert {__version__} from published records and outcomes."
_STYLES = ("leaderboard.css",)
_TABLE_SCRIPTS = ("leaderboard_table.js", "leaderboard_csv.js")
_MODEL_SCRIPTS = ("leaderboard_charts.js",)
_COMPARE_SCRIPTS = ("leaderboard_statistics.js", "leaderboard_compare.js")


def site_files(leaderboard: Leaderboard, results: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The files of the site: paths in its folder, and contents.

    Args:
        leaderboard: what the site shows.
        results: the folder that it was read from, whose history in git is shown.

    Raises:
        MissingAssetError: the packages of the extra ``site`` are not installed.
    """
    models = site_models(leaderboard)
    yield from _assets()
    yield PurePosixPath(INDEX), _index(leaderboard)
    yield PurePosixPath(COMPARE), _compare(leaderboard, models)
    history = read_results_history(results, models)
    with progress_bar(len(models), "writing the pages of the models", "page") as bar:
        for model in models:
            path = PurePosixPath(MODEL_FOLDER, f"{model.folder}.html")
            yield path, _model(model_page(model, history))
            bar.update()


def _assets() -> Iterator[tuple[PurePosixPath, bytes]]:
    names = [*_STYLES, *_TABLE_SCRIPTS, *_MODEL_SCRIPTS, *_COMPARE_SCRIPTS]
    scripts = {name: text.encode() for name, text in chart_scripts().items()}
    for name, content in (asset_files(names, __package__) | scripts).items():
        yield PurePosixPath(ASSET_FOLDER, name), content


def _index(leaderboard: Leaderboard) -> bytes:
    index = index_page(leaderboard)
    return _page(
        INDEX,
        "Leaderboard of adversarial robustness",
        _TABLE_SCRIPTS,
        index=index,
        mark_texts={mark.symbol: mark.text for mark in index.marks},
    )


def _compare(leaderboard: Leaderboard, models: Sequence[SiteModel]) -> bytes:
    data = compare_data(leaderboard, models)
    return _page(COMPARE, "Compare two models", _COMPARE_SCRIPTS, data=data)


def _model(model: ModelPage) -> bytes:
    return _page(
        "model.html",
        f"{model.name}: adversarial robustness",
        (VEGA_SCRIPT, SPECS_SCRIPT, *_MODEL_SCRIPTS),
        root="../",
        model=model,
        recipe_headings=RECIPE_HEADINGS,
        cost_headings=COST_HEADINGS,
        charts=[section.charts for section in model.sections],
    )


def _page(page: str, title: str, scripts: Sequence[str], *, root: str = "", **values: Any) -> bytes:
    text = render_page(
        f"leaderboard_{page}",
        package=__package__,
        styles=_STYLES,
        scripts=scripts,
        assets=f"{root}{ASSET_FOLDER}/",
        title=title,
        root=root,
        page=root + page,
        source=_SOURCE,
        **values,
    )
    return text.encode("utf-8")
