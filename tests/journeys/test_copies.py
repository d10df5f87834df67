"""A copy for staging: it hands out what still lives, and production's grants outlive it all."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.broker import SIDE_SECONDS
from portalkey.errors import OperatorMustAct, StoreIsCopy
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import Callback, Visitor
from portalkey.model.connection import Connection
from portalkey.settings import Settings
from portalkey.vault.copy_mark import PREFIX
from portalkey.vault.open import open_vault
from portalkey_simulator import HubSpot
from support.commands import run
from support.environment import environment_of
from support.operating_console import Operator, host_app
from support.visitor import query_of

OWNERS = ("ada", "bob", "cleo", "dora")
HOUR = 3600
Make = Callable[..., Broker]


def connect(broker: Broker, hubspot: HubSpot, owner: str) -> Attempt:
    """An attempt of *owner*'s, gone through to its end."""
    begun = broker.begin(owner, "browser")
    query = query_of(hubspot.approve(begun.authorize_url))
    cookies = {begun.attempt.id: (begun.cookie,)}
    attempt = broker.finish(Callback(tuple(query.items()), cookies, Visitor(owner, "browser")))
    assert attempt.status == "connected", attempt
    return attempt


def row_of(broker: Broker, owner: str) -> Connection:
    """The one connection of *owner*."""
    (connection,) = broker.connections(owner)
    return connection


def asked(hubspot: HubSpot) -> list[str]:
    """What HubSpot was asked, oldest first."""
    return [request.path.rsplit("/", 1)[-1] for request in hubspot.requests]


@pytest.fixture
def production(broker: Broker, hubspot: HubSpot) -> Broker:
    """Four owners with an account each, and one refresh token that HubSpot is to forget."""
    for owner in OWNERS:
        connect(broker, hubspot, owner)
    connection = row_of(broker, "dora")
    broker.vault.enqueue(broker.vault.open_refresh(connection), connection.id)
    return broker


