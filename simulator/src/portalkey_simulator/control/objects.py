"""Schemas of dataclasses: objects from outside, read into the classes that the code has."""

# ruff: noqa: ANN401, D102 - values of any type, and the methods of Schema

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from portalkey_simulator.control.parsing import BadField, shorten
from portalkey_simulator.control.schemas import (
    SAFE,
    AnyOf,
    JsonSchema,
    Many,
    Nothing,
    Number,
    OneOf,
    Schema,
    Text,
)


@dataclass(frozen=True)
class Object(Schema):
    """A dataclass, by its fields, less those ``without``; a ``partial`` one may leave out any."""

    owner: Callable[..., Any]
    partial: bool = False
    without: tuple[str, ...] = ()
    words: tuple[str, ...] = ("an object",)

    def accepts(self, value: object) -> bool:
        return isinstance(value, dict)

    def read(self, value: Any, where: str) -> Any:
        """Return an *owner*, or the values that were given of a partial one."""
        values = self._values(super().read(value, where or "body"), where)
        if self.partial:
            return values
        for name, (schema, is_needed) in fields_of(self.owner).items():
            if is_needed and name not in values:
                raise BadField(_join_path(where, name), "is missing", schema.words)
        try:
            return self.owner(**values)
        except ValueError as wrong:
            raise BadField(where or "body", f"does not do: {wrong}") from None

    @property
    def _fields(self) -> dict[str, tuple[Schema, bool]]:
        fields = fields_of(self.owner).items()
        return {name: field for name, field in fields if name not in self.without}

    def _values(self, fields: Mapping[str, Any], where: str) -> dict[str, Any]:
        schemas = {name: schema for name, (schema, _) in self._fields.items()}
        for name in fields:
            if name not in schemas:
                raise BadField(_join_path(where, shorten(name)), "is unknown", tuple(schemas))
        return {
            name: _parse_field(schemas[name], value, _join_path(where, name))
            for name, value in fields.items()
        }

    def json_schema(self) -> JsonSchema:
        fields = self._fields
        required = [] if self.partial else [name for name, (_, needed) in fields.items() if needed]
        return {
            "type": "object",
            "properties": {name: schema.json_schema() for name, (schema, _) in fields.items()},
            "required": required,
            "additionalProperties": False,
        }


@cache
def fields_of(owner: Callable[..., Any]) -> Mapping[str, tuple[Schema, bool]]:
    """Return the schemas of a dataclass's fields, and whether each is required."""
    hints = get_type_hints(owner, include_extras=True)
    return {
        each.name: (
            _schema_of(hints[each.name], each.name),
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(owner)  # type: ignore[arg-type]
        if each.init
    }


_NUMBERS = {
    "hub_id": Number(1, SAFE, whole=True),
    "user_id": Number(1, SAFE, whole=True),
    "app_id": Number(1, SAFE, whole=True),
    "utc_offset_hours": Number(-14, 14, whole=True),
}
"""Numbers that have their limits by what they are called."""
_NEVER_EMPTY = ("users",)
_SECRET = ("client_secret", "access_token", "body", "headers")
"""Fields whose values are not repeated to whoever gave a wrong one."""
_PLAIN: Mapping[object, Schema] = {
    str: Text(),
    bool: OneOf((True, False)),
    int: Number(whole=True),
    float: Number(),
    NoneType: Nothing(),
}


def _schema_of(hint: Any, name: str) -> Schema:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        schema: Schema = parts[1]
        return schema
    if origin is Literal:
        return OneOf(parts)
    if origin in {Union, UnionType}:
        return AnyOf(tuple(_schema_of(each, name) for each in parts))
    if origin in {tuple, frozenset}:
        return Many(_schema_of(parts[0], name), origin, least=int(name in _NEVER_EMPTY))
    if is_dataclass(hint) and isinstance(hint, type):
        return Object(hint)
    return _NUMBERS[name] if hint is int and name in _NUMBERS else _PLAIN[hint]


def _parse_field(schema: Schema, value: object, where: str) -> Any:
    try:
        return schema.read(value, where)
    except BadField as bad:
        if where.rpartition(".")[2] not in _SECRET:
            raise
        refusal = BadField(bad.field, "cannot be what was given", bad.allowed)
    raise refusal  # out here: the original quotes it


def _join_path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
