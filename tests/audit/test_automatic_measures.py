"""The automatic measures of texts, cells and runs."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

from robustbert.audit import measure_run, read_measures
from robustbert.audit import run_measures as module
from robustbert.audit.measure_tables import measures_markdown, render_measures, summarize_cell
from robustbert.audit.text_measures import antonym_pairs, num_antonyms, num_unknown, word_edits
from robustbert.cli import main
from robustbert.commands import audit_measure_command
from robustbert.data.words import words_of
from robustbert.errors import RecordError
from robustbert.records.strict_json import encode
from robustbert.reports.similarity_report import Encoder
from tests.records.builders import add_cell, make_outcome

TEXTS = (
    ("a good film that works", "a bad film that works", 1),  # an antonym
    ("a good film that works", "a gooxd flim that works", 2),  # wordfreq knows "flim"
    ("a good film", "a fine piece of film", 3),  # two words more, none of them wrong
)


def edits(original, adversarial):
    return word_edits(words_of(original), words_of(adversarial))


class TestWords:
    """Edits, antonyms and unknown words."""

    def test_edits_are_aligned(self):
        found = edits("It was a Good film to see again", "it was a Bad film see again indeed")
        assert found.replaced == (("it", "it"), ("good", "bad"))
        assert found.added == ("it", "bad", "indeed")

    def test_no_change(self):
        assert edits("a film", "a film").added == ()

    @pytest.mark.slow
    def test_antonyms_are_found_in_any_inflection(self):
        """Direct, indirect, inflected and function words; not synonyms or other words."""
        pairs = {
            "good": "bad",
            "boring": "entertaining",
            "won": "loses",
            "isn't": "is",
            "with": "without",
            "film": "movie",
            "plot": "banana",
        }
        found = edits(" ".join(pairs), " ".join(pairs.values()))
        antonyms = antonym_pairs([found])
        assert antonyms == {
            ("bad", "good"),
            ("boring", "entertaining"),
            ("loses", "won"),
            ("is", "isnt"),
            ("with", "without"),
        }
        assert num_antonyms(found, antonyms) == 5

    def test_unknown_words(self):
        assert num_unknown(["film", "well-made", "don't", "fjlmz", "ﬁlmzq"]) == 2


@pytest.fixture
def run(tmp_path):
    outcomes = [
        make_outcome(
            f"e{number}",
            "broken",
            text=text,
            adversarial_text=adversarial,
            words=len(text.split()),
            words_changed=changed,
        )
        for number, (text, adversarial, changed) in enumerate(TEXTS)
    ]
    return add_cell(tmp_path / "run", [*outcomes, make_outcome("e9", "robust")])


@pytest.fixture(autouse=True)
def antonyms(monkeypatch):
    """WordNet takes seconds."""
    monkeypatch.setattr(module, "antonym_pairs", lambda edits: frozenset([("bad", "good")]))


def length_encoder():
    """Embeds a text by its number of words: 3 along one axis, 5 along the other."""
    axes = {3: [1.0, 0.0], 5: [0.0, 1.0]}
    return Encoder("axes", "axes==1", lambda texts: np.array([axes[len(t.split())] for t in texts]))


def length_perplexity():
    """The log perplexity of a text is the number of its words; that of "a good film" is missing."""

    def log_perplexities(texts):
        return (math.nan if text == "a good film" else float(len(text.split())) for text in texts)

    return SimpleNamespace(
        model=SimpleNamespace(sha256="b" * 64), log_perplexities=log_perplexities
    )


def test_measures_of_a_run(run):
    (cell,) = measure_run(run, length_encoder()).cells
    assert cell.num_attacked == 4
    measured = [
        (
            one.words_changed,
            one.antonyms,
            one.unknown_words,
            one.word_difference,
            one.character_difference,
            one.similarity,
            one.unrelated_similarity,
        )
        for one in cell.examples
    ]
    # the third text goes from one axis to the other; so do unrelated ones, except the first
    assert measured == [
        (1, 1, 0, 0, -1, 1.0, 1.0),
        (2, 0, 1, 0, 1, 1.0, 0.5),
        (3, 0, 0, 2, 9, 0.5, 0.5),
    ]


def test_the_summary_averages_examples(run):
    (cell,) = measure_run(run, length_encoder()).cells
    found = summarize_cell(cell)
    assert found.words_changed.value == 2
    assert found.share_changed.value == pytest.approx((1 / 5 + 2 / 5 + 3 / 3) / 3)
    assert found.similarity.value == pytest.approx(2.5 / 3)
    assert found.unrelated_similarity.value == pytest.approx(2 / 3)
    assert found.antonyms.value == pytest.approx(1 / 3)
    assert found.antonyms.low == pytest.approx(0.0615, abs=1e-4), "Wilson's, 1 of 3"
    assert found.antonyms.high == pytest.approx(0.7923, abs=1e-4)
    assert (found.word_difference.value, found.character_difference.value) == (2 / 3, 3)


def test_the_ratio_of_perplexities_is_a_geometric_mean(tmp_path):
    outcomes = [
        make_outcome(f"e{number}", "broken", text="a b", adversarial_text=adversarial)
        for number, adversarial in enumerate(("a b c", "a b c d e"))
    ]
    add_cell(tmp_path, outcomes)
    measured = measure_run(tmp_path, None, perplexity=length_perplexity())
    assert measured.language_model == "b" * 64
    (cell,) = measured.cells
    assert [one.original_log_perplexity for one in cell.examples] == [2, 2]
    assert [one.log_perplexity for one in cell.examples] == [3, 5]
    found = summarize_cell(cell)
    assert found.original_perplexity.value == pytest.approx(math.exp(2))
    ratio = found.perplexity_ratio
    assert ratio.value == pytest.approx(math.sqrt(math.exp(1) * math.exp(3)))
    assert (ratio.low, ratio.high) == pytest.approx((math.exp(1), math.exp(3)))
    assert ratio.n == 2
    table = measures_markdown(measured)
    assert "| 7.4 [7.4, 7.4] | 7.39 [2.72, 20.09] |" in table
    assert "by the masked language model with the hash bbbbbbbbbbbb;" in table


def test_a_text_without_tokens_has_no_perplexity(run):
    (cell,) = measure_run(run, None, perplexity=length_perplexity()).cells
    assert [one.original_log_perplexity for one in cell.examples] == [5, 5, None]
    assert summarize_cell(cell).perplexity_ratio.n == 2


class TestVersions:
    """Files of version 1 have no perplexities."""

    @pytest.fixture
    def old(self, run):
        content = json.loads(encode(measure_run(run, length_encoder())))
        del content["language_model"]
        for example in content["cells"][0]["examples"]:
            del example["log_perplexity"], example["original_log_perplexity"]
        return content | {"measures_version": 1}

    def test_they_are_read(self, run, old, tmp_path):
        (tmp_path / "old.json").write_text(json.dumps(old))
        assert read_measures(tmp_path) == measure_run(run, length_encoder())
        assert "| n/a | n/a |" in measures_markdown(read_measures(tmp_path))

    def test_fields_of_a_later_version_are_refused(self, old, tmp_path):
        old["cells"][0]["examples"][0]["log_perplexity"] = 1.0
        (tmp_path / "old.json").write_text(json.dumps(old))
        with pytest.raises(RecordError, match=r"old\.json: log_perplexity: a field that version 1"):
            read_measures(tmp_path)

    @pytest.mark.parametrize("cells", [3, [3], [{"examples": 3}], [{"examples": [3]}]])
    def test_damaged_ones_are_refused(self, old, tmp_path, cells):
        (tmp_path / "old.json").write_text(json.dumps(old | {"cells": cells}))
        with pytest.raises(RecordError, match=r"old\.json: cells"):
            read_measures(tmp_path)

    @pytest.mark.parametrize("version", [True, "1", 0, 3])
    def test_other_versions_are_refused(self, old, tmp_path, version):
        (tmp_path / "old.json").write_text(json.dumps(old | {"measures_version": version}))
        with pytest.raises(RecordError, match=f"measures_version: {version!r}"):
            read_measures(tmp_path)

    def test_files_by_several_language_models_are_not_mixed(self, run, tmp_path):
        without = measure_run(run, None)
        (tmp_path / "a.json").write_bytes(encode(without))
        other = without.model_copy(update={"language_model": "b" * 64})
        (tmp_path / "b.json").write_bytes(encode(other))
        with pytest.raises(RecordError, match="other packages or language models; measure both"):
            read_measures(tmp_path)


def test_without_an_encoder_similarities_are_missing(run):
    measured = measure_run(run, None)
    found = summarize_cell(measured.cells[0])
    assert measured.encoder is None
    assert found.similarity.value is None
    assert "| n/a | n/a |" in measures_markdown(measured)
    assert "Similarity: not measured. Antonyms" in measures_markdown(measured)


def test_a_cell_without_broken_examples(tmp_path):
    add_cell(tmp_path, [make_outcome("e0", "robust")])
    measured = measure_run(tmp_path, length_encoder())
    assert measured.cells[0].examples == []
    assert "0 of 1" in render_measures(measured, 100)


def test_a_single_example_has_no_unrelated_one(tmp_path):
    add_cell(tmp_path, [make_outcome("e0", "broken", text="a b c", adversarial_text="a b d")])
    (cell,) = measure_run(tmp_path, length_encoder()).cells
    assert cell.examples[0].similarity == 1
    assert cell.examples[0].unrelated_similarity is None


def test_the_command_prints_numbers_and_ids_only(run, capsys, monkeypatch):
    monkeypatch.setattr(audit_measure_command, "perplexity", length_perplexity)
    command = ["audit", "measure", str(run), "--no-similarity"]
    assert main([*command, "--no-perplexity"]) == 0
    assert "rotten_tomatoes (test), minilm, unified track\n" in capsys.readouterr().out
    assert main([*command, "--format", "json"]) == 0
    printed = capsys.readouterr().out
    content = json.loads(printed)
    assert content["cells"][0]["examples"][0]["example_id"] == "e0"
    assert content["cells"][0]["summary"]["antonyms"]["interval"] == "wilson"
    assert content["language_model"] == "b" * 64
    assert not any(word in printed for text, *_ in TEXTS for word in text.split() if len(word) > 4)
