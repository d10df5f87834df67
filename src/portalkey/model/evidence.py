"""Evidence that the token endpoint is in trouble: the connections that failed, as text for a row.

Pure. A connection is known by a short hash, so that the text stays small and names nobody.
"""

import hashlib
import json
from dataclasses import dataclass

MOST = 20
"""Failures that are remembered, the newest; one of a connection."""
_HASH_BYTES = 6


@dataclass(frozen=True, slots=True)
class Failure:
    """The newest failure of a connection: *who* is its short name, *at* is seconds since 1970."""

    who: str
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
        failures = [Failure(str(who), str(reason), float(at)) for who, reason, at in content["f"]]
        return Evidence(tuple(failures[-MOST:]), str(content.get("p", "")))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Evidence()


def write_evidence(evidence: Evidence) -> str:
    """Return *evidence* as text; empty where there is none."""
    if not evidence.failures and not evidence.prober:
        return ""
    failures = [[each.who, each.reason, round(each.at, 3)] for each in evidence.failures[-MOST:]]
    return json.dumps({"f": failures, "p": evidence.prober}, separators=(",", ":"))
