"""Checks of a row as a driver gives it, before anything is made of it.

SQLite keeps any kind of value in any column, JSON is text to every database, and people and other
programs write to both. A row that does not hold what portalkey writes there is named, and no other
row is the worse for it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Double, Integer, Table

from portalkey.errors import StoreUnusable
from portalkey.vault.health import StoreCause, with_cause

T = TypeVar("T")

_SHAPES = 1000
"""So many kinds of right rows are remembered; there are as many as columns are NULL or not."""
_MALFORMED = (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError)
_SHOWN = 64


def guard(
    table: Table, columns: Sequence[str], make: Callable[[Sequence[Any]], T]
) -> Callable[[Sequence[Any]], T]:
    """Return *make*, for rows of *table* with these *columns*, which raises ``StoreUnusable``.

    It is raised for a value of another type than its column's, for NULL where none may be, and
    where *make* cannot read what is in it; it names the table and the row.
    """
    kinds = [_kinds(table, name) for name in columns]
    # The types of a right row are known after the first: most rows cost one look into a set.
    right: set[tuple[type, ...]] = set()

    def read(row: Sequence[Any]) -> T:
        try:
            shape = tuple(map(type, row))
            if shape not in right:
                _require(columns, kinds, row)
                if len(right) < _SHAPES:
                    right.add(shape)
            return make(row)
        except _MALFORMED:
            pass  # raised below: the original may hold the value
        raise bad_row(table, dict(zip(columns, row, strict=False)).get("id"))

    return read


def bad_row(table: Table, row_id: object) -> StoreUnusable:
    """Return the error that this row of *table* does not hold what portalkey writes there."""
    named = str(row_id) if isinstance(row_id, str | int) else "without an id"
    words = (
        f"The row {named[:_SHOWN]!a} of {table.name} does not hold what portalkey wrote there; "
        "bring it back from a backup, or delete it."
    )
    return with_cause(StoreUnusable(words), StoreCause.BAD_ROW)


def read_words(text: str) -> tuple[str, ...]:
    """Return the list of words in JSON; raises ``ValueError`` for anything else."""
    words = json.loads(text)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("not a list of words")
    return tuple(words)


def write_scopes(scopes: tuple[str, ...] | None) -> str:
    """Return the column of *scopes*: an empty list where they are not known.

    Processes of the version before, which go on during an upgrade, read nothing else.
    """
    return json.dumps(scopes or ())


def read_facts(text: str) -> Mapping[str, Any]:
    """Return the object of plain values in JSON; raises ``ValueError`` for anything else."""
    facts = json.loads(text)
    if not isinstance(facts, dict) or any(isinstance(fact, dict | list) for fact in facts.values()):
        raise ValueError("not an object of plain values")
    return facts


def _kinds(table: Table, name: str) -> frozenset[type]:
    column = table.c.get(name)
    if column is None:  # the clock, which stands beside the row
        return frozenset({float, int})
    if isinstance(column.type, Integer):  # of any size
        kinds: set[type] = {int}
    elif isinstance(column.type, Double):
        kinds = {float, int}
    else:
        kinds = {str}
    return frozenset(kinds | {type(None)} if column.nullable else kinds)


def _require(columns: Sequence[str], kinds: Sequence[frozenset[type]], row: Sequence[Any]) -> None:
    for name, allowed, value in zip(columns, kinds, row, strict=True):
        if type(value) not in allowed:
            raise TypeError(name)


def require_finite(number: float) -> float:
    """Return *number*; raises ``ValueError`` where it is none that anything can be counted with."""
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number
