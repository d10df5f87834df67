"""What the simulator shows of itself: secrets never, tokens only by their ends."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from urllib.parse import quote, unquote

from portalkey_simulator.control.response_models import (
    ShownAccount,
    ShownApp,
    ShownClock,
    ShownInstall,
    ShownRequest,
    ShownRule,
    ShownSwitch,
    ShownToken,
    ShownUser,
    State,
)
from portalkey_simulator.faults.rules import Faults, Rule
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.field_values import allowed
from portalkey_simulator.world.ledger import Access, AppAccess, Refresh
from portalkey_simulator.world.mint import may_hold_one
from portalkey_simulator.world.request_log import Asked
from portalkey_simulator.world.switches import GROUPS, Switches, behaviours

_LONG = 20
"""A part of a path that is longer may be a token, as v1 has them there."""
PLAIN = ("grant_type", "client_id", "redirect_uri", "scope", "token_type_hint")
"""The fields of a form that are shown; any other, and what nobody knows, may be a secret."""
MOST_REQUESTS = 500
_MOST_SHOWN = 50
_FAR = 2000
"""Nothing of a value that is behind this many characters is shown."""
_SHORT = 8
"""A client secret that is shorter may be a part of any word."""


def state(world: World, faults: Faults) -> State:
    """What there is to see just now; of requests, and of each kind of token, the last 50."""
    tokens = tuple(_tokens(world))
    return State(
        clock=clock(world),
        switches=tuple(switches(world)),
        accounts=tuple(map(account, world.accounts)),
        apps=tuple(map(app, world.apps.values())),
        installs=tuple(
            ShownInstall(client_id, hub_id, user_id, tuple(sorted(scopes)))
            for client_id, hub_id, user_id, scopes in world.installs.everywhere()
        ),
        tokens=tuple(_newest(tokens)),
        token_count=len(tokens),
        faults=tuple(map(rule, faults.rules)),
        requests=requests(world, _MOST_SHOWN),
    )


def clock(world: World) -> ShownClock:
    """What time it is."""
    return ShownClock(world.clock.now(), world.clock.ahead)


def switches(world: World) -> Iterator[ShownSwitch]:
    """Every switch, in the order of the table."""
    group, told, untouched = "", behaviours(), Switches()
    for each in fields(Switches):
        name = each.name
        group = GROUPS.get(name, group)
        says = told[name]
        yield ShownSwitch(
            name=name,
            group=group,
            value=getattr(world.switches, name),
            default=getattr(untouched, name),
            allowed=allowed(Switches, name),
            says=says.says,
            evidence=says.evidence.value,
            source=says.source,
            because=says.because,
        )


def account(one: Account) -> ShownAccount:
    """One account."""
    return ShownAccount(
        hub_id=one.hub_id,
        name=one.name,
        domain=one.domain,
        hosting=one.hosting,
        account_type=one.account_type,
        tier=one.tier,
        lacks=tuple(sorted(one.lacks)),
        cannot_grant=tuple(sorted(one.cannot_grant)),
        users=tuple(
            ShownUser(user.user_id, user.email, user.may_install, tuple(sorted(user.lacks)))
            for user in one.users
        ),
    )


def app(one: App) -> ShownApp:
    """One app."""
    return ShownApp(
        one.client_id,
        one.app_id,
        one.name,
        one.redirect_uris,
        one.required_scopes,
        one.conditional_scopes,
        one.optional_scopes,
        one.is_user_level,
        f"/oauth/authorize?{one.install_query()}",
    )


def rule(one: Rule) -> ShownRule:
    """One rule; what "answer" would send stays out, as it may be a token."""
    fault = one.fault
    return ShownRule(
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


def requests(world: World, most: int = MOST_REQUESTS) -> tuple[ShownRequest, ...]:
    """The last *most* requests, oldest first."""
    before, asked = world.record.numbered
    last = asked[-most:]
    first = before + len(asked) - len(last) + 1
    apps = tuple(world.apps.values())
    return tuple(_request(number, one, apps) for number, one in enumerate(last, first))


def _request(number: int, one: Asked, apps: tuple[App, ...]) -> ShownRequest:
    # A redirect URI that comes with its query has a code in it.
    told = {name: re.split("[?#]", one.form[name])[0] for name in PLAIN if name in one.form}
    plain = {name: value for name, value in told.items() if not _may_be_secret(value, apps)}
    parts = (ends(part) if len(part) > _LONG else part for part in one.path.split("/"))
    form = {name: quote(value, safe=":/ ")[:200] for name, value in plain.items()}
    path = quote("/".join(parts), safe="/…")
    return ShownRequest(number, one.method, path, one.status, one.at, form)


def _may_be_secret(value: str, apps: tuple[App, ...]) -> bool:
    """Whether it has to stay out: who mistakes one field for another puts a secret into any."""
    plain = value[:_FAR]
    while plain != (decoded := unquote(plain)):
        plain = decoded
    secrets = {app.client_secret for app in apps}
    if value in secrets or any(len(one) >= _SHORT and one in plain for one in secrets):
        return True
    is_public = any(value in {app.client_id, *app.redirect_uris} for app in apps)
    return not is_public and may_hold_one(plain)


def ends(token: str) -> str:
    """The first six and the last four characters: enough to tell tokens apart."""
    return f"{token[:6]}…{token[-4:]}" if len(token) > _LONG else "…"


def _newest(tokens: tuple[ShownToken, ...]) -> Iterator[ShownToken]:
    left = Counter(one.kind for one in tokens)
    for one in tokens:
        if left[one.kind] <= _MOST_SHOWN:
            yield one
        left[one.kind] -= 1


def _tokens(world: World) -> Iterator[ShownToken]:
    now = world.clock.now()
    for token, out in world.ledger.out().items():
        yield _token(ends(token), out, now)


def _token(shown: str, out: Access | AppAccess | Refresh, now: float) -> ShownToken:
    left = None if isinstance(out, Refresh) else round(max(0.0, out.expires_at - now), 1)
    if isinstance(out, AppAccess):
        return ShownToken("app", shown, out.client_id, None, None, out.scopes, left)
    agreed, kind = out.agreement, "refresh" if left is None else "access"
    place = (agreed.client_id, agreed.account.hub_id, agreed.user.user_id)
    return ShownToken(kind, shown, *place, agreed.scopes, left)
