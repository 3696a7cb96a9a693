"""Runs with canonical assets, which come from a server on this machine."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from requests import Session

import robustbert
from robustbert.assets import current_profile, ensure_assets, using_profile
from robustbert.assets.asset_registry import find_asset
from robustbert.assets.manifest import tree_sha256
from robustbert.attacks.recipes import assets_of
from robustbert.bench import BenchResult, RayCluster
from robustbert.cli import main
from robustbert.errors import MissingAssetError, RecordError
from robustbert.models.original_encoders import OriginalEncoder, original_encoder
from robustbert.records import Outcome, Record, read_run
from robustbert.reports import render_markdown
from tests.asset_server import AssetServer
from tests.canonical_content import USE_PATH, StubHub, canonical_server, stub_hub  # noqa: F401
from tests.conftest import write_reviews

BASE = {"wordnet", "pos-tagger", "stopwords", "tagset"}
PROTOCOL = {"sentence-encoder"}
VECTORS = {"word-vectors"}
USE = "universal-sentence-encoder"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AssetServer]:
    """A server with small assets, from which an empty cache is filled."""
    with canonical_server(tmp_path_factory.mktemp("canonical")) as content:
        yield content


def run(
    bert: Path,
    reviews: Path,
    *recipes: str,
    tracks: str = "published",
    assets: str | None = "canonical",
    out: Path | None = None,
    n: int = 4,
    cluster: RayCluster | None = None,
) -> BenchResult:
    return robustbert.bench(
        bert,
        list(recipes),
        f"file:{reviews}",
        n=n,
        tracks=tracks,
        assets=assets,
        out=out,
        dtype="float32",
        cluster=cluster,
    )


def texts(outcomes: tuple[Outcome, ...]) -> list[tuple[str, str | None, int]]:
    return [(one.status, one.adversarial_text, one.queries) for one in outcomes]


def outcomes_of(result: BenchResult, recipe: str) -> tuple[Outcome, ...]:
    [name] = [name for name in result.outcomes if name.endswith(recipe)]
    return result.outcomes[name]


def check_hashes(record: Record, names: set[str]) -> None:
    """The record has the canonical assets with these names, in the hashes of their files."""
    assert record.assets.profile == "canonical"
    with using_profile("canonical"):
        folders = {name: find_asset(name).folder for name in names}
    assert record.assets.hashes == {name: tree_sha256(one) for name, one in folders.items()}


def test_recipes_that_need_no_encoder_of_their_own(
    server: AssetServer, bert: Path, reviews: Path
) -> None:
    result = run(bert, reviews, "pwws", "iga")
    assert result.errors == 0
    pwws, iga = result.records
    check_hashes(pwws, BASE | PROTOCOL)
    check_hashes(iga, BASE | VECTORS | PROTOCOL)
    assert any(record.counts.broken for record in result.records)
    assert "Assets profile: canonical." in render_markdown(result.table)


def test_a2t_uses_its_own_sbert(
    server: AssetServer, bert: Path, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    original = OriginalEncoder.encode

    def noted(self, texts):
        encoded.extend(texts)
        return original(self, texts)

    monkeypatch.setattr(OriginalEncoder, "encode", noted)
    result = run(bert, reviews, "a2t")
    assert result.errors == 0
    check_hashes(result.records[0], BASE | VECTORS | PROTOCOL | {"sbert"})
    assert encoded


def test_recipes_with_the_universal_sentence_encoder(
    server: AssetServer,
    stub_hub: StubHub,  # noqa: F811
    bert: Path,
    reviews: Path,
) -> None:
    result = run(bert, reviews, "textfooler", "bae")
    assert result.errors == 0
    textfooler, bae = result.records
    check_hashes(textfooler, BASE | VECTORS | PROTOCOL | {USE})
    check_hashes(bae, BASE | PROTOCOL | {"masked-lm", USE})
    with using_profile("canonical"):
        assert stub_hub.loaded == [str(find_asset(USE).folder)]
    assert stub_hub.encoded
    assert any(record.counts.broken for record in result.records)


@pytest.mark.parametrize(
    ("recipe", "assets"),
    [
        ("clare", BASE | {"distilroberta", "upos-tagger", USE}),
        ("pso", BASE | {"hownet", "upos-tagger"}),
        ("checklist", BASE | {"ner-tagger"}),
        ("kuleshov", BASE | VECTORS | {"gpt2"}),
        ("leap", BASE),
    ],
)
def test_recipes_with_models_of_their_own(
    recipe: str,
    assets: set[str],
    server: AssetServer,
    stub_hub: StubHub,  # noqa: F811
    bert: Path,
    reviews: Path,
) -> None:
    result = run(bert, reviews, recipe, n=2)
    assert result.errors == 0
    check_hashes(result.records[0], assets | PROTOCOL)


@pytest.mark.parametrize(
    ("recipe", "package", "extra"),
    [("alzantot", "tensorflow", "use"), ("faster-alzantot", "torchfile", "learning-to-write")],
)
def test_the_package_of_a_language_model_is_named(
    recipe: str, package: str, extra: str, server: AssetServer, bert: Path, reviews: Path
) -> None:
    message = rf"needs the package {package}; install it: pip install 'robustbert\[{extra}\]'"
    server.requests.clear()
    with pytest.raises(MissingAssetError, match=message):
        run(bert, reviews, recipe)
    assert server.requests == []


def test_a_second_run_downloads_nothing(server: AssetServer, bert: Path, reviews: Path) -> None:
    first = run(bert, reviews, "pwws", "iga", "a2t")
    server.requests.clear()
    second = run(bert, reviews, "pwws", "iga", "a2t")
    assert server.requests == []
    for one, other in zip(first.outcomes.values(), second.outcomes.values(), strict=True):
        assert texts(one) == texts(other)


def test_the_recipes_own_encoder_decides_what_is_similar(
    server: AssetServer,
    stub_hub: StubHub,  # noqa: F811
    bert: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reviews = write_long_reviews(write_reviews(tmp_path / "reviews.csv", 400))
    forget_encoders(monkeypatch)
    similar = run(bert, reviews, "textfooler", n=24).records[0]
    forget_encoders(monkeypatch)
    stub_hub.random = True
    different = run(bert, reviews, "textfooler", n=24).records[0]
    assert similar.counts.broken > 0
    assert different.counts.broken == 0


def forget_encoders(patch: pytest.MonkeyPatch) -> None:
    """Load the encoders of recipes again, without the embeddings that they have cached."""
    fresh = cache(original_encoder.__wrapped__)
    patch.setattr("robustbert.attacks.runner.original_encoder", fresh)


def write_long_reviews(path: Path) -> Path:
    """Texts of more words than textfooler's window, below which it measures no similarity."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.rpartition(",") for line in lines]
    long = [f"{text} {text} {text}".replace(",", " ") + f",{label}" for text, _, label in rows]
    path.write_text("\n".join([header, *long]) + "\n", encoding="utf-8")
    return path


