"""The fields of a request to the token endpoints."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote_plus

from flask import request

from portalkey_simulator.forms import FORM, Pairs, read_pairs, singles
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.switches import Switches

Fields: TypeAlias = Mapping[str, str]

_SECRETS = frozenset(
    {"access_token", "client_secret", "code", "code_verifier", "refresh_token", "token"}
)


def read_fields(switches: Switches) -> Fields:
    """What the body says; a field that comes twice counts as missing (RFC 6749 3.2).

    Raises:
        Refused: There is a secret in the URL.
    """
    if _SECRETS & {name for name, _ in read_pairs(request.query_string)}:
        raise Refused("SECRET_IN_URL")
    return _client(switches) | singles(_body(switches))


def read_fields_of_v1(switches: Switches) -> Fields:
    """What the URL and the body say together: v1 lets secrets stand in the URL."""
    return _client(switches) | singles(read_pairs(request.query_string) + _body(switches))


def _body(switches: Switches) -> Pairs:
    if request.mimetype == FORM:
        return read_pairs(request.get_data())
    if request.mimetype == "application/json" and switches.json_bodies == "read":
        return _texts(request.get_data())
    return []


def _texts(body: bytes) -> Pairs:
    """The texts of a JSON object, in their order; whatever else it holds is left out."""
    try:
        pairs = json.loads(body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    # An array of arrays looks the same to the hook, so the beginning decides.
    if not isinstance(pairs, list) or not body.lstrip().startswith(b"{"):
        return []
    return [(_sound(name), _sound(value)) for name, value in pairs if isinstance(value, str)]


def _sound(text: str) -> str:
    """The *text*, with a question mark for each half of a character, which JSON can hold."""
    return text.encode(errors="replace").decode()


def _client(switches: Switches) -> dict[str, str]:
    """Client id and secret of HTTP Basic authentication (RFC 6749 2.3.1), where that is read."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if switches.basic_authentication == "ignored" or scheme.lower() != "basic":
        return {}
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)} if colon else {}
