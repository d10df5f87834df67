"""Objects from outside, made into the dataclasses that the code has, and told by name if not."""

# ruff: noqa: ANN401, D102 - values of any type, and the methods of Shape

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from portalkey_simulator.control.parsing import BadField, shortened
from portalkey_simulator.control.schemas import (
    SAFE,
    AnyOf,
    Many,
    Nothing,
    Number,
    OneOf,
    Schema,
    Shape,
    Text,
)


@dataclass(frozen=True)
class Object(Shape):
    """A dataclass, by its fields, less those ``without``; a ``partial`` one may leave out any."""

    owner: Callable[..., Any]
    partial: bool = False
    without: tuple[str, ...] = ()
    words: tuple[str, ...] = ("an object",)

    def fits(self, value: object) -> bool:
        return isinstance(value, dict)

    def read(self, value: Any, where: str) -> Any:
        """An *owner*, or the values that were given of a partial one."""
        values = self._values(super().read(value, where or "body"), where)
        if self.partial:
            return values
        for name, (shape, is_needed) in fields_of(self.owner).items():
            if is_needed and name not in values:
                raise BadField(_at(where, name), "is missing", shape.words)
        try:
            return self.owner(**values)
        except ValueError as wrong:
            raise BadField(where or "body", f"does not do: {wrong}") from None

    @property
    def _known(self) -> dict[str, tuple[Shape, bool]]:
        known = fields_of(self.owner)
        return {name: known[name] for name in known if name not in self.without}

    def _values(self, given: Mapping[str, Any], where: str) -> dict[str, Any]:
        known = self._known
        for name in given:
            if name not in known:
                raise BadField(_at(where, shortened(name)), "is unknown", tuple(known))
        return {name: _read(known[name][0], one, _at(where, name)) for name, one in given.items()}

    def schema(self) -> Schema:
        known = self._known
        needed = [] if self.partial else [name for name, (_, needed) in known.items() if needed]
        return {
            "type": "object",
            "properties": {name: shape.schema() for name, (shape, _) in known.items()},
            "required": needed,
            "additionalProperties": False,
        }


@cache
def fields_of(owner: Callable[..., Any]) -> Mapping[str, tuple[Shape, bool]]:
    """The shapes of a dataclass's fields, and whether each has to be given."""
    hints = get_type_hints(owner, include_extras=True)
    return {
        each.name: (
            _shape(hints[each.name], each.name),
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
_PLAIN: Mapping[object, Shape] = {
    str: Text(),
    bool: OneOf((True, False)),
    int: Number(whole=True),
    float: Number(),
    NoneType: Nothing(),
}


def _shape(hint: Any, name: str) -> Shape:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        shape: Shape = parts[1]
        return shape
    if origin is Literal:
        return OneOf(parts)
    if origin in {Union, UnionType}:
        return AnyOf(tuple(_shape(each, name) for each in parts))
    if origin in {tuple, frozenset}:
        return Many(_shape(parts[0], name), origin, least=int(name in _NEVER_EMPTY))
    if is_dataclass(hint) and isinstance(hint, type):
        return Object(hint)
    return _NUMBERS[name] if hint is int and name in _NUMBERS else _PLAIN[hint]


def _read(shape: Shape, value: object, where: str) -> Any:
    try:
        return shape.read(value, where)
    except BadField as bad:
        if where.rpartition(".")[2] not in _SECRET:
            raise
        refused = BadField(bad.field, "cannot be what was given", bad.allowed)
    raise refused  # out here: the original quotes it


def _at(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
