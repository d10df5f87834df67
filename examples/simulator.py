"""A simulated HubSpot, and the settings with which an example finds it.

Run it in an example's folder: ``simulator.py [PORT_OF_THE_EXAMPLE [PORT_OF_HUBSPOT]]``. All is
forgotten when it stops.
"""

import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.fernet import Fernet

try:
    from portalkey_simulator import DEFAULT_APP, HubSpot
except ModuleNotFoundError:
    sys.exit(
        "The examples need portalkey-simulator; install it with: pip install 'portalkey[simulator]'"
    )

SETTINGS = """\
HUBSPOT_CLIENT_ID={app.client_id}
HUBSPOT_CLIENT_SECRET={app.client_secret}
HUBSPOT_REDIRECT_URI={app.redirect_uris[0]}
HUBSPOT_SCOPES="oauth crm.objects.contacts.read"
HUBSPOT_APP_URL={hubspot.url}
HUBSPOT_API_URL={hubspot.url}
PORTALKEY_PUBLIC_URL={public_url}
PORTALKEY_KEYS=example:{key}
PORTALKEY_DATABASE_URL=sqlite:///{folder}/portalkey.db
"""


def main(port: str = "6001", simulator_port: str = "6002") -> None:
    """Run it until Ctrl-C."""
    public_url = f"http://localhost:{port}"
    app = replace(DEFAULT_APP, redirect_uris=(f"{public_url}/auth/hubspot/callback",))
    hubspot = HubSpot([app], int(simulator_port))
    key = Fernet.generate_key().decode()
    with TemporaryDirectory() as folder:
        settings = SETTINGS.format(
            app=app, hubspot=hubspot, public_url=public_url, key=key, folder=folder
        )
        Path("simulator.env").write_text(settings)
        hubspot.start()
        print(f"A simulated HubSpot runs at {hubspot.url}; simulator.env says so. Ctrl-C ends it.")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
        hubspot.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
