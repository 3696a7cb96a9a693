"""Write the tables of docs/pretraining.md from the results of ``benchmarks/pretraining.py``.

``python docs/pretraining_tables.py`` writes them; ``--check`` only says whether they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from compared_rows import compared_rows
from marked_tables import run_script

from robustbert.models.json_files import read_checked
from robustbert.records import Record
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING
from robustbert.training.pretraining import HeldOutScores

DOCUMENT = "docs/pretraining.md"
RESULTS, SCORES = "results/pretraining", "docs/data/pretraining"
NOT_MEASURED = "It has not been measured yet: `make pretraining` does it."
#: The objectives of each base; it has a trained head for no other one.
OBJECTIVES: Mapping[str, tuple[str, ...]] = {
    "minilm": (),
    "minilm-mlm": ("mlm",),
    "minilm-nsp": ("nsp",),
    "minilm-mlm-nsp": ("mlm", "nsp"),
}
#: What next sentence prediction adds to masked language modelling.
ALSO = (("minilm-mlm", "minilm-mlm-nsp"),)


def bases_table(root: Path) -> str:
    """What the bases predict on the same held-out texts."""
    by_base: dict[str, list[HeldOutScores]] = {}
    for path in sorted((root / SCORES).glob("*.json")):
        base = path.stem.rpartition("-")[0]
        by_base.setdefault(base, []).append(read_checked(path, HeldOutScores))
    if not by_base:
        return NOT_MEASURED
    rows = [
        [markdown(base), " and ".join(objectives) or "none", *_cells(by_base[base], objectives)]
        for base, objectives in OBJECTIVES.items()
        if base in by_base
    ]
    header = ["base", "objectives", "seeds", "masked accuracy", "perplexity of masked tokens"]
    return "\n".join(pipe_table([*header, "next sentence accuracy"], rows, left=2))


def _cells(found: Sequence[HeldOutScores], objectives: Sequence[str]) -> Iterator[str]:
    """The number of seeds, and the means over them of what the base was trained for."""
    yield str(len(found)) if objectives else MISSING
    masked, pairs = "mlm" in objectives, "nsp" in objectives
    yield _mean(
        [one.masked_accuracy.value for one in found if masked and one.masked_accuracy], 100, "%"
    )
    yield _mean([one.perplexity.value for one in found if masked and one.perplexity])
    yield _mean(
        [one.next_sentence_accuracy.value for one in found if pairs and one.next_sentence_accuracy],
        100,
        "%",
    )


def _mean(values: Sequence[float | None], factor: float = 1, unit: str = "") -> str:
    """The mean and the range over seeds; n/a without values."""
    known = [factor * value for value in values if value is not None]
    if not known:
        return MISSING
    return f"{fmean(known):.1f}{unit} ({min(known):.1f} to {max(known):.1f})"


def rows_table(root: Path) -> str:
    """The models that were fine-tuned from each base, and what pre-training changed."""
    return compared_rows(root / RESULTS, _without_base, ALSO) or NOT_MEASURED


def _without_base(record: Record) -> Record:
    """A record without the hash of its base: the bases of a row differ in their seed alone."""
    training = dict(record.model.training or {})
    training.pop("base_sha256", None)
    model = record.model.model_copy(update={"training": training})
    return record.model_copy(update={"model": model})


def main() -> int:
    """Write or check the document; the exit code."""
    tables = {
        "bases": bases_table,
        "fine-tuned": rows_table,
    }
    return run_script(__doc__, DOCUMENT, "python docs/pretraining_tables.py", tables)


if __name__ == "__main__":
    sys.exit(main())
