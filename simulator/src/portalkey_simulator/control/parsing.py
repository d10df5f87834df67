"""Parse JSON from outside, and name the field that cannot be used."""

import json
import re
from typing import Any

CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
"""Characters that stand in no line of text."""


class BadField(Exception):
    """A value cannot be used; the text is one sentence with all that follows.

    ``field`` names where (``users[0].email``), ``problem`` what is wrong there, and ``allowed``
    what can stand there.
    """

    def __init__(self, field: str, problem: str, allowed: tuple[str, ...] = ()) -> None:
        """Say that this *field* has this *problem*, and what is *allowed* there."""
        super().__init__(field, problem, allowed)
        self.field, self.problem, self.allowed = field, problem, allowed

    @property
    def message(self) -> str:
        """Field and problem."""
        return f"{self.field} {self.problem}"

    def __str__(self) -> str:
        """All of it."""
        one_of = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        return f"{self.message}{one_of}"


class Missing(BadField):
    """The path leads to nothing; the field is a part of the path."""


class Stayed(BadField):
    """The consent page refused, in the sentence that is the ``problem``."""

    @property
    def message(self) -> str:
        """The page's sentence alone."""
        return self.problem


def read_json(text: bytes | str, name: str = "body") -> dict[str, Any]:
    """Return the JSON object in *text*; *name* is its own name in messages.

    Raises:
        BadField: It is no object, a name in it comes twice, or a text in it is not Unicode.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_reject_duplicates, parse_constant=_reject_constant
        )
        # Half of a surrogate pair is no text that could be sent on.
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as bad:
        place = f" at line {bad.lineno}, column {bad.colno}"
        raise BadField(name, f"is not JSON{place}", ("a JSON object",)) from None
    except (ValueError, RecursionError):
        raise BadField(name, "is not JSON", ("a JSON object",)) from None
    if not isinstance(value, dict):
        raise BadField(name, "is not an object", ("a JSON object",))
    return value


def shorten(text: str, most: int = 60) -> str:
    """Cut *text* to a sentence's length, and replace control characters."""
    line = CONTROLS.sub("?", text)
    return line if len(line) <= most else f"{line[:most]}…"


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise BadField(shorten(name), "is given more than once")
        values[name] = value
    return values


def _reject_constant(_: str) -> None:
    raise ValueError
