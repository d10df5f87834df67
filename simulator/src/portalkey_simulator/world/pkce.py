"""PKCE (RFC 7636)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Challenge:
    """The hash of a verifier that the app keeps; S256 is the only method."""

    value: str

    def is_met_by(self, verifier: str) -> bool:
        """Return True where *verifier* has this hash (RFC 7636 section 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=")
        return hmac.compare_digest(proof, self.value.encode())
