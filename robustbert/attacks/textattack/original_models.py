"""The models and lists that recipes download themselves, read from the canonical assets.

TextAttack loads them whenever a recipe is built. An attack builds its recipe for every example, so
they are loaded once here and shared. With the offline assets, everything is TextAttack's own.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from textattack.constraints.grammaticality.language_models import (
    GPT2,
    LanguageModelConstraint,
    LearningToWriteLanguageModel,
)
from textattack.constraints.grammaticality.language_models.google_language_model.alzantot_goog_lm import (  # noqa: E501
    GoogLMHelper,
)
from textattack.shared import utils
from textattack.transformations import WordSwapHowNet
from textattack.transformations.word_swaps.word_swap import WordSwap

from robustbert.assets import asset_folder
from robustbert.assets.canonical_assets import BILLION_WORDS, HOWNET, LEARNING_TO_WRITE, NER, UPOS
from robustbert.assets.canonical_assets import GPT2 as GPT2_ASSET
from robustbert.assets.plain_pickles import load_plain
from robustbert.assets.profiles import cached_per_profile, is_canonical
from robustbert.errors import MissingAssetError
from robustbert.models.quiet import quiet_transformers

_HOWNET_FILE = "word_candidates_sense.pkl"
#: The asset of each path that TextAttack downloads, with the path below the asset's folder.
_PATHS = MappingProxyType(
    {
        "word_embeddings/paragramcf": ("word-vectors", ""),
        f"{WordSwapHowNet.PATH}/{_HOWNET_FILE}": (HOWNET, _HOWNET_FILE),
        LearningToWriteLanguageModel.CACHE_PATH: (LEARNING_TO_WRITE, ""),
        GoogLMHelper.CACHE_PATH: (BILLION_WORDS, ""),
    }
)
#: The asset of each of flair's taggers that recipes use.
_TAGGERS = MappingProxyType({"ner": NER, "upos-fast": UPOS})
_FLAIR_FILE = "pytorch_model.bin"


def asset_path(original: Callable[..., str]) -> Callable[..., str]:
    """``download_from_s3`` that returns where the canonical assets are, and downloads nothing."""

    def download_from_s3(path: str, *args: Any, **options: Any) -> str:
        if not is_canonical():
            return original(path, *args, **options)
        if path not in _PATHS:
            raise MissingAssetError(
                f"the recipe reads {path} of TextAttack's server, which is none of the canonical "
                "assets; run it with TextAttack directly"
            )
        asset, relative = _PATHS[path]
        return str(asset_folder(asset) / relative)

    return download_from_s3


def shared_candidates(original: Callable[..., None]) -> Callable[..., None]:
    """``WordSwapHowNet.__init__`` that reads the candidates once."""

    def init(self: WordSwapHowNet, max_candidates: int = -1, **options: Any) -> None:
        if not is_canonical():
            original(self, max_candidates, **options)
            return
        WordSwap.__init__(self, **options)
        self.max_candidates = max_candidates
        self.candidates_bank = _candidates()
        self.pos_dict = {"ADJ": "adj", "NOUN": "noun", "ADV": "adv", "VERB": "verb"}

    return init


def shared_gpt2(original: Callable[..., None]) -> Callable[..., None]:
    """``GPT2.__init__`` that loads the model once, from the assets."""

    def init(self: GPT2, model_name: str = "gpt2", **options: Any) -> None:
        if not is_canonical() or model_name != "gpt2":
            original(self, model_name, **options)
            return
        self.model, self.tokenizer = _gpt2()
        LanguageModelConstraint.__init__(self, **options)

    return init


def shared_load(original: Any) -> Any:
    """A function or class whose results are kept, by its arguments, for the current profile."""
    function = original.__func__ if isinstance(original, staticmethod) else original
    return cached_per_profile()(function)


def original_flair_tag(original: Callable[..., None]) -> Callable[..., None]:
    """``flair_tag`` with the taggers of the canonical assets."""

    def flair_tag(sentence: Any, tag_type: str = "upos-fast") -> None:
        if tag_type not in _TAGGERS:
            original(sentence, tag_type)
            return
        _tagger(_TAGGERS[tag_type]).predict(sentence, force_token_predictions=True)

    return flair_tag


@cached_per_profile()
def _candidates() -> Any:
    folder = asset_folder(HOWNET)
    with (folder / _HOWNET_FILE).open("rb") as file:
        try:
            return load_plain(file)
        except Exception as error:  # a broken pickle can raise exceptions of almost any type
            raise MissingAssetError(
                f"the asset {HOWNET} cannot be used ({error}); remove {folder} and run: "
                f"robustbert assets --profile canonical {HOWNET}"
            ) from error


@cached_per_profile()
def _gpt2() -> tuple[Any, Any]:
    import transformers

    folder = asset_folder(GPT2_ASSET)
    with quiet_transformers():
        model = transformers.GPT2LMHeadModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        tokenizer = transformers.GPT2Tokenizer.from_pretrained(folder, local_files_only=True)
    return model.eval().to(utils.device), tokenizer


@cached_per_profile()
def _tagger(asset: str) -> Any:
    from flair.models import SequenceTagger

    return SequenceTagger.load(str(asset_folder(asset) / _FLAIR_FILE))