def test_the_unified_track_needs_no_encoder_of_the_recipe(
    server: AssetServer, bert: Path, reviews: Path
) -> None:
    result = run(bert, reviews, "textfooler", tracks="unified")
    assert result.errors == 0
    check_hashes(result.records[0], BASE | VECTORS | PROTOCOL)


def test_a_missing_package_is_named_before_anything_runs(
    server: AssetServer, bert: Path, reviews: Path, tmp_path: Path
) -> None:
    with pytest.raises(MissingAssetError, match=r"pip install 'robustbert\[use\]'"):
        run(bert, reviews, "textfooler", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_offline_outcomes_are_the_same_before_and_after(
    server: AssetServer, bert: Path, reviews: Path
) -> None:
    before = run(bert, reviews, "pwws", "iga", "textfooler", assets=None)
    canonical = run(bert, reviews, "pwws", "iga")
    after = run(bert, reviews, "pwws", "iga", "textfooler", assets="offline")
    assert {record.assets.profile for record in before.records} == {"offline"}
    assert [r.assets for r in before.records] == [r.assets for r in after.records]
    for one, other in zip(before.outcomes.values(), after.outcomes.values(), strict=True):
        assert texts(one) == texts(other)
    assert texts(outcomes_of(before, "iga")) != texts(outcomes_of(canonical, "iga"))


@pytest.mark.parametrize(("first", "second"), [("offline", "canonical"), ("canonical", "offline")])
def test_a_run_is_not_resumed_with_another_profile(
    first: str, second: str, server: AssetServer, bert: Path, reviews: Path, tmp_path: Path
) -> None:
    run(bert, reviews, "pwws", assets=first, out=tmp_path / "run")
    message = f"assets is {first} there, but {second} in this run; choose another output folder"
    with pytest.raises(RecordError, match=message):
        run(bert, reviews, "pwws", assets=second, out=tmp_path / "run")
    again = run(bert, reviews, "pwws", assets=first, out=tmp_path / "run")
    assert again.records[0].assets.profile == first


def test_an_older_run_is_one_with_offline_assets(
    server: AssetServer, bert: Path, reviews: Path, tmp_path: Path
) -> None:
    run(bert, reviews, "pwws", assets="offline", out=tmp_path / "run")
    path = tmp_path / "run" / "configuration.json"
    content = json.loads(path.read_text())
    del content["settings"]["assets"]
    path.write_text(json.dumps(content))
    with pytest.raises(RecordError, match="assets is offline there, but canonical in this run"):
        run(bert, reviews, "pwws", out=tmp_path / "run")
    run(bert, reviews, "pwws", assets="offline", out=tmp_path / "run")


def test_textattack_downloads_nothing_itself(
    server: AssetServer,
    stub_hub: StubHub,  # noqa: F811
    bert: Path,
    reviews: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recipes = ("pso", "kuleshov", "clare", "iga")
    with use_new_cache(tmp_path / "cache", monkeypatch):
        ensure_assets([*assets_of(recipes), *PROTOCOL])
        server.requests.clear()
        opened: list[object] = []
        original = Session.request

        def noted(self: Session, *args: object, **options: object) -> object:
            opened.append(args)
            return original(self, *args, **options)

        monkeypatch.setattr(Session, "request", noted)
        result = run(bert, reviews, *recipes, n=2)
    assert result.errors == 0
    assert opened == []
    assert server.requests == []


def test_candidates_that_would_run_something_are_refused(
    server: AssetServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from textattack.transformations import WordSwapHowNet

    from robustbert.attacks.textattack.original_models import shared_candidates

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "ran"),)

    path = "/textattack/transformations/hownet/word_candidates_sense.pkl"
    monkeypatch.setitem(server.files, path, pickle.dumps(Payload()))
    init = shared_candidates(WordSwapHowNet.__init__)
    with (
        use_new_cache(tmp_path / "cache", monkeypatch),
        pytest.raises(MissingAssetError, match=r"mkdir.*; remove .*assets --profile canonical how"),
    ):
        init(WordSwapHowNet.__new__(WordSwapHowNet))
    assert not (tmp_path / "ran").exists()


@contextmanager
def use_new_cache(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Canonical assets in an empty cache, so that nothing was loaded from there before."""
    with patch.context() as inside, using_profile("canonical"):
        inside.setenv("ROBUSTBERT_CACHE", str(folder))
        yield


def attack(bert: Path, reviews: Path, out: Path, *more: str) -> int:
    command = ["attack", "--model", str(bert), "--dataset", f"file:{reviews}", "-n", "2"]
    command += ["--recipe", "pwws", "--dtype", "float32", "--out", str(out), *more]
    return main(command)


def test_the_command_line_and_a_suite_ask_for_a_profile(
    server: AssetServer,
    bert: Path,
    reviews: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert attack(bert, reviews, tmp_path / "run", "--assets", "canonical") == 0
    assert current_profile() == "offline", "it lasts for the command"
    [record] = read_run(tmp_path / "run").records
    check_hashes(record, BASE | PROTOCOL)
    capsys.readouterr()
    assert attack(bert, reviews, tmp_path / "run") == 2
    message = capsys.readouterr().err
    assert "assets is canonical there, but offline in this run" in message
    assert message.count("\n") == 1
    suite = tmp_path / "mine.toml"
    suite.write_text(
        f'name = "mine"\nmodels = ["{bert}"]\nrecipes = ["pwws"]\ndatasets = ["r"]\n'
        f'num_examples = 2\nassets = "canonical"\n[dataset.r]\nsource = "file:{reviews}"\n'
    )
    out = tmp_path / "suite"
    assert main(["bench", "--suite", str(suite), "--out", str(out), "--dtype", "float32"]) == 0
    [record] = read_run(out).records
    assert record.assets.profile == "canonical"
    assert main(["bench", "--suite", str(suite), "--out", str(out), "--assets", "offline"]) == 2


def test_a_dry_run_names_the_assets_to_download(
    server: AssetServer,
    bert: Path,
    reviews: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
    server.requests.clear()
    command = ["bench", "--models", str(bert), "--datasets", f"file:{reviews}", "--recipes", "iga"]
    assert main([*command, "--assets", "canonical", "--dry-run"]) == 0
    assert server.requests == []
    written = capsys.readouterr().out
    assert "assets to download first: " in written
    assert "word-vectors" in written
    assert "sentence-encoder" in written


def test_what_models_depend_on_are_the_assets_of_the_profile(server: AssetServer) -> None:
    from robustbert.defenses.attack_dependencies import attack_dependencies
    from robustbert.defenses.random_changes import word_neighbours
    from robustbert.defenses.substitutions import substitution_dependencies

    words = {}
    for profile in ("offline", "canonical", "offline"):
        with using_profile(profile):
            vectors = ensure_assets(["word-vectors"])["word-vectors"]
            assert substitution_dependencies()["assets"]["word-vectors"] == vectors
            hashes = attack_dependencies(["a2t"], "published")["assets"]
            assert hashes["word-vectors"] == vectors
            assert ("sbert" in hashes) == (profile == "canonical")
            words[profile] = len(word_neighbours().neighbours)
    assert words["offline"] == 30_000
    assert 0 < words["canonical"] < 200


@pytest.mark.slow
def test_workers_of_a_cluster_use_the_assets_of_the_driver(
    server: AssetServer, bert: Path, reviews: Path
) -> None:
    pytest.importorskip("ray")
    local = run(bert, reviews, "iga")
    server.requests.clear()
    remote = run(bert, reviews, "iga", cluster=RayCluster(1))
    assert server.requests == []
    assert remote.records[0].engine.executor == "ray"
    assert remote.records[0].assets == local.records[0].assets
    assert texts(outcomes_of(remote, "iga")) == texts(outcomes_of(local, "iga"))
