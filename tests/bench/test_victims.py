"""Victims in the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustbert.bench import victims
from robustbert.bench.plan import VictimSpec
from robustbert.bench.victims import prepare_victim
from robustbert.data import load_dataset
from robustbert.errors import ModelError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture(scope="module")
def dataset(reviews: Path):
    return load_dataset(f"file:{reviews}")


def kept(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if path.is_dir())


def test_is_trained_once(dataset, cache, monkeypatch):
    first = prepare_victim(VictimSpec("a", "tfidf-nb"), dataset, seed=0)
    monkeypatch.setattr(victims, "train", None)
    second = prepare_victim(VictimSpec("b", "tfidf-nb"), dataset, seed=0)
    assert first.classifier.info.sha256 == second.classifier.info.sha256
    assert (second.name, second.classifier.info.name) == ("b", "b")
    assert first.train_seconds == second.train_seconds
    assert len(kept(cache)) == 1


def test_the_key_holds_everything_that_made_it(dataset, reviews, tmp_path, cache):
    from tests.conftest import write_reviews

    other = load_dataset(f"file:{write_reviews(tmp_path / 'reviews.csv', 90)}")
    specs = [
        (VictimSpec("m", "tfidf-nb"), dataset, 0),
        (VictimSpec("m", "tfidf-nb"), dataset, 1),
        (VictimSpec("m", "tfidf-svm"), dataset, 0),
        (VictimSpec("m", "tfidf-nb"), other, 0),
        (VictimSpec("m", "tfidf-nb", training={"epochs": 3}), dataset, 0),
    ]
    for number, (spec, data, seed) in enumerate(specs, start=1):
        prepare_victim(spec, data, seed=seed)
        assert len(kept(cache)) == number


def test_an_interrupted_training_leaves_nothing(dataset, cache, monkeypatch):
    def stop(dataset, base, config, out) -> None:
        (out / "checkpoints").mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(victims, "train", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)
    assert kept(cache) == []
    prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)
    (folder,) = kept(cache)
    assert json.loads((folder / "made.json").read_text())["key"]["base"]["source"].endswith(
        "naive-bayes"
    )


@pytest.mark.parametrize("content", ["{}", '{"seconds": []}', '{"seconds": NaN}', '{"a": ' * 9999])
def test_a_broken_note_in_the_cache(dataset, cache, content):
    prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)
    (folder,) = kept(cache)
    (folder / "made.json").write_text(content)
    with pytest.raises(ModelError, match=r"made\.json .*; remove .*made again"):
        prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)


def test_a_trained_folder_is_no_matter_of_the_cache(dataset, svm, cache):
    victim = prepare_victim(VictimSpec("mine", str(svm)), dataset, seed=0)
    assert victim.train_seconds is None
    assert victim.defense is None
    assert not cache.exists()
