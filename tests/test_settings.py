from __future__ import annotations

from dataclasses import dataclass

import pytest

from robustbert.errors import InputError, UnknownNameError
from robustbert.settings import check_settings


@dataclass
class Oven:
    degrees: float = 180.0
    minutes: int = 40
    fan: bool = False
    programme: str = "cake"
    shelves: tuple[str, ...] = ("middle",)


@pytest.mark.parametrize(
    "given",
    [{}, {"degrees": 200}, {"degrees": 1.5, "minutes": 3}, {"fan": True}, {"shelves": ["top"]}],
)
def test_takes_values_of_the_type_of_the_default(given):
    check_settings(Oven, given, "oven")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"degrees": "hot"}, "oven: degrees is 'hot'; give a number"),
        ({"degrees": True}, "give a number"),
        ({"minutes": 1.5}, "give a whole number"),
        ({"minutes": True}, "give a whole number"),
        ({"fan": 1}, "give true or false"),
        ({"programme": 3}, "give a string"),
        ({"shelves": "top"}, "give a list of names"),
        ({"shelves": [1]}, "give a list of names"),
    ],
)
def test_refuses_others(given, words: str):
    with pytest.raises(InputError, match=words):
        check_settings(Oven, given, "oven")


def test_an_unknown_name_lists_the_near_ones():
    with pytest.raises(UnknownNameError, match="oven: unknown setting 'minute'; did you mean min"):
        check_settings(Oven, {"minute": 3}, "oven")
