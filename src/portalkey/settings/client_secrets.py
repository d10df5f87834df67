"""The app's client secret, and the one before it while it is being changed."""

from pydantic import SecretStr

from portalkey.settings.validators import credential, text

_MOST = 2


class ClientSecret(SecretStr):
    """The secret that is sent; ``older`` is honoured beside it, where HubSpot still signs by it."""

    def __init__(self, secret: str, older: SecretStr | None = None) -> None:
        super().__init__(secret)
        self.older = older


def client_secret(value: object) -> ClientSecret:
    """Check a secret, or two with a comma between; the first is sent."""
    if isinstance(value, ClientSecret):
        return value
    secrets = [credential(each) for each in text(value).split(",")]
    if len(secrets) > _MOST:
        raise ValueError("has more than two secrets; leave the new one and the one before it")
    if len(set(secrets)) < len(secrets):
        raise ValueError("has one secret twice; leave one of them out")
    return ClientSecret(secrets[0], SecretStr(secrets[1]) if secrets[1:] else None)
