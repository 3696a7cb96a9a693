from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import robustbert
from robustbert.assets import asset_folder, ensure_assets

NLTK_ASSETS = ("wordnet", "pos-tagger", "stopwords", "tagset")

# In a new process, because an import has effects only once.
FRESH = """
import json, os, socket, sys
names = ("HF_HOME", "XDG_CACHE_HOME", "TFHUB_CACHE_DIR", "PYTORCH_TRANSFORMERS_CACHE")
before = {name: os.environ.get(name) for name in names}
connections = []
def refuse(self, address, *_):
    connections.append(address)
    raise OSError("no network")
socket.socket.connect = refuse
socket.getaddrinfo = lambda *a, **k: refuse(None, a)

from robustbert.attacks.textattack.bootstrap import import_textattack
from robustbert.attacks.textattack.patches import PATCHES
textattack = sys.modules["textattack"]
import huggingface_hub.constants
import nltk
from nltk.corpus import stopwords, wordnet
with PATCHES.applied():
    swap = textattack.transformations.WordSwapWordNet()
print(json.dumps({
    "again": import_textattack() is textattack,
    "connections": connections,
    "kept": {name: os.environ.get(name) for name in names} == before,
    "hub": huggingface_hub.constants.HF_HOME,
    "home": textattack.shared.utils.path_in_cache("word_embeddings/paragramcf"),
    "stopwords": len(stopwords.words("english")),
    "synonyms": sorted({lemma.name() for lemma in wordnet.synsets("film", "n")[0].lemmas()}),
    "tags": nltk.pos_tag("The film was dull".split(), tagset="universal"),
    "download": nltk.download.__module__,
}))
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_import_prints_nothing_works_offline_and_keeps_the_environment() -> None:
    ensure_assets(NLTK_ASSETS)
    done = run(FRESH)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    printed = json.loads(done.stdout)
    assert printed["again"]
    assert printed["connections"] == []
    assert printed["kept"]
    assert "robustbert" not in printed["hub"]
    assert printed["home"] == str(asset_folder("word-vectors"))
    assert printed["stopwords"] == 198
    assert "movie" in printed["synonyms"]
    assert [tag for _, tag in printed["tags"]] == ["DET", "NOUN", "VERB", "ADJ"]
    assert printed["download"].startswith("nltk")


# Entries of ``sys.modules`` replace a user's own import, which takes seconds and uses the network.
OTHERS = """
import sys, types
for name in ("textattack", "textattack.shared", "textattack.shared.utils",
             "textattack.shared.utils.install"):
    sys.modules[name] = types.ModuleType(name)
install = sys.modules["textattack.shared.utils.install"]
install.TEXTATTACK_CACHE_DIR = "/somewhere/else"
sys.modules["textattack.shared.utils"].GLOBAL_OBJECTS = {loaded}
from robustbert.attacks.textattack.bootstrap import import_textattack
assert import_textattack() is sys.modules["textattack"]
print(install.TEXTATTACK_CACHE_DIR)
"""


def test_a_textattack_imported_before_is_pointed_at_the_assets() -> None:
    done = run(OTHERS.replace("{loaded}", "{}"))
    assert done.stdout.strip().endswith("word-vectors-2")


def test_a_textattack_with_other_vectors_loaded_is_rejected() -> None:
    done = run(OTHERS.replace("{loaded}", "{'textattack_counterfitted_GLOVE_embedding': 1}"))
    assert done.returncode == 1
    assert "RobustbertError: textattack was imported before robustbert" in done.stderr
    assert "/somewhere/else" in done.stderr


def test_no_other_package_imports_textattack() -> None:
    package = Path(robustbert.__file__).parent
    importing = {
        path.relative_to(package).parent.as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if "textattack" in {name.partition(".")[0] for name in imported_modules(node)}
    }
    assert importing == {"attacks/textattack"}


def imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
