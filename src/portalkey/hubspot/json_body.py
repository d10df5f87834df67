"""Strict reader of HubSpot's JSON, which treats every answer as an attacker's.

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

from portalkey.errors import BadAnswer, HubSpotUnavailable
from portalkey.hubspot.http import Response
from portalkey.hubspot.scopes import SCOPE

_TOKEN = re.compile(r"[\x21-\x7E]{1,16384}")
_LARGEST_ID = 2**53 - 1  # JSON numbers beyond are not the same everywhere


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON object in a response; its ``repr()`` shows nothing of it."""

    _members: dict[str, object] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, response: Response) -> Self:
        """Parse the JSON object in the body of *response*.

        Raises:
            HubSpotUnavailable: It is no JSON at all: a page of HubSpot's edge, or of something on
                the way.
            BadAnswer: It is no object, or can be read in more ways than one (RFC 8259).
        """
        members = _members(response.body)
        # Raised here, as the parser's own error would hold the whole document.
        if members is None:
            raise HubSpotUnavailable(
                f"HubSpot answered with status {response.status} and no JSON, so it is not well; "
                "if it lasts, look at HUBSPOT_API_URL and at any proxy on the way."
            )
        if not members:
            raise BadAnswer("HubSpot's answer is not a JSON object; look at HUBSPOT_API_URL.")
        return cls(members)

    def get(self, name: str) -> object:
        """Return the member *name*, of whatever type, or None."""
        return self._members.get(name)

    def token(self, name: str) -> SecretStr | None:
        """Return the token under *name*, or None where it is missing, null or empty.

        A token has 1 to 16384 visible ASCII characters (RFC 6749 appendix A.12).

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
        """Return the id under *name*, a positive whole number; None where it is missing or null.

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
        """Return HubSpot's list ``scopes``, or RFC 6749's ``scope`` between spaces, or None.

        Names that cannot be scopes are left out, as no app can have requested them.

        Raises:
            BadAnswer: It is neither a list nor text.
        """
        value = self._members.get("scopes", self._members.get("scope"))
        if value is None:
            return None
        names = value.split() if isinstance(value, str) else value
        if not isinstance(names, list):
            raise BadAnswer("HubSpot's answer holds scopes that cannot be read.")
        scopes = (name for name in names if isinstance(name, str) and SCOPE.fullmatch(name))
        return tuple(dict.fromkeys(scopes))

    def fact(self, name: str, longest: int = 100) -> str | None:
        """Return the text for people under *name*, at most *longest* characters, or None.

        Control and formatting characters, surrogates and unassigned ones are removed, so that the
        text cannot steer a terminal, a log or the direction of a page.
        """
        value = self._members.get(name)
        if not isinstance(value, str):
            return None
        # Cut first, so that a long value cannot make the cleaning slow.
        clean = (c for c in value[: 2 * longest] if not unicodedata.category(c).startswith("C"))
        return "".join(clean).strip()[:longest] or None


def _members(body: bytes) -> dict[str, object] | None:
    """Return the members of the object; None where *body* is no JSON, none where no object."""
    try:
        document = json.loads(
            body.decode("utf-8"), object_pairs_hook=_read_object, parse_constant=_refuse
        )
    except (json.JSONDecodeError, UnicodeDecodeError):
        return None
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands there twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _token(value: object) -> SecretStr | None:
    return SecretStr(str(value)) if is_token(value) else None


def is_token(value: object) -> bool:
    """Return True where *value* can be a token at all (RFC 6749 appendix A.12 and A.17)."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
