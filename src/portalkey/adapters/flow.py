"""The auth flow shared by httpx and httpx2; each adapter brings its library's types."""

from collections.abc import AsyncGenerator, Generator, Iterable, MutableMapping
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.bearer import Address, Bearer, header, warn_not_repeated
from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_UNAUTHORIZED = 401


class RequestLike(Protocol):
    """The part of a request that the flow uses."""

    @property
    def method(self) -> str:
        """``GET``, and so on."""

    @property
    def url(self) -> Address:
        """The address it goes to."""

    @property
    def headers(self) -> MutableMapping[str, str]:
        """Its headers."""

    @property
    def stream(self) -> object:
        """Its body."""


R = TypeVar("R", bound=RequestLike)
R_co = TypeVar("R_co", bound=RequestLike, covariant=True)


class ResponseLike(Protocol[R_co]):
    """The part of a response that the flow uses."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def request(self) -> R_co:
        """The request it answers: the last one, where redirects were followed."""

    @property
    def extensions(self) -> MutableMapping[str, object]:
        """Values that the library carries along with it."""


class Flow(Unpicklable, Generic[R]):
    """Auth flow: put the valid token on each request, and repeat a request once after a 401."""

    in_memory: ClassVar[type]
    """The type of a body that is there as a whole."""

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
        self.bearer = Bearer(broker, owner, hub_id, scopes)

    def sync_auth_flow(self, request: R) -> Generator[R, ResponseLike[R], None]:
        """Run the flow for a ``Client``.

        Raises:
            NotHubSpot: The request goes elsewhere; nothing was sent.
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        token = self.bearer.token(request.url)
        request.headers["Authorization"] = header(token)
        response = yield request
        if _is_refused(response, token):
            try:
                another = self.bearer.another(token)
            except PortalkeyError as trouble:
                return self.on_trouble(response, trouble)
            if another and self._prepare(response.request, another):
                yield response.request
        return None

    async def async_auth_flow(self, request: R) -> AsyncGenerator[R, ResponseLike[R]]:
        """Run the flow for an ``AsyncClient`` on asyncio; raise as ``sync_auth_flow`` does."""
        token = await self.bearer.token_async(request.url)
        request.headers["Authorization"] = header(token)
        response = yield request
        if _is_refused(response, token):
            try:
                another = await self.bearer.another_async(token)
            except PortalkeyError as trouble:
                self.on_trouble(response, trouble)
                return
            if another and self._prepare(response.request, another):
                yield response.request

    def on_trouble(self, response: ResponseLike[R], trouble: PortalkeyError) -> None:
        """Raise the broker's error after a 401, which says who must act."""
        del response
        raise trouble

    def _prepare(self, request: R, another: str) -> bool:
        """Put the other token on *request*; return False where it cannot be sent again."""
        if not self._is_repeatable(request.stream):
            warn_not_repeated(request.method)
            return False
        request.headers["Authorization"] = header(another)
        return True

    def _is_repeatable(self, body: object) -> bool:
        if isinstance(body, self.in_memory):
            return True
        # A form with files: the library rewinds them at each sending, where they can be rewound.
        fields = getattr(body, "fields", None)
        return fields is not None and all(_is_rewindable(field) for field in fields)


def _is_refused(response: ResponseLike[R], token: str) -> bool:
    # After a redirect to another host the request does not bear our token.
    return response.status_code == _UNAUTHORIZED and response.request.headers.get(
        "Authorization"
    ) == header(token)


def _is_rewindable(field: object) -> bool:
    file = getattr(field, "file", b"")
    if isinstance(file, str | bytes):
        return True
    is_seekable = getattr(file, "seekable", None)
    return is_seekable is not None and bool(is_seekable())
