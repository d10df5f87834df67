"""The simulator keeps to its own OpenAPI document, whatever is sent (schemathesis).

``CONTRACT_EXAMPLES`` says how many requests each operation gets of each kind, good and bad ones.
"""

import copy
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portalkey_simulator import HubSpot, running_hubspot
from portalkey_simulator.api.crm_records import KINDS, list_records
from portalkey_simulator.api.grants import APP_SCOPES
from portalkey_simulator.api.openapi import build_document
from portalkey_simulator.forms import FORM
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.lifecycle import EVENT_TYPES

CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
]
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "4"))


class Known:
    """Tokens and things that are there, fresh for every operation."""

    def __init__(self, hubspot: HubSpot, path: str) -> None:
        world, app, account = hubspot._world, hubspot.app, hubspot.accounts[0]
        app_token, _ = world.ledger.issue_app_token(app.client_id, tuple(APP_SCOPES))
        for number in EVENT_TYPES:
            subscription = world.lifecycle.subscribe(app.client_id, number)
        scopes = ("oauth", *(kind.scope for kind in KINDS.values()))
        agreement = Agreement(app.client_id, account, scopes, account.users[0])
        world.ledger.uninstall(agreement)
        code = world.ledger.issue_code(agreement, app.redirect_uris[0], None)
        issued = world.ledger.spend_code(
            code, client_id=app.client_id, redirect_uri=app.redirect_uris[0], verifier=""
        )
        self.tokens = {"token": issued.access_token, "app_token": app_token}
        kind = next((each for each in KINDS if each in path), "deals")
        self.parts = {
            "token": issued.access_token if "access-tokens" in path else issued.refresh_token,
            "identifier": list_records(account.hub_id, kind)[0].identifier,
            "number": str(subscription.number),
            "offset": (world.lifecycle.list_journal(app.client_id) or ())[0].offset,
            "count": 2,
            "portal": str(account.hub_id),
            "status": "653834b3-7666-4bb3-88d9-0e8951915a86",
        }
        self.fields = {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": issued.refresh_token,
            "token": issued.access_token,
        }

    def headers(self, operation: dict[str, Any]) -> dict[str, str]:
        """What the operation asks for as credentials."""
        for [name] in operation.get("security", ()):
            return {"Authorization": f"Bearer {self.tokens[name]}"}
        return {}

    def put_into(self, case: Any) -> None:
        """Let the request be for what is there."""
        for name in case.path_parameters:
            case.path_parameters[name] = self.parts[name]
        if case.media_type == FORM and isinstance(case.body, dict):
            case.body = {**case.body, **self.fields}


@pytest.fixture
def hubspot() -> Iterator[HubSpot]:
    """A simulator without limits; every request would be refused soon."""
    with running_hubspot() as running:
        running.switches.calls_per_ten_seconds = 1_000_000
        running.switches.searches_per_second = 1_000_000
        yield running


def try_all(schema: dict[str, Any], hubspot: HubSpot, examples: int) -> Counter[int]:
    """Send *examples* to each operation, good and bad ones; how often each status came."""
    loaded = schemathesis.openapi.from_dict(schema)
    statuses: Counter[int] = Counter()
    for operation in [each.ok() for each in loaded.get_all_operations() if isinstance(each, Ok)]:
        said = schema["paths"][operation.path][operation.method]
        try_one(operation, said, GenerationMode.POSITIVE, hubspot, examples, statuses)
        if list(operation.body) or list(operation.query):
            try_one(operation, said, GenerationMode.NEGATIVE, hubspot, examples, statuses)
    return statuses


def try_one(
    operation: Any,
    said: dict[str, Any],
    mode: GenerationMode,
    hubspot: HubSpot,
    examples: int,
    statuses: Counter[int],
) -> None:
    """Send *examples* of one kind; half of the good ones are for things that are there."""
    known = Known(hubspot, operation.path)
    is_good = mode is GenerationMode.POSITIVE

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=mode), is_known=hypothesis.strategies.booleans()
    )
    def send(case: Any, is_known: bool) -> None:  # noqa: FBT001 - drawn
        if is_known and is_good:
            known.put_into(case)
        answer = case.call(base_url=hubspot.url, headers=known.headers(said))
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    send()


def test_simulator_keeps_to_its_document(hubspot: HubSpot) -> None:
    """No request ends in a server error, or in an answer that the document does not tell of."""
    statuses = try_all(build_document(), hubspot, EXAMPLES)

    assert statuses.total() > 300
    assert {200, 204, 400, 403, 404} <= set(statuses)


@pytest.mark.parametrize(
    ("path", "method", "wrong", "said"),
    [
        ("/account-info/v3/details", "get", {"required": ["portalName"]}, "schema"),
        ("/oauth/2026-03/token/revoke", "post", None, "status"),
    ],
)
def test_document_that_is_wrong(
    hubspot: HubSpot, path: str, method: str, wrong: dict[str, Any] | None, said: str
) -> None:
    """The negative control: an answer that is not as the document says is found."""
    told = copy.deepcopy(build_document())
    told["paths"] = {path: {method: told["paths"][path][method]}}
    answers = told["paths"][path][method]["responses"]
    if wrong is None:
        del answers["400"]
    else:
        answers["200"]["content"]["application/json"]["schema"] = wrong

    with pytest.raises(FailureGroup, match=said):
        try_all(told, hubspot, 4)
