"""A scripted HubSpot: grants that rotate or not, and every way of answering."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

from portalkey.errors import HubSpotUnavailable
from portalkey.hubspot.client import DEADLINE
from portalkey.hubspot.http import Request, Response
from simulation.faults import HUBSPOT, REFRESHED
from simulation.world import Mortal, World

GRACE = 60.0
_SEND_BEFORE = ("crash_before", "pause_before", "delay_before", "skew")
_SEND_AFTER = ("crash_after", "pause_after", "delay_after")
_REFUSALS: dict[str, tuple[int, bytes]] = {
    "429": (429, b'{"errorType":"RATE_LIMIT"}'),
    "500": (500, b"oops"),
    "500_after": (500, b'{"error":"invalid_grant"}'),
    "503": (503, b""),
    "locked": (423, b"{}"),
    "invalid_client": (400, b'{"error":"invalid_client"}'),
    "html_403": (403, b"<html>"),
    "invalid_grant": (400, b'{"error":"invalid_grant"}'),
}
_NOT_OURS = json.dumps(
    {
        "token_type": "bearer",
        "access_token": "not-ours",
        "refresh_token": "not-ours",
        "expires_in": 1800,
        "hub_id": 999,
    }
).encode()
_ODD_EXPIRIES = (None, "soon", -5, 10**9, 0.5, 90)


class Mode(StrEnum):
    """What becomes of a refresh token that was used."""

    REUSABLE = "reusable"
    """It goes on, as HubSpot's do today."""
    GRACE = "grace"
    """It is replaced; for a minute it still gives what replaced it."""
    SINGLE_USE = "single_use"
    """It is replaced, and refused from then on."""
    REUSE_KILLS = "reuse_kills"
    """Used again, it ends the whole grant."""


@dataclass(slots=True)
class Family:
    """One grant at HubSpot and the refresh tokens it has had, the last one in force."""

    connection_id: str
    tokens: list[str] = field(default_factory=list)
    replaced_at: dict[str, float] = field(default_factory=dict)
    is_alive: bool = True


@dataclass(frozen=True, slots=True)
class Given:
    """What one answer gave: *refresh* is the one in force then, *sent* the one it was given for."""

    family: Family
    access: str
    refresh: str
    sent: str
    number: int
    kind: str = "good"


class HubSpot:
    """Answers through its ``World``; ``told`` hears what happens here."""

    def __init__(self, world: World, mode: Mode) -> None:
        self.world = world
        self.mode = mode
        self.is_down = False
        self.lifetime = 1800
        self.waits: Sequence[int | None] = (None, None, 2, 30, 3600)
        self.asked_at: list[float] = []
        self.families: dict[str, Family] = {}
        self.ends: dict[str, float] = {}
        self.given: dict[str, Given] = {}
        self.revoked: set[str] = set()
        self.unreadable: set[str] = set()
        self.refused_without_need: set[str] = set()
        self._numbers = count(1)

    def grant(self, connection_id: str, expires_in: float = 1800.0) -> Given:
        """A new grant, as a person's consent gives it."""
        family = Family(connection_id)
        self._replace(family)
        return self._given(family, "", expires_in)

    def given_again(self, family: Family) -> Given:
        """Another consent to the same grant, as HubSpot may take it."""
        return self._given(family, "", 1800.0)

    def _replace(self, family: Family) -> None:
        if family.tokens:
            family.replaced_at[family.tokens[-1]] = self.world.now
        token = f"refresh-{next(self._numbers)}"
        family.tokens.append(token)
        self.families[token] = family

    def _given(self, family: Family, sent: str, expires_in: float, kind: str = "good") -> Given:
        number = next(self._numbers)
        given = Given(family, f"access-{number}", family.tokens[-1], sent, number, kind)
        self.ends[given.access] = self.world.now + expires_in
        self.given[given.access] = given
        return given

    def refresh(self, token: str, kind: str = "good") -> tuple[Response, Given | None]:
        """What a token request with the refresh *token* gets."""
        family = self.families[token]
        if not family.is_alive or not self._honours(family, token):
            return _refusal("invalid_grant"), None
        if self.mode is not Mode.REUSABLE and token == family.tokens[-1]:
            self._replace(family)
        expiry: object = self.lifetime
        if kind == "odd_expiry":
            expiry = self.world.random.choice(_ODD_EXPIRIES)
        given = self._given(family, token, _truth(expiry), kind)
        return self._answer(given, expiry), given

    def _honours(self, family: Family, token: str) -> bool:
        replaced_at = family.replaced_at.get(token)
        if replaced_at is None:
            return True
        if self.mode is Mode.GRACE and self.world.now - replaced_at <= GRACE:
            return True
        if self.mode is Mode.REUSE_KILLS:
            family.is_alive = False
        return False

    def _answer(self, given: Given, expiry: object) -> Response:
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": given.access,
            "refresh_token": given.refresh,
            "expires_in": expiry,
        }
        if given.refresh == given.sent and self.world.random.random() < 0.5:
            del body["refresh_token"]
        if given.kind == "no_access_token":
            body["access_token"] = self.world.random.choice((None, 7, "two words"))
            body["refresh_token"] = given.refresh
        text = json.dumps(body)
        return Response(200, body=(text[:-9] if given.kind == "torn" else text).encode())

    def revoke(self, token: str) -> Response:
        """The grant ends, where the token was in force."""
        family = self.families[token]
        self.revoked.add(token)
        if token == family.tokens[-1]:
            family.is_alive = False
        return Response(204)


