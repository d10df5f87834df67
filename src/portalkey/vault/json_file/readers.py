"""Reads what JSON holds as a field is annotated, and says which place does not hold that."""

import math
import types
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from portalkey.vault.json_file.lines import Place

_LOOKED_UP = "seen_at"
"""The time of reading a row: the one field that is not stored."""
_NEVER = datetime.fromtimestamp(0, UTC)
_A_TIME = "must be a time with its zone, such as 2026-03-01T12:30:00+00:00"

Reader = Callable[[Any, Place], Any]


class Misplaced(Exception):
    """The value at *place* is not what belongs there, which *words* say."""

    def __init__(self, place: Place, words: str) -> None:
        self.place = place
        self.words = words
        super().__init__(words)


@cache
def names_of(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type
    """Return the names of the stored fields of a dataclass; of any other type, none."""
    all_fields = fields(kind) if is_dataclass(kind) else ()
    return tuple(field.name for field in all_fields if field.name != _LOOKED_UP)


def require_names(
    row: Mapping[str, Any], needed: AbstractSet[str], may_be: AbstractSet[str], place: Place
) -> None:
    """Refuse a *row* without a *needed* name, or with one that is neither that nor in *may_be*."""
    if not needed <= row.keys():
        name = min(needed - row.keys())
        raise Misplaced(place, f'"{name}" is missing here')
    for name in row:
        if name not in needed | may_be:
            raise Misplaced((*place, name), "this name is not known here")


@cache
def reader(kind: Any) -> Reader:  # noqa: ANN401 - a type, as it is annotated
    """Return the reader of values that are annotated as *kind*."""
    if is_dataclass(kind):
        return _row_reader(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _word_reader(kind)
    if get_origin(kind) is types.UnionType:
        return reader(next(each for each in get_args(kind) if each is not type(None)))
    return _BY_KIND[get_origin(kind) or kind]


def _row_reader(kind: Any) -> Reader:  # noqa: ANN401 - a dataclass
    hints = get_type_hints(kind)
    readers = {name: reader(hints[name]) for name in names_of(kind)}
    may_be = {name for name in readers if type(None) in get_args(hints[name])}
    needed = readers.keys() - may_be
    looked_up = {_LOOKED_UP: _NEVER} if _LOOKED_UP in hints else {}

    def read_row(row: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(row, dict):
            raise Misplaced(place, "must be an object in braces")
        require_names(row, needed, may_be, place)
        values = {
            name: readers[name](row[name], (*place, name)) if row.get(name) is not None else None
            for name in readers
        }
        for name in needed:
            if values[name] is None:
                raise Misplaced((*place, name), "must not be null")
        return kind(**values, **looked_up)

    return read_row


def _word_reader(kind: type[StrEnum]) -> Reader:
    members: Mapping[str, StrEnum] = {member.value: member for member in kind}
    words = f"must be one of {', '.join(members)}"

    def read_word(value: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        member = members.get(value) if isinstance(value, str) else None
        if member is None:
            raise Misplaced(place, words)
        return member

    return read_word


def _plain_reader(words: str, *kinds: type) -> Reader:
    def read_plain(value: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
        if type(value) not in kinds or not _can_be_written(value):
            raise Misplaced(place, words)
        return value

    return read_plain


def _read_time(value: Any, place: Place) -> datetime:  # noqa: ANN401 - JSON
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        pass
    raise Misplaced(place, _A_TIME)


def _read_words(value: Any, place: Place) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        raise Misplaced(place, "must be a list in brackets")
    return tuple(_read_text(each, (*place, at)) for at, each in enumerate(value))


def _read_facts(value: Any, place: Place) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        raise Misplaced(place, "must be an object in braces")
    for name, fact in value.items():
        if isinstance(fact, dict | list) or not _can_be_written(fact):
            raise Misplaced((*place, name), "must be one plain value")
    return value


def _can_be_written(value: Any) -> bool:  # noqa: ANN401 - JSON
    """False for what a reader lets pass and a writer does not: half a character, no real number."""
    if isinstance(value, str):
        return not any("\ud800" <= each <= "\udfff" for each in value)
    return not isinstance(value, float) or math.isfinite(value)


def _read_count(value: Any, place: Place) -> Any:  # noqa: ANN401 - JSON
    if type(value) is not int or value < 0:
        raise Misplaced(place, "must be a whole number, 0 or more")
    return value


_read_text = _plain_reader("must be text", str)
_BY_KIND: Mapping[Any, Reader] = {
    str: _read_text,
    int: _read_count,
    float: _plain_reader("must be a number", int, float),
    datetime: _read_time,
    tuple: _read_words,
    Mapping: _read_facts,
}
