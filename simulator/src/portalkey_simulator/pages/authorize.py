"""The pages on which a person chooses an account and agrees."""

from flask import Response, request

from portalkey_simulator.forms import read_pairs, singles
from portalkey_simulator.pages.consent import Installation, read_installation
from portalkey_simulator.pages.granting import give_code, read_choice
from portalkey_simulator.pages.rendering import page, redirect, under_policy
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.pages.sign_in import is_signed_in
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account

# HubSpot's documentation shows `error` and `error_description` and names no value.
_DESCRIPTION = "The user denied access to the app"


class AuthorizePages:
    """``/oauth/authorize``, and ``/oauth/{hubId}/authorize`` for one account only."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show(self, hub_id: str | None = None) -> Response:
        """The consent page: what is asked, by whom, and in which account."""
        installation = self._installation()
        accounts = self._offered(hub_id)
        if hub_id is not None:
            installation.granted_by(accounts[0])
        switches = self._world.switches
        if switches.sign_in and not is_signed_in():
            return page("sign_in.html", onward=f"/sign-in{request.full_path}")
        consent = page("consent.html", installation=installation, accounts=accounts)
        return under_policy(consent, switches.consent_opener_policy, switches)

    def decide(self, hub_id: str | None = None) -> Response:
        """What the person decided, after everything was looked at again."""
        installation = self._installation()
        accounts = self._offered(hub_id)
        form = singles(read_pairs(request.get_data()))
        match form.get("decision"):
            case "approve":
                return self._connect(installation, accounts, form)
            case "deny":
                return self._deny(installation, accounts, form)
        raise Stopped("no_decision")

    def _installation(self) -> Installation:
        pairs = read_pairs(request.query_string)
        if self._world.switches.drop_state:
            pairs = [(name, value) for name, value in pairs if name != "state"]
        return read_installation(pairs, self._world.apps, self._world.switches)

    def _offered(self, hub_id: str | None) -> tuple[Account, ...]:
        if hub_id is None:
            return self._world.accounts
        account = self._world.account(hub_id)
        if account is None:
            raise Stopped("foreign_account")
        return (account,)

    def _connect(
        self, installation: Installation, accounts: tuple[Account, ...], form: dict[str, str]
    ) -> Response:
        code = give_code(self._world, installation, read_choice(form, accounts))
        return redirect(installation.callback(code=code), self._world.switches)

    def _deny(
        self, installation: Installation, accounts: tuple[Account, ...], form: dict[str, str]
    ) -> Response:
        switches = self._world.switches
        match switches.cancel_sends:
            case "nothing":
                denied = page("denied.html", app=installation.app)
                return under_policy(denied, switches.refusal_opener_policy, switches)
            case "code":
                preselected = {"hub_id": str(accounts[0].hub_id)}
                return self._connect(installation, accounts, preselected | form)
        error = {"error": switches.cancel_error, "error_description": _DESCRIPTION}
        return redirect(installation.callback(**error), switches)
