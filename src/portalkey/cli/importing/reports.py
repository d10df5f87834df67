"""The report: a file of what became of each row, CSV for people and JSON for programs.

Nothing in it is secret.
"""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from portalkey.cli.importing.outcomes import Result

_COLUMNS = ("row", "owner", "hub_id", "outcome", "why")
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Beginnings of a cell that spreadsheets take for a formula, or drop before they look for one."""

Write = Callable[[Result], object]


@contextmanager
def reporting(path: Path | None) -> Iterator[Write]:
    """Make the file at *path*, and hand out what writes a result into it; none where it is None.

    ``.json`` is a list, ``.jsonl`` an object a line, and everything else CSV.

    Raises:
        FileExistsError: It is there already.
    """
    if path is None:
        yield lambda _: None
        return
    # A member of JSON may hold half a pair, which no encoding has.
    with (
        path.open("x", newline="", encoding="utf-8", errors="backslashreplace") as file,
        _FORMATS.get(path.suffix.lower(), _as_csv)(file) as write,
    ):
        yield write


@contextmanager
def _as_csv(file: TextIO) -> Iterator[Write]:
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    yield lambda result: writer.writerow(map(escape, asdict(result).values()))


@contextmanager
def _as_list(file: TextIO) -> Iterator[Write]:
    separator = "["

    def write(result: Result) -> None:
        nonlocal separator
        file.write(f"{separator}\n{json.dumps(asdict(result))}")
        separator = ","

    try:
        yield write
    finally:  # an import that is cut off leaves a list that can be read, too
        file.write("\n]\n" if separator == "," else "[]\n")


@contextmanager
def _as_lines(file: TextIO) -> Iterator[Write]:
    yield lambda result: file.write(f"{json.dumps(asdict(result))}\n")


_FORMATS = {".json": _as_list, ".jsonl": _as_lines}


def escape(value: object) -> object:
    """Return *value* so that no spreadsheet runs it: text like a formula is put behind a ``'``."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS) else value
