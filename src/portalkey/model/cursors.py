"""Cursors: where the next page of a search begins, as one opaque word."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from portalkey.model.connection import is_storable

_WRONG = (
    "This cursor was given for another search, or by nothing at all. Begin without one, and hand "
    "each page's cursor on with the same arguments."
)


def write_cursor(search: object, place: Sequence[object]) -> str:
    """Return the word for *place* in what *search* finds."""
    text = json.dumps([_name(search), *place])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(search: object, cursor: str, *kinds: type) -> list[Any]:
    """Return the place that *cursor* says, whose parts are of these *kinds*.

    Raises:
        ValueError: It was not given for *search*; the message says what to do.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, *place = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, AttributeError, RecursionError):
        name, place = None, []
    is_ours = name == _name(search) and list(map(type, place)) == list(kinds)
    if not is_ours or not all(is_storable(part) for part in place if isinstance(part, str)):
        raise ValueError(_WRONG)
    return list(place)


def _name(search: object) -> str:
    return hashlib.sha256(repr(search).encode("utf-8", "backslashreplace")).hexdigest()[:12]
