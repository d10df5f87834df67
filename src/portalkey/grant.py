"""What HubSpot gave: open in memory, sealed everywhere else."""

from dataclasses import dataclass, field

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Grant:
    """The open tokens of one token response.

    ``expires_in`` counts seconds from the moment the request was *sent*. ``scopes`` is None where
    the answer did not name any, and ``refresh_token`` is None where HubSpot left it out (the one
    already held goes on; RFC 6749 section 6).
    """

    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_in: int
    scopes: tuple[str, ...] | None = None
    hub_id: int | None = None
    hub_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class SealedGrant:
    """Both tokens under lock, as they stand in a row.

    ``fingerprint`` is the refresh token's lineage: equal for equal tokens under one key, and
    meaningless without it. ``key_name`` is the label of the key that sealed all three.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    fingerprint: str = field(repr=False)
    key_name: str
