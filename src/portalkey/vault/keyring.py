"""Seals and opens: the only module that knows a cipher.

A sealed value reads ``v1.<key name>.<Fernet token>``. The token is real Fernet, under a key of its
own that HKDF-SHA256 makes from the named master key and from what the value is bound to: moved to
another row, column or generation it does not open. Every derivation and signature runs over parts
that each bear their length, so no two lists of parts are ever the same bytes.
"""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from pydantic import SecretBytes, SecretStr

from portalkey._support.unpicklable import Unpicklable
from portalkey.errors import BadSettings, NoKeyOpens
from portalkey.settings import keys
from portalkey.settings.keys import Key

VERSION = "v1"
LONGEST = 64 * 1024
"""Bytes that a secret may have; no token of HubSpot's comes near it."""

_KEY_BYTES = 32
_LONGEST_SEALED = 2 * LONGEST
_SEALED = re.compile(r"v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+={0,2})")
_NAMED = re.compile(r"v[0-9]+\.([A-Za-z0-9_-]{1,32})\..*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Binding:
    """The one place where a sealed value opens."""

    client_id: str
    row_id: str
    column: str
    generation: int


class Keyring(Unpicklable):
    """The operator's keys: the first one seals, every one opens, each only what bears its name."""

    __slots__ = ("_first", "_masters", "_stranger")

    def __init__(self, keys: Sequence[Key]) -> None:
        """Take *keys* in their order.

        Raises:
            BadSettings: There is no key, a name or a key is doubled, or one cannot be used.
        """
        problems = _problems(keys)
        if problems:
            raise BadSettings(problems)
        self._first = keys[0].name
        self._masters = {key.name: _master(key) for key in keys}
        # Stands in for a name that is not on the ring, so that looking takes the same work.
        self._stranger = HMAC(os.urandom(_KEY_BYTES), SHA256())

    @property
    def first_key_name(self) -> str:
        """The name of the key that seals."""
        return self._first

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of all keys, the first key's first."""
        return tuple(self._masters)

    def seal(self, secret: SecretStr, binding: Binding) -> str:
        """Seal *secret*, to be opened with an equal *binding* only.

        Raises:
            ValueError: The secret has more than ``LONGEST`` bytes.
        """
        if len(_bytes(secret.get_secret_value())) > LONGEST:
            raise ValueError(f"A secret of more than {LONGEST} bytes is not sealed.")
        fernet = _fernet(self._masters[self._first], binding)
        token = fernet.encrypt(_bytes(secret.get_secret_value()))
        return f"{VERSION}.{self._first}.{token.decode()}"

    def open(self, sealed: str, binding: Binding) -> SecretStr:
        """Open what was sealed with an equal *binding*.

        Raises:
            NoKeyOpens: Its key is not on the ring, or it is damaged, of another version or moved
                from elsewhere; which of these, nobody is told. The operator has to look.
        """
        name, token = _parts(sealed)
        try:
            return _decrypt(_fernet(self._masters.get(name, self._stranger), binding), token)
        except InvalidToken:
            pass
        # Raised outside of the except block: the original's frames held the value's own key.
        raise NoKeyOpens(name)

    def fingerprint(self, secret: SecretStr) -> str:
        """Return the HMAC-SHA256 of *secret* under the first key: equal for equal secrets."""
        return self._fingerprint(self._first, secret)

    def fingerprints(self, secret: SecretStr) -> tuple[str, ...]:
        """Return the HMAC-SHA256 of *secret* under every key, the first key's first."""
        return tuple(self._fingerprint(name, secret) for name in self._masters)

    def sign(self, purpose: str, *parts: str) -> str:
        """Sign *parts* for *purpose* only; the signature is safe in a URL.

        It bears the name of its key, so it stays good for as long as that key is on the ring.
        """
        return f"{self._first}.{_signature(self._masters[self._first], purpose, parts)}"

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        """Return True where ``sign`` made *signature* of the same *purpose* and *parts*."""
        name, _, mac = signature.rpartition(".")
        expected = _signature(self._masters.get(name, self._stranger), purpose, parts)
        is_equal = hmac.compare_digest(_bytes(expected), _bytes(mac))
        return is_equal and name in self._masters

    def derive(self, purpose: str) -> tuple[SecretStr, ...]:
        """Derive 32 bytes for *purpose* from each key, the first key first, in url-safe base64."""
        keys = (_derive(master, "derive", purpose) for master in self._masters.values())
        return tuple(
            SecretStr(base64.urlsafe_b64encode(key.get_secret_value()).decode()) for key in keys
        )

    def check_values(self, client_id: str) -> dict[str, str]:
        """Return what tells each key from any other of its name, by name; it tells no secret."""
        keys = self._masters.items()
        return {name: _signature(master, "key-check", (client_id,)) for name, master in keys}

    def _fingerprint(self, name: str, secret: SecretStr) -> str:
        key = _derive(self._masters[name], "hmac", "refresh-fingerprint")
        return _hmac(key, _bytes(secret.get_secret_value())).hex()

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._masters)})"


