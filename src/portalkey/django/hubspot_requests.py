"""Views that answer HubSpot alone: ``@from_hubspot``.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast, overload

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import NoReverseMatch, get_script_prefix, reverse

from portalkey.django.exemption import exempt
from portalkey.errors import NotFromHubSpot
from portalkey.web.signed_views import MEBIBYTE, Guard, View, protect_view, require_whole

if TYPE_CHECKING:
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

        @from_hubspot
        def hear_hubspot(request):
            for event in json.loads(request.body):
                ...

    HubSpot signs the address that it knows, so that is made of ``PORTALKEY_PUBLIC_URL`` and the
    site's mount, whatever the ``Host`` says. ``request.hubspot_signature`` is the signature that
    held. The view is plain or ``async``; Django's own check of forgery, its ``ATOMIC_REQUESTS``
    and a sign-in that is demanded everywhere begin behind this one, or not at all.

    Args:
        view: The view, where nothing else is said.
        oldest: The weakest version of HubSpot's signature to accept. HubSpot sends ``"v3"`` with
            every request. Whoever has seen one that an older version lets in may send it again.
        most_bytes: Bytes of the largest body; ``DATA_UPLOAD_MAX_MEMORY_SIZE`` holds besides.
        name: The HubSpot app that is heard, where ``PORTALKEY`` has several.

    Raises:
        ValueError: There is no such version, or *name* cannot be one.
    """
    return protect_view(_protect, view, oldest, most_bytes, name)


def _protect(view: View, guard: Guard) -> View:
    def refuse(request: HttpRequest) -> HttpResponse | None:
        return _refuse(request, guard)

    def enter(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the view's own
        return BaseHandler().make_view_atomic(view)(request, *args, **kwargs)

    async def admit_on_loop(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        refusal = await sync_to_async(refuse, thread_sensitive=False)(request)
        return await enter(request, *args, **kwargs) if refusal is None else refusal

    def admit(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above
        refusal = refuse(request)
        return enter(request, *args, **kwargs) if refusal is None else refusal

    admits = admit_on_loop if iscoroutinefunction(view) else admit
    # The view within has its transactions, as Django makes them.
    return cast("View", exempt(wraps(view)(admits)))


def _refuse(request: HttpRequest, guard: Guard) -> HttpResponse | None:
    """Return the response to a request that is not HubSpot's; None where it is."""
    # Imported here: a host's module that imports the skin pays for nothing else.
    from portalkey.django.site import site_of  # noqa: PLC0415 - as above
    from portalkey.django.views import write_response  # noqa: PLC0415 - as above

    def note(signature: "Signature") -> None:
        request.hubspot_signature = signature

    broker = site_of(guard.name).broker
    mount = broker.settings.mount.removesuffix(_find_prefix(guard.name))
    refusal = guard.admit(broker, lambda: _read(request, guard.most_bytes), note, mount)
    return None if refusal is None else write_response(request, refusal)


def _find_prefix(name: str) -> str:
    """Return the path that the site's urls have ours below, which its other views are not."""
    from portalkey.settings.urls import CALLBACK  # noqa: PLC0415 - as above

    try:
        path: str = reverse(f"portalkey:{name}:callback" if name else "portalkey:callback")
    except NoReverseMatch:
        return ""
    return path.removeprefix(get_script_prefix().rstrip("/")).removesuffix(CALLBACK)


def _read(request: HttpRequest, most_bytes: int) -> "ReceivedRequest":
    from portalkey.web.hubspot_requests import ReceivedRequest  # noqa: PLC0415 - as above

    body = _read_body(request, min(most_bytes, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or most_bytes))
    if hasattr(request, "environ"):
        # Django has put what it decoded in the place of these, which are Latin-1 (PEP 3333).
        names = ("PATH_INFO", "SCRIPT_NAME")
        paths = {name: request.META[name].encode().decode("latin-1") for name in names}
        environ = {**request.environ, **paths}
        return ReceivedRequest.of_environ(environ, [*request.headers.items()], body)
    return ReceivedRequest.of_scope(request.scope, body, request.META.get("SCRIPT_NAME", ""))


def _read_body(request: HttpRequest, most: int) -> bytes:
    """Read the body, and leave it to the view as ``request.body`` does, which has no such bound."""
    if not hasattr(request, "_body"):
        try:
            request._body = request.read(most + 1)  # noqa: SLF001 - see above
        except UnreadablePostError:
            raise NotFromHubSpot("truncated") from None
        finally:
            request._stream.close()  # noqa: SLF001 - as above
        request._stream = BytesIO(request._body)  # noqa: SLF001 - as above
    body: bytes = request.body
    require_whole(body, most, _find_length(request))
    return body


def _find_length(request: HttpRequest) -> int:
    length = str(request.META.get("CONTENT_LENGTH") or "")
    return int(length) if length.isdecimal() else 0
