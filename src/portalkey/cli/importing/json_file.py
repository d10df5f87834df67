"""Reader of JSON: a list of objects, or an object a line, with the fields of ``fields.py``."""

import json
from collections.abc import Iterator

from portalkey.cli.importing.fields import OPTIONAL, REQUIRED, read_fields
from portalkey.cli.importing.files import name_of, read_text
from portalkey.cli.importing.rows import Row
from portalkey.errors import SourceUnusable

_NEITHER = (
    "{name} is neither a JSON list of objects nor one JSON object a line; each has the members "
    "owner and refresh_token, and hub_id if it is known."
)


def read_rows(where: str) -> list[Row]:
    """Read the rows at *where*, ``-`` for standard input; what cannot be used has a flaw.

    Raises:
        SourceUnusable: It is no JSON; the message quotes nothing of it.
        OSError: It cannot be read.
    """
    text = read_text(where)
    if text.lstrip().startswith("["):
        values = _parse(text)
        if not isinstance(values, list):
            raise SourceUnusable(_NEITHER.format(name=name_of(where)))
        return [_row(f"object {number}", each) for number, each in enumerate(values, 1)]
    rows = list(_read_lines(text))
    if rows and all(row.flaw == _NO_OBJECT for row in rows):
        raise SourceUnusable(_NEITHER.format(name=name_of(where)))
    return rows


_NO_OBJECT = "It is not a JSON object."


def _read_lines(text: str) -> Iterator[Row]:
    # Not splitlines(): JSON text may hold the other separators that it knows.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _row(f"line {number}", _parse(line))


def _parse(text: str) -> object:
    """Return what *text* says; itself where it is no JSON, without the error, which quotes it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _row(name: str, value: object) -> Row:
    if not isinstance(value, dict):
        return Row(name, flaw=_NO_OBJECT)
    missing = [each for each in REQUIRED if each not in value]
    others = value.keys() - {*REQUIRED, *OPTIONAL}
    if missing or others:  # their names are not quoted: one may be a token in the wrong place
        return Row(
            name,
            flaw="It has to have the members owner and refresh_token, and may have hub_id, and "
            "nothing else.",
        )
    return read_fields(name, value)
