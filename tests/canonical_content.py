"""Small canonical assets for the server of the tests, which the real code loads."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import sys
import tarfile
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from robustbert.assets import asset_folder, ensure_assets, load_word_vectors, using_profile
from robustbert.assets.asset_registry import ASSETS, BuiltAsset
from robustbert.assets.vectors import WordVectors, nearest_neighbours, write_word_vectors
from tests.asset_server import AssetServer, repository_of, serving, use_server, zip_of
from tests.tiny import WORDS, vocabulary

_NLTK = {
    "wordnet": "corpora/wordnet",
    "pos-tagger": "taggers/averaged_perceptron_tagger_eng",
    "stopwords": "corpora/stopwords",
    "tagset": "taggers/universal_tagset",
}
USE_PATH = "/tfhub/google/universal-sentence-encoder/3"
_USE_WIDTH = 8
UPOS = ("NOUN", "VERB", "ADJ", "ADV", "DET")


@contextmanager
def canonical_server(folder: Path) -> Iterator[AssetServer]:
    """A server with small assets, and a cache folder that has the offline ones already.

    Args:
        folder: an empty folder for the cache and temporary files.
    """
    with serving() as content, pytest.MonkeyPatch.context() as patch:
        fill_server(content, folder)
        share_offline_assets(folder / "cache" / "assets")
        patch.setenv("ROBUSTBERT_CACHE", str(folder / "cache"))
        use_server(patch, content)
        yield content
    if "textattack" in sys.modules:  # other tests in this process need the offline assets
        importlib.import_module("robustbert.attacks.textattack.bootstrap").import_textattack()


def share_offline_assets(folder: Path) -> None:
    """Link to the offline assets, which take minutes to build."""
    folder.mkdir(parents=True)
    for asset in ASSETS.built_in():
        if isinstance(asset, BuiltAsset):
            ensure_assets([asset.name])
            (folder / asset.root.name).symlink_to(asset.root, target_is_directory=True)


def fill_server(server: AssetServer, folder: Path) -> None:
    """Give a server small assets that recipes run with; ``folder`` is for temporary files."""
    with using_profile("offline"):
        for name, path in _NLTK.items():
            archive = zip_of(asset_folder(name), path.rpartition("/")[2])
            server.files[f"/nltk/{path}.zip"] = archive
        write_word_vectors(_new(folder / "paragramcf"), few_vectors())
    server.files["/textattack/word_embeddings/paragramcf"] = zip_of(
        folder / "paragramcf", "paragramcf"
    )
    server.files[USE_PATH] = use_archive()
    for seed, name in enumerate(("all-MiniLM-L6-v2", "stsb-distilbert-base")):
        encoder = make_sentence_encoder(folder / name, seed=seed)
        server.repositories[f"sentence-transformers/{name}"] = repository_of(encoder)
    masked = make_masked_bert(folder / "bert")
    server.repositories["google-bert/bert-base-uncased"] = repository_of(masked)
    roberta, gpt2 = make_roberta(folder / "roberta"), make_gpt2(folder / "gpt2")
    server.repositories["distilbert/distilroberta-base"] = repository_of(roberta)
    server.repositories["openai-community/gpt2"] = repository_of(gpt2)
    for name, labels in (("ner-english", ("S-PER", "S-LOC", "O")), ("upos-english-fast", UPOS)):
        tagger = make_tagger(folder / name, labels, "ner" if "ner" in name else "upos")
        server.repositories[f"flair/{name}"] = repository_of(tagger)
    server.files["/textattack/transformations/hownet/word_candidates_sense.pkl"] = pickle.dumps(
        {word: {"noun": ["plot"], "adj": ["awful", "superb"]} for word in WORDS.split()}
    )


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def few_vectors() -> WordVectors:
    """The offline word vectors of the words of the toy reviews."""
    every = load_word_vectors()
    rows = [row for row, word in enumerate(every.words) if word in set(WORDS.split())]
    vectors = every.vectors[rows]
    words = tuple(every.words[row] for row in rows)
    return WordVectors(words, vectors, nearest_neighbours(vectors, 20))


def use_archive() -> bytes:
    """What TensorFlow Hub sends of the Universal Sentence Encoder: here, random word vectors."""
    numbers = np.random.default_rng(0).standard_normal((256, _USE_WIDTH)).astype(np.float32)
    saved = io.BytesIO()
    np.save(saved, numbers)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (("saved_model.pb", b"pb"), ("variables/words.npy", saved.getvalue())):
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_sentence_encoder(folder: Path, *, seed: int) -> Path:
    """A tiny model of sentence-transformers that averages over tokens."""
    from transformers import BertConfig, BertModel

    _save(folder, lambda config: BertModel(config), BertConfig, seed)
    pooling = {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}
    pooling |= {"pooling_mode_cls_token": False, "pooling_mode_max_tokens": False}
    _new(folder / "1_Pooling").joinpath("config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 100}')
    kind = "sentence_transformers.models"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{kind}.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kind}.Pooling"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def make_masked_bert(folder: Path) -> Path:
    """A tiny masked language model."""
    from transformers import BertConfig, BertForMaskedLM

    return _save(folder, lambda config: BertForMaskedLM(config), BertConfig, 2)


def make_roberta(folder: Path) -> Path:
    """A tiny masked language model with byte pairs."""
    from transformers import RobertaConfig, RobertaForMaskedLM, RobertaTokenizerFast

    size = _save_byte_pairs(folder, ("<s>", "<pad>", "</s>", "<unk>", "<mask>"))
    tokenizer = RobertaTokenizerFast.from_pretrained(folder, model_max_length=512)
    tokenizer.save_pretrained(folder)
    config = RobertaConfig(
        vocab_size=size,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=514,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    RobertaForMaskedLM(config).save_pretrained(folder, safe_serialization=True)
    return folder


def make_gpt2(folder: Path) -> Path:
    """A tiny language model."""
    from transformers import GPT2Config, GPT2LMHeadModel

    size = _save_byte_pairs(folder, ("<|endoftext|>",))
    config = GPT2Config(vocab_size=size, n_embd=16, n_layer=1, n_head=2, n_positions=128)
    GPT2LMHeadModel(config).save_pretrained(folder, safe_serialization=True)
    return folder


def _save_byte_pairs(folder: Path, special: Sequence[str]) -> int:
    """Save ``vocab.json`` and ``merges.txt``; the size of the vocabulary."""
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    texts = [f" {WORDS}"] * 5
    tokenizer.train_from_iterator(texts, vocab_size=600, special_tokens=list(special))
    tokenizer.save_model(str(_new(folder)))
    return int(tokenizer.get_vocab_size())


def make_tagger(folder: Path, labels: Sequence[str], kind: str) -> Path:
    """A tiny tagger of flair."""
    from flair.data import Dictionary
    from flair.embeddings import OneHotEmbeddings
    from flair.models import SequenceTagger

    tags, words = Dictionary(add_unk=False), Dictionary()
    for label in labels:
        tags.add_item(label)
    for word in WORDS.split():
        words.add_item(word)
    tagger = SequenceTagger(
        embeddings=OneHotEmbeddings(words, embedding_length=8),
        tag_dictionary=tags,
        tag_type=kind,
        use_crf=False,
        use_rnn=False,
        reproject_embeddings=False,
    )
    tagger.save(_new(folder) / "pytorch_model.bin")
    return folder


def _save(folder: Path, make: Callable, config_class: type, seed: int) -> Path:
    import torch
    from transformers import BertTokenizerFast

    _new(folder)
    words = vocabulary()
    config = config_class(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=512,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        make(config).save_pretrained(folder, safe_serialization=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), model_max_length=512)
    tokenizer.save_pretrained(folder)
    return folder


class StubHub(types.ModuleType):
    """A stand-in for ``tensorflow_hub`` that loads the archive of :func:`use_archive`.

    Attributes:
        loaded: the folders that were loaded.
        encoded: the texts that were encoded.
        random: whether every text gets another direction, so that no two texts are similar.
    """

    def __init__(self) -> None:
        super().__init__("tensorflow_hub")
        self.__spec__ = ModuleSpec("tensorflow_hub", None)
        self.loaded: list[str] = []
        self.encoded: list[str] = []
        self.random = False

    def load(self, folder: str) -> Callable[[Sequence[str]], dict[str, object]]:
        """A model that averages the vectors of the words of a text."""
        assert (Path(folder) / "saved_model.pb").is_file()
        self.loaded.append(folder)
        numbers = np.load(Path(folder) / "variables" / "words.npy")

        def encode(texts: Sequence[str]) -> dict[str, object]:
            self.encoded += texts
            return {"outputs": _Tensor(np.stack([self._row(numbers, text) for text in texts]))}

        return encode

    def _row(self, numbers: np.ndarray, text: str) -> np.ndarray:
        if self.random:
            seed = sum(map(ord, text)) + len(text)
            return np.random.default_rng(seed).standard_normal(_USE_WIDTH)
        rows = [numbers[sum(map(ord, word)) % len(numbers)] for word in text.split()] or [
            numbers[0]
        ]
        return np.mean(rows, axis=0) + 20 * numbers[0]  # all texts are similar


class _Tensor:
    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def numpy(self) -> np.ndarray:
        """The values."""
        return self._values


@pytest.fixture
def stub_hub(monkeypatch: pytest.MonkeyPatch) -> StubHub:
    """``tensorflow_hub`` as a stand-in."""
    hub = StubHub()
    monkeypatch.setitem(sys.modules, "tensorflow_hub", hub)
    return hub
