"""Each check finds what was planted, and nothing else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.stats import chi2_contingency

import robustbert
from robustbert.data.dataset import Rows
from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.encoding_damage import KINDS
from robustbert.data_checks.loading_summary import summarize_loading
from robustbert.data_checks.same_texts import group_texts
from robustbert.errors import InputError, UnknownNameError

WITHOUT_MODEL = ["label-errors"]
WORDS = [f"{one}{two}{three}" for one in "bdfgklmn" for two in "aeiou" for three in "prstvz"]


def sentences(number: int, seed: int = 0) -> list[str]:
    """Texts of 12 words of which no two are near-duplicates."""
    generator = random.Random(seed)
    return [" ".join(generator.sample(WORDS, 12)) for _ in range(number)]


def checked(source, **options):
    return robustbert.check_data(source, skip=WITHOUT_MODEL, **options)


def places(result):
    """The split and the number of each row, per finding."""
    return [[(row.split, row.row) for row in finding.rows] for finding in result.findings]


@pytest.fixture
def clean():
    return sentences(12)


def labels(number: int) -> list[str]:
    return ["neg", "pos"] * (number // 2) + ["neg"] * (number % 2)


def test_clean_data_pass(clean):
    report = checked((clean, labels(12)))
    assert report.passed
    assert report.failed == []
    assert [check.name for check in report.checks if check.passed is None] == [
        "class-shift",
        "leakage",
        "near-leakage",
    ]
    assert report.check("leakage").reason.startswith("the source has one split")
    assert report.skipped == WITHOUT_MODEL
    assert repr(report) == "<data check of data: 12 rows; 11 checks, 0 failed>"


def test_every_check_with_findings_counts_their_rows(clean):
    texts = [*clean, clean[0].upper(), "", "too short"]
    report = checked((texts, labels(15)))
    for check in report.checks:
        if check.num_found and check.name != "class-balance":
            assert check.value == check.num_found / check.num_rows
            assert check.findings


class TestClasses:
    def test_balance_is_relative_to_equal_classes(self, clean):
        names = ["a"] * 6 + ["b"] * 4 + ["c"] * 2
        check = checked((clean, names)).check("class-balance")
        assert check.value == pytest.approx(0.5), "2 of 12 rows, a third would be 4"
        assert check.facts == {"split": "all", "smallest class": "c", "its share": 2 / 12}
        assert not checked((clean, names), limits={"class-balance": 0.6}).passed

    def test_a_class_that_a_split_lacks(self, clean):
        data = {"train": (clean[:8], labels(8)), "test": (clean[8:], ["pos"] * 4)}
        check = checked(data).check("class-balance")
        assert (check.value, check.passed, check.facts["split"]) == (0.0, False, "test")

    def test_shift_is_the_largest_difference_with_its_p_value(self, clean):
        data = {
            "train": (clean[:8], ["neg"] * 2 + ["pos"] * 6),
            "test": (clean[8:], ["neg"] * 2 + ["pos"] * 2),
        }
        check = checked(data).check("class-shift")
        assert check.value == pytest.approx(0.25)
        assert not check.passed
        oracle = chi2_contingency([[2, 6], [2, 2]], correction=False).pvalue
        assert check.facts["p-value"] == pytest.approx(oracle)
        assert check.facts["its share in train"] == 0.25

    def test_equal_classes_are_exactly_balanced(self):
        texts = sentences(98)
        report = checked((texts, [f"c{i % 49}" for i in range(98)]))
        assert report.check("class-balance").value == 1.0


class TestLengths:
    def test_empty_texts(self, clean):
        rows = Rows("own", "own", ("neg", "pos"), [None, " \n", "", *clean], [0, 1, 0] + [0, 1] * 6)
        data = CheckedData.of(rows)
        from robustbert.data_checks.text_lengths import empty_texts

        found = empty_texts(data)
        assert (found.num_found, found.num_rows) == (3, 15)

    def test_short_texts_are_those_that_are_not_attacked(self, clean):
        texts = [*clean[:8], "one", "one two three four", "one two three four five", ""]
        check = checked((texts, labels(12))).check("short-texts")
        assert places(check) == [[("all", 9)], [("all", 10)]], "the shortest first"
        assert (check.num_found, check.num_rows) == (2, 11)

    def test_quartiles(self):
        texts = [" ".join(WORDS[:n]) for n in (10, 20, 30, 40, 50)]
        (split,) = checked((texts, labels(5))).splits
        words = split.words
        assert (words.lower_quartile, words.median, words.upper_quartile) == (20, 30, 40)
        assert words.longest == 50


class TestDuplicates:
    def test_case_and_white_space_do_not_distinguish_texts(self, clean):
        texts = [*clean[:10], clean[0].upper(), f"  {clean[0]}\n"]
        report = checked((texts, ["neg", "pos"] * 5 + ["neg"] * 2))
        check = report.check("duplicates")
        assert places(check) == [[("all", 1), ("all", 11), ("all", 12)]]
        assert (check.num_found, check.passed) == (2, False)
        assert report.check("near-duplicates").num_found == 0
        assert report.check("conflicts").num_found == 0

    def test_near_duplicates_within_a_split(self, clean):
        texts = [*clean, f"{clean[3]} indeed"]
        report = checked((texts, labels(13)))
        check = report.check("near-duplicates")
        assert places(check) == [[("all", 4), ("all", 13)]]
        assert check.num_found == 1
        assert check.findings[0].note.startswith("similarity 0.9")
        assert report.check("duplicates").num_found == 0

    def test_copies_are_one_text_and_no_pairs(self, clean):
        texts = [*clean, *[clean[0]] * 500]
        assert checked((texts, labels(512))).check("duplicates").num_found == 500
        same = group_texts(texts)
        assert (len(same.groups), same.pairs) == (12, ())


class TestLeakage:
    @pytest.fixture
    def splits(self):
        texts = sentences(30, seed=1)
        return {"train": texts[:16], "validation": texts[16:22], "test": texts[22:30]}

    @staticmethod
    def report(splits):
        return checked({name: (texts, labels(len(texts))) for name, texts in splits.items()})

    def test_none(self, splits):
        report = self.report(splits)
        assert report.check("leakage").value == report.check("near-leakage").value == 0.0

    def test_a_text_of_the_training_split(self, splits):
        splits["test"][3] = splits["train"][5].title()
        report = self.report(splits)
        check = report.check("leakage")
        assert places(check) == [[("test", 4), ("train", 6)]]
        assert (check.num_found, check.num_rows, check.passed) == (1, 14, False)
        assert check.facts == {"rows of test in train": 1}
        assert report.check("near-leakage").num_found == 0
        assert report.check("duplicates").num_found == 0, "within a split only"

    def test_nearly_a_text_of_another_split(self, splits):
        splits["test"][0] = f"{splits['validation'][2]} indeed"
        splits["validation"][0] = f"so {splits['train'][0]}"
        report = self.report(splits)
        check = report.check("near-leakage")
        assert sorted(map(sorted, places(check))) == [
            [("test", 1), ("validation", 3)],
            [("train", 1), ("validation", 1)],
        ]
        assert check.num_found == 2
        assert report.check("leakage").num_found == 0
        assert report.loading.overlaps == 2

    def test_the_share_is_of_the_rows_that_have_an_earlier_split(self, splits):
        splits.pop("train")
        splits["test"][0] = splits["validation"][0]
        check = self.report(splits).check("leakage")
        assert (check.num_found, check.num_rows) == (1, 8), "8 test rows, 6 validation rows"

    @pytest.mark.parametrize(
        ("split", "reason"),
        [
            ("train", "the source has one split; loading splits it without overlaps"),
            ("test", "only the test split is given"),
        ],
    )
    def test_one_split_has_none(self, splits, split, reason):
        report = self.report({split: splits["train"]})
        for name in ("leakage", "near-leakage"):
            assert (report.check(name).value, report.check(name).reason) == (None, reason)

    def test_a_row_that_leaks_from_two_splits_counts_once(self, splits):
        splits["test"][0] = splits["validation"][0] = splits["train"][0]
        check = self.report(splits).check("leakage")
        assert check.num_found == 2
        assert check.facts == {
            "rows of test in train": 1,
            "rows of test in validation": 1,
            "rows of validation in train": 1,
        }


class TestConflicts:
    def test_the_same_text_with_two_labels(self, clean):
        texts = [*clean, clean[0].upper(), clean[1]]
        names = ["neg", "pos"] * 6 + ["pos", "pos"]
        report = checked((texts, names))
        check = report.check("conflicts")
        assert places(check) == [[("all", 1), ("all", 13)]]
        assert (check.num_found, check.passed) == (2, False)

    def test_nearly_the_same_text_with_two_labels(self, clean):
        texts = [*clean, f"{clean[0]} indeed", f"{clean[1]} indeed"]
        names = ["neg", "pos"] * 6 + ["pos", "pos"]
        report = checked((texts, names))
        check = report.check("near-conflicts")
        assert places(check) == [[("all", 1), ("all", 13)]]
        assert check.num_found == 2
        assert report.check("conflicts").num_found == 0


def test_rows_of_one_template_make_a_finding_each_not_one_per_pair(clean):
    texts = [f"{number} {clean[0]} {clean[1]}" for number in range(30)]
    data = {"train": (texts[:20], labels(20)), "test": (texts[20:], labels(10))}
    report = checked(data)
    numbers = {"near-duplicates": 19 + 9, "near-leakage": 10, "near-conflicts": 30}
    for name, number in numbers.items():
        check = report.check(name)
        assert check.num_found == number
        assert len(check.findings) <= number, "there are 435 pairs"
        shown = {place for finding in places(check) for place in finding}
        assert len(shown) >= number


class TestEncoding:
    @pytest.mark.parametrize(
        ("text", "kinds"),
        [
            ("l'Ã©tÃ© dernier", "mojibake"),
            ("itâ€™s a film", "mojibake"),
            ("a \N{REPLACEMENT CHARACTER} film", "replacement characters"),
            ("a \x85 film", "control characters"),
            ("a \x00 film", "control characters"),
            ("rock &amp; roll &#39;", "HTML entities"),
            ("a <br /> film <I>it</I>", "HTML tags"),
            ("<p>a &lt; b", "HTML entities, HTML tags"),
            ('<a href="x" >a</a > film', "HTML tags"),
        ],
    )
    def test_damage(self, clean, text, kinds):
        check = checked(([*clean, text], labels(13))).check("encoding")
        assert places(check) == [[("all", 13)]]
        assert check.findings[0].note == kinds
        assert check.facts == {f"rows with {kind}": 1 for kind in kinds.split(", ")}

    @pytest.mark.parametrize(
        "text",
        [
            "café, naïve, Ünlü — “quoted” … 5 €",
            "fish & chips; AT&T; R&D",
            "a <3 b, <sigh>, x < y > z, &nothing;",
            "<a great film>, <I love it>, a <b and c> d",
            "line\r\nbreaks\tand tabs",
            "日本語の文章です",
            "Да, это текст",
        ],
    )
    def test_ordinary_texts_are_not_damaged(self, text):
        assert {kind: first(text) for kind, first in KINDS.items()} == dict.fromkeys(KINDS)

    def test_line_breaks_that_the_source_declares_are_not_damage(self, clean):
        texts = [f"{clean[0]}<br /><br />{clean[1]}", *clean[2:]]
        rows = Rows("own", "own", ("neg", "pos"), texts, [0, 1] * 5 + [0], html_breaks=True)
        data = CheckedData.of(rows)
        from robustbert.data_checks.encoding_damage import encoding_damage

        assert encoding_damage(data).num_found == 0
        assert summarize_loading(rows).html_breaks == 1


class TestLoading:
    def test_it_says_what_loading_drops(self, clean):
        texts = [*clean, clean[0], clean[1], ""]
        names = ["neg", "pos"] * 6 + ["neg", "neg", "neg"]
        loading = checked((texts, names)).loading
        dataset = robustbert.load_dataset((texts, names))
        assert loading.error is None
        assert (loading.empty, loading.duplicates, loading.conflicts) == (1, 1, 2)
        assert loading.splits == {name: len(rows) for name, rows in dataset.splits.items()}

    def test_data_that_cannot_be_loaded_do_not_pass(self):
        texts = sentences(4)
        report = checked((texts, ["a", "a", "a", "b"]), limits={"class-balance": 0})
        assert report.failed == []
        assert "class 'b' has 1 usable row" in report.loading.error
        assert not report.passed

    def test_the_message_has_no_local_path(self, tmp_path):
        file = tmp_path / "few.csv"
        file.write_text("text,label\n" + "\n".join(f"{t},{i}" for i, t in enumerate(sentences(3))))
        report = checked(file)
        assert str(tmp_path) not in report.model_dump_json()
        assert report.loading.error.startswith("file:few.csv: ")

    def test_a_loaded_dataset_can_be_checked(self, clean):
        report = checked(robustbert.load_dataset((clean, labels(12))))
        assert [split.split for split in report.splits] == ["train", "validation", "test"]
        assert report.check("leakage").num_found == 0


class TestSettings:
    def test_limits_decide(self, clean):
        data = ([*clean, ""], labels(13))
        assert not checked(data).passed
        assert checked(data, limits={"empty-texts": 0.1}).passed

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"limits": {"leakage": 1.5}}, "the limit of leakage is 1.5; give a number from 0"),
            ({"limits": {"leakage": float("nan")}}, "the limit of leakage is nan"),
            ({"limits": {"leakage": True}}, "the limit of leakage is True"),
            ({"limits": {"leakage": 0.1}, "skip": ["leakage"]}, "has a limit and is skipped"),
            ({"skip": "leakage"}, "skip is the string 'leakage'; give a list"),
            ({"folds": 1}, "folds is 1; give an integer from 2 to 20"),
            ({"seed": -1}, "seed is -1"),
        ],
    )
    def test_bad_settings(self, clean, options, message):
        with pytest.raises(InputError, match=message):
            robustbert.check_data((clean, labels(12)), **options)

    @pytest.mark.parametrize("options", [{"skip": ["leakag"]}, {"limits": {"leakag": 0.1}}])
    def test_unknown_checks(self, clean, options):
        with pytest.raises(UnknownNameError, match="did you mean"):
            robustbert.check_data((clean, labels(12)), **options)

    def test_a_check_that_is_skipped_twice_is_listed_once(self, clean):
        twice = WITHOUT_MODEL * 2
        report = robustbert.check_data((clean, labels(12)), skip=twice, seed=np.int64(3))
        assert (report.skipped, report.seed) == (WITHOUT_MODEL, 3)

    def test_skipping_everything(self, clean):
        from robustbert.data_checks import CHECKS

        with pytest.raises(InputError, match="all checks are skipped"):
            robustbert.check_data((clean, labels(12)), skip=list(CHECKS))
