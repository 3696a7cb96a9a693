"""Run all checks and format what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robustbert.console import printable
from robustbert.doctor.machine_checks import CHECKS
from robustbert.doctor.requirements import installed_versions, unmet_requirements
from robustbert.errors import describe_error

# What the text shows instead of a name of the JSON output.
_DISPLAY_NAMES = {"ladder": "verified row counts"}


@dataclass(frozen=True)
class Diagnosis:
    """The result of all checks.

    Args:
        facts: names and values by section, as ``--json`` prints them.
        problems: what keeps a run from working or from being reproducible, and how to fix it.
        notes: findings that are not fatal.
    """

    facts: Mapping[str, Any]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Everything as a dict that can be written as JSON."""
        return {**self.facts, "problems": list(self.problems), "notes": list(self.notes)}

    def as_text(self) -> str:
        """Everything as text for the terminal: one section per check, in two columns."""
        lines: list[str] = []
        for title, section in self.facts.items():
            rows = _rows(section)
            width = max((len(name) for name, _ in rows), default=0)
            lines += [title.replace("_", " ")]
            lines += [f"  {name:<{width}}  {value}".rstrip() for name, value in rows] + [""]
        for title, texts in (("problems", self.problems), ("notes", self.notes)):
            lines += [title, *(f"  - {text}" for text in texts or ("none",)), ""]
        return "\n".join(lines).rstrip("\n")


def diagnose() -> Diagnosis:
    """Run all checks; takes about 10 seconds, mostly for measurements.

    If a package is missing, only that is reported. A check that fails is reported as a problem,
    and the others still run.
    """
    from robustbert.progress import progress_bar

    missing, mismatched = unmet_requirements("robustbert")
    facts: dict[str, Any] = {"versions": installed_versions()}
    if missing:
        return Diagnosis(facts, (*missing, *mismatched), ())
    problems, notes = list(mismatched), list[str]()
    with progress_bar(len(CHECKS), "checking this machine", "check") as bar:
        for name, check in CHECKS.items():
            try:
                facts[name] = check(problems, notes)
            except Exception as error:  # any failure is itself a finding
                facts[name] = {"failed": describe_error(error)}
                problems.append(f"{_words(name)}: {describe_error(error)}; please report this")
            bar.update()
    return Diagnosis(facts, tuple(problems), tuple(notes))


def _rows(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values; a nested mapping becomes one row per key."""
    rows: list[tuple[str, str]] = []
    for name, value in section.items():
        if isinstance(value, Mapping) and value:
            rows += [(f"{_words(name)}, {key}", _shown(one)) for key, one in value.items()]
        else:
            rows.append((_words(name), _shown(value)))
    return rows


def _words(name: str) -> str:
    return _DISPLAY_NAMES.get(name, name.replace("_", " "))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    text = str(value) if isinstance(value, str | int | float) else " ".join(map(str, value))
    return printable(text) or "none"
