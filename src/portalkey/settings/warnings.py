"""Warnings about settings that work and should not stay: one function, for the start and doctor.

Whatever cannot work is refused as ``BadSettings``; what may be meant so is said here. A code is
stable, and a sentence says what to do. ``docs/warnings.md`` lists them.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from portalkey.hubspot import endpoints
from portalkey.settings import places, validators
from portalkey.settings.settings import Settings
from portalkey.settings.surroundings import Host, Surroundings

log = logging.getLogger("portalkey")

_MANY = {
    "AWS_LAMBDA_FUNCTION_NAME": "AWS Lambda",
    "K_SERVICE": "Cloud Run",
    "FUNCTIONS_WORKER_RUNTIME": "Azure Functions",
    "GAE_INSTANCE": "App Engine",
    "DYNO": "Heroku",
    "VERCEL": "Vercel",
}
"""Variables of places that run several instances, each on a disk of its own that does not last."""

ERASED_IN_COPY = "Erased here; this is a copy (PORTALKEY_COPY), and HubSpot is told nothing."
"""The sentence of a copy, where production tells HubSpot to forget."""

SENTENCES: Mapping[str, str] = {
    "is_copy": (
        "PORTALKEY_COPY is yes: no grant that this copy was made with is renewed, and HubSpot is "
        "told of nothing; leave it out where customers are served."
    ),
    "version_ends": (
        "HUBSPOT_API_VERSION is {version}, which HubSpot supports until {ends}; set it to {newest}."
    ),
    "version_unknown": (
        "HUBSPOT_API_VERSION is {version}, which is later than those that this portalkey was tried "
        "with; install the newest portalkey, or set it to {newest}."
    ),
    "pkce_off": (
        "HUBSPOT_PKCE is off, so that a code that is caught on its way can be used by whoever "
        "caught it; set it to on."
    ),
    "simulator_in_public": (
        "HUBSPOT_APP_URL and HUBSPOT_API_URL name a simulator on this machine, and the app is "
        "public at {public_url}; leave both out to connect real accounts."
    ),
    "env_file_open": (
        "{file} holds secrets, and others on this machine may read or change it; run `chmod 600` "
        "on it."
    ),
    "key_beside_store": (
        "PORTALKEY_KEYS_FILE is in the folder of the store that its keys open, {folder}, so that "
        "one backup holds both; move it to another."
    ),
    "env_beside_store": (
        "{file} holds the keys, and is in the folder of the store that they open, {folder}, so "
        "that one backup holds both; name a file elsewhere in PORTALKEY_KEYS_FILE."
    ),
    "store_of_one_instance": (
        "The store {file} is on the disk of one instance of {place}, which no other sees and which "
        "is thrown away; name a PostgreSQL database in PORTALKEY_DATABASE_URL."
    ),
    "store_in_container": (
        "The store {file} is in the container's own layer, and all connections are gone with it; "
        "mount a volume, and name a file there or a PostgreSQL database in PORTALKEY_DATABASE_URL."
    ),
    "store_in_memory": (
        "The store {file} is on a file system in memory, and all connections are gone at a "
        "restart; name a file on a disk in PORTALKEY_DATABASE_URL."
    ),
    "debug_app": (
        "The app is in debug mode and public at {public_url}: its error pages run code and show "
        "memory, tokens included; turn debug off."
    ),
    "session_not_secure": (
        "The app is at {public_url}, and its session cookie is sent over http as well; set "
        "SESSION_COOKIE_SECURE to True (in Starlette, https_only)."
    ),
    "session_for_scripts": (
        "Scripts may read the session cookie; set SESSION_COOKIE_HTTPONLY to True."
    ),
    "session_across_sites": (
        "The session cookie comes along with requests of other sites (SameSite=None); set "
        "SESSION_COOKIE_SAMESITE to Lax (in Starlette, same_site)."
    ),
    "mount_differs": (
        "HUBSPOT_REDIRECT_URI says that the app is mounted at {mount}, requests arrive as if it "
        "were at {root}, and its session cookie is for {session_path}; {remedy}."
    ),
    "session_name_shared": (
        'A session cookie "{name}" came that this process did not sign: SECRET_KEY was changed or '
        "is another in each process (such as secrets.token_hex() in the code), or another app on "
        "this host uses the same name, and each signs the other's visitors out; set one SECRET_KEY "
        "for all processes, and a SESSION_COOKIE_NAME (in Starlette, session_cookie) for each app."
    ),
    "other_address": (
        "Somebody opened the app at {opened}, and PORTALKEY_PUBLIC_URL is {public_url}: HubSpot "
        "leads back there, where a browser has another session; redirect the one to the other, or "
        "set PORTALKEY_PUBLIC_URL and HUBSPOT_REDIRECT_URI to the one that people use."
    ),
    "unknown_origin": (
        "A page at {origin} asked /api/hubspot/, which PORTALKEY_ALLOWED_ORIGINS does not name; "
        "set PORTALKEY_ALLOWED_ORIGINS={listed} if that is your own front end."
    ),
}
"""By code, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class SettingsWarning:
    """One warning: its code, and a sentence that says what to do."""

    code: str
    sentence: str

    @classmethod
    def of(cls, code: str, **facts: object) -> "SettingsWarning":
        """Make the warning with this *code*; its sentence tells the *facts*."""
        return cls(code, SENTENCES[code].format(**facts))


