"""The canonical assets, downloaded from a server on this machine."""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from robustbert.assets import asset_folder, asset_status, ensure_assets, using_profile
from robustbert.assets.asset_registry import check_packages, find_asset
from robustbert.assets.canonical_assets import CANONICAL_ASSETS
from robustbert.assets.manifest import read_manifest, tree_sha256
from robustbert.errors import InputError, MissingAssetError
from tests.asset_server import COMMIT, AssetServer, Repository, zip_of_files

STOPWORDS = "/nltk/corpora/stopwords.zip"
MODEL = "google-bert/bert-base-uncased"
WEIGHTS = f"/{MODEL}/resolve/{COMMIT}/model.safetensors"
FILES = {
    "config.json": b"{}",
    "vocab.txt": b"a\nb\n",
    "model.safetensors": bytes(range(256)) * 400,
    "pytorch_model.bin": b"a pickle",
    "modeling.py": b"raise SystemExit",
    "onnx/model.onnx": b"x",
}


def stopwords_zip(words: bytes = b"a\nthe\n") -> bytes:
    return zip_of_files({"stopwords/english": words, "stopwords/README": b""})


def status_of(name: str):
    return next(row for row in asset_status() if row.name == name)


def test_an_archive_becomes_an_asset_with_its_hash(server: AssetServer) -> None:
    server.files[STOPWORDS] = content = stopwords_zip()
    hashes = ensure_assets(["stopwords"])
    folder = asset_folder("stopwords")
    assert (folder / "english").read_text() == "a\nthe\n"
    assert hashes == {"stopwords": tree_sha256(folder)}
    row = status_of("stopwords")
    assert row.present
    digest = hashlib.sha256(content).hexdigest()
    assert row.source == f"{server.address}{STOPWORDS} sha256:{digest}"
    assert [path.name for path in folder.parent.iterdir() if not path.name.endswith(".lock")] == [
        "stopwords"
    ]


def test_an_asset_is_downloaded_once(server: AssetServer) -> None:
    server.files[STOPWORDS] = stopwords_zip()
    first = ensure_assets(["stopwords"])
    server.files[STOPWORDS] = stopwords_zip(b"other\n")
    assert ensure_assets(["stopwords"]) == first
    assert len(server.received(STOPWORDS)) == 1


def test_the_offline_asset_of_the_same_name_is_another_one(server: AssetServer) -> None:
    server.files[STOPWORDS] = stopwords_zip()
    canonical = asset_folder("stopwords")
    with using_profile("offline"):
        offline = asset_folder("stopwords")
        assert len((offline / "english").read_text().split()) == 198
    assert canonical != offline
    assert asset_folder("stopwords") == canonical


def test_an_archive_of_something_else_leaves_no_asset(server: AssetServer) -> None:
    server.files[STOPWORDS] = zip_of_files({"other/file": b""})
    with pytest.raises(MissingAssetError, match="does not contain english, so it is not stopwords"):
        ensure_assets(["stopwords"])
    assert not status_of("stopwords").present
    assert not find_asset("stopwords").folder.exists()


@pytest.mark.parametrize("content", [b"not an archive", b'{"error": "busy"}', b"PK\x03\x04"])
def test_an_answer_that_is_no_archive_leaves_no_asset(content: bytes, server: AssetServer) -> None:
    server.files[STOPWORDS] = content
    with pytest.raises(MissingAssetError, match=r"stopwords.*neither a zip nor a tar archive"):
        ensure_assets(["stopwords"])
    assert not find_asset("stopwords").folder.exists()
    server.files[STOPWORDS] = stopwords_zip()
    ensure_assets(["stopwords"])


def test_a_member_outside_of_the_folder_leaves_no_asset(
    server: AssetServer, tmp_path: Path
) -> None:
    server.files[STOPWORDS] = zip_of_files({"stopwords/english": b"a", "../../../../out": b""})
    with pytest.raises(MissingAssetError, match="outside of its folder"):
        ensure_assets(["stopwords"])
    assert not find_asset("stopwords").folder.exists()
    assert not list(tmp_path.rglob("out"))


