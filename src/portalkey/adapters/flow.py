"""The auth flow of httpx and httpx2, which are alike; each adapter brings its library's types."""

from collections.abc import AsyncGenerator, Generator, Iterable, MutableMapping
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from portalkey._support.unpicklable import Unpicklable
from portalkey.adapters.bearer import Address, Bearer, header, tell_unrepeated
from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_UNAUTHORIZED = 401


class Asking(Protocol):
    """What is used of a request."""

    @property
    def method(self) -> str:
        """``GET``, and so on."""

    @property
    def url(self) -> Address:
        """Where it goes."""

    @property
    def headers(self) -> MutableMapping[str, str]:
        """Its headers."""

    @property
    def stream(self) -> object:
        """Its body."""


R = TypeVar("R", bound=Asking)
R_co = TypeVar("R_co", bound=Asking, covariant=True)


class Answer(Protocol[R_co]):
    """What is used of a response."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def request(self) -> R_co:
        """The request it answers: the last one, where redirects were followed."""

    @property
    def extensions(self) -> MutableMapping[str, object]:
        """What travels with it."""


class Flow(Unpicklable, Generic[R]):
    """Puts the valid token on each request; after a 401 a request is repeated once."""

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

    def sync_auth_flow(self, request: R) -> Generator[R, Answer[R], None]:
        """For a ``Client``.

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
            if another and self._is_ready(response.request, another):
                yield response.request
        return None

    async def async_auth_flow(self, request: R) -> AsyncGenerator[R, Answer[R]]:
        """For an ``AsyncClient`` on asyncio; raises as ``sync_auth_flow`` does."""
        token = await self.bearer.token_async(request.url)
        request.headers["Authorization"] = header(token)
        response = yield request
        if _is_refused(response, token):
            try:
                another = await self.bearer.another_async(token)
            except PortalkeyError as trouble:
                self.on_trouble(response, trouble)
                return
            if another and self._is_ready(response.request, another):
                yield response.request

    def on_trouble(self, response: Answer[R], trouble: PortalkeyError) -> None:
        """After a 401 the broker says who must act."""
        del response
        raise trouble

    def _is_ready(self, request: R, another: str) -> bool:
        """Whether *request* can be sent again; it bears the other token then."""
        if not self._is_repeatable(request.stream):
            tell_unrepeated(request.method)
            return False
        request.headers["Authorization"] = header(another)
        return True

    def _is_repeatable(self, body: object) -> bool:
        if isinstance(body, self.in_memory):
            return True
        # A form with files: the library rewinds each of them, if it can, whenever it is sent.
        fields = getattr(body, "fields", None)
        return fields is not None and all(_is_rewound(field) for field in fields)


def _is_refused(response: Answer[R], token: str) -> bool:
    # After a redirect to somewhere else, it was not our token that was refused.
    return response.status_code == _UNAUTHORIZED and response.request.headers.get(
        "Authorization"
    ) == header(token)


def _is_rewound(field: object) -> bool:
    file = getattr(field, "file", b"")
    if isinstance(file, str | bytes):
        return True
    is_seekable = getattr(file, "seekable", None)
    return is_seekable is not None and bool(is_seekable())
