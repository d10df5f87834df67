"""OAuth v1, which ends on 2027-02-16."""

from portalkey_simulator.api.openapi.body_schemas import Schema, ref
from portalkey_simulator.api.openapi.oauth_paths import GIVEN, GRANT, REFUSED
from portalkey_simulator.api.openapi.operation_parts import (
    Operation,
    Paths,
    form,
    in_path,
    in_query,
    operation,
)

_ENDED: dict[int, Schema | None] = {410: ref("Error")}
_TOKEN = [in_path("token", "The token itself; no other credentials are asked for.")]


def build_paths() -> Paths:
    """Describe its four operations, on three paths."""
    return {
        "/oauth/v1/token": {"post": _token()},
        "/oauth/v1/access-tokens/{token}": {
            "get": _old(
                "What an access token is for.", {200: ref("AccessTokenV1"), 400: ref("Error")}
            )
        },
        "/oauth/v1/refresh-tokens/{token}": {
            "get": _old(
                "What a refresh token is for.", {200: ref("RefreshTokenV1"), 400: ref("Refusal")}
            ),
            "delete": _old("End a refresh token.", {204: None}),
        },
    }


def _token() -> Operation:
    fields = [in_query(name, schema, "As in the body.") for name, schema in GRANT.items()]
    answers = {200: GIVEN, **REFUSED, **_ENDED}
    description = operation("Tokens, as below.", answers, parameters=fields, body=form(**GRANT))
    description["requestBody"]["required"] = False
    return {**description, "deprecated": True}


def _old(summary: str, answers: dict[int, Schema | None]) -> Operation:
    return {**operation(summary, {**answers, **_ENDED}, parameters=_TOKEN), "deprecated": True}
