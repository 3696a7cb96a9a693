"""Built recipes: only constraints whose models are unavailable offline are replaced."""

from __future__ import annotations

import numpy as np
import pytest

from robustbert.attacks.recipes import load_recipe_class
from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.scheduler.pool import Pool


@pytest.fixture
def build(textattack, victim):
    from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
    from robustbert.attacks.textattack.recipe_builder import build_attack

    pool = Pool(lanes=1)
    encoder = PooledEncoder(pool, embed=np.zeros, exact=np.zeros, uncached=np.zeros)
    model = PooledModelWrapper(PooledVictim(pool, victim))
    return lambda name: build_attack(load_recipe_class(name), model, encoder)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # threshold, metric, against the original text, window, short texts exempt
        ("textfooler", (0.840845057, "angular", False, 15, True)),
        ("textbugger", (0.8, "angular", True, float("inf"), False)),
        ("a2t", (0.9, "cosine", True, float("inf"), False)),
    ],
)
def test_a_sentence_encoder_is_replaced_with_its_parameters(build, name: str, expected: tuple):
    from textattack.constraints.semantics.sentence_encoders import SentenceEncoder

    (found,) = [c for c in build(name).constraints if isinstance(c, SentenceEncoder)]
    assert type(found).__name__ == "PooledSentenceEncoder"
    assert (
        found.threshold,
        found.metric,
        found.compare_against_original,
        found.window_size,
        found.skip_text_shorter_than_window,
    ) == expected


def test_other_constraints_stay_in_their_order(build):
    assert [type(c).__name__ for c in build("textfooler").constraints] == [
        "WordEmbeddingDistance",
        "PartOfSpeech",
        "PooledSentenceEncoder",
    ]


def test_homoglyphs_are_swapped_without_the_missing_file(build):
    from robustbert.data.words import HOMOGLYPHS

    (swap,) = [t for t in build("textbugger").transformation.transformations if hasattr(t, "homos")]
    assert swap.homos == dict(HOMOGLYPHS)
    assert swap.deterministic
    assert swap._get_replacement_words("o") == [HOMOGLYPHS["o"]]


def test_names_in_the_module_of_a_recipe_are_not_replaced(build):
    from textattack.attack_recipes import a2t_yoo_2021
    from textattack.constraints.semantics.sentence_encoders import SBERT

    before = SBERT.__init__
    build("a2t")
    assert a2t_yoo_2021.SBERT is SBERT
    assert SBERT.__init__ is before


def test_bad_characters_has_the_goal_of_the_others_and_unicodes_homoglyphs(build):
    attack = build("bad-characters")
    assert type(attack.goal_function).__name__ == "UntargetedClassification"
    assert type(attack.search_method).__name__ == "DifferentialEvolution"
    swap = attack.transformation
    assert swap.homos_intentional["a"] == ["\N{CYRILLIC SMALL LETTER A}"]
    assert swap.homos_intentional["\N{TAI THAM LETTER WA}"] == [
        "\N{TAI THAM HORA DIGIT ZERO}",
        "\N{TAI THAM THAM DIGIT ZERO}",
    ]
    assert sum(map(len, swap.homos_intentional.values())) == 78
