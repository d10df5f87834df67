"""A person's choice, and the code for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portalkey_simulator.pages.consent import Installation
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account, User
from portalkey_simulator.world.installs import Agreement


@dataclass(frozen=True, slots=True)
class Choice:
    """An account, and the person of it who is at the browser."""

    account: Account
    user: User


def read_choice(form: Mapping[str, str], accounts: tuple[Account, ...]) -> Choice:
    """Read the choice from these *accounts*; of several people the first, unless one is named.

    ``hub_id`` names the account, and ``user_`` with its number behind it the person there.

    Raises:
        Stopped: There is no such account, or person.
    """
    hub_id = form.get("hub_id")
    account = next((one for one in accounts if str(one.hub_id) == hub_id), None)
    if account is None:
        raise Stopped("no_account", accounts=", ".join(str(one.hub_id) for one in accounts))
    user = account.user(form.get(f"user_{hub_id}", account.user_id))
    if user is None:
        people = ", ".join(str(one.user_id) for one in account.users)
        raise Stopped("no_person", people=people)
    return Choice(account, user)


def build_agreement(installation: Installation, choice: Choice) -> Agreement:
    """Build the agreement for the chosen account.

    Raises:
        Stopped: The account cannot grant what is asked.
    """
    app = installation.app
    scopes = installation.scopes_for(choice.account)
    return Agreement(app.client_id, choice.account, scopes, choice.user, app.is_user_level)


def issue_code(world: World, installation: Installation, choice: Choice) -> str:
    """Issue a code for the agreement.

    Raises:
        Stopped: The account cannot grant what is asked, or the person may not.
    """
    agreement = build_agreement(installation, choice)
    if not world.installs.may_install(
        installation.app, choice.account, choice.user, agreement.scopes
    ):
        raise Stopped("permission")
    return world.ledger.issue_code(agreement, installation.redirect_uri, installation.challenge)
