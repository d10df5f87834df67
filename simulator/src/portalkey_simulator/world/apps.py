"""Apps, as they are registered with HubSpot."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from portalkey_simulator.world.hsmeta import Distribution, read_hsmeta


@dataclass(frozen=True, slots=True)
class App:
    """One app's registration.

    ``required_scopes`` have to be in ``scope`` of every authorize URL. ``conditional_scopes`` may
    be, and ``optional_scopes`` may be in ``optional_scope``; None puts no limit there, and what
    one of the three lists names may not be asked for in another's place. Redirect URIs are
    compared as exact strings. Where ``is_user_level``, every user installs the app for themselves.
    An app that ``is_retired`` can be installed no more.

    The marketplace lists apps of that ``distribution`` with an ``install_url``: the one of the
    redirect URIs to which installs lead that begin there. With ``partner_sign_in`` they lead there
    twice: first for the app to sign the person in, and then with the code.

    Raises:
        ValueError: A redirect URI is none that HubSpot would register: https with a domain name,
            or http for ``localhost``
            (https://developers.hubspot.com/docs/apps/legacy-apps/authentication/working-with-oauth).
            Or the install URL is none of the redirect URIs.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "Demo app"
    app_id: int = 3300001
    required_scopes: tuple[str, ...] = ("oauth",)
    conditional_scopes: tuple[str, ...] | None = None
    optional_scopes: tuple[str, ...] | None = None
    is_user_level: bool = False
    is_retired: bool = False
    distribution: Distribution = "marketplace"
    install_url: str = ""
    partner_sign_in: bool = False

    @classmethod
    def from_hsmeta(
        cls,
        source: str | Path | Mapping[str, Any],
        *,
        client_id: str,
        client_secret: str,
        **more: Any,  # noqa: ANN401 - any field of an app
    ) -> Self:
        """Return the app that a HubSpot project's ``app-hsmeta.json`` configures.

        *source* is the file's path, or its content. Credentials are not in it, and what is given in
        *more* (other redirect URIs, say) goes before what is. What the file does not configure
        may not be asked for.

        Raises:
            ValueError: The file is malformed; the message names the field.
            OSError: The file cannot be read.
        """
        configured = {**asdict(read_hsmeta(source)), **more}
        return cls(client_id=client_id, client_secret=client_secret, **configured)

    def __post_init__(self) -> None:
        """Refuse addresses that HubSpot refuses."""
        for uri in self.redirect_uris:
            if not _can_be_registered(uri):
                message = f"HubSpot registers https, or http for localhost only, not {uri!r}"
                raise ValueError(message)
        if self.install_url and self.install_url not in self.redirect_uris:
            message = f"the install URL is one of the redirect URIs, not {self.install_url!r}"
            raise ValueError(message)

    @property
    def is_listed(self) -> bool:
        """True where the marketplace has a page for the app."""
        return bool(self.install_url) and self.distribution == "marketplace"

    def install_query(self, redirect_uri: str = "") -> str:
        """Return the query of an install link: scopes, the first redirect URI, no ``state``."""
        query = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri or next(iter(self.redirect_uris), ""),
            "scope": " ".join(self.required_scopes),
        }
        if self.optional_scopes:
            query["optional_scope"] = " ".join(self.optional_scopes)
        return urlencode(query, quote_via=quote)

    @property
    def scope_list(self) -> tuple[str, ...] | None:
        """All that may be asked for in ``scope``, or None where there is no limit."""
        if self.conditional_scopes is None:
            return None
        return (*self.required_scopes, *self.conditional_scopes)

    @property
    def beyond_scope(self) -> frozenset[str]:
        """The scopes that may not be asked for in ``scope``."""
        return frozenset(self.optional_scopes or ()) - frozenset(self.required_scopes)

    @property
    def beyond_optional_scope(self) -> frozenset[str]:
        """The scopes that may not be asked for in ``optional_scope``."""
        return frozenset((*self.required_scopes, *(self.conditional_scopes or ())))


def _can_be_registered(uri: str) -> bool:
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return host == "localhost"
    is_address = ":" in host or host.replace(".", "").isdigit()
    return parts.scheme == "https" and bool(host) and not is_address


DEFAULT_APP = App(
    client_id="1c0ffee1-0000-4000-8000-000000005101",
    client_secret="5ec4e700-0000-4000-8000-000000005101",  # noqa: S106 - opens nothing but this
    redirect_uris=("http://localhost:6001/auth/hubspot/callback",),
)
"""The app of a simulator that was given none."""
