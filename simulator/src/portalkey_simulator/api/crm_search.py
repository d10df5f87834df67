"""The query of a CRM search. Sorting is ignored."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portalkey_simulator.api.error_responses import validation_error
from portalkey_simulator.api.json_body import expect, expect_objects, read_object

_DATES = frozenset({"createdate", "lastmodifieddate"})

Filter = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Search:
    """One of ``groups`` has to fit whole, and ``query`` has to stand in some property."""

    query: str
    groups: tuple[tuple[Filter, ...], ...]
    properties: tuple[str, ...]
    limit: int
    after: int

    def matches(self, properties: Mapping[str, str]) -> bool:
        """Return True where a record with these *properties* matches."""
        in_some = any(
            self.query.lower() in value.lower()
            for name, value in properties.items()
            if name not in _DATES
        )
        fits = not self.groups or any(
            all(OPERATORS[how](properties.get(name), values) for name, how, values in group)
            for group in self.groups
        )
        return in_some and fits


def _rank(value: str) -> tuple[int, float, str]:
    """Return the sort key of *value*: a number, a moment in milliseconds, or text."""
    try:
        return 0, float(value), ""
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value)
        return 0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000, ""
    except (ValueError, OverflowError):
        return 1, 0.0, value


Ranks = Callable[[tuple[int, float, str], tuple[int, float, str]], bool]


def _compare_by(is_right: Ranks) -> Callable[[str | None, tuple[str, ...]], bool]:
    return lambda value, operands: (
        value is not None and bool(operands) and is_right(_rank(value), _rank(operands[0]))
    )


def _is_between(value: str | None, operands: tuple[str, ...]) -> bool:
    if value is None or len(operands) != 2:  # noqa: PLR2004 - both ends
        return False
    return _rank(operands[0]) <= _rank(value) <= _rank(operands[1])


def _has_word(value: str | None, operands: tuple[str, ...]) -> bool:
    return any(one.strip("*").lower() in (value or "").lower() for one in operands)


OPERATORS: Mapping[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "EQ": lambda value, operands: value in operands,
    "NEQ": lambda value, operands: value not in operands,
    "IN": lambda value, operands: value in operands,
    "NOT_IN": lambda value, operands: value not in operands,
    "HAS_PROPERTY": lambda value, _: value is not None,
    "NOT_HAS_PROPERTY": lambda value, _: value is None,
    "CONTAINS_TOKEN": _has_word,
    "NOT_CONTAINS_TOKEN": lambda value, operands: not _has_word(value, operands),
    "GT": _compare_by(operator.gt),
    "GTE": _compare_by(operator.ge),
    "LT": _compare_by(operator.lt),
    "LTE": _compare_by(operator.le),
    "BETWEEN": _is_between,
}


def read_search(body: bytes) -> Search:
    """Read the search in the *body* of a request.

    Raises:
        ApiRefused: It is no JSON, or of another shape than searches have.
    """
    query = read_object(body)
    return Search(
        query=expect("query", query.get("query", ""), str),
        groups=tuple(
            tuple(_read_filter(one) for one in expect_objects("filters", group.get("filters", [])))
            for group in expect_objects("filterGroups", query.get("filterGroups", []))
        ),
        properties=tuple(
            expect("properties", one, str)
            for one in expect("properties", query.get("properties", []), list)
        ),
        limit=_read_whole("limit", query.get("limit", 10)),
        after=_read_whole("after", query.get("after", 0)),
    )


def _read_filter(condition: dict[str, Any]) -> Filter:
    how = condition.get("operator")
    if not isinstance(how, str) or how not in OPERATORS:
        raise validation_error(f"operator has to be one of: {', '.join(OPERATORS)}")
    values = expect("values", condition.get("values", []), list)
    if "value" in condition:
        values = [condition["value"]]
    if "highValue" in condition:
        values = [*values, condition["highValue"]]
    name = expect("propertyName", condition.get("propertyName"), str)
    return name, how, tuple(expect("value", each, str) for each in values)


def _read_whole(name: str, value: object) -> int:
    """Read a whole number, which may be text, as ``after`` comes back."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _LONGEST:
        return int(value)
    return int(expect(name, value, int))


_LONGEST = 10
