"""A request and a response as values, apart from the code that sends them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Request:
    """A request: *form* is its body where there is one, *bearer* goes into the header.

    *seconds* is for how long the exchange may last; as long as the client allows where it is None.
    *owner* is for whom it is sent, which HubSpot is not told.
    The form holds secrets, so ``repr()`` leaves it out; the URL never holds one.
    """

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer: SecretStr | None = None
    seconds: float | None = None
    owner: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A response: *headers* by their names in lower case, *body* as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


Send = Callable[[Request], Response]
"""A function that sends a request and returns the response, whatever its status."""