def new_key() -> SecretStr:
    """Make a new key for ``PORTALKEY_KEYS``: 32 random bytes in url-safe base64."""
    return SecretStr(Fernet.generate_key().decode())


def _problems(ring: Sequence[Key]) -> tuple[str, ...]:
    try:
        keys.require_usable(ring)
    except ValueError as error:
        return tuple(f"PORTALKEY_KEYS {problem}" for problem in error.args)
    return ()


def _master(key: Key) -> HMAC:
    """Return the base of every derivation: HMAC under HKDF-Extract of the key, without a salt.

    It is made once, and copied for each derivation, which then costs a third.
    """
    secret = base64.urlsafe_b64decode(key.secret.get_secret_value())
    return HMAC(hmac.digest(bytes(_KEY_BYTES), secret, hashlib.sha256), SHA256())


def _parts(sealed: str) -> tuple[str, str]:
    """Return the key's name and the token; an empty one, which never opens, where there is none."""
    if len(sealed) > _LONGEST_SEALED:
        return "", ""
    if match := _SEALED.fullmatch(sealed):
        return match[1], match[2]
    match = _NAMED.fullmatch(sealed)
    return (match[1] if match else ""), ""


def _decrypt(fernet: Fernet, token: str) -> SecretStr:
    content = SecretBytes(fernet.decrypt(token))
    # Base64 has several spellings of the last bytes; only the one that was stored is taken.
    last = token[-4:]
    if len(token) % 4 or base64.urlsafe_b64encode(base64.urlsafe_b64decode(last)) != last.encode():
        raise InvalidToken
    return SecretStr(content.get_secret_value().decode("utf-8", "surrogatepass"))


def _fernet(master: HMAC, binding: Binding) -> Fernet:
    key = _derive(
        master, binding.client_id, binding.row_id, binding.column, str(binding.generation)
    )
    return Fernet(base64.urlsafe_b64encode(key.get_secret_value()))


def _derive(master: HMAC, *info: str) -> SecretBytes:
    """HKDF-Expand (RFC 5869 section 2.3): as many bytes as SHA-256 has take one block."""
    expand = master.copy()
    expand.update(_prefix_lengths("portalkey", VERSION, *info) + b"\x01")
    return SecretBytes(expand.finalize())


def _signature(master: HMAC, purpose: str, parts: Sequence[str]) -> str:
    mac = _hmac(_derive(master, "sign", purpose), _prefix_lengths(*parts))
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _hmac(key: SecretBytes, message: bytes) -> bytes:
    return hmac.digest(key.get_secret_value(), message, hashlib.sha256)


def _prefix_lengths(*parts: str) -> bytes:
    return b"".join([len(part).to_bytes(4, "big") + part for part in map(_bytes, parts)])


def _bytes(text: str) -> bytes:
    # Text from outside may hold what UTF-8 cannot; it is kept and compared like any other.
    return text.encode("utf-8", "surrogatepass")
