"""Evidence that the token endpoint is in trouble: the connections that failed, as text for a row.

Pure. A connection and its owner are known by short hashes, so that the text stays small and names
nobody.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 20
"""Failures that are remembered, one a connection; whoever has the most loses the oldest."""
_HASH_BYTES = 6


@dataclass(frozen=True, slots=True)
class Failure:
    """The newest failure of a connection.

    *who* and *owner* are the short names of the connection and its owner, *at* is seconds since
    1970.
    """

    who: str
    owner: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Failures of different connections, the newest last, and the connection that probes now."""

    failures: tuple[Failure, ...] = ()
    prober: str = ""

    def has_failed(self, name: str) -> bool:
        """Return True where the connection of this id is among those that failed."""
        return short_name(name) in {each.who for each in self.failures}

    def is_probe_of(self, name: str) -> bool:
        """Return True where the connection of this id probes now."""
        return self.prober == short_name(name)


def short_name(name: str) -> str:
    """Return the short hash by which the connection of this id, or an owner, is remembered."""
    return hashlib.blake2b(name.encode(), digest_size=_HASH_BYTES).hexdigest()


def read_evidence(text: str) -> Evidence:
    """Return the evidence in *text*; none where it was written by an older portalkey, or by hand.

    It is never worth stopping everybody for.
    """
    try:
        content = json.loads(text) if text else {}
        failures = [
            Failure(str(who), str(owner), str(reason), float(at))
            for who, owner, reason, at in content["f"]
        ]
        return Evidence(_keep_most(failures), str(content.get("p", "")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Evidence()


def write_evidence(evidence: Evidence) -> str:
    """Return *evidence* as text; empty where there is none."""
    if not evidence.failures and not evidence.prober:
        return ""
    failures = [
        [each.who, each.owner, each.reason, round(each.at, 3)]
        for each in _keep_most(evidence.failures)
    ]
    return json.dumps({"f": failures, "p": evidence.prober}, separators=(",", ":"))


def _keep_most(failures: Sequence[Failure]) -> tuple[Failure, ...]:
    """Return ``MOST`` of them: one owner's many do not push out what the others said."""
    left = list(failures)
    while len(left) > MOST:
        (busiest, _), *_ = Counter(each.owner for each in left).most_common(1)
        left.remove(next(each for each in left if each.owner == busiest))
    return tuple(left)
