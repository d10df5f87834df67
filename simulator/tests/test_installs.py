"""The right to install an app, and the apps that are installed."""

from dataclasses import replace

import pytest

from portalkey_simulator import ACCOUNTS, DEFAULT_APP, Account
from portalkey_simulator.world.accounts import User
from portalkey_simulator.world.installs import Agreement, Installs

MAYA, THEO = ACCOUNTS[0].users
APP, ACCOUNT = DEFAULT_APP, ACCOUNTS[0]
READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"


def agreed(user: User, *scopes: str, account: Account = ACCOUNT) -> Agreement:
    """The agreement of this *user*."""
    return Agreement(APP.client_id, account, scopes, user)


def test_the_first_install_needs_the_right() -> None:
    """Whoever has no permission to install cannot be the first."""
    installs = Installs()

    assert installs.may_install(APP, ACCOUNT, MAYA, [READ])
    assert not installs.may_install(APP, ACCOUNT, THEO, [READ])


def test_later_ones_do_not_need_it() -> None:
    """Anyone in the account can agree to an installed app, and only there."""
    installs = Installs()
    assert installs.add(agreed(MAYA, READ))

    assert installs.may_install(APP, ACCOUNT, THEO, [READ])
    assert not installs.may_install(APP, ACCOUNTS[1], THEO, [READ])
    assert not installs.add(agreed(THEO, READ))


def test_new_scopes_need_it_again() -> None:
    """One scope more, and somebody with the right has to agree once."""
    installs = Installs()
    installs.add(agreed(MAYA, READ))
    assert not installs.may_install(APP, ACCOUNT, THEO, [READ, WRITE])

    installs.add(agreed(MAYA, READ, WRITE))
    assert installs.may_install(APP, ACCOUNT, THEO, [READ, WRITE])


def test_uninstalled_is_as_new() -> None:
    """After an uninstall the first install comes again."""
    installs = Installs()
    installs.add(agreed(MAYA, READ))

    assert installs.remove(APP.client_id, ACCOUNT.hub_id)
    assert not installs.remove(APP.client_id, ACCOUNT.hub_id)
    assert not installs.may_install(APP, ACCOUNT, THEO, [READ])


def test_the_right_needs_the_permissions_too() -> None:
    """The right to install apps does not replace the permissions behind the scopes."""
    limited = User(1, "ann@harbourpine.example", lacks=frozenset({WRITE}))
    installs = Installs()

    assert installs.may_install(APP, ACCOUNT, limited, [READ])
    assert not installs.may_install(APP, ACCOUNT, limited, [READ, WRITE])


def test_apps_of_users() -> None:
    """An app on the level of users is installed by each, with the permissions that they have."""
    app = replace(APP, is_user_level=True)
    limited = replace(THEO, lacks=frozenset({WRITE}))
    installs = Installs()

    assert installs.may_install(app, ACCOUNT, limited, [READ])
    assert not installs.may_install(app, ACCOUNT, limited, [WRITE])
    assert installs.add(replace(agreed(THEO, READ), is_user_level=True))
    assert installs.add(replace(agreed(MAYA, READ), is_user_level=True))
    assert {user_id for _, _, user_id, _ in installs.list_all()} == {MAYA.user_id, THEO.user_id}


def test_an_account_needs_somebody() -> None:
    """Nobody could connect an account without people."""
    with pytest.raises(ValueError, match="at least one user"):
        replace(ACCOUNT, users=())


def test_users_are_found_by_their_ids() -> None:
    """As numbers, or as the text that comes in a request."""
    assert ACCOUNT.user("770102") == ACCOUNT.user(770102) == THEO
    assert ACCOUNT.user("1") is None
