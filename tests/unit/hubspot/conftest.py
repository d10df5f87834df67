import pytest
from cryptography.fernet import Fernet

from portalkey.settings import Settings


@pytest.fixture
def settings() -> Settings:
    """An app's settings, with HubSpot as HubSpot."""
    return Settings(
        client_id="client-1",
        client_secret="canary-client-secret",
        redirect_uri="https://app.example.com/crm/auth/hubspot/callback",
        scopes="crm.objects.contacts.read crm.objects.deals.read",
        optional_scopes="tickets automation",
        public_url="https://app.example.com",
        keys=f"first:{Fernet.generate_key().decode()}",
    )
