"""HubSpot's older SDK: ``hubspot_client(broker, owner)`` for ``hubspot-api-client``.

The SDK copies its token into each API object as that is made. Here it only ever has a mark, which
each request is given a token for as it is sent, so an API object can be kept for as long as you
like.
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
    """A client of ``hubspot-api-client`` whose every request bears a valid access token.

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
    told = {"host": api_url, "base_url": api_url, **configuration}
    bearer = Bearer(broker, owner, hub_id, scopes)
    return _Client(told, bearer, RequestsAuth(broker, owner, hub_id, scopes))


class Answer(Protocol):
    """What is used of urllib3's response."""

    status: int

    @property
    def retries(self) -> object:
        """What was done to get it."""

    def close(self) -> None:
        """Have done with it."""


class Pool(Protocol):
    """What the SDK sends with: urllib3's pool manager."""

    def request(self, method: str, url: str, **options: object) -> Answer:
        """The answer to a request."""


class _Client(Unpicklable, HubSpot):  # type: ignore[misc]  # the SDK has no types
    """The SDK's client, but for how requests get their token."""

    def __init__(self, told: Mapping[str, object], bearer: Bearer, auth: RequestsAuth) -> None:
        super().__init__(**{**told, "access_token": _MARK, "api_factory": self._api})
        self._made_by, self._bearer, self._auth = told.get("api_factory"), bearer, auth

    def _api(self, package: object, name: str, config: Mapping[str, object]) -> object:
        return _dressed(
            package, name, {**config, "api_factory": self._made_by}, partial(_Fresh, self._bearer)
        )

    def api_request(self, options: dict[str, object]) -> requests.Response:
        """The answer to any request, asked as the SDK would; waits for a minute at most."""
        asked = Request(self.config, options)
        sending = asked.get_options_for_sending()
        auth = self._auth if _is_marked(sending.get("headers")) else None
        return requests.request(
            asked.get_method(), asked.get_url(), auth=auth, timeout=_LONGEST, **sending
        )


class _Fresh:
    """Sends what an API object asks for, each time with a token that is good then."""

    def __init__(self, bearer: Bearer, pool: Pool) -> None:
        self._bearer, self._pool = bearer, pool

    def request(self, method: str, url: str, **options: object) -> Answer:
        """As ``PoolManager.request``; raises as ``Broker.access_token`` does, or NotHubSpot."""
        headers = options.pop("headers", None)
        if not _is_marked(headers):
            # It goes by a developer's key, or by none.
            return self._pool.request(method, url, headers=headers, **options)

        def asked(token: str) -> Answer:
            borne = {**headers, "Authorization": header(token)}
            return self._pool.request(method, url, headers=borne, **options)

        # As urllib3 reads it, which connects.
        token = self._bearer.token(parse_url(url))
        answer = asked(token)
        # After a redirect it may not have been our token that was refused.
        if answer.status != _UNAUTHORIZED or _was_led_on(answer):
            return answer
        try:
            another = self._bearer.another(token)
        except PortalkeyError:
            answer.close()
            raise
        if another is None:
            return answer
        answer.close()
        return asked(another)


def _is_marked(headers: object) -> TypeGuard[Mapping[str, str]]:
    """Whether the SDK would have put its token here."""
    return isinstance(headers, Mapping) and headers.get("Authorization") == header(_MARK)


def _was_led_on(answer: Answer) -> bool:
    history = getattr(answer.retries, "history", ())
    return any(each.redirect_location for each in history)


def _dressed(
    package: object, name: str, config: Mapping[str, object], dress: Callable[[Pool], object]
) -> object:
    """An API object, as the SDK makes it, whose pool is dressed."""
    api = DiscoveryBase(config)._configure_api_client(package, name)  # noqa: SLF001 - tried below
    rest = api.api_client.rest_client
    rest.pool_manager = dress(rest.pool_manager)
    return api


@cache
def _require_seam() -> None:
    """Try with this very version what everything above relies on."""
    sent: list[object] = []

    def request(*_: object, headers: Mapping[str, str], **__: object) -> SimpleNamespace:
        sent.append(headers["Authorization"])
        return SimpleNamespace(status=200)

    pool = SimpleNamespace(request=request)
    told = {"access_token": _MARK, "host": _NOWHERE, "base_url": _NOWHERE}

    def api(package: object, name: str, config: Mapping[str, object]) -> object:
        return _dressed(package, name, config, lambda _: pool)

    try:
        client = HubSpot(**told, api_factory=api)
        client.crm.owners.owners_api.get_page(_preload_content=False)
        asked = Request(told, {"path": "/"})
        sent += [asked.get_options_for_sending()["headers"]["Authorization"], asked.get_url()]
    except Exception as trouble:
        raise unusable(_PACKAGE) from trouble
    if sent != [header(_MARK), header(_MARK), f"{_NOWHERE}/"]:
        raise unusable(_PACKAGE)
