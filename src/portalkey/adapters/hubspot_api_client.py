"""HubSpot's older SDK: ``hubspot_client(broker, owner)`` for ``hubspot-api-client``.

The SDK copies its token into each API object that it makes. Here it gets a mark in place of a
token, and each request gets the valid token as it is sent, so an API object can be kept for as long
as you like.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol, TypeGuard

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.bearer import Bearer, header
from portalkey.adapters.libraries import unusable
from portalkey.adapters.requests import RequestsAuth
from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_PACKAGE = "hubspot-api-client"

try:
    import requests
    from hubspot import HubSpot
    from hubspot.discovery.discovery_base import DiscoveryBase
    from hubspot.utils.requests.http_request_builder import Request
    from urllib3.util import parse_url
except ImportError as missing:
    raise unusable(_PACKAGE) from missing

_MARK = "portalkey-puts-it-here"
_NOWHERE = "http://127.0.0.1:9"
_UNAUTHORIZED = 401
_LONGEST = 60.0
"""Seconds that ``api_request`` waits for an answer; the SDK itself would wait for ever."""


def hubspot_client(
    broker: "Broker",
    owner: str,
    hub_id: int | None = None,
    scopes: Iterable[str] = (),
    **configuration: object,
) -> HubSpot:
    """Return a client of ``hubspot-api-client`` whose every request bears a valid access token.

    After a 401 the token is renewed, once for everybody, and the request is repeated once.

    Args:
        broker: The app's broker.
        owner: Whose connection.
        hub_id: Which HubSpot account; needed only where several are connected.
        scopes: What the requests are going to need; checked before each one is sent.
        configuration: As for the SDK's own ``HubSpot``, such as ``retry``.

    Raises:
        LibraryUnusable: This version of the SDK works in another way; the message names others.
        TypeError: There is an ``access_token`` among *configuration*.
    """
    if "access_token" in configuration:
        raise TypeError("the access token comes from the broker; leave access_token out")
    _require_seam()
    api_url = broker.settings.api_url
    options = {"host": api_url, "base_url": api_url, **configuration}
    bearer = Bearer(broker, owner, hub_id, scopes)
    return _Client(options, bearer, RequestsAuth(broker, owner, hub_id, scopes))


class Answer(Protocol):
    """The part of urllib3's response that is used here."""

    status: int

    @property
    def retries(self) -> object:
        """The retries and redirects that led to it."""

    def close(self) -> None:
        """Give its connection back."""


class Pool(Protocol):
    """The SDK's sender: urllib3's pool manager."""

    def request(self, method: str, url: str, **options: object) -> Answer:
        """Send a request and return the answer."""


class _Client(Unpicklable, HubSpot):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client, with a fresh token on each request."""

    def __init__(self, options: Mapping[str, object], bearer: Bearer, auth: RequestsAuth) -> None:
        super().__init__(**{**options, "access_token": _MARK, "api_factory": self._api})
        self._factory, self._bearer, self._auth = options.get("api_factory"), bearer, auth

    def _api(self, package: object, name: str, config: Mapping[str, object]) -> object:
        return _make_api(
            package, name, {**config, "api_factory": self._factory}, partial(_Fresh, self._bearer)
        )

    def api_request(self, options: dict[str, object]) -> requests.Response:
        """Send any request as the SDK would, and return the answer; wait for a minute at most."""
        request = Request(self.config, options)
        sending = request.get_options_for_sending()
        auth = self._auth if _is_marked(sending.get("headers")) else None
        return requests.request(
            request.get_method(), request.get_url(), auth=auth, timeout=_LONGEST, **sending
        )


class _Fresh:
    """Pool that puts a valid token on each request of an API object."""

    def __init__(self, bearer: Bearer, pool: Pool) -> None:
        self._bearer, self._pool = bearer, pool

    def request(self, method: str, url: str, **options: object) -> Answer:
        """Do as ``PoolManager.request``; raise NotHubSpot, or as ``Broker.access_token`` does."""
        headers = options.pop("headers", None)
        if not _is_marked(headers):
            # It bears a developer's key, or none.
            return self._pool.request(method, url, headers=headers, **options)

        def send(token: str) -> Answer:
            bearing = {**headers, "Authorization": header(token)}
            return self._pool.request(method, url, headers=bearing, **options)

        # Parsed by urllib3, as it is urllib3 that connects: two parsers could see two hosts.
        token = self._bearer.token(parse_url(url))
        answer = send(token)
        # After a redirect the refused request may not have borne our token.
        if answer.status != _UNAUTHORIZED or _is_redirected(answer):
            return answer
        try:
            another = self._bearer.another(token)
        except PortalkeyError:
            answer.close()
            raise
        if another is None:
            return answer
        answer.close()
        return send(another)


def _is_marked(headers: object) -> TypeGuard[Mapping[str, str]]:
    """Return True where the SDK put its mark in place of a token."""
    return isinstance(headers, Mapping) and headers.get("Authorization") == header(_MARK)


def _is_redirected(answer: Answer) -> bool:
    history = getattr(answer.retries, "history", ())
    return any(each.redirect_location for each in history)


def _make_api(
    package: object, name: str, config: Mapping[str, object], wrap: Callable[[Pool], object]
) -> object:
    """Return an API object as the SDK makes it, with its pool replaced by *wrap* of it."""
    api = DiscoveryBase(config)._configure_api_client(package, name)  # noqa: SLF001 - tried below
    rest = api.api_client.rest_client
    rest.pool_manager = wrap(rest.pool_manager)
    return api


@cache
def _require_seam() -> None:
    """Check that the installed version has everything that this module relies on."""
    sent: list[object] = []

    def request(*_: object, headers: Mapping[str, str], **__: object) -> SimpleNamespace:
        sent.append(headers["Authorization"])
        return SimpleNamespace(status=200)

    pool = SimpleNamespace(request=request)
    options = {"access_token": _MARK, "host": _NOWHERE, "base_url": _NOWHERE}

    def api(package: object, name: str, config: Mapping[str, object]) -> object:
        return _make_api(package, name, config, lambda _: pool)

    try:
        client = HubSpot(**options, api_factory=api)
        client.crm.owners.owners_api.get_page(_preload_content=False)
        plain = Request(options, {"path": "/"})
        sent += [plain.get_options_for_sending()["headers"]["Authorization"], plain.get_url()]
    except Exception as trouble:
        raise unusable(_PACKAGE) from trouble
    if sent != [header(_MARK), header(_MARK), f"{_NOWHERE}/"]:
        raise unusable(_PACKAGE)
