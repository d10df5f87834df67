"""Reader of a CSV file with the columns ``owner``, ``refresh_token`` and, if known, ``hub_id``."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from portalkey.cli.importing.rows import Row, make_row
from portalkey.errors import SourceUnusable

_REQUIRED, _OPTIONAL = ("owner", "refresh_token"), "hub_id"
_HUB_ID = re.compile(r"[1-9][0-9]{0,15}")
_HEADER = (
    "The first line of {path} has to name the columns owner and refresh_token, and hub_id if it is "
    "known, each once and nothing else: owner,refresh_token,hub_id"
)


def read_rows(path: Path) -> list[Row]:
    """Read the rows of the file at *path*; a line that cannot be read is a row with a flaw.

    Raises:
        SourceUnusable: It is no CSV file, or has no header; the message names the line.
        OSError: It cannot be read.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file, strict=True)
        try:
            header = _header(next(lines, []), path)
            return [_row(f"line {lines.line_num}", header, line) for line in lines if line]
        except (csv.Error, UnicodeDecodeError):
            number = lines.line_num
    # Raised out here, as the original error quotes the file.
    raise SourceUnusable(f"{path} cannot be read as UTF-8 text with commas after line {number}.")


def _header(line: Sequence[str], path: Path) -> Sequence[str]:
    names = [name.strip() for name in line]
    if sorted(names) not in (sorted(_REQUIRED), sorted((*_REQUIRED, _OPTIONAL))):
        raise SourceUnusable(_HEADER.format(path=path))
    return names


def _row(name: str, header: Sequence[str], line: Sequence[str]) -> Row:
    if len(line) != len(header):
        return Row(name, flaw=f"It has {len(line)} fields instead of {len(header)}.")
    fields = dict(zip(header, (value.strip() for value in line), strict=True))
    row = make_row(name, fields["owner"], fields["refresh_token"], "refresh_token")
    hub_id = fields.get(_OPTIONAL, "")
    if hub_id and not _HUB_ID.fullmatch(hub_id):
        return replace(row, refresh_token=None, flaw="Its hub_id is not a number that can be one.")
    return replace(row, hub_id=int(hub_id)) if hub_id else row
