"""New client secrets: which one opens what, and that none is shown."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import ACCOUNTS, App, HubSpot

Connect = Callable[..., dict[str, Any]]
Ask = Callable[..., Any]

NEW = "canary-new-client-secret"


def test_new_client_secret_ends_the_old_one(
    hubspot: HubSpot, connect: Connect, refresh: Ask, ask: Ask
) -> None:
    """At once, where no overlap is asked for; refresh tokens live on, and are for the new one."""
    token, old = connect()["refresh_token"], hubspot.app.client_secret
    told = ask("POST", "secret", {"client_secret": NEW})

    assert told["old_secret_expires_in"] is None
    assert refresh(token, client_secret=old).json()["status"] == "BAD_CLIENT_SECRET"
    assert refresh(token, client_secret=NEW).is_success
    assert hubspot.app.client_secret == NEW


def test_old_client_secret_is_accepted_meanwhile(
    hubspot: HubSpot, connect: Connect, refresh: Ask, ask: Ask
) -> None:
    """Either is, until the time is over; a third one ends the first at once."""
    token, old = connect()["refresh_token"], hubspot.app.client_secret
    told = ask("POST", "secret", {"client_secret": NEW, "overlap_seconds": 600})
    assert told["old_secret_expires_in"] == pytest.approx(600, abs=5)
    assert [refresh(token, client_secret=one).is_success for one in (old, NEW)] == [True, True]

    hubspot.clock.move(601)
    assert [refresh(token, client_secret=one).is_success for one in (old, NEW)] == [False, True]
    assert ask("GET", "state")["apps"][0]["old_secret_expires_in"] is None

    ask("POST", "secret", {"client_secret": f"{NEW}-2", "overlap_seconds": 600})
    ask("POST", "secret", {"client_secret": f"{NEW}-3", "overlap_seconds": 600})
    secrets = (NEW, f"{NEW}-2", f"{NEW}-3")
    done = [refresh(token, client_secret=one).is_success for one in secrets]
    assert done == [False, True, True]


def test_new_client_secret_that_ends_refresh_tokens(
    hubspot: HubSpot, connect: Connect, refresh: Ask, ask: Ask
) -> None:
    """People have to connect again where the switch says so."""
    token = connect()["refresh_token"]
    hubspot.switches.new_secret_ends_tokens = True
    ask("POST", "secret", {"client_secret": NEW})

    assert refresh(token).json()["status"] == "BAD_REFRESH_TOKEN"


def test_new_client_secret_of_one_app(hubspot: HubSpot, connect: Connect, ask: Ask) -> None:
    """The app that is named has it, and no other; a reset gives the first one back."""
    other = App("other", "the-others-own-secret", hubspot.app.redirect_uris)
    hubspot.add_app(other)
    first = hubspot.app.client_secret
    told = ask("POST", "secret", {"client_secret": NEW, "client_id": "other"})
    assert told["client_id"] == "other"
    assert hubspot.app.client_secret == first
    assert connect()["hub_id"] == ACCOUNTS[0].hub_id

    assert hubspot.rotate_secret("in-python", 60).client_secret == "in-python"
    assert hubspot.app.client_secret == "in-python"
    ask("POST", "reset", {})
    assert hubspot.app.client_secret == first
    assert ask("GET", "state")["apps"][0]["old_secret_expires_in"] is None


@pytest.mark.parametrize("overlap", [0, 600])
def test_old_client_secrets_are_nowhere(
    hubspot: HubSpot, http: httpx2.Client, ask: Ask, overlap: int
) -> None:
    """Neither the old nor the new one is in an answer, also where a client mistook a field."""
    old = hubspot.app.client_secret
    answers = [http.post("/control/secret", json={"client_secret": old})]
    ask("POST", "secret", {"client_secret": NEW, "overlap_seconds": overlap})
    http.post("/oauth/2026-03/token", data={"scope": old, "grant_type": NEW})
    answers += [http.post("/control/secret", json={"client_secret": "short"})]
    answers += [http.get("/control/state"), http.get("/control/requests"), http.get("/")]

    assert [each.status_code for each in answers] == [400, 400, 200, 200, 200]
    for each in answers:
        assert old not in each.text
        assert NEW not in each.text
        assert "short" not in each.text or each.status_code == 200
