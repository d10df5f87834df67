"""One row to import, whichever library wrote it."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from portalkey.hubspot.json_body import is_token

_DEPTH = 2
"""Times that text is parsed as JSON: an older library wrote JSON as text into a column of JSON."""


@dataclass(frozen=True, slots=True)
class Row:
    """One connection in a source.

    ``name`` is its place there: ``row 17``, ``line 3``. ``owner`` is empty and ``refresh_token``
    None where there is none; ``hub_id`` is the account that the source names, if any. ``flaw`` says
    why the row cannot be read.
    """

    name: str
    owner: str = ""
    refresh_token: SecretStr | None = field(default=None, repr=False)
    hub_id: int | None = None
    flaw: str = ""


def owner_of(user_id: object, *, is_bare_uuid: bool = False) -> str:
    """Return the app's own id of a user as text; empty where there is none.

    *is_bare_uuid* is True where the column holds UUIDs without hyphens, which apps never see.
    """
    if user_id is None:
        return ""
    owner = str(user_id)
    try:
        return str(UUID(owner)) if is_bare_uuid else owner
    except ValueError:
        return owner


def make_row(name: str, owner: str, value: object, what: str = "refresh token") -> Row:
    """Return the row of this *owner* with the refresh token *value*, or with a flaw.

    *what* is the source's name of a refresh token.
    """
    if value in (None, ""):
        return Row(name, owner)
    if not is_token(value):
        return Row(name, owner, flaw=f"Its {what} cannot be one.")
    return Row(name, owner, SecretStr(str(value)))


def read_members(value: object) -> dict[str, Any] | None:
    """Return the JSON object in a column, which the driver may have parsed already.

    It is empty for an empty column, and None where the column holds something else.
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
