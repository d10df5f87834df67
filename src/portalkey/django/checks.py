"""System checks: what is set wrongly, by an id that stays, each with what to do.

``docs/django.md`` lists them. Nothing is opened for it: neither the store nor HubSpot is asked.
"""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - as Django calls it
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from jinja2 import TemplateNotFound

from portalkey.django.layout import choose_templates
from portalkey.django.options import (
    NAME,
    Options,
    find_env_file,
    find_names,
    find_unknown,
    read_environment,
    read_options,
    read_settings,
)
from portalkey.django.site import describe_host
from portalkey.errors import BadSettings
from portalkey.settings.environment import read_all
from portalkey.settings.settings import Settings
from portalkey.settings.surroundings import Surroundings
from portalkey.settings.urls import CALLBACK
from portalkey.settings.warnings import find_host_warnings, store_file
from portalkey.web.app_names import require_apart
from portalkey.web.page_blocks import BLOCKS

OF_HOST = {
    "debug_app": "portalkey.W001",
    "session_not_secure": "portalkey.W002",
    "session_for_scripts": "portalkey.W003",
    "session_across_sites": "portalkey.W004",
}
"""Ids of what is logged at start as well, by its code there."""


def check_site() -> Iterator[CheckMessage]:
    """Yield what is wrong with the settings, the urls and the middleware."""
    try:
        names = find_names()
    except BadSettings as trouble:
        yield from (Error(each, id="portalkey.E002") for each in trouble.problems)
        return
    for name in names:
        yield from _check_app(name)
    if len(names) > 1:
        yield from _check_together(names)


def _check_together(names: list[str]) -> Iterator[CheckMessage]:
    """Yield an error where two HubSpot apps would share their paths."""
    known: dict[str, Settings] = {}
    for name in names:
        try:
            settings = read_settings(name)
        except BadSettings:
            continue  # said by the other
        try:
            require_apart(name, settings, known)
        except BadSettings as trouble:
            yield from (Error(each, id="portalkey.E009") for each in trouble.problems)
        known[name] = settings


def _check_app(name: str) -> Iterator[CheckMessage]:
    """Yield what is wrong with one HubSpot app of the site's."""
    try:
        unknown = list(find_unknown(name))
        options = read_options(name)
    except BadSettings as trouble:
        yield from (Error(each, id="portalkey.E002") for each in trouble.problems)
        return
    yield from (Error(each, id="portalkey.E001") for each in unknown)
    is_for_operators_only = _find_console() is not None and not _has_pages()
    if not is_for_operators_only:
        yield from _check_session(options)
    yield from _check_sign_in(options)
    yield from _check_layout(options)
    try:
        settings = read_settings(name)
    except BadSettings as trouble:
        yield from (Error(each, id="portalkey.E003") for each in trouble.problems)
        return
    if not is_for_operators_only:
        yield from _check_urls(settings)
    if not name:
        yield from _check_console(settings, options)
    yield from _check_logo(settings)
    yield from _check_host(settings, options)


def check_deployment() -> Iterator[CheckMessage]:
    """Yield what is fine on a developer's machine, and should be decided for a server."""
    try:
        settings = read_settings()
        environ = {**Surroundings.look().environ, **read_environment()}
        values = read_all(find_env_file(), environ)
    except BadSettings:
        return  # said by the other
    is_named = any(f"PORTALKEY_DATABASE_URL{end}" in values for end in ("", "_FILE"))
    if not is_named:
        yield Warning(
            f"PORTALKEY_DATABASE_URL is not set, so connections are in {store_file(settings)}, "
            "and in none of DATABASES.",
            hint="Name a database, such as database_url(DATABASES['default']).",
            id="portalkey.W008",
        )


def _check_session(options: Options) -> Iterator[CheckMessage]:
    names = [each.rpartition(".")[2] for each in django_settings.MIDDLEWARE]
    if not any(name.endswith("SessionMiddleware") for name in names):
        yield Error(
            "No middleware brings sessions, which attempts to connect are bound to.",
            hint="Add django.contrib.sessions.middleware.SessionMiddleware to MIDDLEWARE, and "
            "django.contrib.sessions to INSTALLED_APPS.",
            id="portalkey.E004",
        )
    if options.owner is None and not any(n.endswith("AuthenticationMiddleware") for n in names):
        yield Error(
            "No middleware brings request.user, whose connections would be shown.",
            hint="Add django.contrib.auth.middleware.AuthenticationMiddleware to MIDDLEWARE, or "
            f"say by {NAME}['owner'] who is signed in.",
            id="portalkey.E006",
        )


