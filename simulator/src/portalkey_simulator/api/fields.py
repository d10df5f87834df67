"""The fields of a request to the token endpoints."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote_plus

from flask import request

from portalkey_simulator.forms import FORM, Pairs, read_pairs, select_singles
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.switches import Switches

Fields: TypeAlias = Mapping[str, str]

_SECRETS = frozenset(
    {"access_token", "client_secret", "code", "code_verifier", "refresh_token", "token"}
)

_IN_URL_OF_V1 = frozenset({"client_secret", "refresh_token"})


def read_fields(switches: Switches) -> Fields:
    """Read the fields of the body; one that comes twice counts as missing (RFC 6749 3.2).

    Raises:
        Refused: There is a secret in the URL.
    """
    if _SECRETS & {name for name, _ in read_pairs(request.query_string)}:
        raise Refused("SECRET_IN_URL")
    return _read_client(switches) | select_singles(_read_body(switches))


def read_fields_of_v1(switches: Switches) -> Fields:
    """Read the fields of the body; v1 lets two secrets stand in the URL instead.

    The body's goes before the URL's.
    """
    in_url = select_singles(read_pairs(request.query_string))
    in_url = {name: value for name, value in in_url.items() if name in _IN_URL_OF_V1}
    return in_url | _read_client(switches) | select_singles(_read_body(switches))


def _read_body(switches: Switches) -> Pairs:
    if request.mimetype == FORM:
        return read_pairs(request.get_data())
    if request.mimetype == "application/json" and switches.json_bodies == "read":
        return _read_texts(request.get_data())
    return []


def _read_texts(body: bytes) -> Pairs:
    """Read the texts of a JSON object, in their order; whatever else it holds is left out."""
    try:
        pairs = json.loads(body, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return []
    # An array of arrays looks the same to the hook, so the beginning decides.
    if not isinstance(pairs, list) or not body.lstrip().startswith(b"{"):
        return []
    return [
        (_replace_surrogates(name), _replace_surrogates(value))
        for name, value in pairs
        if isinstance(value, str)
    ]


def _replace_surrogates(text: str) -> str:
    """Put a question mark for each half of a surrogate pair, which JSON can hold."""
    return text.encode(errors="replace").decode()


def _read_client(switches: Switches) -> dict[str, str]:
    """Read client id and secret of HTTP Basic authentication (RFC 6749 2.3.1), if switched on."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if switches.basic_authentication == "ignored" or scheme.lower() != "basic":
        return {}
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return {}
    return {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret)} if colon else {}
