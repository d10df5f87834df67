"""What a forked child inherits of a process's parts: locks that nobody gives back, and counts."""

import os
from dataclasses import replace

import pytest

from portalkey._support.clock import boot_time
from portalkey.broker.admission import Admission, Permit
from portalkey.broker.app_breaker import AppBreaker
from portalkey.broker.caller_gate import CallerGate
from portalkey.broker.reachability import IN_A_ROW, Reachability
from portalkey.errors import HubSpotUnavailable
from portalkey.hubspot.http import Request, Response
from portalkey.model.throttle import Limits, Purpose
from portalkey.settings import Key
from portalkey.vault import MemoryStore, Vault
from portalkey.vault.keyring import Keyring, new_key
from support.forking import in_silent_child

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
REQUEST = Request("GET", "http://localhost/")


def test_permits_in_a_child_of_a_busy_process() -> None:
    """Another thread had the locks of the throttle, and of the store; the child takes its own."""
    store = MemoryStore()
    vault = Vault(Keyring([Key("a", new_key())]), store, "app")
    admission = Admission(vault, Limits(10.0, 20), clock=boot_time, uniform=lambda low, _: low)
    assert isinstance(admission.acquire(Purpose.CALLER, "ada", "one"), Permit)

    def acquire() -> bool:
        permit = admission.acquire(Purpose.CALLER, "ada", "one")
        return isinstance(permit, Permit)

    with admission._lock, store._throttles._lock:
        assert in_silent_child(acquire)


def test_places_in_a_child_of_a_busy_process() -> None:
    """Its parent's callers are not there."""
    gate = CallerGate(1, boot_time)

    def enter() -> bool:
        with gate.place("bob"):
            return gate.callers == 1

    with gate.place("ada"), gate._changed:
        assert in_silent_child(enter)


def test_the_way_to_hubspot_in_a_child() -> None:
    """It finds out for itself."""
    parent = os.getpid()

    def send(_: Request) -> Response:
        if os.getpid() != parent:
            return Response(200, {}, b"")
        trouble = HubSpotUnavailable()
        trouble.is_local = True
        raise trouble

    way = Reachability(send, REQUEST, clock=boot_time, uniform=lambda low, _: low)
    for _ in range(IN_A_ROW):
        with pytest.raises(HubSpotUnavailable):
            way.send(REQUEST)
    assert way.is_open

    def go() -> bool:
        way.check()
        return way.send(REQUEST).status == 200 and not way.is_open

    with way._lock:
        assert in_silent_child(go)


def test_a_refused_app_in_a_child() -> None:
    """It finds out for itself."""
    parent = os.getpid()
    form = {"client_secret": "s"}

    def send(_: Request) -> Response:
        return Response(200 if os.getpid() != parent else 403, {}, b"")

    app = AppBreaker(
        send,
        lambda: None,
        clock=boot_time,
        uniform=lambda low, _: low,
        on_refused=lambda _: None,
    )
    for owner in ("ada", "bob", "cy"):
        app.send(replace(REQUEST, form=form, owner=owner))
    assert app.is_open

    def go() -> bool:
        app.check("ada")
        return app.send(replace(REQUEST, form=form, owner="ada")).status == 200

    with app._lock:
        assert in_silent_child(go)
