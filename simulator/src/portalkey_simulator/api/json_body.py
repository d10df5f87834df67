"""JSON, as it comes in bodies."""

import json
from typing import Any

from portalkey_simulator.api.error_responses import invalid

_WORDS = {str: "a text", list: "an array", dict: "an object", int: "a whole number"}


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a *body* is.

    Raises:
        ApiRefused: It is none.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid("Invalid input JSON") from None
    return dict(expect("the body", told, dict))


def expect(name: str, told: Any, kind: type) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What was *told*, where it is of this *kind*: ``str``, ``list``, ``dict`` or ``int``.

    Raises:
        ApiRefused: It is not; the answer says what *name* has to be.
    """
    if not isinstance(told, kind) or isinstance(told, bool):
        raise invalid(f"{name} has to be {_WORDS[kind]}")
    return told


def objects(name: str, told: object) -> list[dict[str, Any]]:
    """What was *told*, where it is an array of objects.

    Raises:
        ApiRefused: It is not.
    """
    return [expect(name, each, dict) for each in expect(name, told, list)]
