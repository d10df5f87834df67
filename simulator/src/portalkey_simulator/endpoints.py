"""Every path that the simulator answers, as a table."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from flask import Response

from portalkey_simulator.api.account_info import AccountInfo
from portalkey_simulator.api.crm import Crm
from portalkey_simulator.api.crm_records import KINDS
from portalkey_simulator.api.journal_batches import JournalBatches
from portalkey_simulator.api.oauth_v1 import V1
from portalkey_simulator.api.openapi import show_document
from portalkey_simulator.api.subscription_filters import SubscriptionFilters
from portalkey_simulator.api.subscriptions import Subscriptions
from portalkey_simulator.api.tokens import TokenEndpoints
from portalkey_simulator.api.uninstall import Uninstalls
from portalkey_simulator.api.webhooks_journal import Journal
from portalkey_simulator.faults.fault_kinds import Place
from portalkey_simulator.pages.authorize import AuthorizePages
from portalkey_simulator.pages.marketplace import MarketplacePages
from portalkey_simulator.pages.sign_in import SignInPages
from portalkey_simulator.world import DATED, VERSIONS, World

_PAGES = re.compile(
    r"/|/(isalive|openapi\.json|favicon\.ico)|/(static|control)/.*"
    r"|(/sign-in)?/oauth/([^/]+/)?authorize"
    r"|/marketplace/([^/]+|installs/[^/]+/(consent|finalize|done))"
)

View: TypeAlias = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Route:
    """One path; ``place`` names it for faults, and is None for what people meet."""

    method: str
    path: str
    view: View
    place: Place | None = None


def is_page(path: str) -> bool:
    """Return True for the paths that people open, and for the simulator's own.

    Any other is a program's, or what a program mistakes for one: it is answered in JSON, and noted.
    """
    return _PAGES.fullmatch(path) is not None


def list_routes(world: World) -> Iterator[Route]:
    """List all of them, over this *world*."""
    yield Route("GET", "/isalive", _is_alive)
    yield Route("GET", "/openapi.json", show_document)
    yield from _page_routes(world)
    yield from _api_routes(world)


def _page_routes(world: World) -> Iterator[Route]:
    authorize, provider = AuthorizePages(world), SignInPages(world)
    for path in ("/oauth/authorize", "/oauth/<hub_id>/authorize"):
        yield Route("GET", path, authorize.show)
        yield Route("POST", path, authorize.decide)
        yield Route("GET", f"/sign-in{path}", provider.show)
        yield Route("POST", f"/sign-in{path}", provider.sign_in)
    market = MarketplacePages(world)
    yield Route("GET", "/marketplace/<client_id>", market.show_listing)
    yield Route("POST", "/marketplace/<client_id>", market.begin)
    yield Route("GET", "/marketplace/installs/<visit_id>/consent", market.show_consent)
    yield Route("POST", "/marketplace/installs/<visit_id>/consent", market.decide)
    yield Route("GET", "/marketplace/installs/<visit_id>/finalize", market.show_finalize)
    yield Route("GET", "/marketplace/installs/<visit_id>/done", market.show_done)


def _api_routes(world: World) -> Iterator[Route]:
    yield from _oauth_routes(world)
    yield from _crm_routes(Crm(world))
    yield from _subscription_routes(Subscriptions(world), SubscriptionFilters(world))
    yield from _journal_routes(world, Journal(world))
    accounts, uninstalls = AccountInfo(world), Uninstalls(world)
    yield Route("GET", f"/account-info/{_VERSION}/details", accounts.show_details, "account_info")
    usage = f"/account-info/{_VERSION}/api-usage/daily/private-apps"
    yield Route("GET", usage, accounts.show_daily_usage, "account_info")
    yield Route("GET", "/integrations/v1/me", accounts.show_me, "account_info")
    install = f"/appinstalls/{_VERSION}/external-install"
    yield Route("DELETE", install, uninstalls.uninstall, "uninstall")


def _oauth_routes(world: World) -> Iterator[Route]:
    tokens, v1 = TokenEndpoints(world), V1(world)
    yield Route("POST", f"/oauth/{_VERSION}/token", tokens.issue, "token")
    yield Route("POST", f"/oauth/{_VERSION}/token/introspect", tokens.introspect, "introspect")
    yield Route("POST", f"/oauth/{_VERSION}/token/revoke", tokens.revoke, "revoke")
    yield Route("POST", "/oauth/v1/token", v1.issue, "token")
    yield Route("GET", "/oauth/v1/access-tokens/<token>", v1.show_access_token, "introspect")
    yield Route("GET", "/oauth/v1/refresh-tokens/<token>", v1.show_refresh_token, "introspect")
    yield Route("DELETE", "/oauth/v1/refresh-tokens/<token>", v1.revoke, "revoke")


def _crm_routes(crm: Crm) -> Iterator[Route]:
    for objects in ("/crm/v3/objects", f"/crm/objects/{_one_of(DATED)}"):
        kind = f"{objects}/{_one_of(KINDS, 'kind')}"
        yield Route("GET", kind, crm.show_page, "crm")
        yield Route("GET", f"{kind}/<identifier>", crm.show_record, "crm")
        yield Route("POST", f"{kind}/search", crm.search, "crm")


def _subscription_routes(
    subscriptions: Subscriptions, filters: SubscriptionFilters
) -> Iterator[Route]:
    every = f"/webhooks-journal/subscriptions/{_one_of(DATED)}"
    yield Route("POST", every, subscriptions.create, "webhooks")
    yield Route("GET", every, subscriptions.list_all, "webhooks")
    yield Route("GET", f"{every}/<number>", subscriptions.show, "webhooks")
    yield Route("DELETE", f"{every}/<number>", subscriptions.delete, "webhooks")
    of_portal = f"{every}/portals/<portal>"
    yield Route("DELETE", of_portal, subscriptions.delete_of_portal, "webhooks")
    yield Route("POST", f"{every}/filters", filters.create, "webhooks")
    yield Route("GET", f"{every}/filters/subscription/<number>", filters.list_of, "webhooks")
    yield Route("GET", f"{every}/filters/<number>", filters.show, "webhooks")
    yield Route("DELETE", f"{every}/filters/<number>", filters.delete, "webhooks")


def _journal_routes(world: World, journal: Journal) -> Iterator[Route]:
    batches = JournalBatches(world, journal)
    entries = f"/webhooks-journal/journal/{_one_of(DATED)}"
    yield Route("GET", f"{entries}/earliest", journal.show_earliest, "webhooks")
    yield Route("GET", f"{entries}/latest", journal.show_latest, "webhooks")
    yield Route("GET", f"{entries}/offset/<offset>/next", journal.show_next, "webhooks")
    yield Route("GET", f"{entries}/batch/earliest/<count>", batches.show_earliest, "webhooks")
    yield Route("GET", f"{entries}/batch/latest/<count>", batches.show_latest, "webhooks")
    yield Route("GET", f"{entries}/batch/<offset>/next/<count>", batches.show_next, "webhooks")
    yield Route("POST", f"{entries}/batch/read", batches.read, "webhooks")
    yield Route("GET", f"{entries}/status/<status>", batches.show_status, "webhooks")
    yield Route("GET", "/webhooks-journal/pages/<offset>", journal.show_entry, "webhooks")


def _one_of(words: Iterable[str], name: str = "version") -> str:
    return f"<any({','.join(map(repr, words))}):{name}>"


_VERSION = _one_of(VERSIONS)


def _is_alive() -> Response:
    return Response("alive\n", mimetype="text/plain")
