"""Patches are applied together, once, and are always removed."""

from __future__ import annotations

import re
import threading
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

from robustbert.errors import RobustbertWarning

CONSTRAINTS = Path(__file__).parents[3] / "constraints.txt"

pytestmark = pytest.mark.usefixtures("textattack")


class Owner:
    """A class with two functions to replace."""

    def greet(self) -> str:
        return "plain"

    def leave(self) -> str:
        return "plain"


def faster(original):
    return lambda self: f"fast {original(self)}"


@pytest.fixture
def module(textattack):
    from robustbert.attacks.textattack import patches

    return patches


@pytest.fixture
def patch_set(module):
    """The two functions of ``Owner``; ``leave`` is replaced in any version of NLTK."""
    return module.PatchSet(
        (
            module.Patch(Owner, "greet", faster, "nltk", version("nltk")),
            module.Patch(Owner, "leave", faster, "nltk", "0.0.1", speedup=False),
        )
    )


def greetings() -> tuple[str, str]:
    return Owner().greet(), Owner().leave()


PLAIN, FAST = ("plain", "plain"), ("fast plain", "fast plain")


def attributes(patches) -> list:
    return [vars(patch.owner)[patch.attribute] for patch in patches.patches]


def test_every_attribute_of_the_table_is_replaced_and_restored(module):
    before = attributes(module.PATCHES)
    with module.PATCHES.applied():
        within = attributes(module.PATCHES)
    assert all(new is not old for new, old in zip(within, before, strict=True))
    assert all(new is old for new, old in zip(attributes(module.PATCHES), before, strict=True))


def test_the_verified_versions_are_those_of_the_constraints(module):
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if re.fullmatch(r"[\w.-]+==[\w.]+", line))
    assert {(p.distribution, p.verified) for p in module.PATCHES.patches} == {
        (name, pinned[name]) for name in ("nltk", "textattack")
    }


def test_nested_blocks_apply_the_patches_once(patch_set):
    with patch_set.applied():
        assert greetings() == FAST
        with patch_set.applied():
            assert greetings() == FAST
        assert greetings() == FAST
    assert greetings() == PLAIN


def test_every_outermost_block_starts_with_new_replacements(module):
    made = []

    def replacement(original):
        made.append(object())
        return original

    patch_set = module.PatchSet([module.Patch(Owner, "greet", replacement, "nltk", "0", False)])
    for _ in range(2):
        with patch_set.applied(), patch_set.applied():
            pass
    assert len(made) == 2


def test_two_threads_share_the_patches_until_the_last_leaves(patch_set):
    entered, may_leave = threading.Event(), threading.Event()
    seen = []

    def stay() -> None:
        with patch_set.applied():
            entered.set()
            may_leave.wait(10)
            seen.append(greetings())
        seen.append(greetings())

    thread = threading.Thread(target=stay)
    with patch_set.applied():
        thread.start()
        assert entered.wait(10)
    assert greetings() == FAST  # the other thread is still in its block
    may_leave.set()
    thread.join(10)
    assert seen == [FAST, PLAIN]
    assert greetings() == PLAIN


def test_threads_that_enter_at_the_same_time_leave_nothing_behind(patch_set):
    barrier = threading.Barrier(4)
    wrong = []

    def enter_often() -> None:
        barrier.wait(10)
        for _ in range(200):
            with patch_set.applied():
                if greetings() != FAST:
                    wrong.append(greetings())

    threads = [threading.Thread(target=enter_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert greetings() == PLAIN


def test_an_exception_in_the_block_restores_the_functions(patch_set):
    with pytest.raises(ZeroDivisionError), patch_set.applied(), patch_set.applied():
        raise ZeroDivisionError
    assert greetings() == PLAIN
    with patch_set.applied():
        assert greetings() == FAST
    assert greetings() == PLAIN


def test_a_replacement_that_fails_restores_the_others(module, patch_set):
    def fail(original):
        raise ZeroDivisionError

    patches = (*patch_set.patches, module.Patch(Owner, "greet", fail, "nltk", "0", False))
    failing = module.PatchSet(patches)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), failing.applied():
            pass
        assert greetings() == PLAIN


def test_speedups_of_another_version_are_not_applied_and_one_warning_says_so(module):
    patches = module.PatchSet(
        (
            module.Patch(Owner, "greet", faster, "nltk", "0.0.1"),
            module.Patch(Owner, "greet", faster, "textattack", "0.0.2"),
            module.Patch(Owner, "leave", faster, "nltk", "0.0.1", speedup=False),
        )
    )
    with pytest.warns(RobustbertWarning) as warned, patches.applied(), patches.applied():
        assert greetings() == ("plain", "fast plain")
    (warning,) = warned
    assert f"nltk {version('nltk')} is installed instead of 0.0.1" in str(warning.message)
    assert f"textattack {version('textattack')} is installed instead" in str(warning.message)
    assert greetings() == PLAIN


def test_other_nltk_version_skips_only_the_nltk_speedups(module, monkeypatch):
    monkeypatch.setattr(module, "version", {"nltk": "3.9.1", "textattack": "0.3.11"}.__getitem__)
    before = attributes(module.PATCHES)
    message = r"^nltk 3\.9\.1 is installed instead of 3\.10\.4, so "
    with pytest.warns(RobustbertWarning, match=message), module.PATCHES.applied():
        within = attributes(module.PATCHES)
    unchanged = [
        patch.attribute
        for patch, new, old in zip(module.PATCHES.patches, within, before, strict=True)
        if new is old
    ]
    assert unchanged == ["predict", "map_wn"]


def test_no_patch_is_applied_if_the_warning_is_an_error(module):
    patches = module.PatchSet([module.Patch(Owner, "greet", faster, "nltk", "0.0.1")])
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(RobustbertWarning), patches.applied():
                pass
        assert greetings() == PLAIN


def test_nothing_is_downloaded_within_a_block(module):
    import nltk
    from textattack.transformations import WordSwapWordNet

    with module.PATCHES.applied():
        assert nltk.download("omw-1.4") is False
        assert WordSwapWordNet()._get_replacement_words("film")