def find_warnings(
    settings: Settings, around: Surroundings | None = None, host: Host | None = None
) -> tuple[SettingsWarning, ...]:
    """Return what should not stay as it is.

    Args:
        settings: The operator's settings.
        around: Where the process runs; without it, nothing is said of that.
        host: The app that serves our pages; likewise.
    """
    found = list(_of_settings(settings))
    if around is not None:
        found += _of_files(settings, around)
        found += _of_store(settings, around)
    if host is not None:
        found += find_host_warnings(settings, host)
    return tuple(found)


def find_host_warnings(settings: Settings, host: Host) -> Iterator[SettingsWarning]:
    """Yield what should not stay as it is of the app that serves our pages."""
    facts = {"public_url": settings.public_url}
    if host.is_debug and not settings.is_local:
        yield SettingsWarning.of("debug_app", **facts)
    if not settings.is_secure:
        return
    if not host.is_secure:
        yield SettingsWarning.of("session_not_secure", **facts)
    if not host.is_httponly:
        yield SettingsWarning.of("session_for_scripts")
    if host.samesite is not None and host.samesite.lower() == "none":
        yield SettingsWarning.of("session_across_sites")


def log_warnings(warnings: Iterable[SettingsWarning]) -> None:
    """Log each of the *warnings*, as an app starts."""
    for warning in warnings:
        log.warning("%s: %s", warning.code, warning.sentence)


def _of_settings(settings: Settings) -> Iterator[SettingsWarning]:
    if settings.is_copy:
        yield SettingsWarning.of("is_copy")
    yield from _of_version(settings.api_version)
    if not settings.pkce:
        yield SettingsWarning.of("pkce_off")
    if settings.is_simulated and not settings.is_local:
        yield SettingsWarning.of("simulator_in_public", public_url=settings.public_url)


def _of_version(version: endpoints.ApiVersion) -> Iterator[SettingsWarning]:
    facts = {"version": version, "newest": endpoints.NEWEST}
    if version not in endpoints.ENDS:
        yield SettingsWarning.of("version_unknown", **facts)
    elif version != endpoints.NEWEST:
        yield SettingsWarning.of("version_ends", ends=endpoints.ENDS[version], **facts)


def _of_files(settings: Settings, around: Surroundings) -> Iterator[SettingsWarning]:
    if around.open_file is not None:
        yield SettingsWarning.of("env_file_open", file=around.open_file)
    store, is_trial = store_file(settings), settings.is_simulated and settings.is_local
    if store is None:
        return
    if settings.keys_file is not None and settings.keys_file.resolve().parent == store.parent:
        yield SettingsWarning.of("key_beside_store", folder=store.parent)
    file = around.key_file
    if file is not None and not is_trial and file.resolve().parent == store.parent:
        yield SettingsWarning.of("env_beside_store", file=file, folder=store.parent)


def _of_store(settings: Settings, around: Surroundings) -> Iterator[SettingsWarning]:
    """Yield one warning at most, of a store that is lost sooner or later."""
    file = store_file(settings)
    # A trial on this machine needs no store that lasts.
    if file is None or (settings.is_simulated and settings.is_local):
        return
    place = next((name for variable, name in _MANY.items() if around.environ.get(variable)), None)
    if place is not None:
        yield SettingsWarning.of("store_of_one_instance", file=file, place=place)
    elif places.is_in_memory(file, around.mounts):
        yield SettingsWarning.of("store_in_memory", file=file)
    elif places.is_in_layer(file, around.mounts, is_container=around.is_container):
        yield SettingsWarning.of("store_in_container", file=file)


def name_ring(settings: Settings) -> str:
    """Return where the keys stand: the setting, or the file that it names."""
    file = settings.keys_file
    return "PORTALKEY_KEYS" if file is None else f"{file} (PORTALKEY_KEYS_FILE)"


def name_store(settings: Settings) -> str:
    """Return what people are told the store by: its file, or database and host; no password."""
    file = store_file(settings)
    if file is not None:
        return f"the store {file}"
    # As libpq reads it: what urlsplit() takes for a mark of its own may be in a password.
    address = settings.database_url.partition("://")[2].partition("?")[0]
    authority, _, name = address.partition("/")
    host = authority.rpartition("@")[2] or "this machine"
    return f"the store {unquote(name) or 'of PostgreSQL'} on {host}"


def store_file(settings: Settings) -> Path | None:
    """Return the file that the store is kept in, with its links resolved; None for PostgreSQL."""
    url = settings.database_url
    if validators.is_config_file(url):
        return validators.config_file(url)[0].resolve()
    if not url.startswith("sqlite:"):
        return None
    return Path(unquote(url.removeprefix("sqlite:///").partition("?")[0])).resolve()