def test_an_interrupted_download_leaves_no_asset_and_is_resumed(server: AssetServer) -> None:
    server.files[STOPWORDS] = content = stopwords_zip(os.urandom(300_000))
    server.breaks[STOPWORDS] = [1 << 16, 0, 0, 0, 0]
    with pytest.raises(MissingAssetError, match="set ROBUSTBERT_NLTK_URL to a mirror of NLTK's"):
        ensure_assets(["stopwords"])
    assert not find_asset("stopwords").folder.exists()
    server.requests.clear()
    ensure_assets(["stopwords"])
    assert server.bytes_sent() == len(content) - (1 << 16)


def test_two_processes_download_an_asset_once(server: AssetServer) -> None:
    server.files[STOPWORDS] = stopwords_zip(os.urandom(2_000_000))
    script = "from robustbert.assets import ensure_assets as e; print(e(['stopwords']))"
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert printed == {f"{dict(ensure_assets(['stopwords']))}\n"}
    assert len(server.received(STOPWORDS)) == 1


def test_a_model_is_downloaded_at_its_commit_without_pickles_and_code(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository(FILES)
    hashes = ensure_assets(["masked-lm"])
    folder = asset_folder("masked-lm")
    assert sorted(path.name for path in folder.iterdir() if path.name != ".manifest.json") == [
        "config.json",
        "model.safetensors",
        "vocab.txt",
    ]
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert hashes["masked-lm"] == tree_sha256(folder)
    manifest = read_manifest(folder)
    assert manifest is not None
    assert manifest.source == f"hub:{MODEL}@{COMMIT}"
    server.requests.clear()
    assert ensure_assets(["masked-lm"]) == hashes
    assert server.requests == []


def test_a_broken_download_of_a_model_is_resumed(
    server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    content = os.urandom(25_000_000)  # the client writes chunks of 10 MB
    server.repositories[MODEL] = Repository({**FILES, "model.safetensors": content})
    server.breaks[WEIGHTS] = [22_000_000]
    folder = asset_folder("masked-lm")
    assert (folder / "model.safetensors").read_bytes() == content
    starts = [request.start for request in server.received(WEIGHTS)]
    assert len(starts) == 2
    assert 10_000_000 <= starts[1] <= 22_000_000


def test_a_failed_download_of_a_model_is_resumed_by_the_next_call(
    server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    content = os.urandom(25_000_000)
    server.repositories[MODEL] = Repository({**FILES, "model.safetensors": content})
    server.breaks[WEIGHTS] = [22_000_000, *[0] * 200]
    with pytest.raises(MissingAssetError, match="cannot download google-bert/bert-base-uncased"):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()
    server.breaks.clear()
    server.requests.clear()
    folder = asset_folder("masked-lm")
    assert (folder / "model.safetensors").read_bytes() == content
    assert [one.start >= 10_000_000 for one in server.received(WEIGHTS)] == [True]


def test_a_model_without_safetensors_is_refused(server: AssetServer) -> None:
    files = {name: content for name, content in FILES.items() if name != "model.safetensors"}
    server.repositories[MODEL] = Repository(files)
    with pytest.raises(MissingAssetError, match=r"it has no model.safetensors, and weights in"):
        ensure_assets(["masked-lm"])
    assert server.bytes_sent() == 0
    assert not find_asset("masked-lm").folder.exists()


def test_a_gated_model_is_refused(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository(FILES, gated=True)
    with pytest.raises(MissingAssetError, match="access to it is restricted") as raised:
        ensure_assets(["masked-lm"])
    assert "\n" not in str(raised.value)
    assert server.bytes_sent() == 0


def test_a_model_that_is_not_there(server: AssetServer) -> None:
    with pytest.raises(MissingAssetError, match=r"\(there is no such model\)") as raised:
        ensure_assets(["masked-lm"])
    assert "\n" not in str(raised.value)


def test_a_damaged_file_of_a_model_is_removed(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository(FILES, wrong_hash="0" * 64)
    with pytest.raises(MissingAssetError, match=r"model\.safetensors arrived damaged and was"):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()
    server.repositories[MODEL] = Repository(FILES)
    ensure_assets(["masked-lm"])


@pytest.mark.parametrize("name", ["stopwords", "masked-lm"])
def test_no_network(name: str, server: AssetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HF_ENDPOINT", "ROBUSTBERT_NLTK_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with pytest.raises(MissingAssetError, match="check the network connection, or set") as raised:
        ensure_assets([name])
    assert "\n" not in str(raised.value)
    assert not find_asset(name).folder.exists()


def test_a_missing_asset_is_listed_with_its_address_and_command(server: AssetServer) -> None:
    row = status_of("word-vectors")
    assert not row.present
    assert row.source == f"{server.address}/textattack/word_embeddings/paragramcf"
    assert row.note == (
        "counter-fitted PARAGRAM; to download it (about 480 MB), run: "
        "robustbert assets --profile canonical word-vectors"
    )
    assert server.requests == []


def test_the_default_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ROBUSTBERT_NLTK_URL", "ROBUSTBERT_TEXTATTACK_URL", "ROBUSTBERT_TFHUB_URL"):
        monkeypatch.delenv(variable, raising=False)
    urls = {name: asset.url for name, asset in CANONICAL_ASSETS.items()}
    nltk = "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages"
    assert urls["wordnet"] == f"{nltk}/corpora/wordnet.zip"
    assert urls["word-vectors"] == (
        "https://textattack.s3.amazonaws.com/word_embeddings/paragramcf"
    )
    assert urls["universal-sentence-encoder"] == (
        "https://tfhub.dev/google/universal-sentence-encoder/3?tf-hub-format=compressed"
    )
    assert urls["sbert"] == "hub:sentence-transformers/stsb-distilbert-base"


def test_the_addresses_are_those_that_textattack_uses() -> None:
    importlib.import_module("robustbert.attacks.textattack")  # with the data of NLTK
    from textattack.constraints.grammaticality.language_models import LearningToWriteLanguageModel
    from textattack.constraints.semantics.sentence_encoders import UniversalSentenceEncoder
    from textattack.shared.utils import s3_url
    from textattack.shared.word_embeddings import WordEmbedding
    from textattack.transformations import WordSwapHowNet

    def url(name: str) -> str:
        return CANONICAL_ASSETS[name].url

    assert url("word-vectors") == s3_url(f"{WordEmbedding.PATH}/paragramcf")
    assert url("hownet") == s3_url(f"{WordSwapHowNet.PATH}/word_candidates_sense.pkl")
    assert url("learning-to-write") == s3_url(LearningToWriteLanguageModel.CACHE_PATH)
    for name, large in (
        ("universal-sentence-encoder", False),
        ("universal-sentence-encoder-large", True),
    ):
        used = UniversalSentenceEncoder(large=large)._tfhub_url
        assert url(name) == f"{used}?tf-hub-format=compressed"


def test_a_missing_package_is_named_with_its_extra(server: AssetServer) -> None:
    with pytest.raises(MissingAssetError, match=r"tensorflow_hub.*robustbert\[use\]"):
        check_packages(["wordnet", "universal-sentence-encoder"])
    check_packages(["wordnet", "hownet", "sbert"])
    assert server.requests == []


def test_an_asset_of_the_canonical_profile_alone() -> None:
    with (
        using_profile("offline"),
        pytest.raises(InputError, match="'hownet' belongs to the canonical profile; add --profile"),
    ):
        ensure_assets(["hownet"])
