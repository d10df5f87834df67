"""Parts of every skin's ``@from_hubspot``, which cost next to nothing to import.

What they need is loaded where a view is decorated, or a request comes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from portalkey.errors import NotFromHubSpot

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.hubspot.signature import Signature, Version
    from portalkey.web.http import WebResponse
    from portalkey.web.hubspot_requests import ReceivedRequest

View = TypeVar("View", bound=Callable[..., Any])

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides for one view: *oldest* is the weakest signature, *most_bytes* the largest body.

    *name* is that of the HubSpot app which is heard.
    """

    oldest: "Version"
    most_bytes: int
    name: str = ""

    def admit(
        self,
        broker: "Broker",
        read: "Callable[[], ReceivedRequest]",
        note: "Callable[[Signature], None]",
        mount: str | None = None,
    ) -> "WebResponse | None":
        """Return the response that refuses the request; None where it is HubSpot's.

        *read* returns the request, or raises ``NotFromHubSpot``. *note* is given the signature.
        *mount* is the path that the app is below, where that is not the one in the settings.
        """
        # Imported here: a host's module that imports the skin pays for nothing else.
        from portalkey.web.app_names import root_of  # noqa: PLC0415 - see above
        from portalkey.web.http import WebResponse  # noqa: PLC0415 - see above
        from portalkey.web.hubspot_requests import HubSpotRequests  # noqa: PLC0415 - see above

        place = root_of(self.name, broker.settings) if mount is None else mount
        answer = HubSpotRequests(broker, self.oldest, place).admit(read)
        if isinstance(answer, WebResponse):
            return answer
        note(answer)
        return None


def protect_view(
    protect: Callable[[View, Guard], View],
    view: View | None,
    oldest: "Version",
    most_bytes: int,
    name: str,
) -> View | Callable[[View], View]:
    """Return *view* as *protect* makes it, or the decorator where there is none yet.

    Raises:
        ValueError: There is no such version of the signature as *oldest*, or *name* cannot be one.
    """
    from portalkey.hubspot.signature import require_version  # noqa: PLC0415 - as above
    from portalkey.web.app_names import require_name  # noqa: PLC0415 - as above

    require_version(oldest)
    guard = Guard(oldest, most_bytes, require_name(name))
    return (lambda each: protect(each, guard)) if view is None else protect(view, guard)


def require_whole(body: bytes, most: int, length: int = 0) -> None:
    """Raise where *body* is longer than *most* bytes, or shorter than the *length* that was said.

    Raises:
        NotFromHubSpot: It is.
    """
    if len(body) > most:
        raise NotFromHubSpot("too_large")
    if len(body) < length:
        raise NotFromHubSpot("truncated")
