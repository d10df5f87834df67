"""From a code to a kept connection, when not everything answers."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from traceback import TracebackException
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.broker.exchange import Beside
from portalkey.broker.waiting import LONGEST
from portalkey.errors import (
    HubSpotUnavailable,
    NoKeyOpens,
    PortalkeyError,
    ScopesMissing,
    StoreBusy,
    StoreUnusable,
)
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions, Callback, Visitor
from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import EventName
from portalkey.model.leases import Lease, LeaseRequest
from portalkey.settings import Key, Settings
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.store import Mark
from portalkey_simulator import HubSpot
from support.visitor import query_of

Around = Callable[[Request, Send], Response]


def finished(broker: Broker, hubspot: HubSpot, wish: AuthorizationOptions | None = None) -> Attempt:
    """An attempt of Ada's, gone through to its end."""
    begun = broker.begin("ada", "browser", wish)
    callback = hubspot.approve(begun.authorize_url)
    cookies = {begun.attempt.id: (begun.cookie,)}
    return broker.finish(
        Callback(tuple(query_of(callback).items()), cookies, Visitor("ada", "browser"))
    )


@pytest.fixture
def around(broker: Broker) -> Callable[[Around], Broker]:
    """Makes a broker whose every request passes through a function first."""

    def make(through: Around) -> Broker:
        def send(request: Request) -> Response:
            return through(request, broker._send)

        return Broker(broker.settings, broker.vault, send)

    return make


def failing(part: str) -> Around:
    """Nobody answers at addresses with *part* in them."""

    def through(request: Request, send: Send) -> Response:
        if part in request.url:
            raise HubSpotUnavailable
        return send(request)

    return through


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("introspect", {"user_email": None, "time_zone": "US/Eastern"}),
        ("account-info", {"user_email": "maya@harbourpine.example", "time_zone": None}),
    ],
)
def test_what_hubspot_does_not_say_just_now_is_left_open(
    around: Callable[[Around], Broker], hubspot: HubSpot, part: str, known: dict[str, str | None]
) -> None:
    """Who agreed, and where, is good to know; the connection does not hang on it."""
    broker = around(failing(part))

    assert finished(broker, hubspot).status == "connected"
    (connection,) = broker.connections("ada")
    assert {name: getattr(connection.account, name) for name in known} == known


def without(field: str) -> Around:
    """The token answer lacks a field."""

    def through(request: Request, send: Send) -> Response:
        response = send(request)
        if request.url.endswith("/token"):
            return replace(response, body=response.body.replace(field.encode(), b"other"))
        return response

    return through


