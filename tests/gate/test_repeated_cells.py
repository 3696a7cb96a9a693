"""Loading what it takes to attack the cell of a record again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from robustbert.assets import using_profile
from robustbert.attacks import UnifiedLimits
from robustbert.data import DatasetSource
from robustbert.defenses import Defense
from robustbert.errors import InputError
from robustbert.gate.repeated_cells import RepeatedCells, attack_dtype, limits_of_record
from robustbert.models import Classifier, load_model
from robustbert.records import DefenseRef, Record
from tests.conftest import write_reviews
from tests.gate.toy_gates import loader
from tests.records.builders import make_outcome, make_record


class Inverted(Classifier):
    """A classifier whose two labels are exchanged."""

    def __init__(self, inner: Classifier) -> None:
        self._inner = inner
        self.label_names, self.info = inner.label_names, inner.info

    def _probabilities(self, texts):
        return self._inner.predict_proba(texts)[:, ::-1]

    def _exact(self, texts):
        return self._inner.predict_proba_exact(texts)[:, ::-1]


@dataclass(frozen=True)
class Invert(Defense):
    share: float = 1.0

    def wrap(self, classifier):
        return Inverted(classifier)


def changed(record: Record, part: str, **changes: object) -> Record:
    return record.model_copy(update={part: getattr(record, part).model_copy(update=changes)})


@pytest.fixture
def record(svm_run) -> Record:
    return svm_run.cells[0].record


def test_a_defense_at_inference_is_applied(record, svm, reviews):
    ref = DefenseRef(name=f"{__name__}:Invert", params={"share": 1.0}, revision=7)
    defended = record.model_copy(update={"defenses": [ref]})
    victim = loader(reviews).victim(str(svm), defended, same=True).victim
    texts = ["the film was very good and fine"]
    plain = load_model(svm, label_names=["neg", "pos"]).predict_proba(texts)
    np.testing.assert_array_equal(victim.classifier.predict_proba(texts), plain[:, ::-1])
    assert victim.defenses == (ref.model_copy(update={"revision": 1}),), "the installed revision"


def test_several_defenses_are_applied(record, svm, reviews):
    refs = [DefenseRef(name=f"{__name__}:Invert", params={}, revision=1)] * 2
    defended = record.model_copy(update={"defenses": refs})
    victim = loader(reviews).victim(str(svm), defended, same=True).victim
    texts = ["the film was very good and fine"]
    plain = load_model(svm, label_names=["neg", "pos"]).predict_proba(texts)
    np.testing.assert_array_equal(victim.classifier.predict_proba(texts), plain)
    assert [ref.name for ref in victim.defenses] == [f"{__name__}:Invert"] * 2


def test_a_cell_is_repeated_with_its_assets_profile(record, svm, reviews):
    cells = loader(reviews)
    victim = cells.victim(str(svm), record, same=True)
    canonical = changed(record, "assets", profile="canonical")
    message = "was attacked with canonical assets, but offline ones are in use; give --assets can"
    with pytest.raises(InputError, match=message):
        cells.job(victim, canonical, n=2, seed=0)
    with pytest.raises(InputError, match=message):  # before a model is trained
        cells.dataset(canonical)
    with using_profile("canonical"), pytest.raises(InputError, match="with offline assets, but"):
        cells.job(victim, record, n=2, seed=0)


def test_data_is_found_by_its_name_or_given(record, reviews, tmp_path):
    source = DatasetSource(f"file:{reviews}")
    other = DatasetSource(f"file:{write_reviews(tmp_path / 'other.csv', n=30)}")
    for cells in (
        RepeatedCells(source),
        RepeatedCells(named={"reviews": source}),
        RepeatedCells(source, {"reviews": other}),
        RepeatedCells(other, {"reviews": source}),
    ):
        assert cells.dataset(record).sha256() == record.dataset.sha256
        assert cells.dataset(record) is cells.dataset(record), "it is loaded once"
    renamed = changed(record, "dataset", name="renamed", length="long")
    dataset = RepeatedCells(source).dataset(renamed)
    assert (dataset.name, dataset.length) == ("renamed", "long")
    with pytest.raises(InputError, match="the data of reviews has the hash"):
        RepeatedCells(other).dataset(record)
    with pytest.raises(InputError, match="reviews is no built-in dataset"):
        RepeatedCells(named={"others": source}).dataset(record)


def test_other_label_names_are_refused(record, reviews):
    other = changed(record, "dataset", label_names=["negative", "positive"])
    with pytest.raises(InputError, match="are neg, pos, but those of the run are negative, pos"):
        loader(reviews).dataset(other)


def test_limits_are_those_of_the_record():
    limits = UnifiedLimits(max_words_changed=0.2, queries_per_word=7)
    record = changed(
        make_record([make_outcome()]),
        "protocol",
        limits=dict(limits.as_record()),
        query_budget=7,
    )
    assert limits_of_record(record) == limits
    assert limits_of_record(record.model_copy(update={"track": "published"})) == UnifiedLimits()
    with pytest.raises(InputError, match=r"the limits of minilm are .*; run the cell again"):
        limits_of_record(make_record([make_outcome()]))


def test_the_dtype_of_classical_models_is_that_of_the_encoder(record):
    assert record.model.dtype == "float64"
    assert attack_dtype(record) == "float32"
    unknown = changed(record, "recipe", params={})
    assert attack_dtype(unknown) == "auto"
    assert attack_dtype(changed(unknown, "model", dtype="bfloat16")) == "bfloat16"
