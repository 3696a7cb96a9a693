from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest

from robustbert.errors import InputError, UnknownNameError
from robustbert.validation import build_from_settings, setting_as_text, settings_from_text


@dataclass(frozen=True)
class Oven:
    revision: ClassVar[int] = 1

    degrees: float = 180.0
    minutes: int = 40
    fan: bool = False
    programme: str = "cake"
    shelves: tuple[str, ...] = ("middle",)
    doors: Sequence[str] = ()
    probe: float | None = None
    size: Literal["small", "large"] = "small"
    notes: Mapping[str, int] = field(default_factory=dict)
    serial: int = field(default=0, init=False)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"degrees": 200},
        {"degrees": 1.5, "minutes": 3},
        {"fan": True},
        {"shelves": ["top"]},
        {"shelves": ("top",)},
        {"doors": ["left"]},
        {"probe": None},
        {"probe": 60},
        {"size": "large"},
        {"notes": {"cakes": 3}},
    ],
)
def test_accepts_values_of_the_type_of_the_field(settings):
    oven = build_from_settings(Oven, settings, "oven")
    assert oven == Oven(**{k: tuple(v) if k == "shelves" else v for k, v in settings.items()})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"degrees": "hot"}, "oven: degrees is 'hot'; give a number$"),
        ({"degrees": True}, "give a number$"),
        ({"degrees": None}, "give a number$"),
        ({"minutes": 1.5}, "give a whole number$"),
        ({"minutes": True}, "give a whole number$"),
        ({"minutes": "3"}, "give a whole number$"),
        ({"fan": 1}, "give true or false$"),
        ({"programme": 3}, "give a string$"),
        ({"shelves": "top"}, "give a list of names$"),
        ({"shelves": [1]}, "give a list of names$"),
        ({"doors": "left"}, "give a list of names$"),
        ({"probe": "hot"}, "oven: probe is 'hot'; give a number$"),
        ({"probe": True}, "give a number$"),
        ({"size": "medium"}, "give one of small, large$"),
    ],
)
def test_rejects_values_of_other_types(settings, words: str):
    with pytest.raises(InputError, match=words):
        build_from_settings(Oven, settings, "oven")


@pytest.mark.parametrize("name", ["minute", "revision", "serial"])
def test_an_unknown_name_is_rejected(name: str):
    with pytest.raises(UnknownNameError, match=f"oven: unknown setting '{name}'"):
        build_from_settings(Oven, {name: 3}, "oven")


def test_unknown_name_suggests_similar_names():
    with pytest.raises(UnknownNameError, match="oven: unknown setting 'minute'; did you mean min"):
        build_from_settings(Oven, {"minute": 3}, "oven")


def test_an_int_for_a_float_stays_an_int():
    assert type(build_from_settings(Oven, {"degrees": 200}, "oven").degrees) is int


def test_fields_fixed_by_the_caller_cannot_be_set():
    assert build_from_settings(Oven, {"degrees": 90}, "oven", fixed={"minutes": 5}).minutes == 5
    with pytest.raises(UnknownNameError, match="oven: unknown setting 'minutes'"):
        build_from_settings(Oven, {"minutes": 3}, "oven", fixed={"minutes": 5})


def test_errors_of_the_dataclass_pass_through():
    @dataclass
    class Shelf:
        height: int = 1

        def __post_init__(self) -> None:
            raise InputError(f"height is {self.height}")

    with pytest.raises(InputError, match=r"^height is 3$"):
        build_from_settings(Shelf, {"height": 3}, "shelf")


def test_a_field_without_a_default_must_be_given():
    @dataclass
    class Tray:
        width: float

    made: Any = build_from_settings(Tray, {"width": 2}, "tray")
    assert made.width == 2
    with pytest.raises(InputError, match=r"^tray: width is missing; give a number$"):
        build_from_settings(Tray, {}, "tray")


@dataclass
class Typed:
    """Fields of several types."""

    rate: float = 0.1
    steps: int | None = None
    norm: Literal["l2", "linf"] = "l2"
    is_on: bool = False
    title: str = ""
    names: Sequence[str] = ()
    layers: tuple[int, ...] = ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate=.5", 0.5),
        ("rate = 1e-3", 0.001),
        ("rate=2", 2),
        ("steps=3", 3),
        ("norm=linf", "linf"),
        ("is_on=true", True),
        ("title=3", "3"),
        ("title=a=b, c", "a=b, c"),
        ('title="quoted"', "quoted"),
        ("names=pwws", ["pwws"]),
        ("names=pwws, iga", ["pwws", "iga"]),
        ('names=["a,b"]', ["a,b"]),
        ("names=", []),
        ("layers=1,2", (1, 2)),
    ],
)
def test_settings_are_read_from_text(text: str, expected: Any):
    [value] = settings_from_text(Typed, [text], "typed").values()
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate=fast", "typed: rate is 'fast'; give a number"),
        ("rate=true", "typed: rate is 'true'; give a number"),
        ("steps=1.5", "typed: steps is '1.5'; give a whole number"),
        ("norm=l1", "typed: norm is 'l1'; give one of l2, linf"),
        ("layers=1,b", "typed: layers is '1,b'; give a list"),
        ("=3", "typed: '=3' is not a setting; write NAME=VALUE"),
    ],
)
def test_a_text_that_is_no_setting_is_rejected(text: str, message: str):
    with pytest.raises(InputError) as error:
        settings_from_text(Typed, [text], "typed")
    assert str(error.value) == message


def test_settings_as_text_are_read_again():
    values = {
        "rate": 2,
        "steps": 3,
        "norm": "linf",
        "is_on": True,
        "title": "3, 'é' \"x\"",
        "names": ["a,b", 'c"d'],
        "layers": (1, 2),
    }
    texts = [setting_as_text(name, value) for name, value in values.items()]
    assert settings_from_text(Typed, texts, "typed") == values
    for title in ("", "3", "true", '"x"', " x ", "a=b", "1,2"):
        text = setting_as_text("title", title)
        assert settings_from_text(Typed, [text], "typed") == {"title": title}