def _truth(expiry: object) -> float:
    """For how long a token really lives where an answer says *expiry*."""
    if isinstance(expiry, int | float):
        return max(1.0, min(float(expiry), 24 * 3600.0))
    return 1800.0


def _refusal(kind: str, wait: int | None = None) -> Response:
    status, body = _REFUSALS[kind]
    return Response(status, {} if wait is None else {"retry-after": str(wait)}, body)


Posted = Callable[[str], None]
Received = Callable[[str, Response | None, Given | None], None]


class Line:
    """One process's wire to HubSpot: the ``Send`` that it is given."""

    def __init__(self, process: Mortal, posted: Posted, received: Received) -> None:
        self.process = process
        self.hubspot: HubSpot
        self._posted = posted
        self._received = received

    def __call__(self, request: Request) -> Response:
        """Send *request*; raises ``HubSpotUnavailable`` where no answer comes in time."""
        world = self.hubspot.world
        token = request.form.get("refresh_token")
        step = "revoke" if token is None else "refresh"
        world.point(self.process, step, _SEND_BEFORE)
        if token is not None:
            self._posted(token)
            self.hubspot.asked_at.append(world.now)
        asked = HUBSPOT if token is None else HUBSPOT + REFRESHED
        fault = world.fault(step, asked, world.odds.hubspot)
        if self.hubspot.is_down:
            fault = "503"
        if fault is not None:
            world.trace.append(fault)
        response, given = self._answered(request, token, fault)
        world.point(self.process, step, _SEND_AFTER)
        if token is not None:
            self._received(token, response, given)
        if response is None:
            raise HubSpotUnavailable
        return response

    def _answered(
        self, request: Request, token: str | None, fault: str | None
    ) -> tuple[Response | None, Given | None]:
        world, chance = self.hubspot.world, self.hubspot.world.random
        if fault == "unreachable":
            return None, None
        if fault == "late_request":
            late = DEADLINE + chance.uniform(1.0, 60.0)
            world.spawn(None, lambda: _ignore(self._processed(request, token, None)), late)
        if fault in {"lost_request", "late_request"}:
            world.rest(DEADLINE)
            return None, None
        taken = chance.uniform(5.0, 11.0) if fault == "slow" else chance.uniform(0.05, 0.4)
        world.rest(taken / 2)
        answered = self._processed(request, token, fault)
        world.rest(taken / 2)
        if fault == "lost_answer":
            world.rest(DEADLINE - taken)
            return None, None
        return answered

    def _processed(
        self, request: Request, token: str | None, fault: str | None
    ) -> tuple[Response, Given | None]:
        """At HubSpot: most refusals come before the token is looked at."""
        hubspot = self.hubspot
        wait = hubspot.world.random.choice(hubspot.waits)
        if fault == "invalid_grant" and token is not None:
            hubspot.refused_without_need.add(token)
        if fault == "torn" and token is not None:
            hubspot.unreadable.add(token)
        if fault in _REFUSALS and fault != "500_after":
            return _refusal(fault, wait), None
        if fault == "another_account":
            return Response(200, body=_NOT_OURS), None
        if token is None:
            response, given = hubspot.revoke(request.form["token"]), None
        else:
            response, given = hubspot.refresh(token, fault if fault in REFRESHED else "good")
        return (_refusal(fault, wait), None) if fault == "500_after" else (response, given)


def _ignore(_: object) -> None:
    """Nobody waits for this answer."""
