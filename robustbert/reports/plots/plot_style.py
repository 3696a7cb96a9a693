"""The style of all plots: colours, markers, hatches, texts and files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from robustbert.console import printable
from robustbert.reports.escape import shorten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RC_PARAMS: Mapping[Any, Any] = MappingProxyType(
    {
        "svg.hashsalt": "robustbert",  # ids do not depend on a random number
        "svg.fonttype": "none",  # texts stay texts
        "font.family": "sans-serif",  # an SVG then names it as a substitute for the next
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 8,
        "hatch.linewidth": 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
#: The most characters of a label in a legend.
MAX_LABEL = 40
#: The formats of :func:`figure_bytes`.
FORMATS = ("svg", "png")
_PIXELS_PER_INCH = 200

# Okabe and Ito 2008: distinct for all common kinds of colour blindness.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_BLACK, _FILL_FOR_BLACK = "#000000", "#BBBBBB"  # hatches would not be visible on black
_DASHES = ("-", "--", "-.", ":")
# Of different lengths than the colours, so that later items differ in all of them.
_MARKERS = (
    *("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*", "d"),
    *((4, 1, 0), (3, 1, 0), (5, 0, 180)),  # stars with 4 and 3 points, a pentagon upside down
)
# Circles make large SVG files, so they come last.
_HATCHES = (
    *("", "////", "xxxx", "----", "\\\\\\\\", "||||", "++++", "..", "//..", "oo", "**"),
    *("xx..", "--oo", "||oo"),
)
#: The colours of secondary texts, and of lines of a grid.
GREY, GRID = "#666666", "#DDDDDD"
_EDGE = "#222222"


def line_style(number: int) -> dict[str, Any]:
    """The colour and the dashes of the line of item ``number``, from 0."""
    dashes = _DASHES[number // len(_COLORS) % len(_DASHES)]
    return {"color": _COLORS[number % len(_COLORS)], "linestyle": dashes, "linewidth": 1.2}


def marker_style(number: int) -> dict[str, Any]:
    """The colour and the marker of item ``number``; 16 differ without the colour."""
    return {
        "color": _COLORS[number % len(_COLORS)],
        "marker": _MARKERS[number % len(_MARKERS)],
        "markersize": 4,
        "markeredgewidth": 0.4,
        "markeredgecolor": "white",
    }


def bar_style(number: int) -> dict[str, Any]:
    """The colour and the hatch of the bar of item ``number``; 14 differ without the colour."""
    color = _COLORS[number % len(_COLORS)]
    return {
        "facecolor": _FILL_FOR_BLACK if color == _BLACK else color,
        "hatch": _HATCHES[number % len(_HATCHES)],
        "edgecolor": _EDGE,
        "linewidth": 0.5,
    }


def add_text(place: Any, x: float, y: float, text: str, **style: Any) -> None:
    """Add a text to a figure or axes that is no formula, whatever it contains."""
    place.text(x, y, text, parse_math=False, **style)


def distinct_names(names: Sequence[str], width: int) -> list[str]:
    """Names of at most ``width`` characters; equal ones are followed by their number.

    >>> distinct_names(["models/a/final/checkpoint", "models/b/final/checkpoint", "c"], 12)
    ['model…kpoint #1', 'model…kpoint #2', 'c']
    """
    short = [shorten(printable(name), width) for name in names]
    return [
        f"{name} #{short[: index + 1].count(name)}" if short.count(name) > 1 else name
        for index, name in enumerate(short)
    ]


def figure_bytes(draw: Callable[[], Figure], title: str, file_format: str) -> bytes:
    """Draw a figure and return its file.

    Args:
        draw: draws the figure; it runs with the style of all plots.
        title: the title in the metadata of the file.
        file_format: one of :data:`FORMATS`.

    Returns:
        The same figure and version of matplotlib give the same bytes.
    """
    import matplotlib as mpl

    metadata: dict[str, Any] = {"Title": printable(title)}
    metadata |= {"Creator": None, "Date": None} if file_format == "svg" else {"Software": None}
    output = io.BytesIO()
    with mpl.rc_context(dict(_RC_PARAMS)), warnings.catch_warnings():
        # whoever shows the file has other fonts
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        draw().savefig(output, format=file_format, dpi=_PIXELS_PER_INCH, metadata=metadata)
    return output.getvalue()
