"""The token endpoints, as they are since January 2026."""

from portalkey_simulator.api.openapi.body_schemas import TEXT, Schema, only, ref
from portalkey_simulator.api.openapi.operation_parts import Operation, Paths, form, operation
from portalkey_simulator.world import VERSIONS

_CLIENT = {"client_id": TEXT, "client_secret": TEXT}
_TOKEN = {**_CLIENT, "token": TEXT, "token_type_hint": only("access_token", "refresh_token")}

GRANT: dict[str, Schema] = {
    "grant_type": only("authorization_code", "refresh_token", "client_credentials"),
    **_CLIENT,
    "code": TEXT,
    "redirect_uri": TEXT,
    "code_verifier": TEXT,
    "refresh_token": TEXT,
    "scope": TEXT,
}
"""The fields of a token request, of whatever grant."""

REFUSED: dict[int, Schema | None] = {
    400: ref("Refusal"),
    401: ref("Refusal"),
    403: ref("Refusal"),
    429: ref("TooMany"),
}
"""Refusals of a token request. 401 and 403 come where switches or faults say so."""

GIVEN: Schema = {"anyOf": [ref("Tokens"), ref("AppToken")]}
"""The answer to a token request."""


def build_paths() -> Paths:
    """Describe issue, introspect and revoke, in each version."""
    return {
        f"/oauth/{version}/token{below}": {"post": each}
        for version in VERSIONS
        for below, each in _operations().items()
    }


def _operations() -> dict[str, Operation]:
    answers = [ref(name) for name in ("ActiveAccessToken", "ActiveRefreshToken", "InactiveToken")]
    return {
        "": operation(
            "Tokens for a code, a refresh token, or an app's own credentials.",
            {200: GIVEN, **REFUSED},
            body=form(**GRANT),
        ),
        "/introspect": operation(
            "What a token is for (RFC 7662).",
            {200: {"anyOf": answers}, **REFUSED},
            body=form(**_TOKEN),
        ),
        "/revoke": operation(
            "End a refresh token (RFC 7009).", {200: None, **REFUSED}, body=form(**_TOKEN)
        ),
    }
