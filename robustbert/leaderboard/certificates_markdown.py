"""The table of certified accuracies as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from robustbert.bench.certification_record import CertificationRecord
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import listed, percent


def certificates(records: Mapping[str, CertificationRecord]) -> Iterator[str]:
    """The table of certified accuracies, keyed by the name of the row, if there are any.

    Rows that share certificates, because they differ in the attack alone, are one row.
    """
    if not records:
        return
    names: dict[int, list[str]] = {}
    for name, record in records.items():
        names.setdefault(id(record), []).append(name)
    unique = {id(record): record for record in records.values()}
    yield (
        "The share of examples whose true label provably keeps the majority of all changed texts "
        "when so many words are changed, in the way that [the defense's certificate "
        "covers](#certificates): in %, with 95% Wilson intervals. A prediction averages only a few "
        "of these texts, so an attack can still break such an example. Vote: the share that most "
        "changed texts get right, without an attack. Unified limit: as many words as attacks of "
        "the unified track may change.\n"
    )
    keys = ("1", "2", "3", "unified", "all")
    header = ["model", "examples", "vote", "1 word", "2 words", "3 words", "unified limit"]
    header += ["all words", "median radius", "changed texts", "confidence"]
    table = pipe_table(
        header,
        [
            [
                markdown(listed(names[key])),
                str(len(record.examples)),
                percent(record.accuracies.vote),
                *(percent(record.accuracies.certified[changes]) for changes in keys),
                radius_text(record.accuracies.median_radius),
                str(record.samples),
                f"{100 * record.confidence:g}%",
            ]
            for key, record in unique.items()
        ],
        left=1,
    )
    yield "\n".join(table) + "\n"


def radius_text(radius: int | None) -> str:
    """The radius of a certificate, in words; none if there is no certificate."""
    return "none" if radius is None else str(radius)
