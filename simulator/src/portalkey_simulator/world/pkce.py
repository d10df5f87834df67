"""PKCE (RFC 7636)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an app showed of its secret when it sent the person on; S256 is the only method."""

    value: str

    def is_met_by(self, verifier: str) -> bool:
        """Whether this is the secret (RFC 7636 section 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=")
        return hmac.compare_digest(proof, self.value.encode())
