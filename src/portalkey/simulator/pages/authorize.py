"""The pages on which a person chooses an account and agrees."""

from flask import Response, request

from portalkey.simulator.forms import read_pairs, singles
from portalkey.simulator.pages.consent import Installation, Stopped, read_installation
from portalkey.simulator.pages.rendering import page, under_policy
from portalkey.simulator.pages.sign_in import is_signed_in
from portalkey.simulator.world import World
from portalkey.simulator.world.accounts import Account
from portalkey.simulator.world.installs import Agreement

# Where HubSpot redirects after a denial at all, its documentation shows `error` and
# `error_description` and names no value: both of these are presumed.
_DENIED = {"error": "access_denied", "error_description": "The user denied access to the app"}


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
                return self._redirect(self._approve(installation, accounts, form.get("hub_id")))
            case "deny":
                return self._deny(installation)
        raise Stopped("choose Connect app or Cancel")

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
            raise Stopped("you don't have access to this account")
        return (account,)

    def _approve(
        self, installation: Installation, accounts: tuple[Account, ...], hub_id: str | None
    ) -> str:
        account = next((one for one in accounts if str(one.hub_id) == hub_id), None)
        if account is None:
            raise Stopped("choose one of the accounts")
        scopes = installation.granted_by(account)
        agreement = Agreement(installation.app.client_id, account, scopes, account.users[0])
        code = self._world.ledger.issue_code(
            agreement, installation.redirect_uri, installation.challenge
        )
        return installation.callback(code=code)

    def _deny(self, installation: Installation) -> Response:
        switches = self._world.switches
        if switches.cancel_sends == "nothing":
            denied = page("denied.html", app=installation.app)
            return under_policy(denied, switches.refusal_opener_policy, switches)
        return self._redirect(installation.callback(**_DENIED))

    def _redirect(self, location: str) -> Response:
        # No body: the usual one repeats the location, and with it the code.
        back = Response(status=303, headers={"Location": location})
        switches = self._world.switches
        return under_policy(back, switches.redirect_opener_policy, switches)
