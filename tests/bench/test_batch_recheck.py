"""The recheck of a sample of predictions after a run."""

from __future__ import annotations

import pytest

from robustbert.bench import run_plan
from robustbert.errors import BatchInvarianceWarning, RobustbertWarning
from robustbert.reports import render_text
from tests.bench.toy_runs import options, plan

pytestmark = pytest.mark.usefixtures("own_cache")


def test_the_record_of_a_batch_invariant_model_is_verified(reviews, bert, svm, tmp_path):
    result = run_plan(
        plan(reviews, bert, svm, recipes=("textfooler",), n=4), options(tmp_path / "out")
    )
    network, classical = (record.environment.batch_invariance for record in result.records)
    for found in (network, classical):
        assert found.status == "verified"
        assert (found.answers_differing, found.encodings_differing) == (0, 0)
        assert 0 < found.answers_checked <= 200
    assert any("16x48 float32" in layer for layer in network.ladder)
    assert any("384x1152 float32" in layer for layer in network.ladder), "of the sentence encoder"
    assert not any("16x48" in layer for layer in classical.ladder)
    assert "†" not in render_text(result.table)


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_predictions_that_depend_on_the_batch_are_marked(reviews, svm, tmp_path, monkeypatch):
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    alone = TfidfClassifier._unbatched
    monkeypatch.setattr(
        TfidfClassifier, "_unbatched", lambda self, texts: alone(self, texts) + 1e-6
    )
    small = plan(reviews, svm, n=3)
    with pytest.warns(
        BatchInvarianceWarning, match="model outputs differ when they are recomputed"
    ):
        result = run_plan(small, options(tmp_path / "out"))
    found = result.records[0].environment.batch_invariance
    assert found.status == "not verified"
    assert found.answers_differing == found.answers_checked > 0
    text = render_text(result.table)
    assert "svm †" in text
    assert "† Batch invariance is not verified" in text
    assert f"(svm {found.answers_checked} of {found.answers_checked})" in " ".join(text.split())


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_counts_are_added_when_failed_examples_are_retried(reviews, svm, tmp_path, monkeypatch):
    from robustbert.attacks.textattack import search
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    small = plan(reviews, svm, n=3)
    run_search, calls = search.search, []

    def fail_once(*given, **options):
        calls.append(given)
        if len(calls) == 1:
            raise search.SearchFailedError("failed", search.QueryCounts())
        return run_search(*given, **options)

    alone = TfidfClassifier._unbatched
    with monkeypatch.context() as patch:
        patch.setattr(search, "search", fail_once)
        patch.setattr(TfidfClassifier, "_unbatched", lambda self, texts: alone(self, texts) + 1e-6)
        with pytest.warns(BatchInvarianceWarning):
            first = run_plan(small, options(tmp_path / "out"))
    assert first.errors == 1
    again = run_plan(small, options(tmp_path / "out"))
    assert again.errors == 0
    before, after = (run.records[0].environment.batch_invariance for run in (first, again))
    assert after.status == "not verified"
    assert after.answers_differing == before.answers_differing > 0
    assert after.answers_checked > before.answers_checked


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_a_model_that_answers_differently_is_marked(reviews, svm, tmp_path, monkeypatch):
    """An endpoint whose probabilities change at every call; the shift keeps the prediction."""
    from robustbert.models.classical.tfidf_classifier import TfidfClassifier

    alone = TfidfClassifier._unbatched
    monkeypatch.setattr(
        TfidfClassifier, "_unbatched", lambda self, texts: 0.9 * alone(self, texts) + 0.05
    )
    small = plan(reviews, svm, n=3)
    with pytest.warns(RobustbertWarning, match="the model is not deterministic") as caught:
        result = run_plan(small, options(tmp_path / "out"))
    assert not any(issubclass(one.category, BatchInvarianceWarning) for one in caught)
    [record] = result.records
    found = record.environment.batch_invariance
    assert 0 < found.answers_changed <= found.answers_differing
    [check] = [one for one in record.reliability if one.name == "not-deterministic"]
    assert not check.passed
    assert check.measured == found.answers_changed / found.answers_checked
    for page in (render_text(result.table), (tmp_path / "out" / "table.md").read_text()):
        assert "] ≠" in page
        assert f"deepwordbug (svm {100 * check.measured:.1f}%)" in page
