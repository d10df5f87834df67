"""``RequestsAuth`` for requests: ``session.auth = RequestsAuth(broker, owner)``."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.bearer import Bearer, header, warn_not_repeated
from portalkey.adapters.libraries import unusable

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

try:
    from requests import PreparedRequest, Response, codes
    from requests.auth import AuthBase
    from requests.exceptions import UnrewindableBodyError
    from requests.utils import rewind_body
    from urllib3.util import parse_url
except ImportError as missing:
    raise unusable("requests") from missing


class RequestsAuth(Unpicklable, AuthBase):
    """Auth of requests that puts a valid access token on each request.

    After a 401 the token is renewed, once for everybody, and the request is repeated once. A body
    that can be read only once is not: the 401 is returned, and a warning is logged. A request to
    another host than HubSpot's is refused with ``NotHubSpot`` before anything is sent.
    """

    def __init__(
        self, broker: "Broker", owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> None:
        """Take each token from *broker*.

        Args:
            broker: The app's broker.
            owner: Whose connection.
            hub_id: Which HubSpot account; needed only where several are connected.
            scopes: What the requests are going to need; checked before each one is sent.
        """
        self._bearer = Bearer(broker, owner, hub_id, scopes)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Put the token on the request *r*.

        Raises:
            NotHubSpot: The request goes elsewhere; nothing was sent.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        # Parsed by urllib3, as it is urllib3 that connects: two parsers could see two hosts.
        token = self._bearer.token(parse_url(r.url or ""))
        r.headers["Authorization"] = header(token)
        r.register_hook("response", partial(self._on_response, token))  # type: ignore[no-untyped-call]
        return r

    def _on_response(
        self,
        token: str,
        response: Response,
        **sending: Any,  # noqa: ANN401 - handed on as it is
    ) -> Response:
        """Return the *response*, or the one to the same request with another token."""
        request = response.request
        # After a redirect to another host the request does not bear our token.
        is_ours = request.headers.get("Authorization") == header(token)
        if response.status_code != codes.unauthorized or not is_ours:
            return response
        _ = response.content  # read, so that its connection can be used again
        another = self._bearer.another(token)
        if another is None:
            return response
        if not _rewind(request):
            warn_not_repeated(request.method)
            return response
        return _repeat(response, another, sending)


def _repeat(response: Response, token: str, sending: dict[str, Any]) -> Response:
    response.close()
    again = response.request.copy()
    again.headers["Authorization"] = header(token)
    answer = response.connection.send(again, **sending)
    answer.history.append(response)
    answer.request = again
    return answer


def _rewind(request: PreparedRequest) -> bool:
    """Bring the body back to its beginning; return False where that is not possible."""
    if request.body is None or isinstance(request.body, str | bytes):
        return True
    try:
        rewind_body(request)
    except UnrewindableBodyError:
        return False
    return True
