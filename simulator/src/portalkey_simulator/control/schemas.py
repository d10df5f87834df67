"""Schemas of values: each reads a value, describes itself in words, and is JSON Schema too."""

# ruff: noqa: ANN401, D102 - values of any type, and the methods of Schema

import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portalkey_simulator.control.parsing import CONTROLS, BadField, shorten

JsonSchema = dict[str, Any]

MOST = 10**9
"""No number is greater, unless it says so; the switches have the same limit."""
SAFE = 2**53
"""JSON is sure of no greater number."""


class Schema(ABC):
    """The values that a field can have."""

    words: tuple[str, ...]

    @abstractmethod
    def accepts(self, value: object) -> bool:
        """Return True where this is roughly such a value; ``read`` may still find a flaw inside."""

    @abstractmethod
    def json_schema(self) -> JsonSchema:
        """Return the same as JSON Schema."""

    def read(self, value: Any, where: str) -> Any:
        """Return the value as the code has it.

        Raises:
            BadField: It does not fit.
        """
        if not self.accepts(value):
            raise BadField(where, f"cannot be {_describe(value)}", self.words)
        return value


@dataclass(frozen=True)
class Text(Schema):
    """One line, or several where ``lines``; ``pattern`` is a regular expression."""

    lines: bool = False
    pattern: str = ""
    words: tuple[str, ...] = ("a text",)

    def accepts(self, value: object) -> bool:
        if not isinstance(value, str) or (not self.lines and CONTROLS.search(value)):
            return False
        return not self.pattern or bool(re.fullmatch(self.pattern, value))

    def json_schema(self) -> JsonSchema:
        if self.lines:
            return {"type": "string"}
        return {"type": "string", "pattern": f"^{self.pattern or _NO_CONTROLS}$"}


_NO_CONTROLS = r"[^\u0000-\u001f\u007f]*"


@dataclass(frozen=True)
class Number(Schema):
    """A number, both ends included, but not the *least* itself where it has to be ``above`` it."""

    least: float = 0
    most: float = MOST
    above: bool = False
    whole: bool = False

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        kind = "a whole number" if self.whole else "a number"
        return (
            f"{kind} {'above' if self.above else 'from'} {self.least:.16g} to {self.most:.16g}",
        )

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        is_up = self.least < value if self.above else self.least <= value
        return math.isfinite(value) and is_up and value <= self.most

    def read(self, value: Any, where: str) -> Any:
        """Return the number; JSON knows no difference between 2 and 2.0."""
        return super().read(int(value) if self._is_whole(value) else value, where)

    def _is_whole(self, value: object) -> bool:
        return self.whole and isinstance(value, float) and value.is_integer()

    def json_schema(self) -> JsonSchema:
        low = "exclusiveMinimum" if self.above else "minimum"
        kind = "integer" if self.whole else "number"
        return {"type": kind, low: self.least, "maximum": self.most}


@dataclass(frozen=True)
class OneOf(Schema):
    """One of these very values."""

    values: tuple[object, ...]

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(_describe(each).strip('"') for each in self.values)

    def accepts(self, value: object) -> bool:
        return any(type(value) is type(each) and value == each for each in self.values)

    def json_schema(self) -> JsonSchema:
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Nothing(Schema):
    """``null``."""

    words: tuple[str, ...] = ("null",)

    def accepts(self, value: object) -> bool:
        return value is None

    def json_schema(self) -> JsonSchema:
        return {"type": "null"}


@dataclass(frozen=True)
class AnyOf(Schema):
    """A value that one of these accepts."""

    schemas: tuple[Schema, ...]

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(word for each in self.schemas for word in each.words)

    def accepts(self, value: object) -> bool:
        return any(each.accepts(value) for each in self.schemas)

    def read(self, value: Any, where: str) -> Any:
        """Return the value as the first schema that accepts it reads it."""
        for each in self.schemas:
            if each.accepts(value):
                return each.read(value, where)
        return super().read(value, where)

    def json_schema(self) -> JsonSchema:
        return {"anyOf": [each.json_schema() for each in self.schemas]}


@dataclass(frozen=True)
class Many(Schema):
    """A list, turned into a ``kind``."""

    item: Schema
    kind: Callable[[Any], Any]
    least: int = 0

    @property
    def words(self) -> tuple[str, ...]:  # type: ignore[override]
        return (f"a list, each {' or '.join(self.item.words)}",)

    def accepts(self, value: object) -> bool:
        return isinstance(value, list) and len(value) >= self.least

    def read(self, value: Any, where: str) -> Any:
        """Read each item under a name of its own: ``users[0]``."""
        items = super().read(value, where)
        return self.kind(self.item.read(one, f"{where}[{at}]") for at, one in enumerate(items))

    def json_schema(self) -> JsonSchema:
        return {"type": "array", "items": self.item.json_schema(), "minItems": self.least}


@dataclass(frozen=True)
class Names(Schema):
    """An object of texts, as headers are; ``name`` and ``value`` are regular expressions."""

    name: str
    value: str
    words: tuple[str, ...] = ("an object of names and texts",)

    def accepts(self, value: object) -> bool:
        return isinstance(value, dict) and all(
            isinstance(one, str) and re.fullmatch(self.name, key) and re.fullmatch(self.value, one)
            for key, one in value.items()
        )

    def json_schema(self) -> JsonSchema:
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{self.name}$"},
            "additionalProperties": {"type": "string", "pattern": f"^{self.value}$"},
        }


@dataclass(frozen=True)
class Json(Schema):
    """An object that may hold anything."""

    words: tuple[str, ...] = ("an object",)

    def accepts(self, value: object) -> bool:
        return isinstance(value, dict)

    def json_schema(self) -> JsonSchema:
        return {"type": "object"}


def _describe(value: object) -> str:
    """Describe a value in a sentence; of what may hold a secret only its kind."""
    if isinstance(value, str) and CONTROLS.search(value):
        return "a text with control characters"
    if isinstance(value, dict | list):
        name = "object" if isinstance(value, dict) else "list"
        return f"this {name}" if value else f"an empty {name}"
    return shorten(json.dumps(value, default=str, ensure_ascii=False))
