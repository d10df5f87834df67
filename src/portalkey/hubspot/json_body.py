"""Reading what HubSpot answers, as if it were an attacker's.

An answer that could be read in two ways is refused: JSON in UTF-8 without a byte order mark, one
object, each name once. No frame here that an error passes through holds a token in a variable, so
that a traceback with its variables shows none.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import NoReturn, Self

from pydantic import SecretStr

from portalkey.errors import BadAnswer
from portalkey.hubspot import scopes
from portalkey.hubspot.http import Response

_TOKEN = re.compile(r"[\x21-\x7E]{1,16384}")
_LARGEST_ID = 2**53 - 1  # JSON numbers beyond are not the same everywhere


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON object in a response; its ``repr()`` shows nothing of it."""

    _members: dict[str, object] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, response: Response) -> Self:
        """The JSON object in the body of *response*.

        Raises:
            BadAnswer: There is none, or not exactly one way to read it (RFC 8259).
        """
        answer = cls(_members(response.body))
        # Only here, as the parser's own error would hold the whole document.
        if not answer._members:
            raise BadAnswer("HubSpot's answer is not a JSON object; look at HUBSPOT_API_URL.")
        return answer

    def get(self, name: str) -> object:
        """What stands under *name*, of whatever type; None where nothing does."""
        return self._members.get(name)

    def token(self, name: str) -> SecretStr | None:
        """The token under *name*: 1 to 16384 visible ASCII characters (RFC 6749 appendix A.12).

        None where it is missing, null or empty.

        Raises:
            BadAnswer: It is something else.
        """
        if self._members.get(name) in (None, ""):
            return None
        token = _token(self._members[name])
        if token is None:
            raise BadAnswer(f"HubSpot's answer holds a {name} that cannot be one.")
        return token

    def identifier(self, name: str) -> int | None:
        """The id under *name*, a positive whole number; None where it is missing or null.

        Raises:
            BadAnswer: It is something else.
        """
        value = self._members.get(name)
        if value is None:
            return None
        if type(value) is not int or not 0 < value <= _LARGEST_ID:
            raise BadAnswer(f"HubSpot's answer holds a {name} that cannot be one.")
        return value

    def scopes(self) -> tuple[str, ...] | None:
        """HubSpot's list ``scopes``, or RFC 6749's ``scope`` between spaces; None without either.

        What cannot be a scope is left out: nobody can have asked for it.

        Raises:
            BadAnswer: It is neither a list nor text.
        """
        value = self._members.get("scopes", self._members.get("scope"))
        if value is None:
            return None
        names = value.split() if isinstance(value, str) else value
        if not isinstance(names, list):
            raise BadAnswer("HubSpot's answer holds scopes that cannot be read.")
        return scopes.known(names)

    def fact(self, name: str, longest: int = 100) -> str | None:
        """The text for people under *name*, at most *longest* characters; None where none is.

        Control and formatting characters, surrogates and unassigned ones are taken out, so that it
        cannot steer a terminal, a log or the direction of a page's text.
        """
        value = self._members.get(name)
        if not isinstance(value, str):
            return None
        # Cut first: how long cleaning takes is not the sender's to choose.
        kept = (c for c in value[: 2 * longest] if not unicodedata.category(c).startswith("C"))
        return "".join(kept).strip()[:longest] or None


def _members(body: bytes) -> dict[str, object]:
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_each_once, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _token(value: object) -> SecretStr | None:
    return SecretStr(value) if isinstance(value, str) and _TOKEN.fullmatch(value) else None
