"""Parameters, as they come in URLs and bodies."""

from collections import Counter
from urllib.parse import parse_qsl, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


def read_pairs(encoded: bytes) -> Pairs:
    """The name-value pairs of a query string or a form body, in their order."""
    return parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True)


def doubled(pairs: Pairs) -> frozenset[str]:
    """The names that come more than once."""
    return frozenset(
        name for name, times in Counter(name for name, _ in pairs).items() if times > 1
    )


def singles(pairs: Pairs) -> dict[str, str]:
    """Those parameters that come once; one that comes twice counts as missing (RFC 6749 3.2)."""
    twice = doubled(pairs)
    return {name: value for name, value in pairs if name not in twice}


def with_query(url: str, **answer: str) -> str:
    """The *url* with *answer* added behind its own query."""
    parts = urlsplit(url)
    own = parse_qsl(parts.query, keep_blank_values=True)
    return parts._replace(query=urlencode([*own, *answer.items()])).geturl()
