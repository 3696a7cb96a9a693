"""Published results from which tests build sites."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.leaderboard import read_leaderboard
from robustbert.leaderboard.site import BuiltSite, build_site
from robustbert.records import Outcome, PublishedCell, ReliabilityCheck, without_texts
from tests.hostile import HOSTILE
from tests.leaderboard.published import STATUSES, published, write_published
from tests.records.builders import ENVIRONMENT, make_outcome, make_record

CLAIM = {
    "paper": "A defense & its <b>limits</b>",
    "year": 2026,
    "url": "https://example.org/paper?a=1&b=2",
    "measure": "accuracy_under_attack",
    "recipe": "textfooler",
    "value": 0.423,
    "note": "on other examples",
}


def build(results: Path, out: Path) -> BuiltSite:
    """Build the site of a results folder."""
    return build_site(read_leaderboard(results), out, results=results)


def commit(folder: Path, subject: str) -> None:
    """Commit everything in a folder, which becomes a git repository if it is none."""
    names = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    git = ["git", "-C", str(folder), *names]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", subject], check=True)


def small_results(results: Path) -> Path:
    """Five models on two datasets and two tracks, with everything that rows can have."""
    rows = [
        *_row("strong", "rrrrrrrrbbrrsrrrrrrr"),
        *_row("weak", "bbbbbbbbbbbrsbbbrrrr", extra=("iga", "bbbbbbbbbbbrsbbbbbbr")),
        *_row("weak", "bbbbbbbbbbbrsbbbxxxx", defense="adversarial-training", recipe_marks=True),
        *_row("seeded", "rrbbbbbbbbrrsrrbbbbb", training={"epochs": 2}, training_seed=1),
        *_row("seeded", "rrbbbbbbbrrrsrrbbbbb", training={"epochs": 2}, training_seed=2),
        *_row("few", "rrrrrrrrrrrrsrrrrrrr", recipes=CORE_RECIPES[:2]),
        *_row("strong", "rrbbbbbbbbrrsrrbbbbb", track="published"),
        *_row("weak", "bbbbbbbbbbbbsbbbbbbb", track="published"),
        *_row("strong", "rrrrrrrbsb", dataset="bbc_news"),
    ]
    write_published(map(_classical, rows), results)
    (folder,) = (results / "rotten_tomatoes" / "unified").glob("strong-*")
    claims = {"claims_version": 1, "claims": [CLAIM]}
    (folder / "claims.json").write_text(json.dumps(claims))
    return results


def many_results(results: Path, rows: int, recipes: Iterable[str] = CORE_RECIPES) -> Path:
    """That many rows on one board."""
    letters = ["".join("rb"[(i * j) % 7 < 3] for j in range(6)) for i in range(rows)]
    cells = [_row(f"model-{i:03}", of_row, recipes=recipes) for i, of_row in enumerate(letters)]
    write_published([cell for row in cells for cell in row], results)
    return results


def hostile_results(results: Path) -> Path:
    """Two rows per hostile text, which is every name and text in their records and outcomes."""
    write_published([cell for text in HOSTILE.values() for cell in _hostile_cells(text)], results)
    return results


def _row(
    model: str,
    letters: str,
    *,
    recipes: Iterable[str] = CORE_RECIPES,
    extra: tuple[str, str] | None = None,
    recipe_marks: bool = False,
    **changes: Any,
) -> list[PublishedCell]:
    """The cells of a row: the first recipe breaks most, each other one every second example less.

    Args:
        model: its name.
        letters: the outcomes under the first recipe; see ``STATUSES``.
        recipes: the recipes.
        extra: another recipe, and the outcomes under it.
        recipe_marks: whether the checks of the first recipe may fail.
        changes: other fields of the records.
    """
    key = [model, changes.get("defense"), changes.get("training_seed")]
    weights = hashlib.sha256(str(key).encode()).hexdigest()
    runs = {
        recipe: "".join(
            "r" if x == "b" and number % (i + 1) else x for number, x in enumerate(letters)
        )
        for i, recipe in enumerate(recipes)
    } | ({extra[0]: extra[1]} if extra else {})
    cells = []
    for recipe, statuses in runs.items():
        outcomes = without_texts(_outcomes(statuses.replace("x", "x" if recipe_marks else "r")))
        names = {"model": model, "recipe": recipe, "model_sha256": weights, **changes}
        cells.append(published(make_record(outcomes, **names), outcomes))
    return cells


def _outcomes(letters: str) -> Iterator[Outcome]:
    """Outcomes whose queries and changed words differ."""
    for i, letter in enumerate(letters):
        spent = {"queries": 7 * i + 20, "words": 10}
        changed = {"words_changed": 1 + i % 3} if letter == "b" else {}
        yield make_outcome(f"e{i:02}", STATUSES[letter], **spent, **changed)


def _classical(cell: PublishedCell) -> PublishedCell:
    """The model "few" as a small classical one."""
    if cell.record.model.name != "few":
        return cell
    changes = {"source": "scikit-learn==1.9.1 linear-svm", "num_parameters": 40_980}
    model = cell.record.model.model_copy(update=changes)
    record = cell.record.model_copy(update={"model": model, "defenses": []})
    return published(record, cell.outcomes)


def _hostile_cells(text: str) -> Iterator[PublishedCell]:
    outcomes = without_texts(
        [
            make_outcome(text, "broken"),
            make_outcome("e1", "error", error=text),
            make_outcome("e2", "exhausted"),
        ]
    )
    for defense in (None, text):
        for recipe in (*CORE_RECIPES, text):
            names: dict[str, Any] = {
                "dataset": text,
                "model": text,
                "recipe": recipe,
                "defense": defense,
                "profile": text,
                "training": {text: text},
                "model_sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            record = make_record(outcomes, **names)
            yield published(record.model_copy(update=_hostile_parts(record, text)), outcomes)


def _hostile_parts(record: Any, text: str) -> dict[str, Any]:
    """The other texts of a record."""
    check = ReliabilityCheck(name=text, passed=False, measured=1, threshold=0, about=text)
    versions = ("python", "torch", "transformers", "processor", "device", "git_commit")
    return {
        "robustbert_version": text,
        "command": f"robustbert bench {text}",
        "suite": text,
        "dataset": record.dataset.model_copy(update={"source": text, "label_names": [text]}),
        "model": record.model.model_copy(update={"source": text, "dtype": text}),
        "assets": record.assets.model_copy(update={"hashes": {text: "c" * 64}}),
        "protocol": record.protocol.model_copy(update={"limits": {text: text}}),
        "reliability": [check],
        "environment": ENVIRONMENT.model_copy(update=dict.fromkeys(versions, text)),
    }
