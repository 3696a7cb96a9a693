from __future__ import annotations

import importlib
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from robustbert import registry
from robustbert.assets import asset_folder, ensure_assets
from robustbert.attacks import RECIPES
from robustbert.attacks.recipes import assets_of, runnable_recipe
from robustbert.data import DATASETS, load_dataset
from robustbert.defenses import DEFENSES, make_defense
from robustbert.errors import (
    DatasetError,
    DuplicateNameError,
    InputError,
    ModelError,
    UnknownNameError,
)
from robustbert.models import MODELS, load_model
from robustbert.models.pretrained import find_base
from robustbert.registry import Entry, Registry, is_import_path

ENTRIES = [Entry("square", "colorsys:rgb_to_hsv", "four"), Entry("cube", "math:pi")]

PLUGIN = """
from dataclasses import dataclass

from robustbert.assets.asset_registry import BuiltAsset
from robustbert.data import Rows
from robustbert.defenses import Defense
from robustbert.models import TfidfBase


def colours(length=None):
    texts = [f"the {n} of us like the colour {c}" for n in range(40) for c in ("red", "blue")]
    return Rows("colours", "plugin==1", ("red", "blue"), texts, [0, 1] * 40, length=length)


def long_colours():
    return colours("long")


def no_rows():
    return []


def failing():
    return 1 / 0


WORDS = BuiltAsset("words", 3, "corpora/words", "plugin.parts:build_words", (), (), "some words")
CLASH = BuiltAsset("wordnet", 1, "corpora/words", "plugin.parts:build_words", (), (), "some words")


def build_words(folder, needed):
    (folder / "words").write_text("a b")


SVM = TfidfBase("plugin-svm", "linear-svm")


@dataclass(frozen=True)
class Smoothing(Defense):
    sigma: float = 0.5


class Holder:
    radius = 3
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An importable package ``plugin`` of the user's; its module ``plugin.parts``."""
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "__init__.py").touch()
    (tmp_path / "plugin" / "parts.py").write_text(PLUGIN)
    (tmp_path / "plugin" / "failing.py").write_text("import not_installed_anywhere")
    (tmp_path / "plugin" / "recipes.py").write_text(
        "from textattack.attack_recipes import PWWSRen2019\nclass Mine(PWWSRen2019): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "plugin.parts"
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugin"]:
        del sys.modules[name]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Pretend that packages register entry points: call it with group, name, value, package."""
    points: dict[str, list[SimpleNamespace]] = {}

    def entry_points(*, group: str):
        return tuple(points.get(group, ()))

    def register(group: str, name: str, value: str, package: str = "shapely") -> None:
        point = SimpleNamespace(name=name, value=value, dist=SimpleNamespace(name=package))
        points.setdefault(group, []).append(point)
        registry._entry_points.cache_clear()

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    registry._entry_points.cache_clear()
    yield register
    registry._entry_points.cache_clear()


def test_keeps_the_order_of_its_table():
    assert list(Registry("shape", ENTRIES)) == ["square", "cube"]
    assert Registry("shape", ENTRIES).entries() == tuple(ENTRIES)


def test_imports_a_target_only_when_it_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    shapes = Registry("shape", ENTRIES)
    assert "square" in shapes
    assert shapes.entry("square").summary == "four"
    assert "colorsys" not in sys.modules
    assert shapes.load("square").__name__ == "rgb_to_hsv"
    assert "colorsys" in sys.modules


def test_rejects_duplicate_names():
    with pytest.raises(DuplicateNameError, match="the table of shapes has the name 'cube' twice"):
        Registry("shape", [*ENTRIES, Entry("cube", "math:tau")])


@pytest.mark.parametrize("ask", [Registry.entry, Registry.load])
def test_unknown_name_suggests_similar_names(ask):
    with pytest.raises(UnknownNameError, match=r"unknown shape 'cub'; did you mean cube") as error:
        ask(Registry("shape", ENTRIES), "cub")
    assert error.value.suggestions == ("cube",)


@pytest.mark.parametrize("table", [DATASETS, MODELS, DEFENSES], ids=lambda table: table.kind)
def test_every_built_in_target_exists(table: Registry):
    for entry in table.entries():
        assert entry.load() is not None
        assert entry.summary


def test_every_recipe_has_a_summary_and_is_one_of_textattack():
    for entry in RECIPES.entries():
        module, name = entry.target.split(":")
        own = module.startswith("robustbert.attacks.textattack.")
        assert own or module == "textattack.attack_recipes"
        assert entry.summary
        if own:
            importlib.import_module("robustbert.attacks.textattack")
            original = getattr(importlib.import_module("textattack.attack_recipes"), name)
            assert issubclass(RECIPES.load(entry.name), original)


class TestImportPaths:
    """``package.module:Name`` in place of a name."""

    @pytest.mark.parametrize(
        "name",
        [
            *("minilm", "hub:bert", "hub:owner/bert", "hub:bert@main", "file:reviews.csv"),
            *(
                "C:\\models\\bert",
                "C:models",
                "c:models.best",
                "./plugin.parts:SVM",
                "a.b:",
                ":SVM",
            ),
            *(
                "/plugin:SVM",
                "plugin/parts:SVM",
                "plugin.:SVM",
                "plugin:SVM:x",
                "1a:b",
                "a-b:c",
                "",
            ),
        ],
    )
    def test_other_forms_are_not_import_paths(self, name: str):
        assert not is_import_path(name)
        assert name not in Registry("shape", ENTRIES)

    def test_is_in_a_registry_without_an_import(self, plugin: str):
        assert f"{plugin}:SVM" in MODELS
        assert "no.such.module:Name" in MODELS
        assert RECIPES.entry("plugin.recipes:Mine").target == "plugin.recipes:Mine"
        assert "plugin" not in sys.modules

    def test_an_attribute_of_an_attribute(self, plugin: str):
        assert Registry("shape", ENTRIES).load(f"{plugin}:Holder.radius") == 3

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            (
                "no_such_package.parts:A",
                "shape 'no_such_package.parts:A': there is no module 'no_s",
            ),
            ("plugin.part:SVM", "there is no module 'plugin.part'; check the spelling"),
            ("plugin.parts:SVN", "plugin.parts has no attribute 'SVN'; did you mean SVM?"),
            ("plugin.failing:A", "importing plugin.failing failed: ModuleNotFoundError: No module"),
        ],
    )
    def test_invalid_import_path_gives_a_one_line_error(self, plugin: str, name: str, words: str):
        with pytest.raises(InputError) as error:
            Registry("shape", ENTRIES).load(name)
        assert words in str(error.value)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(
        ("table", "name", "words"),
        [
            (DATASETS, "plugin.parts:SVM", "is a TfidfBase; give the import path of a function"),
            (
                MODELS,
                "plugin.parts:Smoothing",
                "is the class Smoothing; give the import path of a T",
            ),
            (
                DEFENSES,
                "plugin.parts:Holder",
                "is the class Holder; give the import path of a datac",
            ),
            (DEFENSES, "plugin.parts:SVM", "is a TfidfBase; give the import path of a dataclass"),
        ],
    )
    def test_object_of_another_type(self, plugin: str, table, name: str, words: str):
        with pytest.raises(InputError) as error:
            table.load(name)
        assert words in str(error.value)

    def test_a_dataset(self, plugin: str):
        dataset = load_dataset(f"{plugin}:colours")
        assert (dataset.name, dataset.source, dataset.length) == ("colours", "plugin==1", "short")
        assert load_dataset(f"{plugin}:colours", length="long").length == "long"
        assert load_dataset(f"{plugin}:long_colours").length == "long"
        with pytest.raises(InputError, match="declares its own text length"):
            load_dataset(f"{plugin}:long_colours", length="short")
        with pytest.raises(InputError, match="has its own columns"):
            load_dataset(f"{plugin}:colours", text_column="review")
        with pytest.raises(DatasetError, match=r"plugin.parts:no_rows returned a list; return rob"):
            load_dataset(f"{plugin}:no_rows")
        message = r"failing raised ZeroDivisionError: division by zero \(in plugin.parts.failing"
        with pytest.raises(DatasetError, match=message):
            load_dataset(f"{plugin}:failing")

    def test_a_model(self, plugin: str):
        assert find_base(f"{plugin}:SVM").kind == "linear-svm"
        with pytest.raises(ModelError, match=r"'plugin.parts:SVM' is not trained yet"):
            load_model(f"{plugin}:SVM")

    def test_a_defense(self, plugin: str):
        assert make_defense(f"{plugin}:Smoothing", {"sigma": 1}).params() == {"sigma": 1}
        with pytest.raises(UnknownNameError, match="unknown setting 'sigmas'; did you mean sigma"):
            make_defense(f"{plugin}:Smoothing", {"sigmas": 1})

    def test_a_recipe_gets_every_asset_that_recipes_read(self, plugin: str):
        importlib.import_module("robustbert.attacks.textattack")
        name = "plugin.recipes:Mine"
        read = set(assets_of(["textfooler", "textbugger", "iga", "bae"]))
        assert set(assets_of([name])) == read
        assert runnable_recipe(name).random
        assert RECIPES.load(name).__name__ == "Mine"
        with pytest.raises(InputError, match="is a TfidfBase; give the import path of a subclass"):
            RECIPES.load(f"{plugin}:SVM")

    def test_an_asset(self, plugin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path / "cache"))
        name = f"{plugin}:WORDS"
        assert set(ensure_assets([name], progress=False)) == {name}
        assert asset_folder(name) == tmp_path / "cache" / "assets" / "words-3" / "corpora" / "words"
        assert (asset_folder(name) / "words").read_text() == "a b"
        with pytest.raises(DuplicateNameError, match="'wordnet', which is built in"):
            ensure_assets([f"{plugin}:CLASH"])
        with pytest.raises(
            InputError, match="is a TfidfBase; give the import path of an instance of PackagedAsset"
        ):
            ensure_assets([f"{plugin}:SVM"])


class TestEntryPoints:
    """Names that installed packages register."""

    def test_are_listed_after_the_built_in_names_without_an_import(self, installed, plugin: str):
        installed("robustbert.models", "svm", f"{plugin}:SVM")
        assert list(MODELS)[-1] == "svm"
        assert MODELS.entries()[-1] == Entry("svm", f"{plugin}:SVM", "from the package shapely")
        assert [entry.name for entry in MODELS.built_in()] == list(MODELS)[:-1]
        assert "svm" in MODELS
        assert "plugin" not in sys.modules

    def test_are_loaded_by_their_names(self, installed, plugin: str):
        installed("robustbert.models", "svm", f"{plugin}:SVM")
        installed("robustbert.defenses", "smoothing", f"{plugin}:Smoothing")
        installed("robustbert.datasets", "colours", f"{plugin}:colours")
        assert find_base("svm").kind == "linear-svm"
        assert make_defense("smoothing", {}).params() == {"sigma": 0.5}
        assert load_dataset("colours").name == "colours"

    def test_are_suggested_as_similar_names(self, installed, plugin: str):
        installed("robustbert.defenses", "smoothing", f"{plugin}:Smoothing")
        with pytest.raises(UnknownNameError, match="did you mean smoothing"):
            make_defense("smoothin", {})

    def test_invalid_target_error_has_name_and_target(self, installed):
        installed("robustbert.models", "svm", "no_such_package:SVM")
        with pytest.raises(
            InputError, match=r"model 'svm' \(no_such_package:SVM\): there is no mod"
        ):
            MODELS.load("svm")
        installed("robustbert.models", "tree", "no_such_package")
        with pytest.raises(InputError, match="'no_such_package' is not an import path"):
            MODELS.load("tree")

    def test_a_built_in_name_is_rejected_only_when_it_is_used(self, installed, plugin: str):
        installed("robustbert.models", "tfidf-nb", f"{plugin}:SVM")
        assert list(MODELS).count("tfidf-nb") == 1
        assert find_base("tfidf-svm").kind == "linear-svm"
        with pytest.raises(
            DuplicateNameError,
            match=r"model 'tfidf-nb' is registered by robustbert and by the package shapely; .* "
            r"plugin.parts:SVM",
        ):
            find_base("tfidf-nb")
        assert find_base(f"{plugin}:SVM").kind == "linear-svm"

    def test_two_packages_with_the_same_name(self, installed, plugin: str):
        installed("robustbert.models", "svm", f"{plugin}:SVM", "left")
        installed("robustbert.models", "svm", f"{plugin}:SVM", "right")
        assert list(MODELS).count("svm") == 1
        assert MODELS.entries()[-1].summary == "from the package left"
        with pytest.raises(
            DuplicateNameError, match="by the package left and by the package right"
        ):
            MODELS.load("svm")
