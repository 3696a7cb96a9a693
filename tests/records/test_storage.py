"""Files of records and outcomes: round trips, damage, and files that cannot be written."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.errors import OutputError, RecordError
from robustbert.io import write_text
from robustbert.records import (
    Outcome,
    Record,
    append_outcome,
    cell_name,
    outcomes_path,
    read_outcomes,
    read_record,
    read_records,
    read_run,
    record_name,
    record_path,
    without_texts,
    write_outcomes,
    write_record,
)
from robustbert.records.strict_json import encode
from tests.records.builders import make_outcome, make_outcomes, make_record

OUTCOMES = make_outcomes(skipped=1, robust=2, broken=3)
RECORD = make_record(OUTCOMES, defense="adversarial-training")


def test_a_record_is_read_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "cell.json"
    write_record(RECORD, path)
    assert read_record(path) == RECORD
    text = path.read_text(encoding="utf-8")
    assert text.endswith("}\n")
    content = json.loads(text)
    assert list(content) == sorted(content)
    assert content["counts"]["broken"] == 3
    assert content["suite"] is None
    assert os.listdir(path.parent) == ["cell.json"]


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    write_record(RECORD, first)
    write_record(read_record(first), second)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\r\nc\td",
        "NUL \0 inside",
        "line separator \u2028 next line \x85",
        "lone \ud800 surrogate, \\ before one: \\\udfff",
        "שלום 😀 \u202e\ufeff",
        '"quoted" \\u0041',
        "",
    ],
)
def test_any_text_is_read_back_unchanged(tmp_path: Path, text: str) -> None:
    outcomes = [make_outcome("e0", "broken", text=text, adversarial_text=text + "x")]
    outcomes.append(make_outcome("e1"))
    path = tmp_path / "o.jsonl"
    write_outcomes(outcomes, path)
    assert list(read_outcomes(path)) == outcomes
    assert path.read_bytes().count(b"\n") == 2
    path.read_bytes().decode("utf-8")


@given(st.text(st.characters(exclude_categories=[])))
def test_a_line_is_json_in_utf_8(text: str) -> None:
    line = encode(make_outcome(text=text))
    assert line.count(b"\n") == 1
    # A high and a low surrogate side by side are one character in JSON, whatever wrote them.
    expected = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(line.decode("utf-8"))["text"] == expected


def test_appending_equals_writing(tmp_path: Path) -> None:
    whole, grown = tmp_path / "whole.jsonl", tmp_path / "new" / "grown.jsonl"
    write_outcomes(OUTCOMES, whole)
    for outcome in OUTCOMES:
        append_outcome(outcome, grown)
    assert whole.read_bytes() == grown.read_bytes()


@pytest.mark.parametrize("cut", [1, 5, 40, 200])
def test_a_killed_run_is_resumed(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "o.jsonl"
    write_outcomes(OUTCOMES[:3], path)
    complete = path.read_bytes()
    path.write_bytes(complete[:-cut])
    kept = OUTCOMES[:3] if cut == 1 else OUTCOMES[:2]
    assert read_outcomes(path, unfinished=True) == kept
    if cut > 1:
        with pytest.raises(RecordError, match="line 3"):
            read_outcomes(path)
    append_outcome(OUTCOMES[5], path)
    assert read_outcomes(path) == (*kept, OUTCOMES[5])


def test_a_line_cut_inside_a_character_is_resumed(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    line = encode(make_outcome(text="😀"))
    path.write_bytes(line[: line.index("😀".encode()) + 2])
    assert read_outcomes(path, unfinished=True) == ()
    append_outcome(OUTCOMES[0], path)
    assert read_outcomes(path) == OUTCOMES[:1]


def test_no_outcomes_are_an_empty_file(tmp_path: Path) -> None:
    write_outcomes((), tmp_path / "o.jsonl")
    assert read_outcomes(tmp_path / "o.jsonl") == ()


def _damaged(**changes: object) -> bytes:
    return json.dumps({**RECORD.model_dump(), **changes}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "expected a JSON object, not list"),
        (b"{}", "schema_version: None, but this robustbert reads 1 to 5$"),
        (_damaged(schema_version=6), "schema_version: 6, but .* reads 1 to 5; upgrade robustbert$"),
        (_damaged(schema_version=0), "schema_version: 0, but .* reads 1 to 5$"),
        (_damaged(schema_version=True), "schema_version: True, but"),
        (_damaged(track="mine"), "track: Input should be"),
        (_damaged(suite=float("nan")), "NaN is not allowed"),
        (_damaged()[:-1] + b', "suite": "again"}', "the key 'suite' occurs twice"),
        (_damaged(**{"a\nb\x1b": 1}), r"a\\nb\\x1b: Extra inputs"),
        (_damaged(counts={}), r"counts.skipped: Field required \(and 6 more\)"),
        (_damaged(robustbert_version=1), "robustbert_version: Input should be a valid string"),
    ],
)
def test_damaged_records_are_rejected(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "cell.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=message) as caught:
        read_record(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_error_for_a_damaged_outcome_has_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"
    wrong = json.dumps({**OUTCOMES[1].model_dump(), "queries": -1}).encode()
    path.write_bytes(encode(OUTCOMES[0]) + wrong + b"\n")
    with pytest.raises(RecordError, match=r"o\.jsonl: line 2: queries: "):
        read_outcomes(path, unfinished=True)
    path.write_bytes(encode(OUTCOMES[0]) + b"\n" + encode(OUTCOMES[1]))
    with pytest.raises(RecordError, match="line 2: not JSON"):
        read_outcomes(path)


def test_duplicate_example_is_rejected(tmp_path: Path) -> None:
    write_outcomes([OUTCOMES[0], OUTCOMES[0]], tmp_path / "o.jsonl")
    with pytest.raises(RecordError, match="line 2: example_id: duplicate 'e0'"):
        read_outcomes(tmp_path / "o.jsonl")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for read in (read_record, read_outcomes):
        with pytest.raises(RecordError, match="cannot be read: No such file"):
            read(tmp_path / "none.json")
    with pytest.raises(RecordError, match="no such folder"):
        read_records(tmp_path / "none")


def test_unwritable_paths_are_output_errors(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("here")
    below = tmp_path / "file" / "cell"
    for write in (
        lambda: write_record(RECORD, below),
        lambda: write_outcomes(OUTCOMES, below),
        lambda: append_outcome(OUTCOMES[0], below),
        lambda: write_text(below, "x"),
        lambda: write_text(tmp_path, "x"),
    ):
        with pytest.raises(OutputError, match="cannot write"):
            write()
    assert os.listdir(tmp_path) == ["file"]


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cell.json"
    write_record(RECORD, path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_record(make_record(OUTCOMES[:2]), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["cell.json"]


def test_a_run_is_read_back(tmp_path: Path) -> None:
    other = make_record(OUTCOMES, recipe="textfooler")
    for record in (RECORD, other):
        write_record(record, record_path(tmp_path, record_name(record)))
    write_outcomes(OUTCOMES, outcomes_path(tmp_path, record_name(RECORD)))
    run = read_run(tmp_path)
    assert run.records == (RECORD, other)
    assert run.outcomes == {record_name(RECORD): OUTCOMES}


def test_published_outcomes_contain_no_texts() -> None:
    published = without_texts([*OUTCOMES, make_outcome("r", retracted=True)])
    for outcome, before in zip(published, OUTCOMES, strict=False):
        assert outcome.text is None
        assert outcome.adversarial_text is None
        assert outcome.words_changed == before.words_changed
        assert Outcome.model_validate(outcome.model_dump()) == outcome


def test_plain_names_stay_readable() -> None:
    assert record_name(RECORD) == "rotten_tomatoes--minilm--adversarial-training--unified--pwws"


def test_replicates_and_variants_have_distinct_names() -> None:
    def model_part(record: Record) -> str:
        return record_name(record).split("--")[1]

    first = make_record(OUTCOMES, seed=3)
    assert model_part(first) == "minilm"
    assert model_part(make_record(OUTCOMES, seed=3, training_seed=1)) == "minilm-seed1"
    assert model_part(make_record(OUTCOMES, training_seed=None)) == "minilm"
    other = make_record(OUTCOMES, variant="0123abcd", training_seed=1)
    assert model_part(other) == "minilm-v0123abcd-seed1"


@given(
    st.sampled_from(["m", "m-seed1", "m-seed", "m-v0123abcd", "m-v0123abcd-seed1", "M"]),
    st.sampled_from(["m", "m-seed1", "m-seed", "m-v0123abcd", "m-v0123abcd-seed1", "M"]),
    st.none() | st.integers(0, 2),
    st.none() | st.integers(0, 2),
    st.sampled_from([None, "0123abcd"]),
    st.sampled_from([None, "0123abcd"]),
)
def test_suffixes_do_not_collide_with_model_names(
    left: str, right: str, seed: int | None, other: int | None, variant: str, another: str
) -> None:
    first = cell_name("d", left, None, "unified", "r", training_seed=seed, variant=variant)
    second = cell_name("d", right, None, "unified", "r", training_seed=other, variant=another)
    assert (first == second) == ((left, seed, variant) == (right, other, another))


@pytest.mark.parametrize(
    "part", ["tfidf-svm", "bbc_news", "v1.2", "1fca6e5", "model1fca6e5f", "x-1fca6e5g", "a" * 32]
)
def test_a_plain_name_is_kept(part: str) -> None:
    assert cell_name(part, "m", None, "unified", "r") == f"{part}--m--none--unified--r"


def test_no_plain_name_is_the_hashed_name_of_another() -> None:
    """Random strings, their cell names used again as parts, and names that almost collide."""
    chance = random.Random(0)
    alphabets = ["abc019-._", "0123456789abcdef", "aB /\\:._-", "é\ud800 \0.._-"]

    def drawn() -> str:
        return "".join(chance.choices(chance.choice(alphabets), k=chance.randint(0, 40)))

    def slug(part: str) -> str:
        return cell_name(part, "m", None, "u", "r").removesuffix("--m--none--u--r")

    first = {drawn() for _ in range(4000)} | {f"{drawn()[:20]}-{i:08x}" for i in range(1000)}
    second = first | {slug(part) for part in first} | {slug(slug(part)) for part in first}
    slugs = {part: slug(part) for part in second}
    assert len(set(slugs.values())) == len(second)
    for part, made in slugs.items():
        assert "--" not in made
        hashed = re.fullmatch(r"(.*-)?[0-9a-f]{8}", made) is not None
        assert hashed == (made != part), "a name looks hashed exactly where it is"


_PARTS = st.text(max_size=60) | st.sampled_from(["a", "A", "a--b", "file:/x/a", "hub:o/a@1", ".."])


@given(_PARTS, _PARTS)
def test_names_are_safe_and_unique(left: str, right: str) -> None:
    names = [cell_name(part, "m", None, "unified", "r") for part in (left, right)]
    for name in names:
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")
        assert name[0].isalnum()
        assert name.count("--") == 4
        assert len(name) < 200
    assert (names[0] == names[1]) == (left == right)
