"""Describe a simulator for the control API: secrets never, tokens only by their ends."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import quote, unquote

from portalkey_simulator.control.response_models import (
    AccountView,
    AppView,
    ClockView,
    InstallView,
    RequestView,
    RuleView,
    State,
    SwitchView,
    TokenView,
    UserView,
)
from portalkey_simulator.faults.rules import Faults, Rule
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.field_values import describe_values
from portalkey_simulator.world.ledger import Access, AppAccess, Refresh
from portalkey_simulator.world.mint import may_hold_token
from portalkey_simulator.world.request_log import LoggedRequest
from portalkey_simulator.world.switches import GROUPS, Switches, list_behaviours

_LONG = 20
_CUT = "…"
"""A part of a path that is longer may be a token, as v1 has them there."""
PLAIN = ("grant_type", "client_id", "redirect_uri", "scope", "token_type_hint")
"""The fields of a form that are shown; any other, and what nobody knows, may be a secret."""
MOST_REQUESTS = 500
_MOST_SHOWN = 50
_FAR = 2000
"""The characters of a value that are looked through; the rest is never shown."""
_SHORT = 8
"""A client secret that is shorter may be a part of any word."""


def describe_state(world: World, faults: Faults) -> State:
    """Describe everything; of requests, and of each kind of token, the last 50."""
    tokens = tuple(_list_tokens(world))
    return State(
        clock=describe_clock(world),
        switches=tuple(describe_switches(world)),
        accounts=tuple(map(describe_account, world.accounts)),
        apps=tuple(describe_app(world, one) for one in world.apps.values()),
        installs=tuple(
            InstallView(client_id, hub_id, user_id, tuple(sorted(scopes)))
            for client_id, hub_id, user_id, scopes in world.installs.list_all()
        ),
        tokens=tuple(_select_newest(tokens)),
        token_count=len(tokens),
        faults=tuple(map(describe_rule, faults.rules)),
        requests=describe_requests(world, _MOST_SHOWN),
    )


def describe_clock(world: World) -> ClockView:
    """Describe the clock."""
    return ClockView(world.clock.now(), world.clock.ahead)


def describe_switches(world: World) -> Iterator[SwitchView]:
    """Describe every switch, in the order of the table."""
    group, behaviours, untouched = "", list_behaviours(), Switches()
    for each in fields(Switches):
        name = each.name
        group = GROUPS.get(name, group)
        behaviour = behaviours[name]
        yield SwitchView(
            name=name,
            group=group,
            value=getattr(world.switches, name),
            default=getattr(untouched, name),
            allowed=describe_values(Switches, name),
            says=behaviour.says,
            evidence=behaviour.evidence.value,
            source=behaviour.source,
            because=behaviour.because,
        )


def describe_account(one: Account) -> AccountView:
    """Describe an account."""
    return AccountView(
        hub_id=one.hub_id,
        name=one.name,
        domain=one.domain,
        hosting=one.hosting,
        account_type=one.account_type,
        tier=one.tier,
        lacks=tuple(sorted(one.lacks)),
        cannot_grant=tuple(sorted(one.cannot_grant)),
        users=tuple(
            UserView(user.user_id, user.email, user.may_install, tuple(sorted(user.lacks)))
            for user in one.users
        ),
    )


def describe_app(world: World, one: App) -> AppView:
    """Describe an app, without its secret."""
    return AppView(
        one.client_id,
        one.app_id,
        one.name,
        one.redirect_uris,
        one.required_scopes,
        one.conditional_scopes,
        one.optional_scopes,
        one.is_user_level,
        f"/oauth/authorize?{one.install_query()}",
        world.old_secrets.expires_in(one),
    )


def describe_rule(one: Rule) -> RuleView:
    """Describe a rule; what "answer" would send stays out, as it may be a token."""
    fault = one.fault
    return RuleView(
        one.number,
        fault.kind,
        one.at,
        one.times,
        one.happened,
        one.skip,
        one.chance,
        fault.seconds,
        fault.status,
        fault.refusal,
    )


def describe_requests(world: World, most: int = MOST_REQUESTS) -> tuple[RequestView, ...]:
    """Describe the last *most* requests, oldest first."""
    before, log = world.record.numbered_requests
    last = log[-most:]
    first = before + len(log) - len(last) + 1
    apps = tuple(world.apps.values())
    secrets = world.old_secrets.list_all() | {app.client_secret for app in apps}
    public = frozenset(value for app in apps for value in (app.client_id, *app.redirect_uris))
    return tuple(
        _describe_request(number, one, secrets, public) for number, one in enumerate(last, first)
    )


def _describe_request(
    number: int, one: LoggedRequest, secrets: frozenset[str], plainly_public: frozenset[str]
) -> RequestView:
    # A redirect URI that comes with its query has a code in it.
    public = {name: re.split("[?#]", one.form[name])[0] for name in PLAIN if name in one.form}
    plain = {
        name: value
        for name, value in public.items()
        if not _may_be_secret(value, secrets, plainly_public)
    }
    parts = (abbreviate(part) if len(part) > _LONG else part for part in one.path.split("/"))
    form = {name: quote(value, safe=":/ ")[:200] for name, value in plain.items()}
    path = quote("/".join(parts), safe="/").replace(quote(_CUT), _CUT)
    return RequestView(number, one.method, path, one.status, one.at, form)


def _may_be_secret(value: str, secrets: frozenset[str], public: frozenset[str]) -> bool:
    """Return True where *value* must not be shown; a client may put a secret into any field."""
    plain = value[:_FAR]
    while plain != (decoded := unquote(plain)):
        plain = decoded
    if value in secrets or any(len(one) >= _SHORT and one in plain for one in secrets):
        return True
    return value not in public and may_hold_token(plain)


def abbreviate(token: str) -> str:
    """Return the first six and the last four characters: enough to tell tokens apart."""
    return f"{token[:6]}{_CUT}{token[-4:]}" if len(token) > _LONG else _CUT


def _select_newest(tokens: tuple[TokenView, ...]) -> Iterator[TokenView]:
    left = Counter(one.kind for one in tokens)
    for one in tokens:
        if left[one.kind] <= _MOST_SHOWN:
            yield one
        left[one.kind] -= 1


def _list_tokens(world: World) -> Iterator[TokenView]:
    now = world.clock.now()
    for token, entry in world.ledger.list_tokens().items():
        yield _describe_token(abbreviate(token), entry, now)


def _describe_token(short: str, entry: Access | AppAccess | Refresh, now: float) -> TokenView:
    left = None if isinstance(entry, Refresh) else round(max(0.0, entry.expires_at - now), 1)
    if isinstance(entry, AppAccess):
        return TokenView("app", short, entry.client_id, None, None, entry.scopes, left)
    agreement, kind = entry.agreement, "refresh" if left is None else "access"
    place = (agreement.client_id, agreement.account.hub_id, agreement.user.user_id)
    return TokenView(kind, short, *place, agreement.scopes, left)
