"""``RequestsAuth`` for requests: ``session.auth = RequestsAuth(broker, owner)``."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.bearer import Bearer, header, tell_unrepeated
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
    """Puts a valid access token on each request of requests.

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
        # As urllib3 reads it, which connects.
        token = self._bearer.token(parse_url(r.url or ""))
        r.headers["Authorization"] = header(token)
        r.register_hook("response", partial(self._answered, token))  # type: ignore[no-untyped-call]
        return r

    def _answered(
        self,
        token: str,
        response: Response,
        **sending: Any,  # noqa: ANN401 - handed on as it is
    ) -> Response:
        """The *response*, or the one to the same request with another token."""
        asked = response.request
        # After a redirect to somewhere else, it was not our token that was refused.
        is_ours = asked.headers.get("Authorization") == header(token)
        if response.status_code != codes.unauthorized or not is_ours:
            return response
        _ = response.content  # so that its connection can be used again, whatever comes
        another = self._bearer.another(token)
        if another is None:
            return response
        if not _is_rewound(asked):
            tell_unrepeated(asked.method)
            return response
        return _repeated(response, another, sending)


def _repeated(response: Response, token: str, sending: dict[str, Any]) -> Response:
    response.close()
    again = response.request.copy()
    again.headers["Authorization"] = header(token)
    answer = response.connection.send(again, **sending)
    answer.history.append(response)
    answer.request = again
    return answer


def _is_rewound(request: PreparedRequest) -> bool:
    if request.body is None or isinstance(request.body, str | bytes):
        return True
    try:
        rewind_body(request)
    except UnrewindableBodyError:
        return False
    return True
