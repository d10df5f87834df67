"""Hashes by which the log of the standalone app and of the worker names owners."""

import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

HashOwner = Callable[[str], str]


def make_hash(broker: "Broker") -> HashOwner:
    """Return what gives an owner a short name, the same under one key, that leads to nobody."""
    key = broker.derive_keys("log")[0]
    return lambda owner: _hash(key, owner)


def hashes_of(broker: "Broker", owner: str) -> Sequence[str]:
    """Return the names of *owner* in the log, under each key that is here; the newest first."""
    return [_hash(key, owner) for key in broker.derive_keys("log")]


def _hash(key: SecretStr, owner: str) -> str:
    message = owner.encode(errors="surrogatepass")
    return hmac.digest(key.get_secret_value().encode(), message, "sha256").hex()[:12]
