"""Answers of the control API, as dataclasses: nothing in them is a secret."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from portalkey_simulator.control.request_models import MOST_AHEAD
from portalkey_simulator.control.schemas import SAFE, AnyOf, Names, Nothing, Number
from portalkey_simulator.faults.fault_kinds import Kind, Place
from portalkey_simulator.world.accounts import Tier

_MOMENT = Number(0, SAFE)
Moment: TypeAlias = Annotated[float, _MOMENT]


@dataclass(frozen=True)
class SwitchView:
    """A switch, and what its default rests on."""

    name: str
    group: str
    value: str | float | bool | None
    default: str | float | bool | None
    allowed: tuple[str, ...]
    says: str
    evidence: str
    source: str
    because: str


@dataclass(frozen=True)
class UserView:
    """Somebody in an account."""

    user_id: int
    email: str
    may_install: bool
    lacks: tuple[str, ...]


@dataclass(frozen=True)
class AccountView:
    """An account; ``cannot_grant`` is what it or its tier lacks."""

    hub_id: int
    name: str
    domain: str
    hosting: str
    account_type: str
    tier: Tier
    lacks: tuple[str, ...]
    cannot_grant: tuple[str, ...]
    users: tuple[UserView, ...]


@dataclass(frozen=True)
class AppView:
    """An app, without its secret; ``install_path`` begins an install without a state.

    ``old_secret_expires_in`` is how long its last secret is still accepted; None where it is not.
    """

    client_id: str
    app_id: int
    name: str
    redirect_uris: tuple[str, ...]
    required_scopes: tuple[str, ...]
    conditional_scopes: tuple[str, ...] | None
    optional_scopes: tuple[str, ...] | None
    is_user_level: bool
    install_path: str
    old_secret_expires_in: Annotated[float | None, AnyOf((_MOMENT, Nothing()))]


@dataclass(frozen=True)
class InstallView:
    """An app in an account, or with one of its users where it is on their level."""

    client_id: str
    hub_id: int
    user_id: int | None
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class TokenView:
    """A token by its ends; of an app itself it has no account, and a refresh token no end."""

    kind: str
    token: str
    client_id: str
    hub_id: int | None
    user_id: int | None
    scopes: tuple[str, ...]
    expires_in: Annotated[float | None, AnyOf((_MOMENT, Nothing()))]


@dataclass(frozen=True)
class RuleView:
    """A rule for a fault, and how often it still happens."""

    number: int
    fault: Kind
    at: Place
    times: int | None
    happened: int
    skip: int
    chance: float
    seconds: float
    status: int
    refusal: str


@dataclass(frozen=True)
class RequestView:
    """A request of a program; of its form what is no secret, and status 0 where it got none."""

    number: int
    method: str
    path: str
    status: int
    at: Moment
    form: Annotated[dict[str, str], Names(r"[a-z_]+", r"[^\u0000-\u001f\u007f]*")]


@dataclass(frozen=True)
class ClockView:
    """The simulated time in seconds since 1970, and how far it is ahead of the machine's."""

    now: Moment
    ahead: Annotated[float, Number(-2 * MOST_AHEAD, 2 * MOST_AHEAD)]


@dataclass(frozen=True)
class State:
    """All of it; of many tokens the newest, and ``token_count`` is how many there are."""

    clock: ClockView
    switches: tuple[SwitchView, ...]
    accounts: tuple[AccountView, ...]
    apps: tuple[AppView, ...]
    installs: tuple[InstallView, ...]
    tokens: tuple[TokenView, ...]
    token_count: Annotated[int, Number(0, SAFE, whole=True)]
    faults: tuple[RuleView, ...]
    requests: tuple[RequestView, ...]


@dataclass(frozen=True)
class Callback:
    """The address that a browser would be sent to, with a code or an error in its query."""

    callback_url: str


@dataclass(frozen=True)
class UninstalledApps:
    """The client ids of the apps that were there."""

    uninstalled: tuple[str, ...]


@dataclass(frozen=True)
class ExpiredCount:
    """The number of access tokens that lived until now."""

    expired: int


@dataclass(frozen=True)
class Problem:
    """The problem of a request: the field, a sentence, and what is allowed there."""

    field: str
    message: str
    allowed: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """Every answer that is no success."""

    error: Problem
