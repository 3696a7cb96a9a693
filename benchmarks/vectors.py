"""Compute the word vector statistics quoted in docs/assets.md.

python benchmarks/vectors.py
"""

from __future__ import annotations

import numpy as np

from robustbert.assets import asset_folder, load_word_vectors
from robustbert.assets.lexicon import word_pairs
from robustbert.assets.vectors import SENSES
from robustbert.assets.wordnet_database import read_database

FREQUENT = 12_000
LIMITS = (("textfooler", 50, 0.5), ("a2t", 20, 0.8), ("iga", 50, 0.75))


def main() -> None:
    """Print candidates per recipe, neighbours per word, and cosines of related words."""
    word_vectors = load_word_vectors()
    unit = word_vectors.vectors / np.linalg.norm(word_vectors.vectors, axis=1, keepdims=True)
    print("recipe      candidates  cosine  passing  none")
    for name, candidates, limit in LIMITS:
        near = word_vectors.neighbours[:FREQUENT, 1 : candidates + 1]
        cosines = np.einsum("nd,nkd->nk", unit[:FREQUENT], unit[near])
        passing = (cosines >= limit).sum(axis=1)
        none = (passing == 0).mean()
        print(f"{name:<12}{candidates:>10}{limit:>8}{passing.mean():>9.1f}{none:>6.0%}")
    above = np.concatenate(
        [
            (unit[start : start + 500] @ unit.T >= 0.5).sum(axis=1) - 1
            for start in range(0, FREQUENT, 500)
        ]
    )
    print(f"neighbours with a cosine of at least 0.5, mean: {above.mean():.0f}")
    row = {word: index for index, word in enumerate(word_vectors.words)}
    pairs = word_pairs(
        read_database(asset_folder("wordnet")), frozenset(word_vectors.words), SENSES
    )
    for kind in ("synonyms", "antonyms"):
        a, b = np.array([[row[x], row[y]] for x, y in getattr(pairs, kind)]).T
        cosines = (unit[a] * unit[b]).sum(axis=1)
        shares = ", ".join(
            f"{(cosines >= limit).mean():.1%} have >= {limit}" for limit in (0.5, 0.8)
        )
        print(f"cosines of {len(a)} {kind}: {shares}")
    for x, y in (("good", "bad"), ("success", "failure"), ("boring", "exciting")):
        print(f"{x}/{y}: {unit[row[x]] @ unit[row[y]]:.2f}")


if __name__ == "__main__":
    main()
