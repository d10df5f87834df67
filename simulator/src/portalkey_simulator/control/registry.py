"""Accounts, apps and installs, as the control API sets them."""

import dataclasses

from portalkey_simulator.control import state
from portalkey_simulator.control.dependencies import Arguments, Dependencies
from portalkey_simulator.control.parsing import BadField, Missing
from portalkey_simulator.control.request_models import Expire, NewSecret, Uninstall
from portalkey_simulator.control.response_models import (
    AccountView,
    AppView,
    ExpiredCount,
    UninstalledApps,
)
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.ledger import Access


def add_account(simulator: Dependencies, arguments: Arguments) -> AccountView:
    """Add an account.

    Raises:
        BadField: There is one of this number.
    """
    account: Account = arguments.body
    if simulator.world.account(account.hub_id) is not None:
        raise BadField("hub_id", "is taken", ("a number that is free; PATCH changes an account",))
    return _save_account(simulator, account)


def change_account(simulator: Dependencies, arguments: Arguments) -> AccountView:
    """Change some fields of an account.

    Raises:
        Missing: There is no such account.
    """
    account = _find_account(simulator.world, arguments.path["hub_id"], Missing)
    return _save_account(simulator, dataclasses.replace(account, **arguments.body))


def change_user(simulator: Dependencies, arguments: Arguments) -> AccountView:
    """Change some fields of a user in an account.

    Raises:
        Missing: There is no such account, or nobody of this number in it.
    """
    account = _find_account(simulator.world, arguments.path["hub_id"], Missing)
    user = account.user(arguments.path["user_id"])
    if user is None:
        raise Missing("user_id", "is unknown", tuple(str(one.user_id) for one in account.users))
    new = dataclasses.replace(user, **arguments.body)
    users = tuple(new if one is user else one for one in account.users)
    return _save_account(simulator, dataclasses.replace(account, users=users))


def _save_account(simulator: Dependencies, account: Account) -> AccountView:
    simulator.world.set_account(account)
    return state.describe_account(account)


def add_app(simulator: Dependencies, arguments: Arguments) -> AppView:
    """Add an app.

    Raises:
        BadField: There is one with this client id.
    """
    app: App = arguments.body
    if app.client_id in simulator.world.apps:
        raise BadField("client_id", "is taken", ("one that is free",))
    simulator.world.add_app(app)
    return state.describe_app(simulator.world, app)


def rotate_secret(simulator: Dependencies, arguments: Arguments) -> AppView:
    """Give an app a new client secret, as its developer would.

    Raises:
        BadField: There is no such app, or it has this secret.
    """
    new: NewSecret = arguments.body
    apps = simulator.world.apps
    app = next(iter(apps.values())) if new.client_id is None else apps.get(new.client_id)
    if app is None:
        raise BadField("client_id", "is unknown", tuple(apps))
    if new.client_secret == app.client_secret:
        raise BadField("client_secret", "is the app's already", ("another one",))
    rotated = simulator.world.rotate_secret(app, new.client_secret, new.overlap_seconds)
    return state.describe_app(simulator.world, rotated)


def uninstall(simulator: Dependencies, arguments: Arguments) -> UninstalledApps:
    """Take an app out of an account, or every app, as the account's admin would.

    Raises:
        BadField: There is no such account or app.
    """
    request: Uninstall = arguments.body
    account, apps = _find_account(simulator.world, request.hub_id), simulator.world.apps
    if request.client_id is not None and request.client_id not in apps:
        raise BadField("client_id", "is unknown", tuple(apps))
    named = [one for one in apps if request.client_id in {None, one}]
    return UninstalledApps(simulator.world.uninstall(account, named))


def expire(simulator: Dependencies, arguments: Arguments) -> ExpiredCount:
    """Let access tokens expire at once.

    Raises:
        BadField: There is no such account, or no such token.
    """
    return ExpiredCount(expire_tokens(simulator.world, arguments.body))


def expire_tokens(world: World, request: Expire) -> int:
    """Let the access tokens of *request* expire; return how many lived until now.

    Raises:
        BadField: There is no such account, or no such token.
    """
    if request.hub_id is not None:
        _find_account(world, request.hub_id)
    one = None
    if request.access_token is not None:
        one = world.ledger.access(request.access_token)
        if one is None:
            raise BadField("access_token", "is unknown", ("an access token that is out",))

    def is_meant(access: Access) -> bool:
        is_in_account = request.hub_id in {None, access.agreement.account.hub_id}
        return is_in_account and (one is None or access is one)

    return world.ledger.expire(is_meant)


def _find_account(world: World, hub_id: int, wrong: type[BadField] = BadField) -> Account:
    account = world.account(hub_id)
    if account is None:
        raise wrong("hub_id", "is unknown", tuple(str(one.hub_id) for one in world.accounts))
    return account
