"""Codes, tokens and ids, in the forms that HubSpot gives them."""

import base64
import random
import re
import uuid

_LIKE = re.compile(r"-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{43,}", re.IGNORECASE)


def may_hold_token(text: str) -> bool:
    """Return True where something in *text* looks like a code, a token, or a verifier of PKCE."""
    return _LIKE.search(text) is not None


class Mint:
    """Makes codes, tokens and ids: the same ones again where it is given a *seed*."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Begin again, with the same things where there is a seed."""
        # A seed is for runs that can be repeated; what it makes opens nothing but the simulator.
        seed = self._seed
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311

    def make_id(self) -> str:
        """Make a UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def make_prefixed_id(self, hosting: str) -> str:
        """Make a code or a refresh token of an account that is hosted there."""
        return f"{hosting}-{self.make_id()}"

    def make_access_token(self, scopes: int) -> str:
        """Make an access token: a blob that grows with the number of *scopes*, as real ones do."""
        blob = self._random.getrandbits(8 * (150 + 4 * scopes)).to_bytes(150 + 4 * scopes)
        return "C" + base64.urlsafe_b64encode(blob).rstrip(b"=").decode()

    def chance(self) -> float:
        """Return a random number between 0 and 1."""
        return self._random.random()
