"""Apps, as they are registered with HubSpot."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class App:
    """One app's registration.

    ``required_scopes`` have to be in ``scope`` of every authorize URL. ``conditional_scopes`` may
    be, and ``optional_scopes`` may be in ``optional_scope``; None puts no limit there, and what
    one of the three lists names may not be asked for in another's place. Redirect URIs are
    compared as exact strings. Where ``is_user_level``, every user installs the app for themselves.

    Raises:
        ValueError: A redirect URI is none that HubSpot would register: https with a domain name,
            or http for ``localhost``
            (https://developers.hubspot.com/docs/apps/legacy-apps/authentication/working-with-oauth).
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

    def __post_init__(self) -> None:
        """Refuse redirect URIs that HubSpot refuses."""
        for uri in self.redirect_uris:
            if not _can_be_registered(uri):
                message = f"HubSpot registers https, or http for localhost only, not {uri!r}"
                raise ValueError(message)

    @property
    def scope_list(self) -> tuple[str, ...] | None:
        """All that may be asked for in ``scope``, or None where there is no limit."""
        if self.conditional_scopes is None:
            return None
        return (*self.required_scopes, *self.conditional_scopes)

    @property
    def beyond_scope(self) -> frozenset[str]:
        """What may not be asked for in ``scope``."""
        return frozenset(self.optional_scopes or ()) - frozenset(self.required_scopes)

    @property
    def beyond_optional_scope(self) -> frozenset[str]:
        """What may not be asked for in ``optional_scope``."""
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
