from __future__ import annotations

import json
import subprocess
import sys

import pytest

from robustbert.assets import asset_folder, ensure_assets

NLTK_ASSETS = ("wordnet", "pos-tagger", "stopwords", "tagset")

# A fresh process: what an import does shows only once.
FRESH = """
import json, os, socket, sys
names = ("HF_HOME", "XDG_CACHE_HOME", "TFHUB_CACHE_DIR", "PYTORCH_TRANSFORMERS_CACHE")
before = {name: os.environ.get(name) for name in names}
asked = []
def refuse(self, address, *_):
    asked.append(address)
    raise OSError("no network")
socket.socket.connect = refuse
socket.getaddrinfo = lambda *a, **k: refuse(None, a)

from robustbert.attacks.textattack.bootstrap import import_textattack, no_downloads
textattack = import_textattack()
import huggingface_hub.constants
import nltk
from nltk.corpus import stopwords, wordnet
with no_downloads():
    swap = textattack.transformations.WordSwapWordNet()
print(json.dumps({
    "again": import_textattack() is textattack,
    "asked": asked,
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
def test_import_is_quiet_offline_and_leaves_the_environment() -> None:
    ensure_assets(NLTK_ASSETS)
    done = run(FRESH)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    said = json.loads(done.stdout)
    assert said["again"]
    assert said["asked"] == []
    assert said["kept"]
    assert "robustbert" not in said["hub"]
    assert said["home"] == str(asset_folder("word-vectors"))
    assert said["stopwords"] == 198
    assert "movie" in said["synonyms"]
    assert [tag for _, tag in said["tags"]] == ["DET", "NOUN", "VERB", "ADJ"]
    assert said["download"].startswith("nltk")


# ``sys.modules`` stands in for a user's own import, which takes seconds and asks the network.
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


def test_a_textattack_with_other_vectors_loaded_is_refused() -> None:
    done = run(OTHERS.replace("{loaded}", "{'textattack_counterfitted_GLOVE_embedding': 1}"))
    assert done.returncode == 1
    assert "RobustbertError: textattack was imported first" in done.stderr
    assert "/somewhere/else" in done.stderr
