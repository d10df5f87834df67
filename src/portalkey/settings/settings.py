"""Every setting of the operator, read once and checked at once.

The only module of the library that reads the environment. The names are a contract.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self, cast
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
)

from portalkey._support.unpicklable import Unpicklable
from portalkey.errors import BadSettings
from portalkey.hubspot import endpoints
from portalkey.hubspot.endpoints import ApiVersion
from portalkey.settings import (
    brand,
    client_secrets,
    environment,
    labels,
    numbers,
    places,
    standalone,
    urls,
    validators,
    way,
)
from portalkey.settings.combinations import find_problems
from portalkey.settings.installs import InstallSettings
from portalkey.settings.keys import Key
from portalkey.settings.misspellings import drop_key_advice, misspellings
from portalkey.settings.webhook import WebhookSettings, find_webhook_problem

__all__ = ["Key", "Settings"]

_Scopes = tuple[str, ...]
_File = str | Path | None
_Environ = Mapping[str, str] | None
_Switch = Annotated[bool, BeforeValidator(validators.switch)]
_Yes = Annotated[bool, BeforeValidator(validators.yes)]


class Settings(Unpicklable, InstallSettings, WebhookSettings):
    """The operator's settings; frozen.

    ``Settings.from_env()`` reads the environment. The constructor reads nothing but its arguments:
    the attributes below by their names, as text like in the environment or as values::

        Settings(client_id="...", client_secret="...", keys="first:...")

    Raises:
        BadSettings: With all problems together, each naming the variable of the environment.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_default=True,
    )

    client_id: Annotated[str, BeforeValidator(validators.credential)] = Field(
        "", alias="HUBSPOT_CLIENT_ID"
    )
    """The app's client id, from its Auth settings at HubSpot."""
    client_secret: Annotated[SecretStr, PlainValidator(client_secrets.client_secret)] = Field(
        SecretStr(""), alias="HUBSPOT_CLIENT_SECRET"
    )
    """The app's client secret, from the same place; the one before it may stand behind a comma."""
    api_version: Annotated[ApiVersion, BeforeValidator(validators.api_version)] = Field(
        endpoints.NEWEST, alias="HUBSPOT_API_VERSION"
    )
    """The version in every path of HubSpot's API."""
    app_url: Annotated[str, BeforeValidator(validators.hubspot)] = Field(
        endpoints.APP_URL, alias="HUBSPOT_APP_URL"
    )
    """Origin of the consent pages: HubSpot's, or a simulator's on this machine."""
    api_url: Annotated[str, BeforeValidator(validators.hubspot)] = Field(
        endpoints.API_URL, alias="HUBSPOT_API_URL"
    )
    """Origin of the API: HubSpot's, or a simulator's on this machine."""
    scopes: Annotated[_Scopes, BeforeValidator(validators.required_scopes)] = Field(
        (), alias="HUBSPOT_SCOPES"
    )
    """Scopes that every account has to grant; ``oauth`` comes first, named or not."""
    optional_scopes: Annotated[_Scopes, BeforeValidator(validators.optional_scopes)] = Field(
        (), alias="HUBSPOT_OPTIONAL_SCOPES"
    )
    """Scopes that the app asks for and can do without."""
    pkce: _Switch = Field(default=True, alias="HUBSPOT_PKCE")
    """True where a code is also bound to a verifier (RFC 7636)."""
    public_url: Annotated[str, BeforeValidator(validators.public_url)] = Field(
        "http://localhost:6001", alias="PORTALKEY_PUBLIC_URL"
    )
    """The app's own origin, without a slash at its end."""
    redirect_uri: Annotated[str, BeforeValidator(validators.redirect_uri)] = Field(
        f"http://localhost:6001{urls.CALLBACK}", alias="HUBSPOT_REDIRECT_URI"
    )
    """Address that HubSpot sends people back to, as registered there; on the public URL."""
    allowed_origins: Annotated[tuple[str, ...], BeforeValidator(validators.allowed_origins)] = (
        Field((), alias="PORTALKEY_ALLOWED_ORIGINS")
    )
    """Origins whose pages may open the popup and call the API; the public URL is the first."""
    bridge_path: Annotated[str, BeforeValidator(validators.bridge_path)] = Field(
        "/portalkey/bridge.html", alias="PORTALKEY_BRIDGE_PATH"
    )
    """Path of our ``bridge.html`` on each of the other origins."""
    keys_file: Annotated[Path | None, BeforeValidator(validators.keys_file)] = Field(
        None, alias="PORTALKEY_KEYS_FILE"
    )
    """A file of keys, in place of ``keys``."""
    keys: Annotated[tuple[Key, ...], BeforeValidator(validators.usable_keys)] = Field(
        (), alias="PORTALKEY_KEYS"
    )
    """The keys, from either place; the first one seals and every one opens."""
    database_url: Annotated[str, BeforeValidator(validators.database_url)] = Field(
        "", alias="PORTALKEY_DATABASE_URL", repr=False
    )
    """Address of the store; it may hold a password, so ``repr()`` leaves it out."""
    database_schema: Annotated[str, BeforeValidator(validators.database_schema)] = Field(
        "", alias="PORTALKEY_DATABASE_SCHEMA"
    )
    """PostgreSQL's schema for the tables; where they are, or ``portalkey``, if none is named."""
    database_plaintext: _Yes = Field(default=False, alias="PORTALKEY_DATABASE_PLAINTEXT")
    """True where a PostgreSQL on another host may be spoken to without TLS."""
    is_copy: _Yes = Field(default=False, alias="PORTALKEY_COPY")
    """True where the store is a copy of another, whose grants are left alone at HubSpot."""
    journal: _Switch = Field(default=False, alias="PORTALKEY_JOURNAL")
    """True where ``portalkey work`` reads HubSpot's webhooks journal."""
    database_seconds: Annotated[float, BeforeValidator(validators.database_seconds)] = Field(
        10.0, alias="PORTALKEY_DATABASE_SECONDS"
    )
    """Seconds that one request waits for the store at most, 2 to 60."""
    attempt_seconds: numbers.AttemptSeconds = Field(600, alias="PORTALKEY_ATTEMPT_SECONDS")
    """Seconds that a person has from click to consent, 30 to 3600."""
    refresh_rate: Annotated[float, BeforeValidator(validators.refresh_rate)] = Field(
        10.0, alias="PORTALKEY_REFRESH_RATE"
    )
    """Renewals a second that all processes together may request, 0.1 to 10000."""
    refresh_burst: Annotated[int, BeforeValidator(numbers.number_of_requests)] = Field(
        20, alias="PORTALKEY_REFRESH_BURST"
    )
    """Renewals that may come at once, 1 to 10000."""
    hubspot_calls: Annotated[int, BeforeValidator(numbers.number_of_requests)] = Field(
        4, alias="PORTALKEY_HUBSPOT_CALLS"
    )
    """Callers of one process that may wait for a slow HubSpot at once, 1 to 10000."""
    attempts_per_browser: Annotated[int, BeforeValidator(numbers.attempts_per_browser)] = Field(
        5, alias="PORTALKEY_ATTEMPTS_PER_BROWSER"
    )
    """Attempts of a browser that may be under way at once, 1 to 1000; ten times that an owner."""
    exchanges_per_minute: Annotated[int, BeforeValidator(numbers.exchanges_per_minute)] = Field(
        6, alias="PORTALKEY_EXCHANGES_PER_MINUTE"
    )
    """Codes of a browser that are exchanged in a minute, 1 to 10000; ten times that an owner."""
    invite_hours: numbers.InviteHours = Field(72, alias="PORTALKEY_INVITE_HOURS")
    """Hours for which the link of an invitation holds, 1 to 720."""
    events_days: numbers.EventsDays = Field(400, alias="PORTALKEY_EVENTS_DAYS")
    """Days for which the audit is kept, 1 to 36500."""
    proxy_url: Annotated[SecretStr | None, BeforeValidator(way.proxy_url)] = Field(
        None, alias="PORTALKEY_PROXY_URL"
    )
    """A proxy that HubSpot is reached through; it may hold a password."""
    ca_file: Annotated[Path | None, BeforeValidator(way.ca_file)] = Field(
        None, alias="PORTALKEY_CA_FILE"
    )
    """A file of authorities that HubSpot's certificate may be signed by, beside the system's."""
    label: Annotated[str, BeforeValidator(labels.label)] = Field(
        default_factory=labels.program_label, alias="PORTALKEY_LABEL"
    )
    """Name of this process where it is counted who took a token."""
    app_name: Annotated[str, BeforeValidator(brand.app_name)] = Field(
        "", alias="PORTALKEY_APP_NAME"
    )
    """The app's name on our pages; without one, the host of the public URL."""
    app_logo: Annotated[str, BeforeValidator(brand.app_logo)] = Field(
        "", alias="PORTALKEY_APP_LOGO"
    )
    """The app's sign there: a file in its static folder, a data URL, or nothing."""

    def __init__(self, **values: object) -> None:
        """Check all *values* and report every problem at once."""
        problems: tuple[str, ...] = ()
        try:
            super().__init__(**cast("dict[str, Any]", values))
        except ValidationError as error:
            problems = tuple(_sentences(error))
        else:
            problems = (*find_problems(self), *find_webhook_problem(self))
        # Raised outside of the except block, as the original error holds secrets too.
        values.clear()
        if problems:
            raise BadSettings(problems)

    @classmethod
    def from_env(
        cls, env_file: _File = ".env", environ: _Environ = None, *, prefix: str | None = None
    ) -> Self:
        """Read the settings from *environ*, or else from *env_file*; a blank one counts as unset.

        Args:
            env_file: A file of ``NAME=value`` lines, taken literally; it may be missing.
            environ: Replaces the environment of the process.
            prefix: Of the names of another HubSpot app's settings, such as ``EU_``.

        Raises:
            BadSettings: With all problems together, misspelt names included.
        """
        names = {field.alias for field in cls.model_fields.values()}
        values = environment.read_all(env_file, os.environ if environ is None else environ, prefix)
        known = names | standalone.NAMES | environment.OF_COMMANDS
        problems = [*environment.read_files(values), *misspellings(values, known)]
        if "PORTALKEY_DATABASE_URL" not in values and (store := places.default_store(values)):
            values["PORTALKEY_DATABASE_URL"] = validators.sqlite_url(store)
        settings = None
        try:
            settings = cls(**{name: values[name] for name in values.keys() & names})
        except BadSettings as error:
            problems += drop_key_advice(problems, error.problems)
            problems += environment.describe_missing(env_file, values)
        values.clear()
        if settings is None or problems:
            raise BadSettings(problems)
        return settings

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the settings, with *update* in place of values; nothing derived is carried over."""
        copy = super().model_copy(update=update, deep=deep)
        for name in copy.__dict__.keys() - type(self).model_fields.keys():
            del copy.__dict__[name]
        return copy

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse, as for every frozen model; pydantic would let a cached property be replaced."""
        if name not in type(self).model_fields:
            raise AttributeError(f"{name} follows from other settings and cannot be set")
        super().__setattr__(name, value)

    @property
    def client_secrets(self) -> tuple[SecretStr, ...]:
        """The client secret that is sent and, while it is being changed, the one before it."""
        older = getattr(self.client_secret, "older", None)
        return (self.client_secret, older) if older else (self.client_secret,)

    @cached_property
    def mount(self) -> str:
        """Path before our routes: empty, or the likes of ``/crm``."""
        return urls.redirect_uri(self.redirect_uri).mount

    @cached_property
    def wanted_scopes(self) -> tuple[str, ...]:
        """All scopes that the app asks for."""
        return self.scopes + self.optional_scopes

    @cached_property
    def host(self) -> str:
        """The public URL's host, with its port where that is not the usual one."""
        return urlsplit(self.public_url).netloc

    @cached_property
    def is_secure(self) -> bool:
        """True where the app is reached over https."""
        return self.public_url.startswith("https:")

    @cached_property
    def is_simulated(self) -> bool:
        """True where a simulator stands in for HubSpot."""
        return urls.is_local(self.app_url) or urls.is_local(self.api_url)

    @cached_property
    def is_local(self) -> bool:
        """True where the app is reached from this machine alone, by its public URL."""
        return urlsplit(self.public_url).hostname == "localhost"


def _sentences(error: ValidationError) -> Iterator[str]:
    variables = {name: field.alias for name, field in Settings.model_fields.items()}
    for detail in error.errors(include_input=False, include_url=False):
        where = str(detail["loc"][0])
        name = variables.get(where) or where
        cause = detail.get("ctx", {}).get("error")
        if detail["type"] == "extra_forbidden":
            near = difflib.get_close_matches(where, variables, n=1, cutoff=0)
            yield f"{name} is not a setting; did you mean {near[0]}?"
        else:
            ends = cause.args if isinstance(cause, ValueError) else (detail["msg"],)
            yield from (f"{name} {end}." for end in ends)
