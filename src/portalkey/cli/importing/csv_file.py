"""Reader of CSV with the columns ``owner``, ``refresh_token`` and, if known, ``hub_id``.

The columns stand in any order, with commas, semicolons or tabs between them: a spreadsheet writes
what its country is used to.
"""

import csv
import io
from collections.abc import Sequence

from portalkey.cli.importing.fields import OPTIONAL, REQUIRED, read_fields
from portalkey.cli.importing.files import name_of, read_text
from portalkey.cli.importing.rows import Row
from portalkey.errors import SourceUnusable

_DELIMITERS = ",;\t"
_HEADER = (
    "The first line of {name} has to name the columns owner and refresh_token, and hub_id if it is "
    "known, each once and nothing else, in any order: owner,refresh_token,hub_id"
)


def read_rows(where: str) -> list[Row]:
    """Read the rows at *where*, ``-`` for standard input; a line that cannot be read has a flaw.

    Raises:
        SourceUnusable: It is no CSV, or has no header; the message names the line.
        OSError: It cannot be read.
    """
    name, text = name_of(where), read_text(where)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter(text))
    try:
        header = _header(next(lines, []), name)
        return [_row(f"line {lines.line_num}", header, line) for line in lines if line]
    except csv.Error:
        number = lines.line_num
    # Raised out here, as the original error quotes the file.
    raise SourceUnusable(
        f"{name} cannot be read as CSV after line {number}; look at its quotation marks."
    )


def _delimiter(text: str) -> str:
    """Return what stands between the columns of the header, whose names hold none of it."""
    header = text.partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _header(line: Sequence[str], name: str) -> Sequence[str]:
    names = [each.strip() for each in line]
    if sorted(names) not in (sorted(REQUIRED), sorted((*REQUIRED, *OPTIONAL))):
        raise SourceUnusable(_HEADER.format(name=name))
    return names


def _row(name: str, header: Sequence[str], line: Sequence[str]) -> Row:
    if len(line) != len(header):
        return Row(name, flaw=f"It has {len(line)} fields instead of {len(header)}.")
    return read_fields(name, dict(zip(header, line, strict=True)))
