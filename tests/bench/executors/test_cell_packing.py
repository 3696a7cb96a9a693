"""What workers get for a cell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustbert.assets import ensure_assets
from robustbert.attacks import UnifiedLimits
from robustbert.bench.executors.cell_packing import CellPacker
from robustbert.bench.run_options import RunOptions
from robustbert.bench.victim_spec import VictimSpec
from robustbert.defenses import DefenseSpec, compose


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


def test_a_folder_that_is_called_like_a_base_keeps_its_labels(task, tmp_path: Path) -> None:
    """With the name as the base, a worker would take it for a model that the driver trained."""
    named = replace(task.spec, name="minilm", labels=("pos", "neg"))
    task.spec = named
    assert not named.needs_training
    work = CellPacker(len).pack(task, 5)
    assert not work.victim.needs_training
    assert work.victim.labels == ("pos", "neg")
