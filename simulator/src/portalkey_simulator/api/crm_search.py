"""What a CRM search asks for. Sorting is not known here; it is ignored."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portalkey_simulator.api.error_responses import invalid
from portalkey_simulator.api.json_body import expect, objects, read_object

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

    def finds(self, properties: Mapping[str, str]) -> bool:
        """Whether a record with these *properties* is meant."""
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
    """What *value* is sorted by: as a number, as a moment in milliseconds, or as text."""
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


def _compared(is_right: Ranks) -> Callable[[str | None, tuple[str, ...]], bool]:
    return lambda held, asked: (
        held is not None and bool(asked) and is_right(_rank(held), _rank(asked[0]))
    )


def _is_between(held: str | None, asked: tuple[str, ...]) -> bool:
    if held is None or len(asked) != 2:  # noqa: PLR2004 - both ends
        return False
    return _rank(asked[0]) <= _rank(held) <= _rank(asked[1])


def _has_word(held: str | None, asked: tuple[str, ...]) -> bool:
    return any(one.strip("*").lower() in (held or "").lower() for one in asked)


OPERATORS: Mapping[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "EQ": lambda held, asked: held in asked,
    "NEQ": lambda held, asked: held not in asked,
    "IN": lambda held, asked: held in asked,
    "NOT_IN": lambda held, asked: held not in asked,
    "HAS_PROPERTY": lambda held, _: held is not None,
    "NOT_HAS_PROPERTY": lambda held, _: held is None,
    "CONTAINS_TOKEN": _has_word,
    "NOT_CONTAINS_TOKEN": lambda held, asked: not _has_word(held, asked),
    "GT": _compared(operator.gt),
    "GTE": _compared(operator.ge),
    "LT": _compared(operator.lt),
    "LTE": _compared(operator.le),
    "BETWEEN": _is_between,
}


def read_search(body: bytes) -> Search:
    """What the *body* of a request asks for.

    Raises:
        ApiRefused: It is no JSON, or of another shape than searches have.
    """
    told = read_object(body)
    return Search(
        query=expect("query", told.get("query", ""), str),
        groups=tuple(
            tuple(_filter(one) for one in objects("filters", group.get("filters", [])))
            for group in objects("filterGroups", told.get("filterGroups", []))
        ),
        properties=tuple(
            expect("properties", one, str)
            for one in expect("properties", told.get("properties", []), list)
        ),
        limit=_whole("limit", told.get("limit", 10)),
        after=_whole("after", told.get("after", 0)),
    )


def _filter(told: dict[str, Any]) -> Filter:
    how = told.get("operator")
    if not isinstance(how, str) or how not in OPERATORS:
        raise invalid(f"operator has to be one of: {', '.join(OPERATORS)}")
    values = [told["value"]] if "value" in told else expect("values", told.get("values", []), list)
    values = [*values, *([told["highValue"]] if "highValue" in told else [])]
    name = expect("propertyName", told.get("propertyName"), str)
    return name, how, tuple(expect("value", each, str) for each in values)


def _whole(name: str, told: object) -> int:
    """A whole number, which may be written as text, as ``after`` comes back."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < _LONGEST:
        return int(told)
    return int(expect(name, told, int))


_LONGEST = 10
