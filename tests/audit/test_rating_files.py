"""Files of answers: what is accepted, and what each error says."""

from __future__ import annotations

import pytest

from robustbert.audit.rating_files import read_ratings
from robustbert.audit.rating_questions import COLUMNS, AnswerReader, shown_labels
from robustbert.errors import InputError
from tests.audit.audited_runs import answers_of, make_key, write_answers

KEY = make_key([0, 1], ["first", "second"])
HEADER = ",".join(COLUMNS)


def read(path, text, key=KEY):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_ratings([path], key)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.csv"


def test_answers_are_read(file):
    (rating,) = read(file, f"{HEADER}\ni1,yes,negative,positive,4,5,anna\n")
    assert (rating.rater, rating.item) == ("anna", "i1")
    assert rating.answers.values == ("yes", 0, 1, 4, 5)


def test_what_spreadsheets_do_is_accepted(file):
    """A byte order mark, semicolons, other columns and orders, letter case, an apostrophe."""
    columns = ["note", *reversed(COLUMNS)]
    cells = ["a;b\nc", "'=anna", "", "3", "", "Negative ", " YES", "i0"]
    text = "\ufeff" + ";".join(columns) + "\r\n" + ";".join(f'"{c}"' for c in cells) + "\r\n"
    (rating,) = read(file, text)
    assert rating.rater == "=anna"
    assert rating.answers.values == ("yes", 0, None, 3, None)


def test_lines_without_answers_are_ignored_and_one_name_is_enough(file):
    text = f"{HEADER}\ni0,yes,,,,,anna\ni1,no,,,,,\n\n,,,,,,\n"
    assert [(one.item, one.rater) for one in read(file, text)] == [("i0", "anna"), ("i1", "anna")]
    (rating,) = read(file, f"{HEADER}\ni0,,,,,,anna\ni1,no,,,,,\n")
    assert rating.item == "i1"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("i7,yes,,,,,anna", "line 2: unknown item 'i7'; give answers to this audit"),
        (
            "i0,perhaps,,,,,anna",
            "line 2: same_meaning: 'perhaps' is no answer; give yes, no, unsu",
        ),
        ("i0,,neutral,,,,anna", "line 2: first_label: 'neutral' is no answer; give negative, posi"),
        (
            "i0,,,,6,,anna",
            "line 2: first_fluency: '6' is no answer; give 1, 2, 3, 4, 5, or",
        ),
        ("i0,,,,,1.5,anna", "line 2: second_fluency: '1.5' is no answer"),
        ("i0,yes,,,,,anna\ni0,no,,,,,Anna", "line 3: 'Anna' has already answered the item i0"),
        ("i0,yes,,,,,", "line 2: no rater; write a name or a code into the column rater"),
        ("i0,yes,,,,,a\ni1,yes,,,,,\ni0,no,,,,,b", "line 3: no rater; the file names 'a' and 'b'"),
        ("i0,yes,,,,,anna,more", "line 2: 8 cells for 7 columns"),
        ('i0,"yes,,,,,anna', "line 2: no valid CSV"),
        ("i0,,,,,,anna", "has no answers"),
        ('i0,yes,,,,,"an\nna"\ni0,<b>\x1b[0m,,,,,anna', r"line 4: same_meaning: '<b>\x1b[0m' is"),
    ],
)
def test_errors_name_the_file_and_the_line(file, lines, message):
    with pytest.raises(InputError) as error:
        read(file, f"{HEADER}\n{lines}\n")
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no column item; a file of answers has the columns item, same_meaning"),
        ("item,rater\n", "line 1: no column same_meaning"),
        (f"{HEADER},rater\n", "line 1: the column rater occurs twice"),
        (b"\xff\xfei\0t\0", "is not UTF-8"),
        (b"PK\x03\x04\x14", "line 1: no column item"),
        ("x" * 200_000, "line 1: no valid CSV: field larger than field limit"),
    ],
)
def test_files_that_are_no_answers(file, text, message):
    with pytest.raises(InputError, match=message):
        read(file, text)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_ratings([tmp_path / "none.csv"], KEY)


def test_duplicates_across_files_name_both_lines(tmp_path):
    paths = [
        write_answers(tmp_path / name, KEY, answers_of("negative", "negative"))
        for name in ("a.csv", "b.csv")
    ]
    with pytest.raises(InputError, match=r"b\.csv: line 2: .*a\.csv: line 2"):
        read_ratings(paths, KEY)


class TestLabels:
    """Names of classes as raters see and write them."""

    @pytest.mark.parametrize("name", ["=1+1", "'=1+1", "@b", "a\nb", "été", " x "])
    def test_any_name_can_be_written_as_it_is_shown(self, name):
        shown = shown_labels(["other", name])[1]
        cells = dict.fromkeys(COLUMNS, "") | {"first_label": shown}
        assert AnswerReader(["other", name]).read(cells).labels == (1, None)

    def test_names_that_look_alike_are_numbered(self):
        assert shown_labels(["Good", "good "]) == ("Good (class 0)", "good  (class 1)")
        assert shown_labels(["", "b"]) == (" (class 0)", "b (class 1)")
