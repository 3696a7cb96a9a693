"""The functions of TextAttack and NLTK that robustbert replaces.

Some replacements are needed to build recipes from the assets. The others are speed-ups that return
the same values, which tests check against the verified version of the package. If another version
is installed, its speed-ups are not applied: the original functions run, and a warning is issued.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import nltk
import textattack.shared.utils
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.tag.perceptron import AveragedPerceptron
from textattack.attack_recipes import clare_li_2020
from textattack.constraints.grammaticality.language_models import GPT2
from textattack.constraints.grammaticality.language_models.google_language_model import (
    google_language_model,
)
from textattack.constraints.grammaticality.language_models.learning_to_write.language_model_helpers import (  # noqa: E501
    QueryHandler,
)
from textattack.constraints.semantics.sentence_encoders import SBERT, SentenceEncoder
from textattack.shared import attacked_text
from textattack.shared.attacked_text import AttackedText
from textattack.transformations import (
    WordSwapHomoglyphSwap,
    WordSwapHowNet,
    WordSwapMaskedLM,
)
from textattack.transformations.word_swaps import word_swap_masked_lm

from robustbert.assets.homoglyphs import intentional_homoglyphs
from robustbert.attacks.textattack import (
    masked_model,
    original_models,
    speedups,
    subword_candidates,
)
from robustbert.attacks.textattack.word_tags import flair_tag
from robustbert.data.words import HOMOGLYPHS
from robustbert.errors import RobustbertWarning


@dataclass(frozen=True)
class Patch:
    """The replacement of one attribute.

    Args:
        owner: the module or class that has the attribute.
        attribute: its name.
        replacement: takes the original value and returns its replacement. It is called whenever
            the patches are applied, so that caches start empty.
        distribution: the package that the owner belongs to.
        verified: the version of that package that the replacement was tested with.
        speedup: True if the replacement is only faster, so that attacks also run without it.
    """

    owner: Any
    attribute: str
    replacement: Callable[[Any], Any]
    distribution: str
    verified: str
    speedup: bool = True


class PatchSet:
    """Patches that are applied and removed together.

    Args:
        patches: the patches, in the order in which they are applied.
    """

    def __init__(self, patches: Iterable[Patch]) -> None:
        self.patches = tuple(patches)
        self._lock = threading.Lock()
        self._depth = 0
        self._originals: list[tuple[Patch, Any]] = []

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply the patches within the block.

        Blocks may be nested, and entered by several threads: the patches are applied when the first
        block is entered and removed when the last one is left.

        Warns:
            RobustbertWarning: an installed version is not the verified one.
        """
        with self._lock:
            if self._depth == 0:
                self._apply()
            self._depth += 1
        try:
            yield
        finally:
            with self._lock:
                self._depth -= 1
                if self._depth == 0:
                    self._restore()

    def _apply(self) -> None:
        skipped = self._unverified()
        if skipped:
            _warn_skipped(skipped)
        try:
            for patch in self.patches:
                if patch not in skipped:
                    original = vars(patch.owner)[patch.attribute]
                    self._originals.append((patch, original))
                    setattr(patch.owner, patch.attribute, patch.replacement(original))
        except BaseException:
            self._restore()
            raise

    def _restore(self) -> None:
        while self._originals:
            patch, original = self._originals.pop()
            setattr(patch.owner, patch.attribute, original)

    def _unverified(self) -> list[Patch]:
        """The speed-ups of packages whose installed version is not the verified one."""
        installed = {name: version(name) for name in {p.distribution for p in self.patches}}
        return [p for p in self.patches if p.speedup and installed[p.distribution] != p.verified]


def _warn_skipped(patches: Iterable[Patch]) -> None:
    packages = sorted({(patch.distribution, patch.verified) for patch in patches})
    found = " and ".join(
        f"{name} {version(name)} is installed instead of {verified}" for name, verified in packages
    )
    warnings.warn(
        f"{found}, so attacks run without the speed-ups for the verified version; outcomes are the "
        "same; for full speed install the versions pinned in robustbert's constraints.txt",
        RobustbertWarning,
        stacklevel=2,
    )


def _refuse_download(_: Any) -> Callable[..., bool]:
    """``nltk.download`` that downloads nothing, because the assets suffice for English."""
    return lambda *_args, **_options: False


def _sbert_without_model(_: Any) -> Callable[..., None]:
    """``SBERT.__init__`` that loads no model, because ``build_attack`` replaces the constraint."""

    def init(
        self: SBERT,
        threshold: float = 0.7,
        metric: str = "cosine",
        model_name: str | None = None,
        **options: Any,
    ) -> None:
        SentenceEncoder.__init__(self, threshold=threshold, metric=metric, **options)
        self.model_name = model_name

    return init


def _homoglyphs_without_file(_: Any) -> Callable[..., None]:
    """``WordSwapHomoglyphSwap.__init__`` that does not read a file that the wheel lacks.

    The file is Unicode's, and robustbert has its own copy. Only the differential-evolution search
    of the recipe bad-characters needs it.
    """

    def init(self: WordSwapHomoglyphSwap, random_one: bool = False) -> None:
        self.homos = dict(HOMOGLYPHS)
        self.homos_intentional = intentional_homoglyphs()
        self.random_one = random_one

    return init


_NLTK = ("nltk", "3.10.4")
_TEXTATTACK = ("textattack", "0.3.11")

#: Every replacement. The versions are those of constraints.txt.
PATCHES = PatchSet(
    (
        Patch(nltk, "download", _refuse_download, *_NLTK, speedup=False),
        Patch(SBERT, "__init__", _sbert_without_model, *_TEXTATTACK, speedup=False),
        Patch(
            WordSwapHomoglyphSwap,
            "__init__",
            _homoglyphs_without_file,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            word_swap_masked_lm,
            "AutoModelForMaskedLM",
            masked_model.replaced_model_class,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            word_swap_masked_lm,
            "AutoTokenizer",
            masked_model.replaced_tokenizer_class,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            clare_li_2020,
            "transformers",
            masked_model.replaced_transformers,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            textattack.shared.utils,
            "flair_tag",
            flair_tag,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            textattack.shared.utils,
            "download_from_s3",
            original_models.asset_path,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            WordSwapHowNet,
            "__init__",
            original_models.shared_candidates,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(GPT2, "__init__", original_models.shared_gpt2, *_TEXTATTACK, speedup=False),
        Patch(
            QueryHandler,
            "load_model",
            original_models.shared_load,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            google_language_model,
            "GoogLMHelper",
            original_models.shared_load,
            *_TEXTATTACK,
            speedup=False,
        ),
        Patch(
            WordSwapMaskedLM,
            "_get_transformations",
            subword_candidates.fast_get_transformations,
            *_TEXTATTACK,
        ),
        Patch(attacked_text, "words_from_text", speedups.cached_words_from_text, *_TEXTATTACK),
        Patch(AttackedText, "text", speedups.cached_text, *_TEXTATTACK),
        Patch(
            AttackedText,
            "generate_new_attacked_text",
            speedups.fast_generate_new_attacked_text,
            *_TEXTATTACK,
        ),
        Patch(AveragedPerceptron, "predict", speedups.fast_predict, *_NLTK),
        Patch(WordNetCorpusReader, "map_wn", speedups.deferred_map_wn, *_NLTK),
    )
)
