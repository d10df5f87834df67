"""What comes in from outside, as far as it is JSON."""

import json
import re
from typing import Any

CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
"""What is in no line of text."""


class BadField(Exception):
    """What was given cannot be used; the text is one sentence with all that follows.

    ``field`` names where (``users[0].email``), ``problem`` what is wrong there, and ``allowed``
    what can stand there.
    """

    def __init__(self, field: str, problem: str, allowed: tuple[str, ...] = ()) -> None:
        """Say that this *field* has this *problem*, and what is *allowed* in its place."""
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
    """The object that *text* is, which goes by this *name*.

    Raises:
        BadField: It is none, a name in it comes twice, or a text in it cannot be written down.
    """
    try:
        given = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        # Half of a surrogate pair is no text that could be sent on.
        json.dumps(given, ensure_ascii=False).encode()
    except json.JSONDecodeError as bad:
        place = f" at line {bad.lineno}, column {bad.colno}"
        raise BadField(name, f"is not JSON{place}", ("a JSON object",)) from None
    except (ValueError, RecursionError):
        raise BadField(name, "is not JSON", ("a JSON object",)) from None
    if not isinstance(given, dict):
        raise BadField(name, "is not an object", ("a JSON object",))
    return given


def shortened(text: str, most: int = 60) -> str:
    """*text*, cut to what can be read in a sentence, and without what would move a cursor."""
    line = CONTROLS.sub("?", text)
    return line if len(line) <= most else f"{line[:most]}…"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadField(shortened(name), "is given more than once")
        found[name] = value
    return found


def _refuse(_: str) -> None:
    raise ValueError
