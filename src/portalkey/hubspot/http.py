"""A request and a response, as values: whoever sends them need not know what they say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from portalkey.hubspot.app import App


@dataclass(frozen=True, slots=True)
class Request:
    """What to send: *form* as the body where there is one, *bearer* in the header.

    The form holds secrets, so ``repr()`` leaves it out; the URL never holds one.
    """

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: *headers* by their names in lower case, *body* as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


Send = Callable[[Request], Response]
"""Sends a request and returns the response, whatever its status."""


def authenticated(settings: App, url: str, form: Mapping[str, str]) -> Request:
    """A form for *url* that says who the app is (RFC 6749 section 2.3.1).

    In the body, as nothing of HubSpot's documents any other way, and never in the URL.
    """
    client = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
    }
    return Request("POST", url, {**form, **client})
