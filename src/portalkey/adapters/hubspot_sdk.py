"""HubSpot's newer SDK: ``hubspot_client`` and ``async_hubspot_client`` for ``hubspot-sdk``.

The SDK takes an httpx client, and ours has an ``HttpxAuth``. The SDK would hide an error raised
while it sends in an ``APIConnectionError`` and try again. So errors of the connection are raised
before it sends, and after a 401 where the SDK makes its own error of the 401.
"""

from collections.abc import Generator, Iterable
from functools import cache
from typing import TYPE_CHECKING

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.flow import ResponseLike
from portalkey.adapters.httpx import HttpxAuth
from portalkey.adapters.libraries import unusable
from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_PACKAGE = "hubspot-sdk"

try:
    from httpx import Auth, MockTransport, Request, Response
    from hubspot_sdk import (
        APIStatusError,
        AsyncHubSpot,
        DefaultAsyncHttpxClient,
        DefaultHttpxClient,
        HubSpot,
    )
except ImportError as missing:
    raise unusable(_PACKAGE) from missing

_TROUBLE = "portalkey.trouble"
_UNAUTHORIZED = 401


def hubspot_client(
    broker: "Broker", owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
) -> HubSpot:
    """Return a client of ``hubspot-sdk`` whose every request bears a valid access token.

    After a 401 the token is renewed, once for everybody, and the request is repeated once. Other
    arguments of the SDK's own ``HubSpot`` (``timeout``, ``max_retries``) are for the client's
    ``with_options``. Close the client after use.

    Args:
        broker: The app's broker.
        owner: Whose connection.
        hub_id: Which HubSpot account; needed only where several are connected.
        scopes: What the requests are going to need; checked before each one is sent.

    Raises:
        LibraryUnusable: This version of the SDK works in another way; the message names others.
    """
    _require_seam()
    http = DefaultHttpxClient(auth=_Auth(broker, owner, hub_id, scopes))
    return _Client(base_url=broker.settings.api_url, http_client=http)


def async_hubspot_client(
    broker: "Broker", owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
) -> AsyncHubSpot:
    """Do as ``hubspot_client`` for asyncio; the event loop goes on while a token is fetched."""
    _require_seam()
    http = DefaultAsyncHttpxClient(auth=_Auth(broker, owner, hub_id, scopes))
    return _AsyncClient(base_url=broker.settings.api_url, http_client=http)


class _Auth(HttpxAuth):
    def on_trouble(self, response: ResponseLike[Request], trouble: PortalkeyError) -> None:
        """Leave the error for the client to raise."""
        response.extensions[_TROUBLE] = trouble


class _Client(Unpicklable, HubSpot):  # type: ignore[misc]  # as mypy is not to read the SDK
    def _prepare_request(self, request: Request) -> None:
        if isinstance(auth := self._client.auth, HttpxAuth):
            auth.bearer.token(request.url)

    def _make_status_error(
        self, err_msg: str, *, body: object, response: Response
    ) -> APIStatusError:
        _raise_trouble(response)
        return super()._make_status_error(err_msg, body=body, response=response)


class _AsyncClient(Unpicklable, AsyncHubSpot):  # type: ignore[misc]
    async def _prepare_request(self, request: Request) -> None:
        if isinstance(auth := self._client.auth, HttpxAuth):
            await auth.bearer.token_async(request.url)

    def _make_status_error(
        self, err_msg: str, *, body: object, response: Response
    ) -> APIStatusError:
        _raise_trouble(response)
        return super()._make_status_error(err_msg, body=body, response=response)


def _raise_trouble(response: Response) -> None:
    if isinstance(trouble := response.extensions.get(_TROUBLE), PortalkeyError):
        raise trouble


class _Reached(PortalkeyError):
    """The trial of the SDK succeeded."""


class _Trial(Auth):
    def auth_flow(self, request: Request) -> Generator[Request, Response, None]:
        """Do what ``_Auth`` does, for the trial."""
        request.headers["Authorization"] = "Bearer trial"
        response = yield request
        response.extensions[_TROUBLE] = _Reached()


class _TrialClient(_Client):
    def _prepare_request(self, request: Request) -> None:
        request.headers["Prepared"] = "yes"


def _answer(request: Request) -> Response:
    is_right = request.headers.get("Authorization") == "Bearer trial"
    return Response(_UNAUTHORIZED if is_right and "Prepared" in request.headers else 200, json={})


@cache
def _require_seam() -> None:
    """Check that the installed version has everything that this module relies on; send nothing."""
    try:
        http = DefaultHttpxClient(auth=_Trial(), transport=MockTransport(_answer))
        with _TrialClient(base_url="http://localhost", http_client=http) as trial:
            trial.get("/", cast_to=object)
    except _Reached:
        return
    except Exception as trouble:
        raise unusable(_PACKAGE) from trouble
    raise unusable(_PACKAGE)
