"""The result of attacking a row again, as text."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.console import printable
from robustbert.rechecks import adaptive, miscalibration
from robustbert.rechecks.recheck_run import checks_of
from robustbert.records.row_recheck import AdaptiveAttack, Calibration, RowRecheck, SecondAttack
from robustbert.reports.marks import mark_of
from robustbert.reports.wording import listed, percent


def recheck_text(result: RowRecheck) -> str:
    """The worst case before and after each second attack, with marks, in indented lines."""
    return "".join(f"{printable(line)}\n" for line in _lines(result))


def _lines(result: RowRecheck) -> Iterator[str]:
    yield (
        f"{result.row} on {result.dataset}, {result.track} track, {listed(result.recipes)}: worst "
        f"case {percent(result.worst_case)}"
    )
    failed = {check.name: check for check in checks_of(result) if not check.passed}
    marks = {name: f", marked {mark_of(check).symbol}" for name, check in failed.items()}
    if result.calibration is not None:
        mark = marks.get(miscalibration.NAME, "")
        yield f"  {_calibrated(result.calibration)}: {_after(result.calibration.attack)}{mark}"
    if result.adaptive is not None:
        mark = marks.get(adaptive.NAME, "")
        yield f"  {_adapted(result.adaptive)}: {_after(result.adaptive.attack)}{mark}"
    for name, reason in result.not_checked.items():
        yield f"  {name}: not checked, because {reason}"


def _calibrated(found: Calibration) -> str:
    tried = f", chosen from {len(found.tried)} under attack" if found.tried else ""
    return (
        f"calibrated (temperature {found.temperature:.3g}{tried}; negative log-likelihood "
        f"{found.nll_before:.3f} before and {found.nll:.3f} after)"
    )


def _adapted(found: AdaptiveAttack) -> str:
    parts = [] if found.votes is None else [f"through {found.votes} votes"]
    parts += ["without edits that the model undoes"] * found.leaves_out_undone_edits
    return f"adaptive ({', '.join(parts)})"


def _after(attack: SecondAttack) -> str:
    return (
        f"worst case {percent(attack.worst_case)}, {attack.only_before} examples survive only the "
        f"first attack and {attack.only_after} only this one, p = {attack.p_value:.2g}"
    )