@pytest.fixture
def of_copy(production: Broker, settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a copy of all that, as ``cp`` makes one of a file that nobody has open."""
    production.close()
    file = tmp_path / "staging.db"
    shutil.copy(settings.database_url.removeprefix("sqlite:///"), file)
    return settings.model_copy(update={"database_url": f"sqlite:///{file}", "is_copy": True})


@pytest.fixture
def staging(of_copy: Settings, make_broker: Make) -> Broker:
    """The copy, opened as one."""
    open_vault(of_copy).store.close()
    return make_broker(of_copy)


def test_what_still_lives_is_handed_out(
    production: Broker, staging: Broker, hubspot: HubSpot
) -> None:
    """The very token that production hands out; HubSpot hears nothing of it."""
    before = asked(hubspot)

    assert staging.access_token("ada") == production.access_token("ada")
    assert asked(hubspot) == before


def test_what_has_ended_is_the_operator_s(staging: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """Nobody can put it right but whoever made the copy; no row is marked, no alarm is raised."""
    before, row = asked(hubspot), row_of(staging, "ada")
    ahead.seconds += HOUR

    with pytest.raises(StoreIsCopy) as refused:
        staging.access_token("ada")

    assert isinstance(refused.value, OperatorMustAct)
    assert "PORTALKEY_COPY" in str(refused.value)
    assert asked(hubspot) == before
    assert replace(row_of(staging, "ada"), seen_at=row.seen_at) == row


def test_a_grant_that_a_copy_cannot_save_is_not_revoked(staging: Broker, hubspot: HubSpot) -> None:
    """It may be the very token that production lives on; nor is it kept to be revoked later."""
    before, store, app = asked(hubspot), staging.vault.store, staging.vault.client_id
    token = staging.vault.open_refresh(row_of(staging, "ada"))
    assert token is not None
    owed = store.pending(10, client_id=app)
    staging._outbox.revoke_unsaved(token)
    staging._outbox.revoke_unsaved(SecretStr("na1-of-nobody"))

    assert asked(hubspot) == before
    assert store.pending(10, client_id=app) == owed


def test_production_outlives_a_day_of_a_copy_s_traffic(
    production: Broker, staging: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """Where HubSpot rotates, too: expiry, a 401, checks, a disconnect, an erasure, the worker."""
    hubspot.switches.rotate_refresh_tokens = True
    before = asked(hubspot)
    staging.report_unauthorized("ada", staging.access_token("ada"))
    for _ in range(24):
        ahead.seconds += HOUR
        with pytest.raises(StoreIsCopy):
            staging.access_token("ada")
        staging.check_connections(staging.connections("ada"))
        staging.send_owed()
    staging.disconnect("bob", row_of(staging, "bob").id)
    assert staging.on_user_deleted("cleo") == 1
    with pytest.raises(StoreIsCopy):
        staging.uninstall(row_of(staging, "dora"))
    ahead.seconds += SIDE_SECONDS
    assert staging.send_owed(50) == 0
    staging.close()
    assert asked(hubspot) == before

    hubspot.clock.move(25 * HOUR)
    assert [bool(production.access_token(owner)) for owner in OWNERS] == [True] * len(OWNERS)


def test_its_own_grants_are_renewed_and_never_revoked(
    production: Broker, staging: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """One for an owner of its own, and one over a row that came along; production keeps both."""
    hubspot.switches.rotate_refresh_tokens = True
    for owner in ("eve", "ada"):
        connect(staging, hubspot, owner)
    for _ in range(2):
        ahead.seconds += HOUR
        hubspot.clock.move(HOUR)
        assert all(map(staging.access_token, ("eve", "ada")))
    for owner in ("eve", "ada"):
        staging.disconnect(owner, row_of(staging, owner).id)
    staging.close()

    assert "revoke" not in asked(hubspot)
    assert production.access_token("ada")


def test_a_token_that_production_has_too_is_not_its_own(
    production: Broker, of_copy: Settings, make_broker: Make, hubspot: HubSpot, ahead: Any
) -> None:
    """HubSpot may give the same one again for the same account: then it is left alone."""
    theirs = production.vault.open_refresh(row_of(production, "ada")).get_secret_value()

    def through(send: Send) -> Send:
        def given(request: Request) -> Response:
            response = send(request)
            if not request.url.endswith("/token"):
                return response
            body = json.loads(response.body) | {"refresh_token": theirs}
            return replace(response, body=json.dumps(body).encode())

        return given

    open_vault(of_copy).store.close()
    staging = make_broker(of_copy, through)
    connect(staging, hubspot, "ada")
    assert staging.access_token("ada")
    ahead.seconds += HOUR

    with pytest.raises(StoreIsCopy):
        staging.access_token("ada")


def test_a_clock_that_is_behind_makes_nothing_its_own(
    production: Broker, of_copy: Settings, make_broker: Make, ahead: Any
) -> None:
    """Grants that came along bear the time of another machine, which may be ahead of this one's."""
    ahead.seconds += HOUR
    production.access_token("ada")
    production.close()
    file = production.settings.database_url.removeprefix("sqlite:///")
    shutil.copy(file, of_copy.database_url.removeprefix("sqlite:///"))
    open_vault(of_copy).store.close()  # an hour behind
    ahead.seconds += HOUR

    with pytest.raises(StoreIsCopy):
        make_broker(of_copy).access_token("ada")


def test_production_forgets_that_it_was_opened_as_a_copy(
    production: Broker, settings: Settings, of_copy: Settings, make_broker: Make, ahead: Any
) -> None:
    """By mistake: what it is given from then on is no copy's own, wherever it is copied to."""
    by_mistake = settings.model_copy(update={"is_copy": True})
    open_vault(by_mistake).store.close()
    vault = open_vault(settings)
    assert vault.store.meta(PREFIX + settings.client_id) is None
    vault.store.close()


def test_without_a_mark_nothing_is_its_own(staging: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """A copy that was written over while it ran renews nothing until it is started again."""
    connect(staging, hubspot, "eve")
    staging.vault.store.remove_meta(PREFIX + staging.settings.client_id)
    ahead.seconds += HOUR

    with pytest.raises(StoreIsCopy):
        staging.access_token("eve")


@pytest.fixture
def env_file(of_copy: Settings, tmp_path: Path) -> Path:
    """The copy's settings, as commands read them."""
    path = tmp_path / "copy.env"
    values = environment_of(of_copy) | {"PORTALKEY_COPY": "yes"}
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    return path


def test_the_worker_of_a_copy_sends_nothing(env_file: Path, hubspot: HubSpot) -> None:
    """What production owes, production sends; it is said at the start."""
    before = asked(hubspot)

    done = run("work", "--once", "--json", "--env-file", str(env_file))

    nothing: dict[str, object] = {"revoked": 0, "notified": 0, "looks": {}}
    nothing |= {"sweep_stopped": False, "failed": [], "error": None}
    assert json.loads(done.stdout) == nothing, done.stderr
    assert "is_copy" in done.stderr
    assert asked(hubspot) == before


def ids_of(broker: Broker) -> dict[str, str]:
    """Of each owner, the id of the connection."""
    return {owner: row_of(broker, owner).id for owner in OWNERS}


def test_the_commands_of_a_copy_say_that_hubspot_is_told_nothing(
    production: Broker, env_file: Path, hubspot: HubSpot
) -> None:
    """Each that ends something; an uninstall is refused before anybody types a number."""
    before, ids = asked(hubspot), ids_of(production)
    told = "Erased here; this is a copy (PORTALKEY_COPY), and HubSpot is told nothing."

    def say(*arguments: str) -> str:
        done = run("connections", *arguments, "--env-file", str(env_file))
        return " ".join((done.stdout + done.stderr).split())

    assert "takes the app out of no account" in say("disconnect", ids["dora"], "--uninstall")
    said = [
        say("disconnect", ids["ada"], "--yes"),
        say("erase", "--owner", "bob", "--yes"),
        say("revoke", "--all", "--yes"),
    ]

    assert [told in each for each in said] == [True] * 3, said
    assert "HubSpot is told to forget" not in "".join(said)
    assert "does not know of" not in "".join(said)
    assert asked(hubspot) == before


def test_the_console_of_a_copy_says_so_too(staging: Broker, hubspot: HubSpot) -> None:
    """Before the button and after it, and for an uninstall in the place of the question."""
    before, ids = asked(hubspot), ids_of(staging)
    operator = Operator(host_app(staging), staging)
    path = f"/connections/{ids['ada']}/disconnect"

    assert "HubSpot is told nothing" in operator.page(path).text
    done = operator.confirm(path)
    assert "HubSpot is told nothing" in operator.get(done.headers["location"]).text
    refused = operator.page(f"/connections/{ids['bob']}/uninstall")
    assert "takes the app out of no account" in refused.text
    erased = operator.confirm("/erase?owner=cleo", typed="cleo")
    assert "HubSpot is told nothing" in operator.get(erased.headers["location"]).text
    assert asked(hubspot) == before
