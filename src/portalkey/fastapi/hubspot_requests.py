"""Endpoints that answer HubSpot alone: ``@from_hubspot``.

A skin translates and nothing more; every decision is made in ``web/``.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast, overload

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portalkey.errors import NotFromHubSpot
from portalkey.web.signed_views import MEBIBYTE, Guard, View, protect_view

if TYPE_CHECKING:
    from portalkey.hubspot.signature import Signature, Version
    from portalkey.web.hubspot_requests import ReceivedRequest

_REQUEST = "portalkey_request"
"""The parameter by which FastAPI gives us the request where the endpoint does not ask for it."""


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
    """Let HubSpot's requests into an endpoint, each once; whatever else comes gets 401.

    ::

        @app.post("/hubspot/webhook")
        @from_hubspot
        async def hear_hubspot(request: Request):
            for event in await request.json():
                ...

    It stands below the route, as above it the route would lead past it. The endpoint is ``async``
    or plain, and of FastAPI or Starlette. It declares no body, neither a model nor a form: FastAPI
    would read that before, however large it is and whoever sent it. HubSpot signs the address that
    it knows, so that is made of ``PORTALKEY_PUBLIC_URL`` and the app's mount, whatever the ``Host``
    says. ``request.state.hubspot_signature`` is the signature that held.

    Args:
        view: The endpoint, where nothing else is said.
        oldest: The weakest version of HubSpot's signature to accept. HubSpot sends ``"v3"`` with
            every request. Whoever has seen one that an older version lets in may send it again.
        most_bytes: Bytes of the largest body.
        name: The HubSpot app that is heard, where there are several.

    Raises:
        ValueError: There is no such version, or *name* cannot be one.
    """
    return protect_view(_protect, view, oldest, most_bytes, name)


def _protect(view: View, guard: Guard) -> View:
    @wraps(view)
    async def admit(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the endpoint's own
        request = next(each for each in (*args, *kwargs.values()) if isinstance(each, Request))
        kwargs.pop(_REQUEST, None)
        refusal = await _refuse(request, guard)
        if refusal is not None:
            return refusal
        if inspect.iscoroutinefunction(view):
            return await view(*args, **kwargs)
        return await run_in_threadpool(view, *args, **kwargs)

    admit.__signature__ = _ask_for_request(view)  # type: ignore[attr-defined]
    return cast("View", admit)


def _ask_for_request(view: View) -> inspect.Signature:
    """Return the signature of *view*, by which FastAPI gives it what it wants, the request too."""
    try:
        signature = inspect.signature(view, eval_str=True)
    except (AttributeError, NameError, TypeError):  # names for types only; Starlette needs none
        signature = inspect.signature(view)
    own = signature.parameters.values()
    if any(_is_request(each.annotation) for each in own):
        return signature
    more = inspect.Parameter(_REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    last = [each for each in own if each.kind is inspect.Parameter.VAR_KEYWORD]
    return signature.replace(parameters=[*(each for each in own if each not in last), more, *last])


def _is_request(annotation: object) -> bool:
    kind = getattr(annotation, "__origin__", annotation)  # of Annotated[Request, ...]
    return isinstance(kind, type) and issubclass(kind, Request)


async def _refuse(request: Request, guard: Guard) -> Response | None:
    """Return the response to a request that is not HubSpot's; None where it is."""
    # Imported here: a host's module that imports the skin pays for nothing else.
    from portalkey.fastapi.calls import run_in_thread  # noqa: PLC0415 - as above
    from portalkey.fastapi.endpoints import write_response  # noqa: PLC0415 - as above
    from portalkey.fastapi.site import Site  # noqa: PLC0415 - as above

    def note(signature: "Signature") -> None:
        request.state.hubspot_signature = signature

    broker = Site.of(request, guard.name).router.context.broker
    read = await _read(request, guard.most_bytes)
    refusal = await run_in_thread(request, lambda: guard.admit(broker, read, note))
    return None if refusal is None else write_response(request, refusal)


async def _read(request: Request, most_bytes: int) -> "Callable[[], ReceivedRequest]":
    """Read the body and leave it to the endpoint; return what returns the request, or raises."""
    from portalkey.fastapi.forms import TOO_LARGE, read_body  # noqa: PLC0415 - as above
    from portalkey.fastapi.site import find_root  # noqa: PLC0415 - as above
    from portalkey.web.hubspot_requests import ReceivedRequest  # noqa: PLC0415 - as above

    _require_unread(request)
    try:
        body = await read_body(request, most_bytes)
    except HTTPException as trouble:
        is_too_large = trouble.status_code == TOO_LARGE
        refusal = NotFromHubSpot("too_large" if is_too_large else "truncated")
        return lambda: _fail(refusal)
    request._body = body  # noqa: SLF001 - where body(), json() and stream() of Starlette look
    return lambda: ReceivedRequest.of_scope(request.scope, body, find_root(request))


def _fail(refusal: NotFromHubSpot) -> "ReceivedRequest":
    raise refusal


def _require_unread(request: Request) -> None:
    """Raise where the body was read without a bound, before anybody asked who sent it.

    Raises:
        RuntimeError: It was; the endpoint has to be changed.
    """
    if request._stream_consumed:  # noqa: SLF001 - Starlette tells it nowhere else
        raise RuntimeError(
            "The body was read before from_hubspot could bound it. Let the endpoint declare no "
            "body, neither a model nor Body() or Form(), and no dependency that reads it; "
            "`await request.json()` has it in the endpoint."
        )
