"""A grant that waits, sealed in its attempt's row, until the person says whose it is to be."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from pydantic import SecretStr

from portalkey.model.connection import Account, Grant


@dataclass(frozen=True, slots=True)
class WaitingGrant:
    """A *grant* for *account*, with its scopes, and when it was asked for.

    ``owed_id`` names its revocation, which stands in the outbox for as long as nobody said yes.
    """

    grant: Grant
    account: Account
    scopes: tuple[str, ...] | None
    sent_at: datetime
    owed_id: str

    def write(self) -> SecretStr:
        """Return all of it as one text, to be sealed."""
        refresh = self.grant.refresh_token
        parts = {
            "access": self.grant.access_token.get_secret_value(),
            "refresh": refresh.get_secret_value() if refresh else None,
            "expires_in": self.grant.expires_in,
            "account": asdict(self.account),
            "scopes": self.scopes,
            "sent_at": self.sent_at.isoformat(),
            "owed_id": self.owed_id,
        }
        return SecretStr(json.dumps(parts))

    @classmethod
    def read(cls, text: SecretStr) -> Self:
        """Return what ``write`` wrote."""
        parts = json.loads(text.get_secret_value())
        refresh, scopes = parts["refresh"], parts["scopes"]
        return cls(
            Grant(
                access_token=SecretStr(parts["access"]),
                refresh_token=None if refresh is None else SecretStr(refresh),
                expires_in=parts["expires_in"],
            ),
            Account(**parts["account"]),
            None if scopes is None else tuple(scopes),
            datetime.fromisoformat(parts["sent_at"]),
            parts["owed_id"],
        )
