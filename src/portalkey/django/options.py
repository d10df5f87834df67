"""``PORTALKEY`` of Django's settings: the operator's settings by the environment's names, and ours.

Names in capitals are those of the environment, and go before it: a test that names a database of
its own is never given the one that the environment names. All others are this skin's options.
"""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from django.conf import settings
from django.http import HttpRequest

from portalkey.django.option_readers import READERS
from portalkey.errors import BadSettings
from portalkey.sentences import Words
from portalkey.web.app_names import require_name

if TYPE_CHECKING:
    from portalkey.model.connection import Connection
    from portalkey.settings.settings import Settings

NAME = "PORTALKEY"
DEFAULT = "default"
"""The key of the HubSpot app without a name, where there are several."""
ENV_FILE = ".env"
"""The file of settings that is read as well, as everywhere; it may be missing."""

FindId = Callable[[HttpRequest], "str | None"]
May = Callable[[HttpRequest, str, "Connection"], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of this skin; each function is given the request first."""

    owner: FindId | None = None
    """Returns the id of whoever sent the request; the user's primary key by default."""
    person: FindId | None = None
    """Returns the user's id, where the owner is a team."""
    owner_name: Callable[[HttpRequest, str], str] | None = None
    """Called with request and owner: the name that people call an owner by."""
    login_url: str | Callable[[HttpRequest, str], str] | None = None
    """Address, name of a URL, or function of request and path: where to sign in."""
    setup_page: bool = True
    """False leaves out ``/connections/setup``."""
    strings: Mapping[str, Words] = field(default_factory=dict)
    """Texts of the pages by language, or the dotted path of them."""
    language: str | FindId | None = None
    """Tag of a language, or a function of the request; Django's own by default."""
    base_template: str | None = None
    """The app's template that the setup page extends."""
    deliver: Literal["access_token"] | None = None
    """``"access_token"`` lets the page that opened the popup fetch the token once."""
    allow_debug: bool = False
    """True delivers tokens in a debugged site that other machines reach, too."""
    may_disconnect: May | None = None
    """Called with request, owner and connection: False where they may not."""
    may_deliver: May | None = None
    """Called likewise before a token is delivered."""
    console_allow: FindId | None = None
    """Returns the name of the operator who sent the request, or None."""


def find_names() -> list[str]:
    """Return the names of the site's HubSpot apps; the empty one is ``"default"``.

    Raises:
        BadSettings: ``PORTALKEY`` is no mapping, or has a name that cannot be one.
    """
    given = _read_all()
    if not _has_several(given):
        return [""]
    problems = []
    for name in given:
        try:
            require_name(name)
        except ValueError as problem:
            problems.append(f"{NAME}[{name!r}]: {problem}.")
    problems += [
        f"{NAME}[{name!r}] must be a dict: the settings of one HubSpot app."
        for name, each in given.items()
        if not isinstance(each, Mapping)
    ]
    if problems:
        raise BadSettings(problems)
    return ["", *(name for name in given if name != DEFAULT)]


def read_given(name: str = "") -> Mapping[str, object]:
    """Return what ``PORTALKEY`` says in Django's settings of the HubSpot app *name*.

    Raises:
        BadSettings: It is no mapping.
    """
    given = _read_all()
    if not _has_several(given):
        return given if not name else {}
    one = given.get(name or DEFAULT, {})
    if not isinstance(one, Mapping):
        raise BadSettings([f"{_place(name)} must be a dict: the settings of one HubSpot app."])
    return one


def _read_all() -> Mapping[str, object]:
    given = getattr(settings, NAME, {})
    if not isinstance(given, Mapping):
        raise BadSettings([f"{NAME} in Django's settings must be a dict; this one is none."])
    return given


def _has_several(given: Mapping[str, object]) -> bool:
    """Return True for a dict of dicts by name, as Django's ``DATABASES`` and ``CACHES`` are."""
    return DEFAULT in given


def _place(name: str) -> str:
    """Return where the settings of the HubSpot app *name* stand, for sentences."""
    is_one_of_several = _has_several(_read_all())
    return f"{NAME}[{name or DEFAULT!r}]" if is_one_of_several else NAME


def prefix_of_settings(name: str) -> str:
    """Return the prefix that the HubSpot app *name* has in the environment; empty for the default.

    ``EU_`` for ``eu``, as in ``EU_HUBSPOT_CLIENT_ID``.
    """
    return f"{name.upper()}_" if name else ""


def read_options(name: str = "") -> Options:
    """Return the options of the HubSpot app *name*, with whatever dotted paths name.

    Raises:
        BadSettings: With all that is wrong with them.
    """
    given, values, problems = read_given(name), {}, []
    for option, read in READERS.items():
        if given.get(option) is None:
            continue
        try:
            values[option] = read(given[option])
        except (TypeError, ValueError) as problem:
            problems.append(f"{_place(name)}[{option!r}] {problem}.")
    if problems:
        raise BadSettings(problems)
    return Options(**values)


def find_unknown(name: str = "") -> Iterator[str]:
    """Yield a sentence for each key that is neither a setting nor an option."""
    from portalkey.settings.misspellings import guess_setting  # noqa: PLC0415 - as above

    names = _setting_names()
    known = [*READERS, *names]
    for key in read_given(name):
        if key not in known:
            near = guess_setting(str(key), names) if str(key).startswith("PORTALKEY_") else None
            near = near or difflib.get_close_matches(str(key), known, n=1, cutoff=0)[0]
            yield f"{_place(name)}[{key!r}] is not a setting; did you mean {near}?"


def read_settings(name: str = "") -> "Settings":
    """Return the operator's settings: of ``PORTALKEY``, else the environment, else ``.env``.

    Raises:
        BadSettings: With all that is wrong with them.
    """
    # Imported here: a host that only imports this package pays for no validators.
    from portalkey.settings.settings import Settings  # noqa: PLC0415 - see above
    from portalkey.settings.surroundings import Surroundings  # noqa: PLC0415 - see above

    environ = dict(Surroundings.look().environ)
    try:
        environ.update(read_environment(name))
        return Settings.from_env(find_env_file(), environ, prefix=prefix_of_settings(name) or None)
    finally:
        environ.clear()  # a debugged site shows what its frames hold


def find_env_file() -> Path:
    """Return the file of settings: of the folder one is in, or else of ``BASE_DIR``."""
    here, base = Path(ENV_FILE), getattr(settings, "BASE_DIR", None)
    if here.exists() or not isinstance(base, str | Path):
        return here
    beside = Path(base) / ENV_FILE
    return beside if beside.exists() else here


def read_environment(name: str = "") -> dict[str, str]:
    """Return what stands in ``PORTALKEY`` for the environment, as text; None is left out.

    What is of a HubSpot app with a *name* has its prefix.
    """
    names, given, place = _setting_names(), read_given(name), _place(name)
    wrong = [
        f"{place}[{key!r}] must be text, as in the environment, not a {type(value).__name__}."
        for key, value in given.items()
        if key in names and not isinstance(value, str | int | float | Path | None)
    ]
    wrong += [
        f"{place}[{key!r}] must be text, as in the environment: on or off, yes or no."
        for key, value in given.items()
        if key in names and isinstance(value, bool)
    ]
    if wrong:
        raise BadSettings(wrong)
    prefix = prefix_of_settings(name)
    # What the default has for the environment is everybody's, as it is there.
    shared = read_environment() if name else {}
    own = {
        f"{prefix}{key}": str(value)
        for key, value in given.items()
        if key in names and value is not None
    }
    return {**shared, **own}


def _setting_names() -> list[str]:
    from portalkey.settings.environment import FILES  # noqa: PLC0415 - as above
    from portalkey.settings.settings import Settings  # noqa: PLC0415 - as above

    return [*(str(each.alias) for each in Settings.model_fields.values()), *FILES]
