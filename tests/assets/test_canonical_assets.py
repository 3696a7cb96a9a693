"""The canonical assets, downloaded from a server on this machine."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from robustbert.assets import asset_folder, asset_status, ensure_assets, using_profile
from robustbert.assets.asset_registry import check_packages, find_asset
from robustbert.assets.canonical_assets import CANONICAL_ASSETS
from robustbert.assets.downloaded_asset import fetch
from robustbert.assets.manifest import read_manifest, tree_sha256
from robustbert.errors import InputError, MissingAssetError, OutputError
from tests.asset_server import COMMIT, AssetServer, Repository, zip_of_files

STOPWORDS = "/nltk/corpora/stopwords.zip"
MODEL = "google-bert/bert-base-uncased"
OTHER = "distilbert/distilroberta-base"
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


def test_a_model_without_a_list_of_files_is_refused(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository(FILES, is_listed=False)
    with pytest.raises(MissingAssetError, match="the hub does not list its files"):
        ensure_assets(["masked-lm"])


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
    with pytest.raises(
        MissingAssetError, match=r"model\.safetensors .* instead of 0{64} and was rem"
    ):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()
    server.repositories[MODEL] = Repository(FILES)
    ensure_assets(["masked-lm"])


def test_a_damaged_small_file_of_a_model_is_removed(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository(FILES)
    server.files[f"/{MODEL}/resolve/{COMMIT}/vocab.txt"] = b"a\nc\n"
    with pytest.raises(MissingAssetError, match=r"vocab\.txt arrived damaged and was removed"):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()
    server.files.clear()
    assert (asset_folder("masked-lm") / "vocab.txt").read_bytes() == FILES["vocab.txt"]


def test_a_partial_model_is_not_taken_for_a_whole_one(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository({**FILES, "tokenizer.json": b"[]"})
    server.refusals[f"/{MODEL}/resolve/{COMMIT}/tokenizer.json"] = [503] * 5
    with pytest.raises(MissingAssetError, match=r"tokenizer\.json .*the server answered 503"):
        ensure_assets(["masked-lm"])
    for path in (f"/api/models/{MODEL}/revision/{COMMIT}", f"/api/models/{MODEL}"):
        server.refusals[path] = [503] * 5
    with pytest.raises(MissingAssetError, match="503"):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()
    server.refusals.clear()
    assert (asset_folder("masked-lm") / "tokenizer.json").read_bytes() == b"[]"
    assert len(server.received(WEIGHTS)) == 1


def test_nothing_of_an_older_commit_is_kept(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository({**FILES, "tokenizer.json": b"[]"})
    server.refusals[WEIGHTS] = [503] * 5
    with pytest.raises(MissingAssetError, match="503"):
        ensure_assets(["masked-lm"])
    newer = {**FILES, "vocab.txt": b"a\nc\n", "model.safetensors": b"new"}
    server.repositories[MODEL] = Repository(newer, commit="f" * 40)
    folder = asset_folder("masked-lm")
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    del found[".manifest.json"]
    wanted = ("config.json", "vocab.txt", "model.safetensors")
    assert found == {name: newer[name] for name in wanted}
    assert [path for path in folder.parent.iterdir() if path.name.startswith(".down")] == []


def test_the_description_of_a_model_is_asked_for_again(
    server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robustbert.assets.hub_snapshots.TIMEOUT", (1.0, 0.5))
    server.repositories[MODEL] = Repository(FILES)
    server.refusals[f"/api/models/{MODEL}"] = [503, 429]
    ensure_assets(["masked-lm"])
    server.delays[f"/api/models/{OTHER}"] = [2.0]
    server.repositories[OTHER] = Repository(FILES)
    ensure_assets(["distilroberta"])
    for name, count in ((MODEL, 3), (OTHER, 2)):
        path = f"/api/models/{name}"
        wait_for(lambda path=path, count=count: len(server.received(path)) == count)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def test_no_token_is_sent_to_a_mirror(server: AssetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.repositories[MODEL] = Repository(FILES)
    ensure_assets(["masked-lm"])
    assert {request.authorization for request in server.requests} == {""}


def test_the_password_of_a_mirror_is_neither_shown_nor_stored(
    server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = server.address.replace("://", "://me:secret@")
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("ROBUSTBERT_NLTK_URL", f"{address}/nltk")
    messages = []
    for name in ("stopwords", "masked-lm"):
        assert "secret" not in status_of(name).source
        with pytest.raises(MissingAssetError) as raised:
            ensure_assets([name])
        messages.append(str(raised.value))
    server.files[STOPWORDS] = stopwords_zip()
    server.repositories[MODEL] = Repository(FILES)
    server.refusals[WEIGHTS] = [503] * 5
    with pytest.raises(MissingAssetError, match="503") as raised:
        ensure_assets(["masked-lm"])
    messages.append(str(raised.value))
    assert "secret" not in "".join(messages)
    for name in ("stopwords", "masked-lm"):
        manifest = read_manifest(asset_folder(name))
        assert manifest is not None
        assert "secret" not in manifest.source
    assert all(one.authorization.startswith("Basic ") for one in server.received(STOPWORDS))


def test_a_member_of_a_model_outside_of_its_folder(server: AssetServer) -> None:
    server.repositories[MODEL] = Repository({**FILES, "vocab.x/../../../../out": b"x"})
    with pytest.raises(MissingAssetError, match=r"vocab\.x/.* would be written outside"):
        ensure_assets(["masked-lm"])
    assert not find_asset("masked-lm").folder.exists()


@pytest.mark.parametrize("name", ["stopwords", "masked-lm"])
def test_files_that_the_disk_does_not_take(name: str, server: AssetServer) -> None:
    resource = pytest.importorskip("resource")
    server.files[STOPWORDS] = stopwords_zip(os.urandom(3_000_000))
    server.repositories[MODEL] = Repository({**FILES, "model.safetensors": bytes(3_000_000)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    try:
        with pytest.raises(OutputError, match=r"File too large.*; set ROBUSTBERT_CACHE to"):
            ensure_assets([name])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_the_language_model_of_alzantot_needs_its_weights(server: AssetServer) -> None:
    path = urlsplit(find_asset("billion-words-lm").url).path
    files = {"graph-2016-09-10-gpu.pbtxt": b"", "vocab-2016-09-10.txt": b""}
    server.files[path] = zip_of_files(files)
    with pytest.raises(MissingAssetError, match=r"does not contain ckpt-\*, so it is not billion"):
        ensure_assets(["billion-words-lm"])
    server.files[path] = zip_of_files({**files, "ckpt-char-embedding": b"1"})
    ensure_assets(["billion-words-lm"])


@pytest.mark.parametrize("name", ["stopwords", "masked-lm"])
def test_progress_is_shown_if_it_is_wanted(
    name: str,
    server: AssetServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for constant in ("FIRST_LINE", "NEXT_LINE"):
        monkeypatch.setattr(f"robustbert.progress.{constant}", 0.0)
    monkeypatch.setattr("robustbert.progress.STEP_LINES", True)
    server.files[STOPWORDS] = stopwords_zip(os.urandom(3_100_000))
    server.repositories[MODEL] = Repository({**FILES, "model.safetensors": bytes(3_100_000)})
    ensure_assets([name], progress=False)
    assert capsys.readouterr().err == ""
    shutil.rmtree(find_asset(name).folder)
    ensure_assets([name])
    shown = capsys.readouterr().err
    assert "3 of 3 megabytes" in shown
    assert f"downloaded {name}, " in shown
    fetch(find_asset(name))  # as if another process had downloaded it meanwhile
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["stopwords", "masked-lm"])
def test_no_network(name: str, server: AssetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HF_ENDPOINT", "ROBUSTBERT_NLTK_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    with pytest.raises(MissingAssetError, match="check the network connection, or set") as raised:
        ensure_assets([name])
    message = str(raised.value)
    assert "\n" not in message
    assert "Connection refused" in message
    assert "MaxRetryError" not in message
    assert not find_asset(name).folder.exists()


@pytest.mark.parametrize("name", ["stopwords", "masked-lm"])
@pytest.mark.parametrize("address", ["http://a..b", "no address", "http://127.0.0.1:x"])
def test_a_wrong_address_of_a_mirror(
    address: str, name: str, server: AssetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HF_ENDPOINT", "ROBUSTBERT_NLTK_URL"):
        monkeypatch.setenv(variable, address)
    with pytest.raises(MissingAssetError, match="check the network connection, or set") as raised:
        ensure_assets([name])
    assert "\n" not in str(raised.value)
    assert server.requests == []


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
        pytest.raises(InputError, match="'hownet' belongs to the canonical profile; set ROBUSTB"),
    ):
        ensure_assets(["hownet"])
