"""The charts of the site: Vega-Lite specifications whose data each page provides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from robustbert.errors import MissingAssetError
from robustbert.reports.wording import listed

#: The names of the data in the specifications.
BARS, CURVES = "bars", "curves"
#: The script that draws the charts, and the one with their specifications.
VEGA_SCRIPT, SPECS_SCRIPT = "vega.js", "leaderboard_specs.js"
#: The kinds of bars; the page has a colour for each.
KINDS = ("clean", "worst case", "core", "other")
# The license of the bundled script asks for a notice.
_NOTICE = (
    "/*! Vega, Vega-Lite and Vega-Embed. Copyright University of Washington Interactive Data Lab. "
    "BSD 3-Clause License. */"
)
_PACKAGES = ("altair", "vl_convert")
_PERCENT = [0, 100]
_MAX_LABEL = 190  # pixels
# Of the nearest point. Vega-Lite's own tooltip takes the name from the wrong object there.
_POINT = "(datum.datum ? datum.datum : datum)"
_TOOLTIP = (
    f"{{'Attack': {_POINT}.recipe, 'At most': format({_POINT}.x, ',.1~f'), "
    f"'Accuracy (%)': format({_POINT}.accuracy, '.1f')}}"
)


def check_chart_packages() -> None:
    """Check that the packages that the charts need are installed.

    Raises:
        MissingAssetError: one of them is not.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingAssetError(
            f"the charts of the site need {listed(missing)}; pip install 'robustbert[site]'"
        )


@cache
def chart_scripts() -> Mapping[str, str]:
    """The scripts of the charts, keyed by file name: Vega-Lite, and the specifications.

    Raises:
        MissingAssetError: the packages of the extra ``site`` are not installed.
    """
    check_chart_packages()
    import altair
    import vl_convert

    specs = {
        "accuracies": _accuracies(altair),
        "queries": _curve(altair, "Queries per example (at most)", is_log=True),
        "words": _curve(altair, "Words changed (at most, %)", is_log=False),
    }
    vega = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    content = json.dumps(specs, sort_keys=True, separators=(",", ":"))
    return MappingProxyType(
        {
            VEGA_SCRIPT: f"{_NOTICE}\n{vega}",
            SPECS_SCRIPT: f'"use strict";\nwindow.leaderboardSpecs = {content};\n',
        }
    )


def _accuracies(alt: Any) -> dict[str, Any]:
    """One bar per recipe, with its interval; fields are those of ``accuracy_bars``."""
    base = alt.Chart(alt.NamedData(name=BARS)).encode(
        y=alt.Y(
            "label:N", sort=None, title=None, axis=alt.Axis(labelLimit=_MAX_LABEL, ticks=False)
        ),
        tooltip=[alt.Tooltip("label:N", title="Attack"), alt.Tooltip("text:N", title="Accuracy")],
    )
    bars = base.mark_bar(height={"band": 0.62}, opacity=0.7).encode(
        description="about:N",
        x=alt.X(
            "value:Q",
            scale=alt.Scale(domain=_PERCENT),
            title="Accuracy (%)",
            axis=alt.Axis(tickCount=6),
        ),
        color=alt.Color("kind:N", scale=alt.Scale(domain=list(KINDS)), legend=None),
    )
    intervals = base.mark_rule(strokeWidth=1.5, aria=False).encode(x="low:Q", x2="high:Q")
    chart = (bars + intervals).properties(width="container")
    return _spec(chart)


def _curve(alt: Any, title: str, *, is_log: bool) -> dict[str, Any]:
    """A falling line of steps per recipe; fields are recipe, x and accuracy."""
    hover = alt.selection_point(
        name="near", nearest=True, on="pointermove", clear="pointerout", empty=False
    )
    scale = alt.Scale(type="log", nice=False) if is_log else alt.Scale(zero=True, nice=False)
    x = alt.X(
        "x:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(tickCount=6, grid=not is_log, format="~s" if is_log else "~f"),
    )
    base = alt.Chart(alt.NamedData(name=CURVES)).encode(
        x=x,
        y=alt.Y("accuracy:Q", title="Accuracy (%)", scale=alt.Scale(domain=_PERCENT)),
        color=alt.Color("recipe:N", sort=None, title=None),
    )
    lines = base.mark_line(interpolate="step-after", strokeWidth=1.8, aria=False).encode(
        strokeDash=alt.StrokeDash("recipe:N", sort=None, title=None)
    )
    points = (
        base.mark_point(filled=True, size=70, aria=False, tooltip=alt.ExprRef(_TOOLTIP))
        .encode(opacity=alt.condition(hover, alt.value(1), alt.value(0)))
        .add_params(hover)
    )
    return _spec((lines + points).properties(width="container", height=250))


def _spec(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("config", None)  # the page sets colours and fonts
    return spec
