"""A request and a response as values, apart from the code that sends them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Request:
    """A request: *form* or *json* is its body where there is one, *bearer* goes into the header.

    *seconds* is for how long the exchange may last; as long as the client allows where it is None.
    *owner* is for whom it is sent, which HubSpot is not told. *query* belongs to a link that opens
    by itself. A file may have up to *longest* bytes, and be packed by gzip.
    The form holds secrets, so ``repr()`` leaves it out; the URL never holds one.
    """

    method: str
    url: str
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer: SecretStr | None = None
    seconds: float | None = None
    owner: str | None = field(default=None, repr=False)
    json: str = field(default="", repr=False)
    query: SecretStr | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response: *headers* by their names in lower case, *body* as it came."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def date(self) -> datetime | None:
        """The time at the other side as it answered (RFC 9110 section 6.6.1), if it says so."""
        return read_date(self.headers.get("date", ""))


def read_date(text: str) -> datetime | None:
    """Return the moment that HTTP writes as *text* (RFC 9110 section 5.6.7), or None."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None and moment.year < _END_OF_TIME else None


_END_OF_TIME = 9000
"""No answer is of that year, and no sum of a moment and seconds is too large before it."""

Send = Callable[[Request], Response]
"""A function that sends a request and returns the response, whatever its status."""
