"""The scripts that make the records of docs/understanding.md: resuming, and what is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from robustbert.audit import read_measures
from robustbert.audit.run_measures import MeasuredCell, MeasuredRun
from robustbert.data.examples import Example
from robustbert.errors import ModelError
from robustbert.explanations import make_explainer
from tests.explanations.toys import linear_classifier
from tests.leaderboard.published import published, write_published
from tests.leaderboard.table_scripts import load_script
from tests.records.builders import add_cell, make_outcome, make_outcomes, make_record

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
EXAMPLES = [Example("e0", "a great and fine film", 1), Example("e1", "bad, awful, good", 0)]


@pytest.fixture(scope="module")
def explanations():
    return load_script(BENCHMARKS / "explanations.py")


@pytest.fixture(scope="module")
def audit():
    return load_script(BENCHMARKS / "audit.py")


@pytest.fixture
def subject(explanations, tmp_path):
    """A linear model, explained by two methods."""

    @dataclass(frozen=True)
    class Subject(explanations.Subject):
        def methods(self):
            yield make_explainer("occlusion", {})
            yield make_explainer("lime", {"num_samples": 40})

    return Subject("rotten_tomatoes", "linear", linear_classifier(), EXAMPLES, tmp_path / "kept")


class TestExplanations:
    """``benchmarks/explanations.py``."""

    def test_what_was_measured_is_not_measured_again(self, explanations, subject, monkeypatch):
        quality, agreements = explanations.measure_quality(subject)
        assert [one.method for one in quality] == ["occlusion", "lime", "random"]
        assert [len(one.texts) for one in quality] == [2, 2, 2]
        assert [(one.first, one.second) for one in agreements] == [("occlusion", "lime")]
        monkeypatch.delattr(explanations, "timed_explanations")
        monkeypatch.delattr(explanations, "measure_method")
        assert explanations.measure_quality(subject) == (quality, agreements)

    def test_parts_of_the_texts_are_measured_alike(
        self, explanations, subject, tmp_path, monkeypatch
    ):
        together, _ = explanations.measure_quality(subject)
        monkeypatch.setattr(explanations, "PART", 1)
        one_by_one, _ = explanations.measure_quality(replace(subject, kept=tmp_path / "other"))
        assert len(together[0].texts) > 1
        for whole, parts in zip(together, one_by_one, strict=True):
            assert [one.example_id for one in whole.texts] == [
                one.example_id for one in parts.texts
            ]
            for a, b in zip(whole.texts, parts.texts, strict=True):
                assert a.comprehensiveness == pytest.approx(b.comprehensiveness)
        assert len(list((tmp_path / "other").glob("occlusion-*.json"))) == len(together[0].texts)

    def test_attributions_are_kept_as_they_are(self, explanations, subject):
        for explainer in subject.methods():
            made = explanations.explained(subject, explainer)
            assert explanations.explained(subject, explainer) == made
            assert made.attributions == tuple(
                explainer.explain(subject.classifier, [one.text for one in EXAMPLES])
            )

    def test_changes_are_those_of_the_same_model_and_the_core_recipes(
        self, explanations, subject, tmp_path
    ):
        sha256 = subject.classifier.info.sha256
        run, broken = tmp_path / "run", make_outcomes(broken=3)
        for recipe in ("pwws", "a2t"):
            add_cell(run, broken, model="linear", recipe=recipe, model_sha256=sha256)
        add_cell(run, broken, model="other")
        found = list(explanations.changes(subject, [run], 2))
        assert [(one.recipe, one.method, len(one.texts)) for one in found] == [
            ("pwws", "occlusion", 2),
            ("pwws", "lime", 2),
        ]
        assert list(explanations.changes(subject, [run], 2)) == found

    def test_changes_of_another_run_are_measured(self, explanations, subject, tmp_path):
        sha256 = subject.classifier.info.sha256
        found = []
        for number, text in enumerate(("a bad film", "an awful and bad film")):
            run = tmp_path / str(number)
            outcome = make_outcome("e0", "broken", text="a good film", adversarial_text=text)
            add_cell(run, [outcome], model="linear", recipe="pwws", model_sha256=sha256)
            found.append(next(explanations.changes(subject, [run], 2)).texts[0])
        assert [one.num_changed for one in found] == [1, 2]

    def test_the_record_says_how_it_was_measured(self, explanations, subject):
        found = explanations.measure(subject, [], 2)
        assert [one.split("==")[0] for one in found.libraries] == list(explanations.LIBRARIES)
        assert found.network_quality["removals"] == 50

    def test_other_weights_are_refused(self, explanations, subject, tmp_path):
        add_cell(tmp_path / "run", make_outcomes(broken=1), model="linear")
        with pytest.raises(ModelError, match="linear has other weights there"):
            list(explanations.changes(subject, [tmp_path / "run"], 2))


class TestAudit:
    """``benchmarks/audit.py``."""

    def test_a_file_per_dataset_and_track(self, audit, tmp_path):
        names = [
            (dataset, track, recipe)
            for dataset in ("bbc_news", "imdb")
            for track in ("published", "unified")
            for recipe in ("pwws", "a2t")
        ]
        cells = [
            MeasuredCell(
                dataset=dataset,
                split="test",
                model="minilm",
                model_sha256="a" * 64,
                track=track,
                recipe=recipe,
                num_attacked=1,
                examples=[],
            )
            for dataset, track, recipe in [*names, ("own", "unified", "a2t")]
        ]
        measured = MeasuredRun(
            measures_version=2,
            encoder=None,
            wordfreq="wordfreq==3.1.1",
            language_model="c" * 64,
            cells=cells,
        )
        paths = audit.write_measures(measured, tmp_path)
        assert [path.name for path in paths] == [
            "bbc_news-published.json",
            "bbc_news-unified.json",
            "imdb-published.json",
            "imdb-unified.json",
        ]
        assert read_measures(tmp_path).language_model == "c" * 64
        assert read_measures(tmp_path).cells == [one for one in cells if one.recipe == "pwws"]
        assert "example_id" not in paths[0].read_text()

    def test_outcomes_are_compared_with_published_ones(self, audit, tmp_path):
        outcomes = make_outcomes(broken=2, robust=2)
        run = add_cell(tmp_path / "run", outcomes)
        add_cell(run, outcomes, recipe="iga")
        add_cell(run, outcomes, model="other")
        changed = [outcomes[0].model_copy(update={"queries": 99}), *outcomes[1:]]
        write_published([published(make_record(changed), changed)], tmp_path / "results")
        assert audit.differences(run, tmp_path / "results") == [
            f"rotten_tomatoes--minilm--none--unified--iga: not in {tmp_path / 'results'}",
            "rotten_tomatoes--minilm--none--unified--pwws: 1 of 4 outcomes differ",
        ]
