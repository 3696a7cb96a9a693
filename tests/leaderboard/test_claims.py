from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from robustbert.errors import RecordError
from robustbert.leaderboard import Claim, claims, read_claims, read_leaderboard
from robustbert.metrics import Rank
from robustbert.records import CLAIMS_FILE, published_path, read_published
from tests.leaderboard.published import cell, core_cells, write_published

CLAIM: dict[str, Any] = {
    "paper": "A defense",
    "year": 2026,
    "url": "https://example.org/paper?id=1#a",
    "measure": "worst_case",
    "value": 0.5,
}


def claims_file(folder: Path, *entries: dict[str, Any], **content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CLAIMS_FILE
    path.write_text(json.dumps({"claims_version": 1, "claims": entries, **content}))
    return path


def test_claims_are_read(tmp_path: Path) -> None:
    recipe = {**CLAIM, "measure": "accuracy_under_attack", "recipe": "pwws", "note": "on 9 texts"}
    first, second = read_claims(claims_file(tmp_path, CLAIM, recipe))
    assert first == Claim(**CLAIM)
    assert (first.about, second.about) == ("worst case", "accuracy under pwws")
    assert (first.note, second.note) == (None, "on 9 texts")


def test_the_example_in_the_docstring_is_read(tmp_path: Path) -> None:
    text = (claims.__doc__ or "").partition(".. code-block:: json")[2].partition("\n\nA claimed")[0]
    path = tmp_path / CLAIMS_FILE
    path.write_text(text)
    [claim] = read_claims(path)
    assert claim.about == "accuracy under textfooler"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 1.5}, "claims.1.value: "),
        ({"value": "0.5"}, "claims.1.value: "),
        ({"value": float("nan")}, "NaN is not allowed"),
        ({"year": 1}, "claims.1.year: "),
        ({"paper": ""}, "claims.1.paper: "),
        ({"paper": "x" * 201}, "claims.1.paper: "),
        ({"paper": "a\nb"}, "claims.1.paper: must be one line of printable characters"),
        ({"paper": "a\u202eb"}, "claims.1.paper: must be one line of printable characters"),
        ({"note": "\x1b[31m"}, "claims.1.note: must be one line of printable characters"),
        ({"note": " "}, "claims.1.note: must be one line of printable characters"),
        ({"measure": "success"}, "claims.1.measure: "),
        ({"measure": "accuracy_under_attack"}, "claims.1: recipe: needed for"),
        ({"recipe": "pwws"}, "claims.1: recipe: needed for"),
        ({"unknown": 1}, "claims.1.unknown: "),
        ({"url": "http://example.org"}, "claims.1.url: must start with https://"),
        ({"url": "HTTPS://example.org"}, "claims.1.url: must start with https://"),
        ({"url": "javascript:alert(1)"}, "claims.1.url: must start with https://"),
        ({"url": "https:example.org"}, "claims.1.url: must start with https://"),
        ({"url": "https://me@example.org"}, "claims.1.url: must not have a user name"),
        ({"url": "https://me:word@example.org"}, "claims.1.url: must not have a user name"),
        ({"url": "https://:word@example.org"}, "claims.1.url: must not have a user name"),
        ({"url": "https://"}, "claims.1.url: "),
        ({"url": "https://a.org:x"}, "claims.1.url: "),
        ({"url": 'https://a.org/"onclick'}, "claims.1.url: must have no spaces, quotes"),
        ({"url": "https://a.org/a b"}, "claims.1.url: must have no spaces, quotes"),
        ({"url": "https://a.org\\@b.org"}, "claims.1.url: must have no spaces, quotes"),
        ({"url": "https://\u0430.org"}, "claims.1.url: must have no spaces, quotes"),
        ({"url": "https://a.org/" + "x" * 500}, "claims.1.url: "),
        ({}, "claims.1: the same as an earlier one"),
    ],
)
def test_a_bad_claim_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = claims_file(tmp_path, CLAIM, {**CLAIM, **changes})
    with pytest.raises(RecordError) as error:
        read_claims(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"claims_version": 2}, "claims_version: 2, but this robustbert reads 1; upgrade"),
        ({"claims_version": True}, "claims_version: True, but this robustbert reads 1"),
        ({"claims_version": None}, "claims_version: None, but this robustbert reads 1"),
        ({"claims": []}, "claims: "),
        ({"claims": {}}, "claims: "),
        ({"more": 1}, "more: "),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        read_claims(claims_file(tmp_path, CLAIM, **content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        read_claims(tmp_path / CLAIMS_FILE)


class TestPublished:
    def test_claims_stand_beside_the_row_and_never_rank(self, tmp_path: Path) -> None:
        cells = [
            *core_cells("r" * 9, model="a", model_sha256="1" * 64),
            *core_cells("b" * 9, model="b", model_sha256="2" * 64),
        ]
        write_published(cells, tmp_path)
        claims_file(tmp_path / cells[-1].path.parent, {**CLAIM, "value": 1.0})
        [board] = read_leaderboard(tmp_path).boards
        assert [(one.row.name, one.rank) for one in board.rows] == [
            ("a", Rank(1, 1, 1)),
            ("b", Rank(2, 2, 2)),
        ]
        assert [one.claims for one in board.rows] == [(), (Claim(**{**CLAIM, "value": 1.0}),)]

    def test_they_are_not_records(self, tmp_path: Path) -> None:
        cells = core_cells("rb")
        write_published(cells, tmp_path)
        claims_file(tmp_path / cells[0].path.parent, CLAIM)
        assert (
            len(read_published(tmp_path)) == len(read_published(tmp_path / "rotten_tomatoes")) == 4
        )
        [board] = read_leaderboard(tmp_path / "rotten_tomatoes").boards
        assert board.rows[0].claims == (Claim(**CLAIM),)

    def test_they_need_a_record(self, tmp_path: Path) -> None:
        cells = core_cells("rb")
        write_published(cells, tmp_path)
        path = claims_file(tmp_path / "rotten_tomatoes" / "unified" / "other-12345678", CLAIM)
        with pytest.raises(RecordError) as error:
            read_leaderboard(tmp_path)
        assert str(error.value).startswith(f"{path}: its folder contains no record")

    def test_a_recipe_of_this_name_has_another_file(self) -> None:
        path = published_path(cell("r", recipe="claims").record)
        assert path.name != CLAIMS_FILE
        assert path.name.startswith("claims-")
