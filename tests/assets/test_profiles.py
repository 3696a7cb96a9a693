from __future__ import annotations

import os
import subprocess
import sys

import pytest

from robustbert.assets.profiles import (
    VARIABLE,
    cached_per_profile,
    call_on_change,
    current_profile,
    is_canonical,
    select_profile,
    using_profile,
)
from robustbert.errors import UnknownNameError


@pytest.fixture(autouse=True)
def _no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_the_profile_is_offline_unless_another_one_is_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert current_profile() == "offline"
    monkeypatch.setenv(VARIABLE, "")
    assert current_profile() == "offline"
    monkeypatch.setenv(VARIABLE, "canonical")
    assert current_profile() == "canonical"


def test_a_profile_lasts_for_a_block() -> None:
    with using_profile("canonical"):
        with using_profile(None):
            assert current_profile() == "canonical"
        with using_profile("offline"):
            assert current_profile() == "offline"
        assert current_profile() == "canonical"
    assert current_profile() == "offline"
    assert VARIABLE not in os.environ


def test_a_block_that_raises_restores_the_profile() -> None:
    with pytest.raises(ValueError, match="x"), using_profile("canonical"):
        raise ValueError("x")
    assert current_profile() == "offline"


def test_child_processes_inherit_the_profile() -> None:
    script = "from robustbert.assets import current_profile; print(current_profile())"
    with using_profile("canonical"):
        found = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert found.stdout.decode().strip() == "canonical"


def test_wrong_names(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "unknown assets profile 'cannonical'; did you mean canonical?"
    with pytest.raises(UnknownNameError, match=message), using_profile("cannonical"):
        pass
    with pytest.raises(UnknownNameError, match=message):
        select_profile("cannonical")
    monkeypatch.setenv(VARIABLE, "cannonical")
    with pytest.raises(UnknownNameError, match=f"{VARIABLE}: unknown assets profile"):
        current_profile()


def test_cached_values_belong_to_a_profile() -> None:
    calls = []

    @cached_per_profile()
    def read(number: int) -> str:
        calls.append(number)
        return f"{current_profile()} {number}"

    assert [read(1), read(1)] == ["offline 1"] * 2
    with using_profile("canonical"):
        assert read(1) == "canonical 1"
    assert read(1) == "offline 1"
    assert calls == [1, 1]


def test_cached_values_of_downloads_belong_to_a_cache_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []

    @cached_per_profile()
    def read() -> None:
        calls.append(current_profile())

    for folder in ("a", "b", "a"):
        monkeypatch.setenv("ROBUSTBERT_CACHE", folder)
        read()
        with using_profile("canonical"):
            read()
    assert calls == ["offline", "canonical", "canonical"]


def test_functions_are_called_when_the_profile_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from robustbert.assets import profiles

    monkeypatch.setattr(profiles, "_ON_CHANGE", [])
    seen: list[str] = []
    call_on_change(lambda: seen.append(current_profile()))
    with using_profile("offline"):
        assert seen == []
        with using_profile("canonical"):
            assert seen == ["canonical"]
    assert seen == ["canonical", "offline"]


def test_a_changed_environment_is_noticed_when_assets_are_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from robustbert.assets import profiles

    monkeypatch.setattr(profiles, "_ON_CHANGE", [])
    current_profile()
    seen: list[str] = []
    call_on_change(lambda: seen.append(os.environ.get("ROBUSTBERT_ASSETS", "")))
    monkeypatch.setenv("ROBUSTBERT_ASSETS", "canonical")
    assert seen == []
    current_profile()
    current_profile()
    assert seen == ["canonical"]
    with using_profile("canonical"):
        assert seen == ["canonical"]
    monkeypatch.delenv("ROBUSTBERT_ASSETS")
    assert is_canonical() is False
    assert seen == ["canonical", ""]


def test_defenses_forget_the_assets_of_another_profile() -> None:
    import robustbert.defenses  # noqa: F401
    from robustbert.defenses.random_changes import word_neighbours

    first = word_neighbours()
    assert word_neighbours() is first
    with using_profile("canonical"):
        pass
    assert word_neighbours() is not first
