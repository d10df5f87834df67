"""The marketplace: installs that begin at HubSpot.

https://developers.hubspot.com/docs/apps/developer-platform/list-apps/understand-app-install-flow
"""

import dataclasses

from flask import Response, request

from portalkey_simulator.forms import read_pairs, singles, with_query
from portalkey_simulator.pages.consent import Installation, read_installation
from portalkey_simulator.pages.granting import Choice, agreement, give_code, read_choice
from portalkey_simulator.pages.rendering import framing, page, redirect, under_policy
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.marketplace_visits import Visit


class MarketplacePages:
    """An app's listing, and the legs of an install that begins on it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def listing(self, client_id: str) -> Response:
        """What the app is, and the button that installs it in one of the accounts."""
        app = self._listed(client_id)
        accounts, installs = self._world.accounts, self._world.installs
        # What one person has installed for themselves says nothing of the others.
        hubs = () if app.is_user_level else (one.hub_id for one in accounts)
        notes = {one: "has it already" for one in hubs if installs.is_installed(client_id, one)}
        return self._shown(page("listing.html", app=app, accounts=accounts, notes=notes))

    def begin(self, client_id: str) -> Response:
        """To the app's own sign-in, or to the consent; where it is installed, the usual page."""
        installation = self._installation(self._listed(client_id))
        choice = read_choice(singles(read_pairs(request.get_data())), self._world.accounts)
        agreed = agreement(installation, choice)
        if self._world.installs.has(agreed):
            return self._go(self._usual(installation.app, choice.account.hub_id))
        visit_id = self._world.mint.identifier()
        self._world.visits.set(visit_id, Visit(agreed))
        consent = _address(visit_id, "consent")
        if installation.app.partner_sign_in:
            consent = with_query(installation.redirect_uri, step="authorize", returnUrl=consent)
        return self._go(consent)

    def consent(self, visit_id: str) -> Response:
        """The consent page, for the account that was chosen."""
        visit, installation = self._visit(visit_id)
        self._state(installation.app)
        agreed = visit.agreement
        chosen = dataclasses.replace(agreed.account, users=(agreed.user,))
        return self._shown(page("consent.html", installation=installation, accounts=(chosen,)))

    def decide(self, visit_id: str) -> Response:
        """What the person decided: to the app with a code, or to an end without any word."""
        visit, installation = self._visit(visit_id)
        state = self._state(installation.app)
        match singles(read_pairs(request.get_data())).get("decision"):
            case "approve":
                code = self._code(visit, installation)
            case "deny":
                return self._ended(page("denied.html", app=installation.app))
            case _:
                raise Stopped("no_decision")
        answer = {"code": code, **state, "returnUrl": _address(visit_id, "done")}
        if state:
            answer = {"step": "finalize", **answer}
        last_leg = with_query(installation.redirect_uri, **answer)
        self._world.visits.set(visit_id, dataclasses.replace(visit, last_leg=last_leg))
        framed = state and self._world.switches.finalize_in_frame
        return self._go(_address(visit_id, "finalize") if framed else last_leg)

    def finalize(self, visit_id: str) -> Response:
        """HubSpot's page with the app's last leg in a frame."""
        visit, installation = self._visit(visit_id)
        if not visit.last_leg:
            raise Stopped("not_approved")
        shown = page("finalize.html", app=installation.app, visit=visit, visit_id=visit_id)
        return self._ended(framing(shown, visit.last_leg))

    def done(self, visit_id: str) -> Response:
        """``returnUrl`` of the last leg: whether the app is installed now."""
        visit, installation = self._visit(visit_id)
        is_installed = self._world.installs.has(visit.agreement)
        shown = page("installed.html", app=installation.app, visit=visit, is_installed=is_installed)
        return self._ended(framing(shown))

    def _listed(self, client_id: str) -> App:
        app = self._world.apps.get(client_id)
        if app is None or not app.is_listed:
            raise Stopped("unlisted")
        return app

    def _installation(self, app: App) -> Installation:
        asked = read_pairs(app.install_query(app.install_url).encode())
        return read_installation(asked, self._world.apps, self._world.switches)

    def _visit(self, visit_id: str) -> tuple[Visit, Installation]:
        visit = self._world.visits.get(visit_id)
        if visit is None:
            raise Stopped("unknown_install")
        return visit, self._installation(self._listed(visit.agreement.client_id))

    def _state(self, app: App) -> dict[str, str]:
        """What the app gave for ``state``, where it signs people in before the consent."""
        if not app.partner_sign_in:
            return {}
        state = singles(read_pairs(request.query_string)).get("state")
        if not state:
            raise Stopped("no_state")
        return {"state": state}

    def _code(self, visit: Visit, installation: Installation) -> str:
        agreed = visit.agreement
        return give_code(self._world, installation, Choice(agreed.account, agreed.user))

    def _usual(self, app: App, hub_id: int) -> str:
        return f"{request.host_url}oauth/{hub_id}/authorize?{app.install_query()}"

    def _shown(self, response: Response) -> Response:
        return under_policy(
            response, self._world.switches.consent_opener_policy, self._world.switches
        )

    def _ended(self, response: Response) -> Response:
        return under_policy(
            response, self._world.switches.refusal_opener_policy, self._world.switches
        )

    def _go(self, location: str) -> Response:
        return redirect(location, self._world.switches)


def _address(visit_id: str, page: str) -> str:
    # Without a query of its own: apps add `?state=` to it, as HubSpot's documentation shows.
    return f"{request.host_url}marketplace/installs/{visit_id}/{page}"
