"""Values that a field can have, read from its type: for messages that name them all."""

import math
from functools import cache
from types import NoneType
from typing import Literal, get_args, get_origin, get_type_hints

_WORDS: dict[object, str] = {
    bool: "true, false",
    int: "a whole number, 0 or more",
    float: "a number, 0 or more",
    str: "a text",
    NoneType: "null",
}
_MOST = 1e9


def describe_values(owner: type, name: str) -> tuple[str, ...]:
    """Describe the values that *owner*'s field of this *name* can have.

    Raises:
        AttributeError: There is no such field; the message names those that are.
    """
    return tuple(_describe_kind(each) for each in _list_kinds(owner, name))


def check_value(owner: type, name: str, value: object) -> None:
    """Check that *owner*'s field of this *name* can have this *value*.

    Raises:
        ValueError: It cannot have it; the message names what it can be.
        AttributeError: There is no such field; the message names those that are.
    """
    if not any(_is_one(value, each) for each in _list_kinds(owner, name)):
        words = ", ".join(describe_values(owner, name))
        raise ValueError(f"{name} cannot be {value!r}; it is one of: {words}")


@cache
def _list_kinds(owner: type, name: str) -> tuple[object, ...]:
    """List the field's types, and literal values as they are."""
    hints = get_type_hints(owner)
    if name not in hints:
        raise AttributeError(f"there is no {name!r}; there are: {', '.join(hints)}")
    return tuple(_flatten(hints[name]))


def _flatten(hint: object) -> list[object]:
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    parts = get_args(hint)
    return [each for part in parts for each in _flatten(part)] if parts else [hint]


def _is_one(value: object, kind: object) -> bool:
    if kind is float or kind is int:
        return _is_number(value, whole=kind is int)
    if isinstance(kind, type):
        return isinstance(value, kind)
    return type(value) is type(kind) and value == kind


def _is_number(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and 0 <= value <= _MOST and not (whole and isinstance(value, float))


def _describe_kind(kind: object) -> str:
    return _WORDS[kind] if isinstance(kind, type) else f"{kind}"
