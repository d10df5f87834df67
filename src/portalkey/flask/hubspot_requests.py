"""Views that answer HubSpot alone: ``@from_hubspot``.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast, overload

from flask import current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from portalkey.errors import NotFromHubSpot
from portalkey.flask.visitor import SIGNED_VIEW
from portalkey.web.signed_views import MEBIBYTE, Guard, View, protect_view, require_whole

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.hubspot.signature import Signature, Version
    from portalkey.web.hubspot_requests import ReceivedRequest


@overload
def from_hubspot(view: View) -> View: ...
@overload
def from_hubspot(
    *, oldest: "Version" = "v3", most_bytes: int = MEBIBYTE, name: str = ""
) -> Callable[[View], View]: ...
def from_hubspot(
    view: View | None = None,
    *,
    oldest: "Version" = "v3",
    most_bytes: int = MEBIBYTE,
    name: str = "",
) -> View | Callable[[View], View]:
    """Let HubSpot's requests into a view, each once; whatever else comes gets 401.

    ::

        @app.post("/hubspot/webhook")
        @from_hubspot
        def hear_hubspot():
            for event in request.get_json():
                ...

    It stands below the route, as above it the route would lead past it. HubSpot signs the address
    that it knows, so that is made of ``PORTALKEY_PUBLIC_URL`` and the app's mount, whatever the
    ``Host`` says. ``g.hubspot_signature`` is the signature that held.

    Args:
        view: The view, where nothing else is said.
        oldest: The weakest version of HubSpot's signature to accept. HubSpot sends ``"v3"`` with
            every request. Whoever has seen one that an older version lets in may send it again.
        most_bytes: Bytes of the largest body; ``MAX_CONTENT_LENGTH`` holds besides.
        name: The HubSpot app that is heard, where there are several.

    Raises:
        ValueError: There is no such version, or *name* cannot be one.
    """
    return protect_view(_protect, view, oldest, most_bytes, name)


def _protect(view: View, guard: Guard) -> View:
    @wraps(view)
    def admit(*args: Any, **kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - the view's own
        refusal = _refuse(guard)
        if refusal is not None:
            return refusal
        answer: ResponseReturnValue = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    setattr(admit, SIGNED_VIEW, True)
    return cast("View", admit)


def _refuse(guard: Guard) -> ResponseReturnValue | None:
    """Return the response to a request that is not HubSpot's; None where it is."""
    # Imported here: a host's module that imports the skin pays for nothing else.
    from portalkey.flask.hubspot_auth import write_response  # noqa: PLC0415 - see above

    refusal = guard.admit(_find_broker(guard.name), lambda: _read(guard.most_bytes), _note)
    return None if refusal is None else write_response(refusal)


def _note(signature: "Signature") -> None:
    g.hubspot_signature = signature


def _find_broker(name: str) -> "Broker":
    from portalkey.flask.hubspot_auth import find_app  # noqa: PLC0415 - as above

    try:
        router, _ = find_app(name)
    except LookupError as missing:
        raise RuntimeError(f"from_hubspot asks the app's broker. {missing}") from None
    broker: Broker = router.context.broker
    return broker


def _read(most_bytes: int) -> "ReceivedRequest":
    from portalkey.web.hubspot_requests import ReceivedRequest  # noqa: PLC0415 - as above

    request.max_content_length = most = min(most_bytes, request.max_content_length or most_bytes)
    try:
        body = request.get_data()  # kept, so that the view has it, too
    except RequestEntityTooLarge:
        raise NotFromHubSpot("too_large") from None
    except ClientDisconnected:
        raise NotFromHubSpot("truncated") from None
    require_whole(body, most)  # the host may have read it before there was a bound
    return ReceivedRequest.of_environ(request.environ, [*request.headers.items()], body)
