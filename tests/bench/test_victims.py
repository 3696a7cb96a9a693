"""Victims and the cache of trained models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from robustbert.bench import victims
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import find_trained, prepare_victim
from robustbert.data import load_dataset
from robustbert.errors import ModelError
from robustbert.models.pretrained import find_base
from tests.tiny import make_tiny_bert


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


def test_a_pretrained_folder_is_trained_first_and_its_hash_is_recorded(dataset, tmp_path):
    base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
    assert not VictimSpec("m", str(base)).needs_training, "a classifier"
    (base / "pretraining.json").write_text(
        '{"base": {"source": "w==1"}, "dataset": {"source": "d==2"}}'
    )
    spec = VictimSpec("m", str(base))
    assert spec.needs_training
    victim = prepare_victim(spec, dataset, seed=0, device="cpu")
    assert victim.training["base_sha256"] == find_base(str(base)).sha256
    assert victim.classifier.info.source == f"w==1 pre-trained on d==2 trained on {dataset.source}"
    assert find_trained(spec, dataset, seed=0, device="cpu") is not None
    other = make_tiny_bert(base, weight_std=0.1, seed=1)
    assert find_trained(VictimSpec("m", str(other)), dataset, seed=0, device="cpu") is None


def test_key_covers_everything_that_determines_a_model(dataset, reviews, tmp_path, cache):
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


def test_an_interrupted_fit_leaves_nothing(dataset, cache, monkeypatch):
    def stop(dataset, base, config, out, *, resume) -> None:
        (out / "checkpoints").mkdir(parents=True)
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


TRAINING = {"epochs": 2, "batch_size": 8, "dtype": "float32", "learning_rate": 3e-3}


def interrupted_at(monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException) -> list[int]:
    """Raise ``error`` after a training step; completed steps are appended to the returned list."""
    from robustbert.training import finetune

    steps: list[int] = []

    class Stop(finetune.ShowProgress):
        def on_step_end(self, args, state, control, **kwargs):
            steps.append(state.global_step)
            if state.global_step == step:
                raise error

    monkeypatch.setattr(finetune, "ShowProgress", Stop)
    return steps


@pytest.fixture
def spec(tmp_path: Path) -> VictimSpec:
    base = make_tiny_bert(tmp_path / "base", weight_std=0.1)
    return VictimSpec("tiny", str(base), training=TRAINING)


def prepare(spec: VictimSpec, dataset, seed: int = 0):
    return prepare_victim(spec, dataset, seed=seed, dtype="float32", device="cpu")


def test_interrupted_training_is_resumed_from_its_last_checkpoint(
    spec, dataset, cache, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        interrupted_at(patch, 17, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            prepare(spec, dataset)
    (unfinished,) = kept(cache)
    assert unfinished.suffix == ".unfinished"
    with monkeypatch.context() as patch:
        steps = interrupted_at(patch, 0, KeyboardInterrupt())
        resumed = prepare(spec, dataset)
    assert 1 < steps[0] <= 17 < steps[-1]
    assert kept(cache) == [unfinished.with_suffix("")]
    assert resumed.train_seconds is None, "the time of the first part is not known"
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "other"))
    uninterrupted = prepare(spec, dataset)
    assert uninterrupted.train_seconds > 0
    assert resumed.classifier.info.sha256 == uninterrupted.classifier.info.sha256


def test_an_incomplete_checkpoint_is_not_used(spec, dataset, cache, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_at(patch, 17, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            prepare(spec, dataset)
    (unfinished,) = kept(cache)
    checkpoints = sorted(
        (unfinished / "checkpoints").glob("checkpoint-*"),
        key=lambda path: int(path.name.partition("-")[2]),
    )
    assert len(checkpoints) > 1
    (checkpoints[-1] / "trainer_state.json").unlink()
    steps = interrupted_at(monkeypatch, 0, KeyboardInterrupt())
    prepare(spec, dataset)
    assert steps[0] == int(checkpoints[-2].name.partition("-")[2]) + 1


def test_unfinished_training_of_another_key_is_kept(spec, dataset, cache, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_at(patch, 17, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            prepare(spec, dataset)
    (unfinished,) = kept(cache)
    before = sorted(unfinished.rglob("*"))
    with monkeypatch.context() as patch:
        steps = interrupted_at(patch, 0, KeyboardInterrupt())
        other = prepare(spec, dataset, seed=1)
    assert steps[0] == 1
    assert other.train_seconds > 0
    assert sorted(unfinished.rglob("*")) == before


def test_failed_training_leaves_nothing_to_resume(spec, dataset, cache, monkeypatch):
    interrupted_at(monkeypatch, 17, ModelError("the training diverged"))
    with pytest.raises(ModelError, match="diverged"):
        prepare(spec, dataset)
    assert kept(cache) == []


def test_a_trained_model_whose_folder_was_not_renamed_is_not_retrained(
    spec, dataset, cache, monkeypatch
):
    first = prepare(spec, dataset)
    (folder,) = kept(cache)
    (folder / "made.json").unlink()
    folder.rename(folder.with_suffix(".unfinished"))
    monkeypatch.setattr(victims, "train", None)
    second = prepare(spec, dataset)
    assert second.classifier.info.sha256 == first.classifier.info.sha256
    assert second.train_seconds is None
    assert kept(cache) == [folder]


def test_two_processes_train_a_model_once(dataset, reviews, cache):
    code = """
import sys
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import prepare_victim
from robustbert.data import load_dataset
prepare_victim(VictimSpec("m", "tfidf-svm"), load_dataset("file:" + sys.argv[1]), seed=0)
"""
    command = [sys.executable, "-c", code, str(reviews)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert len(kept(cache)) == 1


def test_a_victim_is_found_in_the_cache_only_after_training(spec, dataset, cache):
    assert find_trained(spec, dataset, seed=0, device="cpu") is None
    assert not cache.exists()
    prepare(spec, dataset)
    assert [find_trained(spec, dataset, seed=0, device="cpu")] == kept(cache)
    assert find_trained(spec, dataset, seed=1, device="cpu") is None


def test_a_victims_own_training_seed_is_used(dataset, cache):
    seeded = VictimSpec("m", "tfidf-nb", training_seed=4)
    assert prepare_victim(seeded, dataset, seed=0).training_seed == 4
    (folder,) = kept(cache)
    assert json.loads((folder / "made.json").read_text())["key"]["config"]["seed"] == 4
    assert find_trained(seeded, dataset, seed=0) == folder
    assert find_trained(VictimSpec("m", "tfidf-nb"), dataset, seed=0) is None


@pytest.mark.parametrize("content", ["{}", '{"seconds": []}', '{"seconds": NaN}', '{"a": ' * 9999])
def test_a_corrupt_cache_file(dataset, cache, content):
    prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)
    (folder,) = kept(cache)
    (folder / "made.json").write_text(content)
    with pytest.raises(ModelError, match=r"made\.json .*; delete .*will be trained again"):
        prepare_victim(VictimSpec("m", "tfidf-nb"), dataset, seed=0)


def test_a_trained_folder_bypasses_the_cache(dataset, svm, cache):
    victim = prepare_victim(VictimSpec("mine", str(svm)), dataset, seed=0)
    assert victim.train_seconds is None
    assert victim.defenses == ()
    assert victim.training_seed is None
    assert not cache.exists()
