"""The substitutes of tokens."""

from __future__ import annotations

import string
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, BertTokenizerFast

from robustbert.assets import asset_folder, load_word_vectors
from robustbert.defenses.substitution_callback import AttachSubstitutes, attached_substitutes
from robustbert.defenses.substitutions import substitute_table, substitution_dependencies
from robustbert.errors import InputError, ModelError
from tests.defenses.perturbed import make_network


@pytest.fixture(scope="module")
def tokenizer(tiny_base) -> Any:
    return AutoTokenizer.from_pretrained(tiny_base)


def words_of(tokenizer: Any, row: torch.Tensor, mask: torch.Tensor) -> list[str]:
    found: list[str] = tokenizer.convert_ids_to_tokens(row[mask].tolist())
    return found


def test_substitutes_are_the_nearest_words_of_the_vocabulary(tokenizer):
    vectors = load_word_vectors()
    rows = {word: row for row, word in enumerate(vectors.words)}
    stopwords = (asset_folder("stopwords") / "english").read_text().split()
    table = substitute_table(tokenizer, len(tokenizer), 4, 0.45)
    seen = 0
    for token, number in tokenizer.get_vocab().items():
        found = words_of(tokenizer, table.rows.ids[number], table.rows.mask[number])
        assert found[0] == token
        if token not in rows or token in stopwords:
            assert found == [token]
            continue
        neighbours = [vectors.words[row] for row in vectors.neighbours[rows[token]]][1:]
        cosines = vectors.vectors @ vectors.vectors[rows[token]]
        near = [word for word in neighbours if word in tokenizer.get_vocab()]
        assert found[1:] == [word for word in near if cosines[rows[word]] >= 0.45][:4]
        assert (np.diff([cosines[rows[word]] for word in found]) <= 2e-6).all()
        seen += len(found) > 1
    assert seen > 15


def test_rows_are_filled_with_the_token_itself(tokenizer):
    table = substitute_table(tokenizer, len(tokenizer) + 3, 4, 0.45)
    assert table.rows.ids.shape == table.rows.mask.shape == (len(tokenizer) + 3, 5)
    assert table.continues.shape == (len(tokenizer) + 3,)
    own = torch.arange(len(table.rows.ids))[:, None].expand(-1, 5)
    assert table.rows.mask[:, 0].all()
    assert table.rows.ids[~table.rows.mask].equal(own[~table.rows.mask])
    assert not table.rows.mask[-3:, 1:].any(), "rows of the network without a token"


def test_stopwords_are_substitutes_only(tokenizer):
    table = substitute_table(tokenizer, len(tokenizer), 8, 0.4)
    of = {
        word: words_of(tokenizer, table.rows.ids[number], table.rows.mask[number])
        for word, number in tokenizer.get_vocab().items()
    }
    assert of["very"] == ["very"]
    assert "very" in of["great"]


def test_special_tokens_padding_and_words_of_several_tokens_have_no_substitutes(tokenizer):
    table = substitute_table(tokenizer, len(tokenizer), 4, 0.45)
    texts = ["a good film", "goodx films film"]
    ids = tokenizer(texts, padding=True, return_tensors="pt")["input_ids"]
    found = table.of(ids)
    assert found.ids.shape == found.mask.shape == (*ids.shape, 5)
    pairs = zip(ids.flatten(), found.mask.flatten(0, 1), strict=True)
    moved = [tokenizer.convert_ids_to_tokens(int(i)) for i, mask in pairs if mask[1:].any()]
    assert moved == ["good", "film", "film"]
    assert found.ids[~found.mask].equal(ids[..., None].expand(-1, -1, 5)[~found.mask])
    assert table.of(ids[:, :1]).ids.shape == (2, 1, 5)


def test_capitalised_tokens_have_capitalised_substitutes(tmp_path):
    words = ["good", "great", "Good", "Great", "Fine"]
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", *words]))
    tokenizer = BertTokenizerFast(str(file), do_lower_case=False)
    table = substitute_table(tokenizer, len(tokenizer), 2, 0.4)
    rows = [words_of(tokenizer, table.rows.ids[i], table.rows.mask[i]) for i in range(6, 11)]
    assert rows == [
        ["good", "great"],
        ["great", "good"],
        ["Good", "Great", "Fine"],
        ["Great", "Good", "Fine"],
        ["Fine", "Great", "Good"],
    ]


def test_a_table_is_made_once(tokenizer, tiny_base):
    first = substitute_table(tokenizer, len(tokenizer), 4, 0.45)
    again = AutoTokenizer.from_pretrained(tiny_base)
    assert substitute_table(again, len(tokenizer), 4, 0.45) is first
    assert substitute_table(again, len(tokenizer), 4, 0.5) is not first


def test_a_tokenizer_without_words_is_rejected_in_one_line(tmp_path):
    letters = [f"##{letter}" for letter in string.ascii_lowercase]
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]))
    tokenizer = BertTokenizerFast(str(file))
    expected = "no token of the network is an English word with a neighbour of cosine 0.9 or more"
    with pytest.raises(ModelError, match=expected) as caught:
        substitute_table(tokenizer, len(tokenizer), 4, 0.9)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("count", "cosine", "message"),
    [
        (0, 0.5, "substitutes is 0; give a whole number from 1 to 100"),
        (101, 0.5, "substitutes is 101"),
        (True, 0.5, "substitutes is True"),
        (1.5, 0.5, "substitutes is 1.5"),
        (4, 1.5, "min_cosine is 1.5; give a number from -1 to 1"),
        (4, float("nan"), "min_cosine is nan"),
    ],
)
def test_parameters_out_of_range_are_rejected(tokenizer, count, cosine, message):
    with pytest.raises(InputError, match=message):
        substitute_table(tokenizer, len(tokenizer), count, cosine)


def test_a_network_has_the_table_during_its_training(tokenizer, tiny_base):
    network = make_network(tiny_base)
    names = network.state_dict().keys()
    callback = AttachSubstitutes(4, 0.45)
    callback.on_init_end(SimpleNamespace(), None, None, model=network, processing_class=tokenizer)
    assert network.state_dict().keys() == names, "checkpoints do not hold it"
    table = attached_substitutes(network, torch.device("cpu"))
    assert table is substitute_table(tokenizer, len(tokenizer), 4, 0.45)
    meta = attached_substitutes(network, torch.device("meta"))
    assert meta.rows.ids.device.type == meta.continues.device.type == "meta"
    assert attached_substitutes(network, torch.device("meta")) is meta
    callback.on_train_end(SimpleNamespace(), None, None, model=network)
    assert not hasattr(network, "token_substitutes")


def test_it_depends_on_sources_and_assets():
    found = substitution_dependencies()
    assert found["assets"].keys() == {"word-vectors", "stopwords"}
    assert {"substitutions", "word_tokens"} < found.keys()
