"""Read JSON in bodies."""

import json
from typing import Any

from portalkey_simulator.api.error_responses import validation_error

_WORDS = {str: "a text", list: "an array", dict: "an object", int: "a whole number"}


def read_object(body: bytes) -> dict[str, Any]:
    """Read the JSON object in a *body*.

    Raises:
        ApiRefused: It is no JSON object.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise validation_error("Invalid input JSON") from None
    return dict(expect("the body", value, dict))


def expect(name: str, value: Any, kind: type) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return *value* if it is of this *kind*: ``str``, ``list``, ``dict`` or ``int``.

    Raises:
        ApiRefused: It is not; the answer says what *name* has to be.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise validation_error(f"{name} has to be {_WORDS[kind]}")
    return value


def expect_objects(name: str, value: object) -> list[dict[str, Any]]:
    """Return *value* if it is an array of objects.

    Raises:
        ApiRefused: It is not.
    """
    return [expect(name, each, dict) for each in expect(name, value, list)]
