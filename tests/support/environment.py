"""Settings as processes and commands are given them."""

from portalkey.settings import Settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that say what *settings* do."""
    keys = [f"{key.name}:{key.secret.get_secret_value()}" for key in settings.keys]
    secrets = [each.get_secret_value() for each in settings.webhook_secrets]
    webhook = {
        "PORTALKEY_WEBHOOK_URL": settings.webhook_url,
        "PORTALKEY_WEBHOOK_SECRET": " ".join(secrets),
    }
    return {
        **(webhook if secrets else {}),
        "HUBSPOT_CLIENT_ID": settings.client_id,
        "HUBSPOT_CLIENT_SECRET": settings.client_secret.get_secret_value(),
        "HUBSPOT_REDIRECT_URI": settings.redirect_uri,
        "HUBSPOT_APP_URL": settings.app_url,
        "HUBSPOT_API_URL": settings.api_url,
        "PORTALKEY_PUBLIC_URL": settings.public_url,
        "PORTALKEY_KEYS": ",".join(keys),
        "PORTALKEY_DATABASE_URL": settings.database_url,
    }
