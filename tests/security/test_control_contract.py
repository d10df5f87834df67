"""The control API keeps to its own document, whatever is sent (schemathesis)."""

import copy
import itertools
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portalkey_simulator import HubSpot
from portalkey_simulator.control.openapi_document import build_document
from support.patience import PATIENCE

CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    content_type_conformance,
]


def try_all(schema: Any, hubspot: HubSpot, examples: int) -> int:
    """Send *examples* to each operation, good and bad ones; how many were sent."""
    loaded = schemathesis.openapi.from_dict(schema)
    sent = 0
    operations = [each.ok() for each in loaded.get_all_operations() if isinstance(each, Ok)]
    for operation, mode in itertools.product(operations, schemathesis.GenerationMode):
        if mode is schemathesis.GenerationMode.NEGATIVE and not list(operation.body):
            continue  # nothing can be wrong where nothing is sent
        strategy = operation.as_strategy(generation_mode=mode)

        @hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=strategy)
        def send(case: Any) -> None:
            nonlocal sent
            sent += 1
            case.call_and_validate(base_url=hubspot.url, checks=CHECKS, timeout=PATIENCE)

        send()
    return sent


def test_control_api_keeps_to_its_document(hubspot: HubSpot) -> None:
    """No call ends in a server error, or in an answer that the document does not tell of."""
    assert try_all(build_document(), hubspot, 15) > 100


def test_document_that_is_wrong(hubspot: HubSpot) -> None:
    """The negative control: an answer that is not as the document says is found."""
    wrong = copy.deepcopy(build_document())
    state = wrong["paths"]["/control/state"]
    wrong["paths"] = {"/control/state": state}
    content = state["get"]["responses"]["200"]["content"]["application/json"]
    content["schema"]["properties"]["clock"] = {"type": "string"}

    with pytest.raises(FailureGroup, match="violates schema"):
        try_all(wrong, hubspot, 2)
