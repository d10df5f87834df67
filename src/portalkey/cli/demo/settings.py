"""Settings and store of the demo: new ones for each run, as the simulator begins anew, too."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from portalkey.cli.envfile import DEMO_FILE, env_lines, write_private
from portalkey.errors import BadSettings
from portalkey.settings.settings import Settings
from portalkey.settings.validators import file_url, sqlite_url
from portalkey.vault.keyring import new_key
from portalkey_simulator import App

APP_NAME = "Fieldnotes"
SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"
OPTIONAL_SCOPES = "crm.objects.deals.read"


_DATABASE, _FILE = "portalkey.db", "connections.json"
_BESIDE = {
    _DATABASE: ("", "-wal", "-shm", "-journal"),
    _FILE: ("", ".good", ".new", ".good.new", ".lock"),
}
"""Endings of the files that a store consists of, by the name that they stand behind."""
_RUNNING = "Another demo runs in {data}; end it, or name another folder with --data."
_NOT_OURS = (
    "{file} is there, and no demo has made it. A demo begins with an empty store, and leaves that "
    "one alone; name another folder with --data."
)


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Hold the folder *data* for one demo, and forget what an earlier one has kept there.

    Raises:
        BadSettings: Another demo runs there, or a store is there that is no demo's.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(data / "demo.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BadSettings([_RUNNING.format(data=data)]) from None
    try:
        _forget(data)
        yield
    finally:
        lock.release()


def _forget(data: Path) -> None:
    is_ours = (data / DEMO_FILE).exists()
    for name, endings in _BESIDE.items():
        if not is_ours and (data / name).exists():
            raise BadSettings([_NOT_OURS.format(file=data / name)])
        for ending in endings:
            (data / f"{name}{ending}").unlink(missing_ok=True)


def demo_settings(data: Path, port: int, simulator_port: int, *, store: str) -> Settings:
    """Return the demo's settings, saved in *data*, with a key and a secret of this run's.

    So what a browser has kept of an earlier run opens no more. The *store* ``file`` keeps
    connections in a file that people can read, in place of a database.
    """
    env_file = data / DEMO_FILE
    values = {
        "HUBSPOT_CLIENT_ID": "portalkey-demo",
        "HUBSPOT_CLIENT_SECRET": secrets.token_urlsafe(24),
        "HUBSPOT_REDIRECT_URI": f"http://localhost:{port}/auth/hubspot/callback",
        "HUBSPOT_SCOPES": SCOPES,
        "HUBSPOT_OPTIONAL_SCOPES": OPTIONAL_SCOPES,
        "HUBSPOT_APP_URL": f"http://localhost:{simulator_port}",
        "HUBSPOT_API_URL": f"http://localhost:{simulator_port}",
        "PORTALKEY_KEYS": f"demo:{new_key().get_secret_value()}",
        "PORTALKEY_DATABASE_URL": file_url(data / _FILE)
        if store == "file"
        else sqlite_url(data / _DATABASE),
        "PORTALKEY_PUBLIC_URL": f"http://localhost:{port}",
        "PORTALKEY_APP_NAME": APP_NAME,
        "PORTALKEY_JOURNAL": "off" if store == "session" else "on",
    }
    write_private(env_file, env_lines(values))
    return Settings.from_env(env_file, environ={})


def make_app(settings: Settings) -> App:
    """Return the demo's app as it is registered with the simulated HubSpot."""
    return App(
        name=APP_NAME,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        redirect_uris=(settings.redirect_uri,),
        install_url=settings.redirect_uri,
        required_scopes=tuple(SCOPES.split()),
    )
