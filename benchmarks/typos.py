"""Measure how many typos spell-correction and robust-encoding undo, and what clean texts become.

    python benchmarks/typos.py    (about two minutes on one thread)

In each validation text of rotten_tomatoes one word is edited, once per kind of edit. The edits are
those of TextAttack's deepwordbug and textbugger: a random place, and a random letter of either
case; stopwords are not edited. An edit counts as corrected if the classifier reads the same as for
the clean text. The last columns are the shares of words of clean texts that are corrected, and of
spaces that are removed.

The second table is about kinds of words: the share of words of clean texts that change, and of
edits of the distinct words, one per kind of edit but for spaces, for which the classifier reads the
same as for the word.
"""

from __future__ import annotations

import math
import random
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from wordfreq import get_frequency_dict

from robustbert.assets import asset_folder
from robustbert.data import load_dataset
from robustbert.data.word_split import WordSplit
from robustbert.data.words import HOMOGLYPHS
from robustbert.defenses.robust_encoding import RobustEncoding
from robustbert.defenses.spell_correction import SpellCorrection, SpellCorrector
from robustbert.defenses.spelling import SpellingModel, load_spelling_model
from robustbert.defenses.text_encoding import encode_text
from robustbert.reports.render import text_table

DATASET, SPLIT, SEED = "rotten_tomatoes", "validation", 0
#: The least frequent word that is known without symspellpy's dictionary, on the Zipf scale.
WORDFREQ_ALONE = 2.5

Edit = Callable[[str, random.Random], str]
Read = Callable[[str], str]


def delete(word: str, draw: random.Random) -> str:
    place = draw.randrange(len(word))
    return word[:place] + word[place + 1 :]


def insert(word: str, draw: random.Random) -> str:
    place = draw.randrange(len(word))
    return word[:place] + draw.choice(string.ascii_letters) + word[place:]


def replace(word: str, draw: random.Random) -> str:
    place = draw.randrange(len(word))
    return word[:place] + draw.choice(string.ascii_letters) + word[place + 1 :]


def swap(word: str, draw: random.Random) -> str:
    place = draw.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def split(word: str, draw: random.Random) -> str:
    """A space between two letters."""
    place = draw.randrange(1, len(word) - 1) if len(word) > 2 else 1
    return f"{word[:place]} {word[place:]}"


def look_alike(word: str, draw: random.Random) -> str:
    place = draw.randrange(len(word))
    return word[:place] + HOMOGLYPHS.get(word[place], word[place]) + word[place + 1 :]


EDITS: dict[str, Edit] = {
    "delete": delete,
    "insert": insert,
    "replace": replace,
    "swap": swap,
    "split": split,
    "look-alike": look_alike,
}


@dataclass(frozen=True)
class Case:
    """A text with one edited word."""

    kind: str
    clean: str
    edited: str
    word: str


def make_cases(texts: Sequence[str]) -> list[Case]:
    draw = random.Random(SEED)
    stopwords = (asset_folder("stopwords") / "english").read_text(encoding="utf-8").split()
    cases = []
    for text in texts:
        words = WordSplit.of(text).words
        places = [
            i
            for i, word in enumerate(words)
            if len(word) > 1 and word.isalpha() and word.lower() not in stopwords
        ]
        for kind, edit in EDITS.items() if places else ():
            place = draw.choice(places)
            edited = edit(words[place], draw)
            changed = [*words[:place], edited, *words[place + 1 :]]
            if edited != words[place]:
                cases.append(Case(kind, text, WordSplit.of(text).with_words(changed), edited))
    return cases


KINDS: dict[str, Callable[[str], bool]] = {
    "with an apostrophe": lambda word: "'" in word,
    "with a hyphen": lambda word: "-" in word,
    "with a digit": lambda word: any(map(str.isdigit, word)),
    "other": lambda word: True,
}


def measure_kinds(read: Read, texts: Sequence[str]) -> list[str]:
    """The shares of changed clean words and of undone edits, for each kind of words."""
    draw = random.Random(SEED)
    words = Counter(word for text in texts for word in WordSplit.of(text.lower()).words)
    kinds = {word: next(kind for kind, holds in KINDS.items() if holds(word)) for word in words}
    clean = {word: read(word).lower() for word in words}
    cells = []
    for name in KINDS:
        of_kind = [word for word in sorted(words) if kinds[word] == name]
        changed = sum(words[word] for word in of_kind if clean[word] != word)
        cells.append(f"{100 * changed / sum(words[word] for word in of_kind):.1f}")
        edits = [
            (word, edited)
            for word in of_kind
            for kind, edit in EDITS.items()
            if kind != "split" and len(word) > 1 and (edited := edit(word, draw)) != word
        ]
        undone = sum(read(edited).lower() == clean[word] for word, edited in edits)
        cells.append(f"{100 * undone / len(edits):.1f}")
    return cells


def measure(correct: Read, texts: Sequence[str], cases: Sequence[Case]) -> list[str]:
    """The shares of corrected edits, of each kind and of all, and of changed clean words."""
    clean = {text: correct(text).lower() for text in texts}
    found = [(case.kind, correct(case.edited).lower() == clean[case.clean]) for case in cases]
    shares = [[done for kind, done in found if kind == name] for name in EDITS]
    shares.append([done for _, done in found])
    words = changed = joined = 0
    for text in texts:
        before, after = WordSplit.of(text.lower()).words, WordSplit.of(clean[text]).words
        words += len(before)
        joined += len(before) - len(after)
        if len(before) == len(after):
            changed += sum(a != b for a, b in zip(before, after, strict=True))
    cells = [f"{100 * sum(done) / len(done):.1f}" for done in shares]
    return [*cells, f"{100 * changed / words:.2f}", f"{100 * joined / words:.2f}"]


def main() -> None:
    defense = SpellCorrection()
    model = load_spelling_model(defense.min_zipf, defense.max_edits, defense.typo_rate)
    dictionary = load_spelling_model(8.0, defense.max_edits, defense.typo_rate)
    listed = {word: math.log10(p) for word, p in get_frequency_dict("en", "large").items()}
    frequent = {word: p for word, p in listed.items() if p + 9 >= WORDFREQ_ALONE}
    spelling = {
        "spell-correction": model,
        "without neighbouring words": SpellingModel(model.known, model.other),
        "symspellpy's dictionary alone": dictionary,
        "wordfreq alone": SpellingModel(frequent, listed, model.pairs),
    }
    texts = list(load_dataset(DATASET).split(SPLIT)["text"])
    cases = make_cases(texts)
    readers: dict[str, Read] = {
        name: SpellCorrector(one, defense.join_ratio) for name, one in spelling.items()
    }
    readers["robust-encoding"] = partial(encode_text, encode=RobustEncoding().encoder())
    rows = [[name, *measure(read, texts, cases)] for name, read in readers.items()]
    header = ["corrected, in %", *EDITS, "all", "clean words", "clean spaces"]
    print(f"{len(cases)} edits in {len(texts)} texts of {DATASET}'s {SPLIT} split")
    print(text_table(header, rows, 120))
    header = ["words, in %", *(cell for kind in KINDS for cell in (kind, "undone"))]
    rows = [
        [name, *measure_kinds(readers[name], texts)]
        for name in ("spell-correction", "robust-encoding")
    ]
    print(text_table(header, rows, 120))
    edited = [case for case in cases if case.kind not in ("split", "look-alike")]
    known = sum(model.is_known(case.word.lower()) for case in edited)
    print(f"\n{100 * known / len(edited):.1f}% of the edits of a letter give another known word")


if __name__ == "__main__":
    main()
