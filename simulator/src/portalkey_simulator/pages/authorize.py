"""The pages on which a person chooses an account and agrees."""

from flask import Response, request

from portalkey_simulator.forms import read_pairs, select_singles
from portalkey_simulator.pages.consent import Installation, read_installation
from portalkey_simulator.pages.granting import issue_code, read_choice
from portalkey_simulator.pages.rendering import add_opener_policy, redirect, render_page
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
        """Show the consent page: scopes, app and accounts."""
        installation = self._read_installation()
        accounts = self._list_accounts(hub_id)
        if hub_id is not None:
            installation.scopes_for(accounts[0])
        switches = self._world.switches
        if switches.sign_in and not is_signed_in():
            return render_page("sign_in.html", onward=f"/sign-in{request.full_path}")
        consent = render_page("consent.html", installation=installation, accounts=accounts)
        return add_opener_policy(consent, switches.consent_opener_policy, switches)

    def decide(self, hub_id: str | None = None) -> Response:
        """Act on the person's decision, after everything was checked again."""
        installation = self._read_installation()
        accounts = self._list_accounts(hub_id)
        form = select_singles(read_pairs(request.get_data()))
        match form.get("decision"):
            case "approve":
                return self._connect(installation, accounts, form)
            case "deny":
                return self._deny(installation, accounts, form)
        raise Stopped("no_decision")

    def _read_installation(self) -> Installation:
        pairs = read_pairs(request.query_string)
        if self._world.switches.drop_state:
            pairs = [(name, value) for name, value in pairs if name != "state"]
        return read_installation(pairs, self._world.apps, self._world.switches)

    def _list_accounts(self, hub_id: str | None) -> tuple[Account, ...]:
        if hub_id is None:
            return self._world.accounts
        account = self._world.account(hub_id)
        if account is None:
            raise Stopped("foreign_account")
        return (account,)

    def _connect(
        self, installation: Installation, accounts: tuple[Account, ...], form: dict[str, str]
    ) -> Response:
        code = issue_code(self._world, installation, read_choice(form, accounts))
        return redirect(installation.build_callback(code=code), self._world.switches)

    def _deny(
        self, installation: Installation, accounts: tuple[Account, ...], form: dict[str, str]
    ) -> Response:
        switches = self._world.switches
        match switches.cancel_sends:
            case "nothing":
                denied = render_page("denied.html", app=installation.app)
                return add_opener_policy(denied, switches.refusal_opener_policy, switches)
            case "code":
                preselected = {"hub_id": str(accounts[0].hub_id)}
                return self._connect(installation, accounts, preselected | form)
        error = {"error": switches.cancel_error, "error_description": _DESCRIPTION}
        return redirect(installation.build_callback(**error), switches)