def _check_sign_in(options: Options) -> Iterator[CheckMessage]:
    named = options.login_url
    try:
        if isinstance(named, str):
            resolve_url(named)
    except NoReverseMatch:
        yield Error(
            f"{NAME}['login_url'] is {named}, which is the name of no URL of this site.",
            hint="Write the name of one, an address with a slash, or a function.",
            id="portalkey.E002",
        )


def _check_urls(settings: Settings) -> Iterator[CheckMessage]:
    """Yield an error where no route of ours is at the redirect URI.

    A prefix of a proxy's may be known to the redirect URI only.
    """
    prefix = django_settings.FORCE_SCRIPT_NAME or ""
    whole = f"{settings.mount}{CALLBACK}"
    if not any(_is_ours(path) for path in (whole.removeprefix(prefix), CALLBACK)):
        yield Error(
            f"HUBSPOT_REDIRECT_URI leads to {whole}, where no page of portalkey's is.",
            hint='Add path("", include("portalkey.django.urls")) to ROOT_URLCONF, or correct the '
            "path of HUBSPOT_REDIRECT_URI, here and at HubSpot.",
            id="portalkey.E005",
        )


def _has_pages() -> bool:
    """Return True where the site has our urls; one for operators may have the console alone."""
    try:
        reverse("portalkey:start")
    except NoReverseMatch:
        return False
    return True


def _find_console() -> str | None:
    try:
        return str(reverse("portalkey_console:console", args=[""]))
    except NoReverseMatch:
        return None


def _is_ours(path: str) -> bool:
    try:
        return "portalkey" in resolve(path).app_names
    except Resolver404:
        return False


def _check_console(settings: Settings, options: Options) -> Iterator[CheckMessage]:
    path = _find_console()
    if path is None:
        if options.console_allow is not None:
            yield Warning(
                f"{NAME}['console_allow'] names operators, and the console is in no urls.",
                hint='Add path("console/", include("portalkey.django.console_urls")).',
                id="portalkey.W007",
            )
        return
    if _is_ours(f"{settings.mount}{CALLBACK}") and not path.startswith(f"{settings.mount}/"):
        yield Error(
            f"The console is at {path}, which is not below {settings.mount}, where portalkey is.",
            hint="Include portalkey.django.console_urls below the same prefix.",
            id="portalkey.E007",
        )
    if options.console_allow is None:
        yield Warning(
            f"The console is at {path}, and closed to everybody.",
            hint=f"Say by {NAME}['console_allow'] who is an operator.",
            id="portalkey.W007",
        )
    elif path.endswith("/") and not _adds_slashes():
        yield Warning(
            f"The console is at {path}, and the site does not lead from {path.rstrip('/')} there.",
            hint='Write path("console", include(...)), without the slash, or turn on APPEND_SLASH.',
            id="portalkey.W009",
        )


def _adds_slashes() -> bool:
    """Return True where the site leads on to addresses that end in a slash, as Django does."""
    names = [each.rpartition(".")[2] for each in django_settings.MIDDLEWARE]
    return django_settings.APPEND_SLASH and any(n.endswith("CommonMiddleware") for n in names)


def _check_logo(settings: Settings) -> Iterator[CheckMessage]:
    logo = settings.app_logo
    if not logo or logo.startswith("data:") or not apps.is_installed("django.contrib.staticfiles"):
        return
    from django.contrib.staticfiles import finders  # noqa: PLC0415 - an app that may not be there

    if finders.find(logo) is None:
        yield Error(
            f"PORTALKEY_APP_LOGO names {logo}, which is among no static files of this site.",
            hint="Correct it, or leave it out.",
            id="portalkey.E008",
        )


def _check_host(settings: Settings, options: Options) -> Iterator[CheckMessage]:
    for each in find_host_warnings(settings, describe_host()):
        yield Warning(each.sentence, id=OF_HOST[each.code])
    is_reached = not settings.is_local and not options.allow_debug
    if options.deliver is not None and django_settings.DEBUG and is_reached:
        yield Warning(
            "A debugged site that other machines reach delivers no token to a page.",
            hint=f"Turn DEBUG off, or set {NAME}['allow_debug'] to True where nobody else is.",
            id="portalkey.W005",
        )


def _check_layout(options: Options) -> Iterator[CheckMessage]:
    base = options.base_template
    if base is None:
        return
    try:
        blocks = choose_templates(base).list_blocks(base)
        lacking = [name for name in BLOCKS if blocks is not None and name not in blocks]
        trouble = f"has no block {' and no block '.join(lacking)}" if lacking else ""
    except TemplateNotFound:
        trouble = "is not there"
    if trouble:
        yield Warning(
            f"{NAME}['base_template']: {base} {trouble}, so the setup page is shown in "
            "portalkey's own layout.",
            hint="It has to be a template of the site's with the blocks title, head and content.",
            id="portalkey.W006",
        )
