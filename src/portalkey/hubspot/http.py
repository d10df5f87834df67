"""A request and a response, as values: whoever sends them need not know what they say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr


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
