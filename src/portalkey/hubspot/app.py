"""The app as HubSpot knows it; ``Settings`` satisfies it."""

from typing import Protocol

from pydantic import SecretStr

from portalkey.hubspot.endpoints import ApiVersion


class App(Protocol):
    """The facts about an app that requests to HubSpot need."""

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
        """Origin of HubSpot's pages, without a slash at the end."""

    @property
    def api_url(self) -> str:
        """Origin of HubSpot's API, without a slash at the end."""

    @property
    def api_version(self) -> ApiVersion:
        """The version of the OAuth endpoints to use."""
