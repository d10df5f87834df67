"""An app's decisions about its pages, made of the site's options: the same as in every skin."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.shortcuts import resolve_url
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve
from django.utils import translation

from portalkey.django.current import current_request
from portalkey.django.options import Options
from portalkey.django.visitors import Visitors
from portalkey.model.connection import Connection
from portalkey.web.options import LoginUrl, WebOptions, add_next
from portalkey.web.strings import Strings

log = logging.getLogger("portalkey")


def make_web_options(options: Options, name: str = "") -> WebOptions:
    """Return *options* as all pages take them: their request is the one under way."""
    visitors = Visitors(options, name)
    return WebOptions(
        owner_name=lambda owner: visitors.name(current_request(), owner),
        login_url=_make_login_url(options.login_url),
        setup_page=options.setup_page,
        strings=Strings(options.strings, _make_language(options)),
        base_template=options.base_template,
        deliver=options.deliver,
        allow_debug=options.allow_debug,
        may_disconnect=_ask(options.may_disconnect),
        may_deliver=_ask(options.may_deliver),
    )


def _ask(may: Callable[..., bool] | None) -> Callable[[str, Connection], bool] | None:
    if may is None:
        return None
    return lambda owner, connection: may(current_request(), owner, connection)


def _make_language(options: Options) -> str | Callable[[], str | None]:
    """Return the site's language: as it says, else that of its ``LocaleMiddleware``, if any."""
    named = options.language
    if named is None:
        return lambda: getattr(current_request(), "LANGUAGE_CODE", None)
    return named if isinstance(named, str) else lambda: named(current_request())


def _make_login_url(named: str | Callable[..., str] | None) -> LoginUrl | None:
    """Return where to sign in: as the site says, else ``LOGIN_URL`` where it leads somewhere."""
    if callable(named):
        return lambda path: named(current_request(), path)
    address = named or find_sign_in()
    return None if address is None else lambda path: add_next(resolve_url(address), path)


def find_sign_in() -> str | None:
    """Return ``LOGIN_URL`` where it is a page of this site, or another's address; else None."""
    try:
        address = resolve_url(settings.LOGIN_URL)
        path = f"/{address.partition('?')[0].removeprefix(get_script_prefix()).lstrip('/')}"
        # The site's languages may be prefixes of its paths.
        with translation.override(translation.get_language_from_path(path)):
            if address.startswith("/"):
                resolve(path)
    except (NoReverseMatch, Resolver404):
        return None
    return str(settings.LOGIN_URL)


def find_logo(name: str) -> str:
    """Return the address of a static file of the site's."""
    try:
        return str(static(name))
    except ValueError as missing:  # of a manifest that lacks it
        log.error("PORTALKEY_APP_LOGO: %s", missing)  # noqa: TRY400 - the sentence says it all
        return ""
