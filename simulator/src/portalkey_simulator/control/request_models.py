"""Bodies that the control API takes, as dataclasses: their fields are what may be given."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from portalkey_simulator.control.schemas import MOST, AnyOf, Json, Names, Nothing, Number, Text
from portalkey_simulator.faults.fault_kinds import Fault, Kind, Place

MOST_AHEAD = MOST
"""The farthest that the clock goes, in seconds: some 31 years."""
_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}"
_VISIBLE = r"[ -~]{0,1000}"
_SECRET = Text(
    pattern=r"[!-+\--~]{8,200}",
    words=("8 to 200 visible ASCII characters without a comma",),
)


@dataclass(frozen=True)
class Move:
    """Let time pass; back where it is negative."""

    move: Annotated[float, Number(-MOST_AHEAD, MOST_AHEAD)]


@dataclass(frozen=True)
class NewFault:
    """A rule for what goes wrong, as ``HubSpot.faults.add`` takes it."""

    fault: Kind
    at: Place = "token"
    times: Annotated[int | None, AnyOf((Number(1, MOST, whole=True), Nothing()))] = 1
    skip: int = 0
    chance: Annotated[float, Number(0, 1, above=True)] = 1
    seconds: Annotated[float, Number(0, 86_400)] = 0
    status: Annotated[int, Number(200, 599, whole=True)] = 200
    body: Annotated[str | dict[str, Any], AnyOf((Text(lines=True), Json()))] = ""
    headers: Annotated[Mapping[str, str], Names(_NAME, _VISIBLE)] = field(default_factory=dict)
    refusal: str = ""

    def to_fault(self) -> Fault:
        """Return the fault; an object as its body is sent as JSON."""
        body, headers = self.body, dict(self.headers)
        if not isinstance(body, str):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        return Fault(self.fault, self.seconds, self.status, body.encode(), headers, self.refusal)


@dataclass(frozen=True)
class Decision:
    """A person's decision on the consent page: in which account, and as which user."""

    authorize_url: str
    hub_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True)
class Uninstall:
    """An app leaves an account; every app where none is named."""

    hub_id: int
    client_id: str | None = None


@dataclass(frozen=True)
class Expire:
    """Access tokens expire at once: this one, an account's, or all."""

    access_token: str | None = None
    hub_id: int | None = None


@dataclass(frozen=True)
class NewSecret:
    """A new client secret for an app, the first one where none is named."""

    client_secret: Annotated[str, _SECRET]
    client_id: str | None = None
    overlap_seconds: Annotated[float, Number(0, MOST)] = 0


@dataclass(frozen=True)
class Empty:
    """A body without fields."""
