"""Parameters in URLs and in the bodies of forms."""

from collections import Counter
from urllib.parse import parse_qsl, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"

Pairs = list[tuple[str, str]]


def read_pairs(encoded: bytes) -> Pairs:
    """Read the name-value pairs of a query string or a form body, in their order."""
    return parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True)


def find_duplicates(pairs: Pairs) -> frozenset[str]:
    """Return the names that come more than once."""
    return frozenset(
        name for name, times in Counter(name for name, _ in pairs).items() if times > 1
    )


def select_singles(pairs: Pairs) -> dict[str, str]:
    """Keep the parameters that come once; one that comes twice is missing (RFC 6749 3.2)."""
    twice = find_duplicates(pairs)
    return {name: value for name, value in pairs if name not in twice}


def add_query(url: str, **answer: str) -> str:
    """Add *answer* behind the own query of *url*."""
    parts = urlsplit(url)
    own = parse_qsl(parts.query, keep_blank_values=True)
    return parts._replace(query=urlencode([*own, *answer.items()])).geturl()