def test_a_grant_without_a_refresh_token_is_not_kept(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """It would die in half an hour; better to say so now."""
    broker = around(without('"refresh_token"'.strip('"')))

    attempt = finished(broker, hubspot)

    assert (attempt.status, attempt.error) == ("failed", "bad_answer")
    assert broker.connections("ada") == []


def test_the_account_is_found_by_introspection_where_the_answer_is_silent(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """The token response of older versions names no account."""
    broker = around(without("hub_id"))

    assert finished(broker, hubspot).status == "connected"
    assert broker.connections("ada")[0].hub_id == 4410001


def test_a_grant_of_an_unknown_account_is_given_back(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """Whose it is cannot be told, so it is revoked and nothing is kept."""

    def through(request: Request, send: Send) -> Response:
        if "introspect" in request.url or "account-info" in request.url:
            raise HubSpotUnavailable
        return without("hub_id")(request, send)

    attempt = finished(around(through), hubspot)

    assert (attempt.status, attempt.error) == ("failed", "bad_answer")
    assert hubspot.requests[-1].path.endswith("/token/revoke")


def test_a_cancel_during_the_exchange_wins(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """What was exchanged meanwhile is not kept, and revoked."""
    holder: list[Broker] = []

    def through(request: Request, send: Send) -> Response:
        if "account-info" in request.url:
            attempt = holder[0].vault.store.attempt("A" * 22)
            assert attempt is not None
            holder[0].attempts.cancel(attempt)
        return send(request)

    holder.append(around(through))
    attempt = finished(holder[0], hubspot, AuthorizationOptions(attempt_id="A" * 22))

    assert attempt.status == "cancelled"
    assert holder[0].connections("ada") == []
    assert hubspot.requests[-1].path.endswith("/token/revoke")


def test_a_refusal_after_a_cancel_changes_nothing(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """An end is final: what HubSpot says of the code later is no news of the attempt."""
    holder: list[Broker] = []

    def through(request: Request, send: Send) -> Response:
        attempt = holder[0].vault.store.attempt("A" * 22)
        assert attempt is not None
        holder[0].attempts.cancel(attempt)
        return send(request)

    holder.append(around(through))
    hubspot.next_token_refusal("BAD_AUTH_CODE")
    attempt = finished(holder[0], hubspot, AuthorizationOptions(attempt_id="A" * 22))

    assert (attempt.status, attempt.error) == ("cancelled", None)
    events = [each.name for each in holder[0].vault.store.events(attempt_id=attempt.id)]
    assert events == ["attempt_started", "attempt_cancelled"]


def test_a_crash_during_the_exchange_ends_the_attempt(
    around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """Nobody waits for what will not come: failed as interrupted, and the crash is not hidden."""

    def crash(request: Request, send: Send) -> Response:
        raise ZeroDivisionError

    broker = around(crash)
    with pytest.raises(ZeroDivisionError):
        finished(broker, hubspot, AuthorizationOptions(attempt_id="A" * 22))

    attempt = broker.vault.store.attempt("A" * 22)
    assert attempt is not None
    assert (attempt.status, attempt.error) == ("failed", "interrupted")


@pytest.mark.parametrize(
    ("status", "error", "event"),
    [
        ("BAD_AUTH_CODE", "attempt_expired", EventName.ATTEMPT_FAILED),
        ("EXPIRED_AUTH_CODE", "attempt_expired", EventName.ATTEMPT_FAILED),
        ("BAD_CODE_VERIFIER", "attempt_mismatch", EventName.ATTEMPT_FAILED),
        ("BAD_CLIENT_SECRET", "hubspot_refused", EventName.HUBSPOT_REFUSED),
        ("MISMATCH_REDIRECT_URI_AUTH_CODE", "hubspot_refused", EventName.HUBSPOT_REFUSED),
    ],
)
def test_a_refused_code_is_told_by_who_must_act(
    broker: Broker, hubspot: HubSpot, status: str, error: str, event: EventName
) -> None:
    """The person starts again; the operator is alarmed; nothing is kept."""
    hubspot.next_token_refusal(status)

    attempt = finished(broker, hubspot)

    assert (attempt.status, attempt.error) == ("failed", error)
    assert broker.vault.store.events(owner="ada")[-1].name == event
    assert attempt.sealed_verifier is None


def test_without_pkce_no_verifier_is_made(
    settings: Settings, broker: Broker, hubspot: HubSpot
) -> None:
    """A switch for apps that HubSpot does not let use it."""
    plain = Broker(settings.model_copy(update={"pkce": False}), broker.vault, broker._send)

    assert "code_challenge" not in plain.begin("ada", "browser").authorize_url
    assert finished(plain, hubspot).status == "connected"


def test_an_ended_attempt_stays_ended(broker: Broker, hubspot: HubSpot) -> None:
    """A cancel does not move what is over, and is not told."""
    attempt = finished(broker, hubspot)

    broker.attempts.cancel(attempt)

    kept = broker.vault.store.attempt(attempt.id)
    assert kept is not None
    assert kept.status == "connected"
    assert broker.vault.store.events(owner="ada")[-1].name == EventName.CONNECTED


def test_an_attempt_is_known_to_its_own_browser_only(broker: Broker) -> None:
    """By the session's value for status, by the cookie for done."""
    begun = broker.begin("ada", "browser")
    name, cookie = begun.attempt.id, begun.cookie

    assert broker.attempts.begun_by(name, Visitor("ada", "browser"))
    assert broker.attempts.begun_by(name, Visitor("bob", "browser")) is None
    assert broker.attempts.begun_by(name, Visitor("ada", "elsewhere")) is None
    assert broker.attempts.of_browser(name, {name: (SecretStr("x"), cookie)})
    assert broker.attempts.of_browser(name, {name: (SecretStr("x"),)}) is None
    assert broker.attempts.of_browser("unknown", {"unknown": (cookie,)}) is None


def test_without_another_thread_one_comes_after_the_other() -> None:
    """A machine that has no more threads connects people all the same."""
    before = threading.stack_size(1 << 47)  # more than there are addresses
    try:
        beside = Beside(threading.get_ident, lambda: True)
    finally:
        threading.stack_size(before)

    assert beside.result() == threading.get_ident()


def test_a_dead_key_stops_a_revocation_but_not_the_rest(
    broker: Broker, hubspot: HubSpot, settings: Settings
) -> None:
    """What does not open stays owed, is told as an alarm, and is tried again later."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")
    owed = broker.vault.enqueue(broker.vault.open_refresh(connection))
    moved = replace(owed, id=broker.vault.enqueue(broker.vault.open_refresh(connection)).id)

    assert broker._outbox.send(moved) is False
    assert broker.vault.store.events()[-1].name == EventName.NO_KEY_OPENS


def test_a_pause_that_hubspot_asks_for_is_kept(
    broker: Broker, around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """A revocation waits at least as long as HubSpot said."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")

    def busy(request: Request, send: Send) -> Response:
        return Response(503, {"retry-after": "900"}, b"")

    patient = around(busy)
    patient.disconnect("ada", connection.id)

    waits = [e.facts["wait"] for e in broker.vault.store.events() if "wait" in e.facts]
    assert waits == [900]


def test_a_broker_from_the_environment_needs_no_web_settings(
    settings: Settings, tmp_path: Path
) -> None:
    """Scripts and workers name the app and the key, and that is all."""
    key = settings.keys[0]
    env_file = tmp_path / "worker.env"
    env_file.write_text(
        f"HUBSPOT_CLIENT_ID=a\nHUBSPOT_CLIENT_SECRET=b\n"
        f"PORTALKEY_KEYS={key.name}:{key.secret.get_secret_value()}\n"
        f"PORTALKEY_DATABASE_URL={settings.database_url}\n"
    )
    broker = Broker.from_env(env_file)

    with pytest.raises(PortalkeyError):
        broker.access_token("nobody")
    broker.close()


def test_wire_is_closed_with_the_broker(settings: Settings, broker: Broker) -> None:
    """What the broker was given to send with is given back."""
    closed: list[bool] = []
    wire = HubSpotClient()
    other = Broker(settings, broker.vault, wire.send, close=lambda: closed.append(True))

    other.close()

    assert closed == [True]


def test_a_check_that_loses_marks_nothing(
    around: Callable[[Around], Broker], broker: Broker, hubspot: HubSpot
) -> None:
    """A connection that was renewed while HubSpot was asked is not judged by its past."""
    finished(broker, hubspot)
    (stale,) = broker.connections("ada")

    def meanwhile(request: Request, send: Send) -> Response:
        finished(broker, hubspot)
        return Response(200, {"content-type": "application/json"}, b'{"active": false}')

    around(meanwhile).introspector.check(stale)

    assert broker.connections("ada")[0].status == "connected"


def test_a_refused_grant_is_not_revoked_while_a_connection_lives_on_it(
    broker: Broker, hubspot: HubSpot
) -> None:
    """HubSpot may give one refresh token twice; giving it back would break the first."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")
    same = {
        "token_type": "bearer",
        "access_token": "another",
        "refresh_token": broker.vault.open_refresh(connection).get_secret_value(),
        "expires_in": 1800,
        "hub_id": 4410001,
    }
    hubspot.next_token_answer(200, same)

    attempt = finished(broker, hubspot, AuthorizationOptions(hub_id=4410002))

    assert (attempt.status, attempt.error) == ("failed", "wrong_account")
    assert "revoke" not in hubspot.requests[-1].path


class Failing(SQLStore):
    """A store whose named methods fail for a while."""

    fail: Mapping[str, list[Exception]] = MappingProxyType({})

    def __getattribute__(self, name: str) -> Any:
        """Fail as often as was laid down."""
        errors = super().__getattribute__("fail").get(name)
        if errors:
            raise errors.pop()
        return super().__getattribute__(name)


@pytest.fixture
def failing_at(broker: Broker, ahead: Any) -> Iterator[Callable[..., Broker]]:
    """Makes brokers over the same file whose store fails as laid down, and closes them."""
    with ExitStack() as stack:

        def make(**errors: list[Exception]) -> Broker:
            store = Failing.open(broker.settings.database_url, ahead=ahead)
            store.fail = errors
            vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
            sick = Broker(broker.settings, vault, broker._send, close=broker.close)
            stack.callback(sick.close)
            return sick

        yield make


@pytest.mark.parametrize("where", ["connect", "connection_to", "holders", "enqueue"])
def test_a_store_that_fails_after_the_exchange_is_told_as_such(
    broker: Broker, failing_at: Callable[..., Broker], hubspot: HubSpot, where: str
) -> None:
    """The attempt ends with the store's own trouble, whatever else fails on the way."""
    errors: dict[str, list[Exception]] = {"connect": [StoreUnusable("full")]}
    errors[where] = [StoreBusy() for _ in range(9)]
    sick = failing_at(**errors)

    attempt = finished(sick, hubspot)

    assert attempt.status == "failed"
    assert attempt.error in {"store_unusable", "store_busy"}
    assert broker.connections("ada") == []


def test_a_renewed_grant_outlives_a_busy_moment(
    broker: Broker, failing_at: Callable[..., Broker], hubspot: HubSpot, ahead: Any
) -> None:
    """HubSpot may have rotated the refresh token: what it gave is kept at the second try."""
    hubspot.switches.rotate_refresh_tokens = True
    finished(broker, hubspot)
    ahead.seconds += 1801
    sick = failing_at(renew=[StoreBusy(), StoreBusy()])

    assert sick.access_token("ada")


@pytest.mark.parametrize("rotates", [True, False])
def test_a_grant_that_no_store_would_take_is_saved_later(
    broker: Broker,
    failing_at: Callable[..., Broker],
    hubspot: HubSpot,
    ahead: Any,
    *,
    rotates: bool,
) -> None:
    """Nobody sees its token before, and nobody else has to come for it to be saved."""
    hubspot.switches.rotate_refresh_tokens = rotates
    finished(broker, hubspot)
    ahead.seconds += 1801
    sick = failing_at(renew=[StoreUnusable("full") for _ in range(5)])

    with pytest.raises(StoreUnusable):
        sick.access_token("ada")
    sick._refresh._background.join()

    renewals = [a for a in hubspot.requests if a.form.get("grant_type") == "refresh_token"]
    assert len(renewals) == 1
    (connection,) = broker.connections("ada")
    assert (connection.generation, connection.is_leased) == (2, False)
    assert broker.access_token("ada") == sick.access_token("ada")
    assert len([a for a in hubspot.requests if a.form.get("grant_type") == "refresh_token"]) == 1


def test_a_lease_that_nobody_heard_of_locks_nobody_out(
    broker: Broker, failing_at: Callable[..., Broker], hubspot: HubSpot, ahead: Any
) -> None:
    """It stands in the row, but the store said that it was busy: the next call goes on at once."""
    finished(broker, hubspot)
    ahead.seconds += 1801
    sick = failing_at()
    (seen,) = sick.connections("ada")
    ask = LeaseRequest(sick._refresh._renewal._lease_owner.name, 30.0)
    assert isinstance(sick.vault.store.lease(seen, ask), Lease)

    began = sick._clock()
    assert sick.access_token("ada")
    assert sick._clock() - began < LONGEST


def test_a_living_token_is_served_though_the_store_is_busy(
    broker: Broker, failing_at: Callable[..., Broker], hubspot: HubSpot, ahead: Any
) -> None:
    """Neither HubSpot's trouble nor the store's takes a token away that still lives."""
    finished(broker, hubspot)
    before = broker.access_token("ada")
    ahead.seconds += 1745
    sick = failing_at(mark=[StoreBusy()], lease=[StoreBusy()])
    for _ in range(9):  # a slow machine may ask again before the third call
        hubspot.next_token_answer(503)

    assert {sick.access_token("ada") for _ in range(3)} == {before}


def test_whoever_waits_shares_the_failure(broker: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """Eight threads that find HubSpot down have asked it once, not one after another."""
    finished(broker, hubspot)
    ahead.seconds += 1801
    asked = len(hubspot.requests)
    hubspot.next_token_answer(503, delay=0.5)
    together = Barrier(8)

    def ask(_: int) -> str:
        together.wait()
        try:
            return broker.access_token("ada")
        except HubSpotUnavailable:
            return "down"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert answers == ["down"] * 8
    assert len(hubspot.requests) == asked + 1


def test_fewer_scopes_after_a_renewal_are_noticed(
    broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """What the caller needs is checked against the grant it would get."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")
    ahead.seconds += 1801
    fewer = {
        "token_type": "bearer",
        "access_token": "new",
        "refresh_token": broker.vault.open_refresh(connection).get_secret_value(),
        "expires_in": 1800,
        "scopes": ["oauth"],
    }
    hubspot.next_token_answer(200, fewer)

    with pytest.raises(ScopesMissing):
        broker.access_token("ada", scopes=["crm.objects.contacts.read"])


def test_what_was_known_of_an_account_stays_known(
    broker: Broker, around: Callable[[Around], Broker], hubspot: HubSpot
) -> None:
    """A reconnect while HubSpot is silent does not forget who agreed and where."""
    finished(broker, hubspot)
    silent = around(failing("account-info"))
    finished(silent, hubspot)

    (connection,) = broker.connections("ada")
    assert (connection.generation, connection.account.time_zone) == (2, "US/Eastern")


def test_a_page_heals_what_an_older_portalkey_wrote_of_its_key(
    broker: Broker, hubspot: HubSpot
) -> None:
    """No token has to be asked for: whoever looks with the right key sees the truth."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")
    assert broker.vault.store.mark(connection, Mark(ConnectionStatus.FAILING, NoKeyOpens.code))

    (seen,) = broker.connections("ada")
    assert (seen.status, seen.status_reason) == (ConnectionStatus.CONNECTED, None)
    stored = broker.vault.store.connection(seen.id)
    assert stored is not None
    assert stored.status is ConnectionStatus.CONNECTED


def test_disconnecting_without_the_key_is_an_alarm(
    broker: Broker, hubspot: HubSpot, settings: Settings
) -> None:
    """It is forgotten here, and the operator learns that HubSpot could not be told."""
    finished(broker, hubspot)
    (connection,) = broker.connections("ada")
    other = Key("other", SecretStr(Fernet.generate_key().decode()))
    vault = Vault(Keyring([other]), broker.vault.store, settings.client_id)
    keyless = Broker(settings, vault, broker._send)

    with pytest.raises(NoKeyOpens):
        keyless.access_token("ada")
    assert broker.connections("ada")[0].status is ConnectionStatus.CONNECTED
    keyless.disconnect("ada", connection.id)

    names = [event.name for event in broker.vault.store.events()]
    assert names.count(EventName.NO_KEY_OPENS) == 2
    assert broker.connections("ada") == []


@pytest.mark.parametrize("error", [ZeroDivisionError(), StoreBusy()])
def test_no_traceback_of_the_journey_shows_a_secret(
    broker: Broker, failing_at: Callable[..., Broker], hubspot: HubSpot, error: Exception
) -> None:
    """Neither code nor state nor cookie, not even with every local variable."""
    begun = broker.begin("ada", "canary-of-the-browser")
    callback = query_of(hubspot.approve(begun.authorize_url))
    cookies = {begun.attempt.id: (begun.cookie,)}
    sick = failing_at(move_attempt=[error, error], add_attempt=[error])
    returned = Callback(tuple(callback.items()), cookies, Visitor("ada", "canary-of-the-browser"))

    told = ""
    for work in (lambda: sick.finish(returned), lambda: sick.begin("ada", "canary-in-begin")):
        with pytest.raises(type(error)) as caught:
            work()
        report = TracebackException.from_exception(caught.value, capture_locals=True)
        told += "".join(line for line in report.format() if "/tests/" not in line)

    assert "connect.py" in told
    secrets = (*callback.values(), begun.cookie.get_secret_value())
    assert [each for each in secrets if each in told] == []
