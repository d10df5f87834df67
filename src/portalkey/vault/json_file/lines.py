"""Line numbers of values in a JSON text; asked for only once something is wrong there."""

import json
import re
from collections.abc import Generator

Place = tuple[str | int, ...]
"""The names and numbers that lead to a value."""

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def line_of(text: str, place: Place) -> int:
    """Return the line, from 1, at which the value at *place* begins; *text* is JSON with one."""
    return next(_line(text, at) for each, at in _places(text, 0, ()) if each == place)


def line_of_repeated(text: str) -> int:
    """Return the line of the first value whose name stood in the same object before."""
    before: set[Place] = set()
    for each, at in _places(text, 0, ()):
        if each in before:
            return _line(text, at)
        before.add(each)
    raise ValueError("every name stands there once")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _places(text: str, at: int, place: Place) -> Generator[tuple[Place, int], None, int]:
    """Yield every value of *text*, whole before its parts; return where the first one ends."""
    at = _past_space(text, at)
    yield place, at
    if text[at] not in "{[":
        return _DECODER.raw_decode(text, at)[1]
    is_object, number, at = text[at] == "{", 0, _past_space(text, at + 1)
    while text[at] not in "}]":
        name: str | int = number
        if is_object:
            name, at = _DECODER.raw_decode(text, at)
            at = _past_space(text, at) + 1  # the colon
        at = _past_space(text, (yield from _places(text, at, (*place, name))))
        at = _past_space(text, at + 1) if text[at] == "," else at
        number += 1
    return at + 1


def _past_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
