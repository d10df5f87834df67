"""``Cross-Origin-Opener-Policy``, by the kind of answer."""

from collections.abc import Callable
from typing import Literal

import httpx2
import pytest

from portalkey_simulator import HubSpot

COOP = "Cross-Origin-Opener-Policy"
KINDS = ("consent", "refusal", "redirect")


@pytest.fixture
def policies(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: Callable[..., str]
) -> Callable[..., dict[str, set[str | None]]]:
    """Asks for an answer of each kind, and says which policies came with it."""

    def ask(header: str = COOP) -> dict[str, set[str | None]]:
        url, choice = authorize_url(), {"hub_id": "4410001"}
        answers = {
            "consent": [http.get(url), http.get(authorize_url(pinned=4410002))],
            "redirect": [http.post(url, data={**choice, "decision": "approve"})],
            "refusal": [http.get(authorize_url(client_id="nobody")), http.post(url, data=choice)],
        }
        denied = http.post(url, data={**choice, "decision": "deny"})
        answers["refusal" if hubspot.switches.cancel_sends == "nothing" else "redirect"].append(
            denied
        )
        return {kind: {one.headers.get(header) for one in each} for kind, each in answers.items()}

    return ask


def test_none_is_sent_unless_switched(policies: Callable[..., dict[str, set[str | None]]]) -> None:
    """HubSpot's own policy is not known, so none is sent."""
    assert policies() == {kind: {None} for kind in KINDS}


@pytest.mark.parametrize("cancel_sends", ["nothing", "error"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_switch(
    hubspot: HubSpot,
    policies: Callable[..., dict[str, set[str | None]]],
    kind: str,
    cancel_sends: Literal["nothing", "error"],
) -> None:
    """Every answer of the kind carries the policy, and no other answer does."""
    hubspot.switches.cancel_sends = cancel_sends
    setattr(hubspot.switches, f"{kind}_opener_policy", "same-origin")

    assert policies() == {**{each: {None} for each in KINDS}, kind: {"same-origin"}}


def test_the_token_endpoints_send_none(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Only what a window shows or passes through has an opener."""
    hubspot.switches.consent_opener_policy = "same-origin"

    assert COOP not in http.post("/oauth/2026-03/token").headers


@pytest.mark.parametrize("kind", KINDS)
def test_reporting_only(
    hubspot: HubSpot, policies: Callable[..., dict[str, set[str | None]]], kind: str
) -> None:
    """A policy that is only reported is sent under the other name."""
    setattr(hubspot.switches, f"{kind}_opener_policy", "same-origin")
    hubspot.switches.opener_policies_report_only = True

    assert policies(f"{COOP}-Report-Only")[kind] == {"same-origin"}
    assert policies() == {each: {None} for each in KINDS}
