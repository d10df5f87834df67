"""The API as an OpenAPI document, written from the same sources as the endpoints."""

from functools import cache
from typing import Any

from flask import Response, jsonify

from portalkey_simulator.api.openapi import (
    account_paths,
    crm_paths,
    oauth_paths,
    oauth_v1_paths,
    webhook_paths,
)
from portalkey_simulator.api.openapi.body_schemas import SCHEMAS

_AREAS = (oauth_paths, oauth_v1_paths, account_paths, crm_paths, webhook_paths)
_ABOUT = (
    "A local simulator of parts of HubSpot's public API, for development and tests. It is not "
    "HubSpot's, and HubSpot is a trademark of HubSpot, Inc. This document was written from public "
    "documentation and captures; docs/fidelity.md says what rests on which."
)


@cache
def build_document() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Local HubSpot simulator", "version": "1", "description": _ABOUT},
        "paths": {path: item for area in _AREAS for path, item in area.build_paths().items()},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of an account.",
                },
                "app_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An app's own token, from the grant `client_credentials`.",
                },
            },
        },
    }


def show_document() -> Response:
    """Show the document, as JSON."""
    return jsonify(build_document())
