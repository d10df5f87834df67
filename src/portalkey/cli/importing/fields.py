"""One row of a file, by the names of its fields: ``owner``, ``refresh_token``, ``hub_id``."""

import re
from collections.abc import Mapping
from dataclasses import replace

from portalkey.cli.importing.rows import Row, make_row

REQUIRED, OPTIONAL = ("owner", "refresh_token"), ("hub_id",)
"""Names of the fields that a file has to have, and may have."""
_HUB_ID = re.compile(r"[1-9][0-9]{0,15}")


def read_fields(name: str, fields: Mapping[str, object]) -> Row:
    """Return the row called *name* with these *fields*; what cannot be used is its flaw."""
    owner = _text(fields["owner"])
    if owner is None:
        return Row(name, flaw="Its owner is neither text nor a whole number.")
    token = fields["refresh_token"]
    row = make_row(
        name, owner.strip(), token.strip() if isinstance(token, str) else token, "refresh_token"
    )
    hub_id = _text(fields.get("hub_id"))
    if hub_id is None or (hub_id.strip() and not _HUB_ID.fullmatch(hub_id.strip())):
        return replace(row, refresh_token=None, flaw="Its hub_id is not a number that can be one.")
    return replace(row, hub_id=int(hub_id)) if hub_id.strip() else row


def _text(value: object) -> str | None:
    """Return *value* as text; None where it is neither text, a whole number nor missing."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) or type(value) is int else None
