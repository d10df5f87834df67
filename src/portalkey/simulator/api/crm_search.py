"""What a CRM search asks for. Sorting is not known here; it is ignored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portalkey.simulator.api.errors import invalid
from portalkey.simulator.api.json_body import expect, objects, read_object

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
        in_some = any(self.query.lower() in value.lower() for value in properties.values())
        fits = not self.groups or any(
            all(_OPERATORS[how](properties.get(name), values) for name, how, values in group)
            for group in self.groups
        )
        return in_some and fits


_OPERATORS: Mapping[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "EQ": lambda held, asked: held in asked,
    "NEQ": lambda held, asked: held not in asked,
    "IN": lambda held, asked: held in asked,
    "NOT_IN": lambda held, asked: held not in asked,
    "HAS_PROPERTY": lambda held, _: held is not None,
    "NOT_HAS_PROPERTY": lambda held, _: held is None,
    "CONTAINS_TOKEN": lambda held, asked: any(
        one.strip("*").lower() in (held or "").lower() for one in asked
    ),
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
    if not isinstance(how, str) or how not in _OPERATORS:
        raise invalid(f"operator has to be one of: {', '.join(_OPERATORS)}")
    values = [told["value"]] if "value" in told else expect("values", told.get("values", []), list)
    name = expect("propertyName", told.get("propertyName"), str)
    return name, how, tuple(expect("value", each, str) for each in values)


def _whole(name: str, told: object) -> int:
    """A whole number, which may be written as text, as ``after`` comes back."""
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < _LONGEST:
        return int(told)
    return int(expect(name, told, int))


_LONGEST = 10
