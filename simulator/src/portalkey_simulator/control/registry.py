"""Accounts, apps, and which of them have to do with one another, as the control API sets them."""

import dataclasses

from portalkey_simulator.control import state
from portalkey_simulator.control.dependencies import Asking, Desk
from portalkey_simulator.control.parsing import BadField, Missing
from portalkey_simulator.control.request_models import Expire, Uninstall
from portalkey_simulator.control.response_models import Expired, ShownAccount, ShownApp, Uninstalled
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.ledger import Access


def add_account(desk: Desk, asking: Asking) -> ShownAccount:
    """One more account.

    Raises:
        BadField: There is one of this number.
    """
    account: Account = asking.body
    if desk.world.account(account.hub_id) is not None:
        raise BadField("hub_id", "is taken", ("a number that is free; PATCH changes an account",))
    return _keep(desk, account)


def change_account(desk: Desk, asking: Asking) -> ShownAccount:
    """An account, with some of its fields changed.

    Raises:
        Missing: There is no such account.
    """
    account = _known(desk.world, asking.path["hub_id"], Missing)
    return _keep(desk, dataclasses.replace(account, **asking.body))


def change_user(desk: Desk, asking: Asking) -> ShownAccount:
    """Somebody in an account, with some of their fields changed.

    Raises:
        Missing: There is no such account, or nobody of this number in it.
    """
    account = _known(desk.world, asking.path["hub_id"], Missing)
    user = account.user(asking.path["user_id"])
    if user is None:
        raise Missing("user_id", "is unknown", tuple(str(one.user_id) for one in account.users))
    new = dataclasses.replace(user, **asking.body)
    users = tuple(new if one is user else one for one in account.users)
    return _keep(desk, dataclasses.replace(account, users=users))


def _keep(desk: Desk, account: Account) -> ShownAccount:
    desk.world.set_account(account)
    return state.account(account)


def add_app(desk: Desk, asking: Asking) -> ShownApp:
    """One more app.

    Raises:
        BadField: There is one with this client id.
    """
    app: App = asking.body
    if app.client_id in desk.world.apps:
        raise BadField("client_id", "is taken", ("one that is free",))
    desk.world.add_app(app)
    return state.app(app)


def uninstall(desk: Desk, asking: Asking) -> Uninstalled:
    """Take an app out of an account, or every app, as the account's admin would.

    Raises:
        BadField: There is no such account or app.
    """
    wanted: Uninstall = asking.body
    account, apps = _known(desk.world, wanted.hub_id), desk.world.apps
    if wanted.client_id is not None and wanted.client_id not in apps:
        raise BadField("client_id", "is unknown", tuple(apps))
    named = [one for one in apps if wanted.client_id in {None, one}]
    return Uninstalled(desk.world.uninstall(account, named))


def expire(desk: Desk, asking: Asking) -> Expired:
    """Let access tokens be past their time at once.

    Raises:
        BadField: There is no such account, or no such token.
    """
    return Expired(let_expire(desk.world, asking.body))


def let_expire(world: World, wanted: Expire) -> int:
    """Let the access tokens that are *wanted* be past their time; how many lived until now.

    Raises:
        BadField: There is no such account, or no such token.
    """
    if wanted.hub_id is not None:
        _known(world, wanted.hub_id)
    one = None
    if wanted.access_token is not None:
        one = world.ledger.access(wanted.access_token)
        if one is None:
            raise BadField("access_token", "is unknown", ("an access token that is out",))

    def is_meant(access: Access) -> bool:
        is_there = wanted.hub_id in {None, access.agreement.account.hub_id}
        return is_there and (one is None or access is one)

    return world.ledger.expire(is_meant)


def _known(world: World, hub_id: int, wrong: type[BadField] = BadField) -> Account:
    account = world.account(hub_id)
    if account is None:
        raise wrong("hub_id", "is unknown", tuple(str(one.hub_id) for one in world.accounts))
    return account
