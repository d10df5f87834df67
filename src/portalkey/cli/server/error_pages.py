"""Errors of the standalone app: a page for people, one line for programs."""

import logging
from collections.abc import Collection
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portalkey.flask.visitor import EXTENSION
from portalkey.web.static_files import STATIC_PATH

if TYPE_CHECKING:
    from portalkey.settings.settings import Settings
    from portalkey.web.context import Context
    from portalkey.web.http import WebResponse
    from portalkey.web.router import Router

log = logging.getLogger("portalkey")

_LONGEST_HOST, _MOST_HOSTS = 100, 20
_CODES = {HTTPStatus.NOT_FOUND: "not_found"}


def show_error_pages(
    app: Flask, settings: "Settings", any_host: Collection[str] = frozenset()
) -> None:
    """Answer errors of *app* by pages, and by another host's name none but paths of *any_host*."""
    note_host = _HostLog(settings.public_url).note

    def refuse_other_hosts() -> Response | None:
        # What a page looks like is nobody's secret, and the page that says so needs it.
        is_open = request.path.startswith(f"{STATIC_PATH}/") or request.path in any_host
        if is_open or request.headers.get("Host", "") == settings.host:
            return None
        note_host(request.headers.get("Host", ""))
        if not _is_person():
            line = f"This app answers at {settings.public_url} only; open it there."
            return _as_text(HTTPStatus.MISDIRECTED_REQUEST, line)
        back = f"{settings.public_url}{context_of(app).home}"
        return _as_page(
            context_of(app).notice(
                "other_address", 421, back=back, address=settings.public_url, tag=_language()
            )
        )

    app.before_request(refuse_other_hosts)
    app.register_error_handler(HTTPException, _show)


class _HostLog:
    """Tells whoever runs the app which names it refuses, each once, and no more than a few."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        self._hosts: set[str] = set()

    def note(self, host: str) -> None:
        """Log that a request for *host* is refused: anybody can send any."""
        host = host[:_LONGEST_HOST]
        if host in self._hosts or len(self._hosts) >= _MOST_HOSTS:
            return
        self._hosts.add(host)
        log.warning(
            "a request for the Host %r is answered with 421, as PORTALKEY_PUBLIC_URL is %s; where "
            "a proxy sends it, let it send the browser's own (nginx: Host $http_host)",
            host,
            self._public_url,
        )


def _show(error: HTTPException) -> Response:
    """Answer without a word of the error's own: an extension's may hold anything."""
    status = HTTPStatus(error.code or 500)
    if _is_person():
        code = _CODES.get(status, "otherwise")
        context = context_of(current_app)
        response = _as_page(context.notice(code, status, back=context.home, tag=_language()))
    else:
        response = _as_text(status)
    allowed = error.get_response().headers.get("Allow")
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _language() -> str:
    accepts = request.headers.get("Accept-Language")
    strings = context_of(current_app).render.strings
    return strings.language(request.args.get("language"), accepts)


def context_of(app: Flask) -> "Context":
    """Return what the pages of *app* are made with."""
    router, _ = cast("tuple[Router, object]", app.extensions[EXTENSION])
    return router.context


def _is_person() -> bool:
    """Return True where a browser asked for a page."""
    accepted = request.accept_mimetypes
    return "text/html" in accepted.values()


def _as_page(page: "WebResponse") -> Response:
    return Response(page.body, status=page.status, headers=dict(page.headers))


def _as_text(status: HTTPStatus, line: str = "") -> Response:
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    words = f"{status.value} {status.phrase}\n" + (f"{line}\n" if line else "")
    return Response(words, status=status, headers=headers)
