"""The original assets, which the canonical profile uses in place of the offline ones.

An asset with the name of an offline one replaces it. The others belong to recipes that keep their
own models in this profile. Addresses are those that NLTK, TextAttack 0.3.11, flair 0.15.1 and
sentence-transformers use; a name without an owner, as in ``bert-base-uncased``, is given with the
owner that the hub resolves it to.
"""

from __future__ import annotations

from types import MappingProxyType

from robustbert.assets.downloaded_asset import DownloadedAsset, Requirement, Server, ServerFile
from robustbert.assets.hub_snapshots import HubModel

NLTK = Server(
    "NLTK's data",
    "https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages",
    "ROBUSTBERT_NLTK_URL",
)
TEXTATTACK = Server(
    "TextAttack's server", "https://textattack.s3.amazonaws.com", "ROBUSTBERT_TEXTATTACK_URL"
)
TFHUB = Server("TensorFlow Hub", "https://tfhub.dev", "ROBUSTBERT_TFHUB_URL")

#: The sentence encoders that recipes name themselves.
USE, USE_LARGE, SBERT = "universal-sentence-encoder", "universal-sentence-encoder-large", "sbert"
#: The masked language model of clare; that of the others is called ``masked-lm``.
DISTILROBERTA = "distilroberta"
HOWNET, LEARNING_TO_WRITE, BILLION_WORDS = "hownet", "learning-to-write", "billion-words-lm"
GPT2, NER, UPOS = "gpt2", "ner-tagger", "upos-tagger"

_TENSORFLOW = (Requirement("tensorflow", "use"),)
_TENSORFLOW_HUB = (Requirement("tensorflow_hub", "use"),)
_WORDNET_FILES = ("data.adj", "data.adv", "data.noun", "data.verb", "index.sense")
_TAGGER_FILES = tuple(
    f"averaged_perceptron_tagger_eng.{part}.json" for part in ("weights", "tagdict", "classes")
)
_VECTOR_FILES = ("paragram.npy", "wordlist.pickle", "nn.npy", "mse_dist.p", "cos_sim.p")
_TOKENIZER = ("config.json", "tokenizer*.json", "vocab.*", "merges.txt", "special_tokens_map.json")
_SENTENCES = (*_TOKENIZER, "modules.json", "*sentence*.json", "1_Pooling/config.json")
_MODEL_FILES = ("config.json", "model.safetensors")
_LM = "constraints/semantics/language-models/alzantot-goog-lm"
_L2W = "constraints/grammaticality/language-models/learning-to-write"
_PSO = "transformations/hownet"
_TF = "google/universal-sentence-encoder"
_COMPRESSED = "?tf-hub-format=compressed"


def _hub(
    name: str, repository: str, files: tuple[str, ...], size: str, note: str
) -> DownloadedAsset:
    """A model of transformers on the hub, as safetensors."""
    return DownloadedAsset(name, HubModel(repository, files), "model", _MODEL_FILES, size, note)


def _flair(name: str, repository: str, size: str, note: str) -> DownloadedAsset:
    """A tagger of flair on the hub; there is no other format than a pickle."""
    weights = "pytorch_model.bin"
    return DownloadedAsset(name, HubModel(repository, (), weights), "", (weights,), size, note)


def _use(name: str, version: str, size: str, note: str) -> DownloadedAsset:
    """A version of the Universal Sentence Encoder."""
    source = ServerFile(TFHUB, f"{version}{_COMPRESSED}")
    return DownloadedAsset(name, source, "model", ("saved_model.pb",), size, note, _TENSORFLOW_HUB)


# fmt: off
_ASSETS = (
    DownloadedAsset("wordnet", ServerFile(NLTK, "corpora/wordnet.zip"), "corpora/wordnet",
                    _WORDNET_FILES, "11 MB", "WordNet 3.0, with the lists of irregular forms"),
    DownloadedAsset("pos-tagger", ServerFile(NLTK, "taggers/averaged_perceptron_tagger_eng.zip"),
                    "taggers/averaged_perceptron_tagger_eng", _TAGGER_FILES, "2 MB",
                    "NLTK's averaged perceptron, Penn tags"),
    DownloadedAsset("stopwords", ServerFile(NLTK, "corpora/stopwords.zip"), "corpora/stopwords",
                    ("english",), "1 MB", "NLTK's lists"),
    DownloadedAsset("tagset", ServerFile(NLTK, "taggers/universal_tagset.zip"),
                    "taggers/universal_tagset", ("en-ptb.map",), "1 MB",
                    "Penn tags to universal tags"),
    _hub("sentence-encoder", "sentence-transformers/all-MiniLM-L6-v2", _SENTENCES, "91 MB",
         "measures the similarity of texts, and limits it on the unified tracks"),
    DownloadedAsset("word-vectors", ServerFile(TEXTATTACK, "word_embeddings/paragramcf"),
                    "word_embeddings/paragramcf", _VECTOR_FILES, "480 MB",
                    "counter-fitted PARAGRAM"),
    _hub("masked-lm", "google-bert/bert-base-uncased", _TOKENIZER, "440 MB",
         "the masked language model of bae and bert-attack"),
    _hub(DISTILROBERTA, "distilbert/distilroberta-base", _TOKENIZER, "330 MB",
         "the masked language model of clare"),
    _hub(SBERT, "sentence-transformers/stsb-distilbert-base", _SENTENCES, "270 MB",
         "the sentence encoder of a2t"),
    _use(USE, f"{_TF}/3", "1 GB",
         "the sentence encoder of textbugger, textfooler, bae, bert-attack and clare"),
    _use(USE_LARGE, f"{_TF}-large/5", "600 MB",
         "the sentence encoder of recipes of other packages that ask for it"),
    DownloadedAsset(HOWNET, ServerFile(TEXTATTACK, f"{_PSO}/word_candidates_sense.pkl", plain=True),
                    "hownet", ("word_candidates_sense.pkl",), "", "the candidates of pso"),
    DownloadedAsset(LEARNING_TO_WRITE, ServerFile(TEXTATTACK, _L2W), "learning-to-write",
                    ("word_map.th7", "word_freq.th7", "lm-state-dict.pt"), "1 GB",
                    "the language model of faster-alzantot",
                    (Requirement("torchfile", "learning-to-write"),)),
    DownloadedAsset(BILLION_WORDS, ServerFile(TEXTATTACK, _LM), "alzantot-goog-lm",
                    ("graph-2016-09-10-gpu.pbtxt", "vocab-2016-09-10.txt", "ckpt-*"), "",
                    "the language model of alzantot", _TENSORFLOW),
    _hub(GPT2, "openai-community/gpt2", _TOKENIZER, "550 MB", "the language model of kuleshov"),
    _flair(NER, "flair/ner-english", "430 MB", "the named-entity tagger of checklist"),
    _flair(UPOS, "flair/upos-english-fast", "75 MB",
           "the part-of-speech tagger of clare and pso"),
)
# fmt: on

CANONICAL_ASSETS = MappingProxyType({asset.name: asset for asset in _ASSETS})
"""The assets of the canonical profile, by name."""
