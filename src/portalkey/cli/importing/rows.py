"""One row of what is to be imported, whichever library wrote it."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import SecretStr

_TOKEN = re.compile(r"[\x21-\x7E]{1,16384}")
_DEPTH = 2
"""So often JSON is looked for in text: an older library kept it as text in a column of JSON."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a source says of one connection.

    ``name`` is how the source knows it: ``row 17``, ``line 3``. ``owner`` is empty and
    ``refresh_token`` None where there is none; ``hub_id`` is what the source expects, if anything.
    ``flaw`` says why the row cannot be read.
    """

    name: str
    owner: str = ""
    refresh_token: SecretStr | None = field(default=None, repr=False)
    hub_id: int | None = None
    flaw: str = ""


def owner_of(user_id: object, *, is_bare_uuid: bool = False) -> str:
    """The app's own id of a user as text; empty where there is none.

    *is_bare_uuid* tells that the column keeps UUIDs without their hyphens, which apps never see.
    """
    if user_id is None:
        return ""
    owner = str(user_id)
    try:
        return str(UUID(owner)) if is_bare_uuid else owner
    except ValueError:
        return owner


def is_owner(owner: str) -> bool:
    """Whether the broker takes it for one."""
    return bool(owner.strip()) and "\0" not in owner


def is_token(value: object) -> bool:
    """Whether it can be a token at all (RFC 6749 appendix A.17)."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def told_row(name: str, owner: str, value: object, what: str = "refresh token") -> Row:
    """The row of this *owner* whose refresh token is *value*, where it can be one.

    *what* is what the source calls a refresh token.
    """
    if value in (None, ""):
        return Row(name, owner)
    if not is_token(value):
        return Row(name, owner, flaw=f"Its {what} cannot be one.")
    return Row(name, owner, SecretStr(str(value)))


def members(value: object) -> dict[str, Any] | None:
    """The JSON object in a column, which the driver may have read already.

    Empty where nothing stands there, and None where something else does.
    """
    for _ in range(_DEPTH):
        if not isinstance(value, str | bytes):
            break
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if value is None:
        return {}
    return value if isinstance(value, dict) else None
