"""What commands are given."""

from pathlib import Path

import pytest

from portalkey.settings import Settings


@pytest.fixture
def env_file(settings: Settings, tmp_path: Path) -> Path:
    """The settings in a file, as commands read them."""
    (key,) = settings.keys
    lines = {
        "HUBSPOT_CLIENT_ID": settings.client_id,
        "HUBSPOT_CLIENT_SECRET": settings.client_secret.get_secret_value(),
        "HUBSPOT_REDIRECT_URI": settings.redirect_uri,
        "HUBSPOT_APP_URL": settings.app_url,
        "HUBSPOT_API_URL": settings.api_url,
        "PORTALKEY_PUBLIC_URL": settings.public_url,
        "PORTALKEY_KEYS": f"{key.name}:{key.secret.get_secret_value()}",
        "PORTALKEY_DATABASE_URL": settings.database_url,
    }
    path = tmp_path / "app.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return path
