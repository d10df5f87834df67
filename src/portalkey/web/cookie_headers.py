"""Cookies of a request that came over HTTP/2, where a browser may send them one by one."""

from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]
"""Headers as an ASGI scope has them."""


def join_cookies(headers: Headers) -> Headers:
    """Return *headers* with one ``cookie`` (RFC 9113 section 8.2.3).

    Servers hand them on as they came, and frameworks read one, or join them by a comma.
    """
    cookies = [value for name, value in headers if name.lower() == b"cookie"]
    if len(cookies) <= 1:
        return headers
    others = [(name, value) for name, value in headers if name.lower() != b"cookie"]
    return [*others, (b"cookie", b"; ".join(cookies))]
