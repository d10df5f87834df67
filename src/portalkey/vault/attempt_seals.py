"""Secrets of an attempt, sealed: the PKCE verifier, a code that waits, a return that is kept."""

from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from portalkey.errors import AttemptExpired, NoKeyOpens
from portalkey.model.attempt import SEALED, Attempt
from portalkey.vault.keyring import Binding, Keyring

_VERIFIER, _CODE, _RETURN = "verifier", "code", "return"
_SEALED = "sealed_"
"""Each field's name begins so; the rest is what its value is bound to."""


class AttemptSeals:
    """Seals and opens what an attempt keeps in secret."""

    keyring: Keyring
    client_id: str

    def seal_verifier(self, attempt_id: str, verifier: SecretStr) -> str:
        """Seal the PKCE *verifier* for this attempt's row only (RFC 7636)."""
        return self.keyring.seal(verifier, self._bind_to_attempt(attempt_id))

    def open_verifier(self, attempt: Attempt) -> SecretStr:
        """Return the PKCE verifier of *attempt*.

        Raises:
            AttemptExpired: The attempt has none any more.
            NoKeyOpens: The operator has to bring back its key.
        """
        if attempt.sealed_verifier is None:
            raise AttemptExpired
        return self.keyring.open(attempt.sealed_verifier, self._bind_to_attempt(attempt.id))

    def seal_code(self, attempt_id: str, code: SecretStr) -> str:
        """Seal a *code* for this attempt's row only."""
        return self.keyring.seal(code, self._bind_to_attempt(attempt_id, _CODE))

    def open_code(self, attempt: Attempt) -> SecretStr:
        """Return the code parked in *attempt*; raises like ``open_verifier``."""
        if attempt.sealed_code is None:
            raise AttemptExpired
        return self.keyring.open(attempt.sealed_code, self._bind_to_attempt(attempt.id, _CODE))

    def seal_return(self, name: str, query: SecretStr) -> str:
        """Seal what HubSpot answered, for a cookie of this *name* in the browser that it is of."""
        return self.keyring.seal(query, self._bind_to_attempt(name, _RETURN))

    def open_return(self, name: str, sealed: str) -> SecretStr | None:
        """Open what ``seal_return`` sealed under this *name*; None for anything else."""
        try:
            return self.keyring.open(sealed, self._bind_to_attempt(name, _RETURN))
        except NoKeyOpens:
            return None

    def reseal_attempt(self, attempt: Attempt) -> Attempt:
        """Return *attempt*, all of it sealed with the first key.

        Raises:
            NoKeyOpens: The operator has to bring back its key.
        """
        anew: dict[str, Any] = {name: self._reseal(attempt, name) for name in SEALED}
        return replace(attempt, **anew)

    def _reseal(self, attempt: Attempt, field: str) -> str | None:
        sealed: str | None = getattr(attempt, field)
        if sealed is None:
            return None
        binding = self._bind_to_attempt(attempt.id, field.removeprefix(_SEALED))
        return self.keyring.seal(self.keyring.open(sealed, binding), binding)

    def _bind_to_attempt(self, attempt_id: str, column: str = _VERIFIER) -> Binding:
        return Binding(self.client_id, attempt_id, column, 0)
