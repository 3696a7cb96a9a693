"""Shell completion of commands, options and registered names, with argcomplete."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from robustbert.registry import load_target

if TYPE_CHECKING:
    from argcomplete.completers import BaseCompleter

SHELLS = ("bash", "zsh", "fish")
#: Where the names for each kind of argument are. These modules import nothing heavy.
NAMES = MappingProxyType(
    {
        "datasets": "robustbert.data.dataset_registry:DATASETS",
        "models": "robustbert.models.model_registry:MODELS",
        "recipes": "robustbert.attacks.recipes:RECIPES",
        "tracks": "robustbert.attacks.tracks:TRACKS",
        "defenses": "robustbert.defenses.defense_registry:DEFENSES",
        "methods": "robustbert.explanations.explainer_registry:EXPLAINERS",
        "suites": "robustbert.paths:suite_names",
    }
)


class PrintCompletion(argparse.Action):
    """Prints what a shell evaluates to complete ``robustbert``, and exits."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        """Print the code for the shell ``values``."""
        from argcomplete.shell_integration import shellcode

        print(shellcode([parser.prog], shell=values))
        parser.exit()


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a request of the shell for completions, and exit; without a request, do nothing."""
    import argcomplete

    completer = cast("BaseCompleter", complete_value)  # any callable is accepted
    argcomplete.autocomplete(parser, default_completer=completer, always_complete_options=False)


def complete_value(prefix: str, *, action: argparse.Action, **context: Any) -> list[str]:
    """The completions of an argument's value: names of its registry, or paths.

    Args:
        prefix: what is typed so far; of several names separated by commas, the last is completed,
            and of ``NAME=MODEL`` the model.
        action: the argument.
        context: what else argcomplete passes to a completer.
    """
    from argcomplete.completers import DirectoriesCompleter, FilesCompleter

    typed = prefix[max(map(prefix.rfind, ",=")) + 1 :]
    kind = action.dest if action.dest.endswith("s") else f"{action.dest}s"
    found: list[str] = []
    if kind in NAMES:
        names = load_target(NAMES[kind])
        found += names() if callable(names) else names
    if kind == "models" or action.dest in ("base_model", "candidate_model"):
        found += DirectoriesCompleter()(typed, **context)
    elif kind == "suites":
        found += FilesCompleter(["toml"])(typed, **context)
    elif action.type is Path or action.metavar == "PATH" or action.dest == "runs":
        found += FilesCompleter()(typed, **context)
    return [prefix.removesuffix(typed) + value for value in found]
