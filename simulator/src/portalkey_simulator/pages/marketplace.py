"""The marketplace: installs that begin at HubSpot.

https://developers.hubspot.com/docs/apps/developer-platform/list-apps/understand-app-install-flow
"""

import dataclasses

from flask import Response, request

from portalkey_simulator.forms import add_query, read_pairs, select_singles
from portalkey_simulator.pages.consent import Installation, read_installation
from portalkey_simulator.pages.granting import Choice, build_agreement, issue_code, read_choice
from portalkey_simulator.pages.rendering import (
    add_opener_policy,
    allow_framing,
    redirect,
    render_page,
)
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.marketplace_visits import Visit


class MarketplacePages:
    """An app's listing, and the legs of an install that begins on it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show_listing(self, client_id: str) -> Response:
        """Show the app, and the button that installs it in one of the accounts."""
        app = self._find_listed_app(client_id)
        accounts, installs = self._world.accounts, self._world.installs
        # What one person has installed for themselves says nothing of the others.
        hubs = () if app.is_user_level else (one.hub_id for one in accounts)
        notes = {one: "has it already" for one in hubs if installs.is_installed(client_id, one)}
        return self._add_consent_policy(
            render_page("listing.html", app=app, accounts=accounts, notes=notes)
        )

    def begin(self, client_id: str) -> Response:
        """Go to the app's own sign-in or the consent; where it is installed, to the usual page."""
        installation = self._read_installation(self._find_listed_app(client_id))
        choice = read_choice(select_singles(read_pairs(request.get_data())), self._world.accounts)
        agreement = build_agreement(installation, choice)
        if self._world.installs.has(agreement):
            return self._redirect(self._consent_url(installation.app, choice.account.hub_id))
        visit_id = self._world.mint.make_id()
        self._world.visits.set(visit_id, Visit(agreement))
        consent = _page_url(visit_id, "consent")
        if installation.app.partner_sign_in:
            consent = add_query(installation.redirect_uri, step="authorize", returnUrl=consent)
        return self._redirect(consent)

    def show_consent(self, visit_id: str) -> Response:
        """Show the consent page for the chosen account."""
        visit, installation = self._find_visit(visit_id)
        self._read_state(installation.app)
        agreement = visit.agreement
        account = dataclasses.replace(agreement.account, users=(agreement.user,))
        return self._add_consent_policy(
            render_page("consent.html", installation=installation, accounts=(account,))
        )

    def decide(self, visit_id: str) -> Response:
        """Act on the decision: on to the app with a code, or to an end without a word to it."""
        visit, installation = self._find_visit(visit_id)
        state = self._read_state(installation.app)
        match select_singles(read_pairs(request.get_data())).get("decision"):
            case "approve":
                code = self._issue_code(visit, installation)
            case "deny":
                return self._add_end_policy(render_page("denied.html", app=installation.app))
            case _:
                raise Stopped("no_decision")
        answer = {"code": code, **state, "returnUrl": _page_url(visit_id, "done")}
        if state:
            answer = {"step": "finalize", **answer}
        last_leg = add_query(installation.redirect_uri, **answer)
        self._world.visits.set(visit_id, dataclasses.replace(visit, last_leg=last_leg))
        in_frame = state and self._world.switches.finalize_in_frame
        return self._redirect(_page_url(visit_id, "finalize") if in_frame else last_leg)

    def show_finalize(self, visit_id: str) -> Response:
        """Show HubSpot's page with the app's last leg in a frame."""
        visit, installation = self._find_visit(visit_id)
        if not visit.last_leg:
            raise Stopped("not_approved")
        response = render_page(
            "finalize.html", app=installation.app, visit=visit, visit_id=visit_id
        )
        return self._add_end_policy(allow_framing(response, visit.last_leg))

    def show_done(self, visit_id: str) -> Response:
        """Show at the last leg's ``returnUrl`` whether the app is installed now."""
        visit, installation = self._find_visit(visit_id)
        is_installed = self._world.installs.has(visit.agreement)
        response = render_page(
            "installed.html", app=installation.app, visit=visit, is_installed=is_installed
        )
        return self._add_end_policy(allow_framing(response))

    def _find_listed_app(self, client_id: str) -> App:
        app = self._world.apps.get(client_id)
        if app is None or not app.is_listed:
            raise Stopped("unlisted")
        return app

    def _read_installation(self, app: App) -> Installation:
        query = read_pairs(app.install_query(app.install_url).encode())
        return read_installation(query, self._world.apps, self._world.switches)

    def _find_visit(self, visit_id: str) -> tuple[Visit, Installation]:
        visit = self._world.visits.get(visit_id)
        if visit is None:
            raise Stopped("unknown_install")
        return visit, self._read_installation(self._find_listed_app(visit.agreement.client_id))

    def _read_state(self, app: App) -> dict[str, str]:
        """Read the app's own ``state``, where it signs people in before the consent."""
        if not app.partner_sign_in:
            return {}
        state = select_singles(read_pairs(request.query_string)).get("state")
        if not state:
            raise Stopped("no_state")
        return {"state": state}

    def _issue_code(self, visit: Visit, installation: Installation) -> str:
        choice = Choice(visit.agreement.account, visit.agreement.user)
        return issue_code(self._world, installation, choice)

    def _consent_url(self, app: App, hub_id: int) -> str:
        return f"{request.host_url}oauth/{hub_id}/authorize?{app.install_query()}"

    def _add_consent_policy(self, response: Response) -> Response:
        return add_opener_policy(
            response, self._world.switches.consent_opener_policy, self._world.switches
        )

    def _add_end_policy(self, response: Response) -> Response:
        return add_opener_policy(
            response, self._world.switches.refusal_opener_policy, self._world.switches
        )

    def _redirect(self, location: str) -> Response:
        return redirect(location, self._world.switches)


def _page_url(visit_id: str, page: str) -> str:
    # Without a query of its own: apps add `?state=` to it, as HubSpot's documentation shows.
    return f"{request.host_url}marketplace/installs/{visit_id}/{page}"
