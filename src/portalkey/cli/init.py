"""``portalkey init``: write the first settings, and print the next steps."""

import textwrap
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import click

from portalkey.cli.envfile import env_file_option, write_private
from portalkey.cli.terminal import bold, panel
from portalkey.settings.places import new_store
from portalkey.settings.validators import sqlite_url
from portalkey.vault.key_labels import new_label
from portalkey.vault.keyring import new_key

_WIDTH = 74
"""As wide as a frame on the narrowest terminal leaves room for."""
REDIRECT_URI = "http://localhost:6001/auth/hubspot/callback"
SCOPES = "oauth crm.objects.contacts.read"
_STEPS = {
    "django": 'Add "portalkey.django" to INSTALLED_APPS and its urls to yours, and start the site '
    "on the port of PORTALKEY_PUBLIC_URL.",
    "starlette": "Give HubSpotAuth of portalkey.fastapi your app, and start it on the port of "
    "PORTALKEY_PUBLIC_URL.",
    "flask": "Give HubSpotAuth of portalkey.flask your app, and start it on the port of "
    f"PORTALKEY_PUBLIC_URL; or run {bold('portalkey serve')}, which is an app of its own.",
}
"""The next step, by the framework's module."""
_ANY_STEP = (
    "Flask, FastAPI, Starlette: give HubSpotAuth your app.\n"
    '   Django: "portalkey.django" in INSTALLED_APPS, and its urls in yours.\n'
    f"   None of these: {bold('portalkey serve')} is an app of its own."
)

TEMPLATE = """\
# portalkey's settings. Keep this file private, and out of version control.

# From your app's Auth page at HubSpot.
HUBSPOT_CLIENT_ID=
HUBSPOT_CLIENT_SECRET=

# What the app asks for; the same as in its settings at HubSpot.
HUBSPOT_SCOPES={scopes}
# HUBSPOT_OPTIONAL_SCOPES=

# Where people reach your app, and where HubSpot sends them back to.
# https in production; http for localhost only.
PORTALKEY_PUBLIC_URL=http://localhost:6001
HUBSPOT_REDIRECT_URI={redirect_uri}

# The key that seals the tokens. Without it nobody can open them, you included:
# keep a copy in a safe place, away from the database's backups.
PORTALKEY_KEYS={label}:{key}

# Where connections are kept: an SQLite file of this app's own. Each app needs one of its own, as
# each has keys of its own; it is made at the first start.
{database}
# On a server, name a place of the server's in its stead, or PostgreSQL (postgresql://...). On
# another host that has to be reached over TLS:
# PORTALKEY_DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME?sslmode=verify-full&sslrootcert=system
# PORTALKEY_DATABASE_PLAINTEXT=no

# How many seconds one request waits for it at most.
# PORTALKEY_DATABASE_SECONDS=10

# Where this network lets nothing out but through a proxy, and where that proxy looks into TLS.
# PORTALKEY_PROXY_URL=http://proxy.example.com:3128
# PORTALKEY_CA_FILE=/etc/ssl/our-authority.pem

# For a copy of the database, as on staging: it leaves at HubSpot whatever it was copied with.
# PORTALKEY_COPY=yes

# How long a link for somebody without a login holds.
# PORTALKEY_INVITE_HOURS=72

# Whether `portalkey work` reads at HubSpot who uninstalled the app; see `portalkey journal setup`.
# PORTALKEY_JOURNAL=on

# Your own receiver of what happens to connections, and the secret that it knows the sender by.
# PORTALKEY_WEBHOOK_URL=https://app.example.com/hooks/portalkey
# PORTALKEY_WEBHOOK_SECRET=whsec_...

# How this process is called where it is counted who took a token; the program's name.
# PORTALKEY_LABEL=web

# How people call the app, and its logo: an image in its static folder.
# PORTALKEY_APP_NAME=Harbour Pine
# PORTALKEY_APP_LOGO=img/logo.svg
"""


@click.command()
@env_file_option("The file to write; it must not exist yet.")
def init(env_file: Path) -> None:
    """Write a commented settings file with a fresh key."""
    if env_file.exists():
        # Overwriting it would lose the key that opens all stored tokens.
        raise click.ClickException(f"{env_file} exists already; move it away first.")
    label = new_label(date.today())  # noqa: DTZ011 - the operator's own day
    key = new_key().get_secret_value()
    text = TEMPLATE.format(
        scopes=SCOPES,
        redirect_uri=REDIRECT_URI,
        label=label,
        key=key,
        database=_name_database(env_file.resolve().parent),
    )
    write_private(env_file, text)
    panel("portalkey", _advice(env_file))


def _name_database(project: Path) -> str:
    """Return the line that gives *project* a store of its own."""
    try:
        file = new_store(project)
    except RuntimeError:  # no home directory
        return "# PORTALKEY_DATABASE_URL=sqlite:////PATH/portalkey.db"
    return f"PORTALKEY_DATABASE_URL={sqlite_url(file)}"


def _advice(env_file: Path) -> tuple[str, ...]:
    return (
        f"Wrote {bold(str(env_file))}, with a fresh key. Back the key up.",
        "",
        "1. In your app's settings at HubSpot, add this redirect URL:",
        f"     {REDIRECT_URI}",
        "   and these required scopes:",
        f"     {SCOPES}",
        f"2. Copy the client ID and secret from there into {env_file}.",
        *_next_lines(),
    )


def _next_lines() -> list[str]:
    """Return the last item in lines that fit, below each other behind its number."""
    return [
        folded
        for line in f"3. {_next_step()}".split("\n")
        for folded in textwrap.wrap(line, _WIDTH, subsequent_indent="   ", break_long_words=False)
    ]


def _next_step() -> str:
    """Return what comes next, with the web framework that is installed here."""
    found = [name for name in _STEPS if find_spec(name) is not None]
    if len(found) == 1:
        return _STEPS[found[0]]
    return _ANY_STEP
