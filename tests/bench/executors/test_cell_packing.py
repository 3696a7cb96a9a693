"""What workers get for a cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from robustbert.assets import asset_folder, current_profile, ensure_assets, using_profile
from robustbert.attacks import UnifiedLimits
from robustbert.bench.executors.attack_worker import AttackWorker
from robustbert.bench.executors.cell_packing import CellPacker, worker_cache
from robustbert.bench.run_options import RunOptions
from robustbert.bench.victim_spec import VictimSpec
from robustbert.defenses import DefenseSpec, compose
from tests.asset_server import serving, use_server, zip_of_files


@pytest.fixture
def task(tmp_path: Path) -> SimpleNamespace:
    """A cell of a model in a folder with a defense that reads packages."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").write_bytes(b"w")
    spec = VictimSpec("mine", str(model), (DefenseSpec("spell-correction", {}),))
    victim = SimpleNamespace(
        asset_hashes=compose(spec.defenses).wrapper_assets(),
        classifier=SimpleNamespace(info=SimpleNamespace(sha256="a" * 64)),
        loaded_from=str(model),
    )
    runner = SimpleNamespace(
        asset_hashes=dict(ensure_assets(["stopwords", "sentence-encoder"])),
        recipe="pwws",
        track="unified",
        limits=UnifiedLimits(),
        length="short",
        seed=0,
        lanes=8,
    )
    options = RunOptions(tmp_path, dtype="float32", device="cpu")
    return SimpleNamespace(
        spec=spec, victim=victim, runner=runner, label_names=("neg", "pos"), options=options
    )


def test_models_and_assets_are_sent_once_and_packages_are_named(task, tmp_path: Path) -> None:
    hashes = task.victim.asset_hashes
    assert hashes, "it reads word lists of packages"
    sent = []
    packer = CellPacker(lambda files: sent.append(files) or len(sent))
    work, again = packer.pack(task, 5), packer.pack(task, 5)
    assert work == again
    assert [sorted(files)[-1] for files in sent] == ["weights", "english"]
    assert work.model.files == 1
    assert list(work.assets) == ["stopwords"]
    assert list(work.packages) == ["sentence-encoder"]
    assert work.defense_hashes == hashes
    assert str(tmp_path) not in repr(work), "no path that only the driver has"


def test_downloaded_assets_are_sent_with_their_profile(
    task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CellPacker(len).pack(task, 5).profile == "offline"
    offline = worker_cache()
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    with serving() as server, using_profile("canonical"):
        use_server(monkeypatch, server)
        server.files["/nltk/corpora/stopwords.zip"] = zip_of_files({"stopwords/english": b"a"})
        task.runner.asset_hashes = dict(ensure_assets(["stopwords"]))
        sent = []
        work = CellPacker(lambda files: sent.append(files) or len(sent)).pack(task, 5)
        assert worker_cache() != offline
    assert work.profile == "canonical"
    assert work.assets["stopwords"].sha256 == task.runner.asset_hashes["stopwords"]
    assert [files["english"] for files in sent if "english" in files] == [b"a"]
    assert work.packages == {}


def test_a_worker_selects_the_profile_and_unpacks_what_it_is_sent(
    task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[int, dict[str, bytes]] = {}
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ROBUSTBERT_ASSETS", "canonical")
    with serving() as server:
        use_server(monkeypatch, server)
        server.files["/nltk/corpora/stopwords.zip"] = zip_of_files({"stopwords/english": b"a"})
        task.runner.asset_hashes = dict(ensure_assets(["stopwords"]))
        pack = CellPacker(lambda files: sent.setdefault(len(sent), files) and len(sent) - 1)
        work = pack.pack(task, 5)
        server.requests.clear()
        monkeypatch.setenv("ROBUSTBERT_ASSETS", "offline")
        # as many threads as before: a worker sets the number for its whole process
        threads = torch.get_num_threads()
        worker = AttackWorker(threads, "cpu", "one", sent.__getitem__)
        worker._use_assets(work)
        assert current_profile() == "canonical"
        assert (asset_folder("stopwords") / "english").read_bytes() == b"a"
        assert str(tmp_path / "cache" / "workers" / "one") in str(asset_folder("stopwords"))
        assert server.requests == []


def test_a_folder_that_is_called_like_a_base_keeps_its_labels(task, tmp_path: Path) -> None:
    """With the name as the base, a worker would take it for a model that the driver trained."""
    named = replace(task.spec, name="minilm", labels=("pos", "neg"))
    task.spec = named
    assert not named.needs_training
    work = CellPacker(len).pack(task, 5)
    assert not work.victim.needs_training
    assert work.victim.labels == ("pos", "neg")
