"""The app as HubSpot knows it; ``Settings`` satisfies it."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import SecretStr

from portalkey.hubspot.endpoints import ApiVersion
from portalkey.hubspot.http import Request


class App(Protocol):
    """Everything a request to HubSpot says of the app that makes it."""

    @property
    def client_id(self) -> str:
        """The app's public id."""

    @property
    def client_secret(self) -> SecretStr:
        """The app's secret, sent in the body of token requests only."""

    @property
    def redirect_uri(self) -> str:
        """The redirect URI that HubSpot knows of the app."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes that an account has to grant."""

    @property
    def optional_scopes(self) -> tuple[str, ...]:
        """Scopes that an account may grant."""

    @property
    def app_url(self) -> str:
        """Where HubSpot's pages are, without a slash at the end."""

    @property
    def api_url(self) -> str:
        """Where HubSpot's API is, without a slash at the end."""

    @property
    def api_version(self) -> ApiVersion:
        """The version of the OAuth endpoints to use."""


def authenticated(settings: App, url: str, form: Mapping[str, str]) -> Request:
    """A form for *url* that says who the app is (RFC 6749 section 2.3.1).

    In the body, as nothing of HubSpot's documents any other way, and never in the URL.
    """
    client = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
    }
    return Request("POST", url, {**form, **client})
