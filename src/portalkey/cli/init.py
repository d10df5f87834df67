"""``portalkey init``: write the first settings, and print the next steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import click

from portalkey.cli.envfile import env_file_option, write_private
from portalkey.cli.hints import spell
from portalkey.cli.next_step import find_next_step
from portalkey.cli.steps import Part, Step, print_steps
from portalkey.cli.terminal import bold, panel
from portalkey.settings import urls
from portalkey.settings.places import new_store
from portalkey.settings.validators import sqlite_url
from portalkey.vault.key_labels import new_label
from portalkey.vault.keyring import new_key

URL = "http://localhost:6001"
SIMULATED_APP = ("1c0ffee1-0000-4000-8000-000000005101", "5ec4e700-0000-4000-8000-000000005101")
"""Client id and secret of the simulator's ready-made app, which open nothing but that."""
SCOPES = "oauth crm.objects.contacts.read"

TEMPLATE = """\
# portalkey's settings. Keep this file private, and out of version control.

# {credentials}
HUBSPOT_CLIENT_ID={client_id}
HUBSPOT_CLIENT_SECRET={client_secret}
{simulator}
# What the app asks for; the same as in its settings at HubSpot.
HUBSPOT_SCOPES="{scopes}"
# HUBSPOT_OPTIONAL_SCOPES=

# Where people reach your app, and where HubSpot sends them back to.
# https in production; http for localhost only.
PORTALKEY_PUBLIC_URL={public_url}
HUBSPOT_REDIRECT_URI={redirect_uri}
# A front end at another address or port:
# PORTALKEY_ALLOWED_ORIGINS=http://localhost:3000

# The key that seals the tokens. Without it nobody can open them, you included:
# keep a copy in a safe place, away from the database's backups.
PORTALKEY_KEYS={label}:{key}

# Where connections are kept: an SQLite file of this app's own. Each app needs one of its own, as
# each has keys of its own; it is made at the first start.
{database}
# On a server, name a place of the server's in its stead, or PostgreSQL (postgresql://...). On
# another host that has to be reached over TLS:
# PORTALKEY_DATABASE_URL='postgresql://USER:PASSWORD@HOST/NAME?sslmode=verify-full&sslrootcert=system'
# Marks such as @ and # in USER and PASSWORD are quoted: {docs}/settings.html#a-password-in-the-url
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

# What follows is for `portalkey serve`, and no app of your own reads it:
# {docs}/settings.html#the-standalone-app

# The header in which a proxy that signs people in says who they are, and the proxy's address,
# from which alone that is believed; {docs}/servers.html#a-proxy-that-signs-people-in
# PORTALKEY_OWNER_HEADER=X-Forwarded-User
# PORTALKEY_TRUSTED_PROXIES=127.0.0.1

# Or the one owner of all that is connected, in a tool of one person.
# PORTALKEY_OWNER=

# What opens the console, in which you see and end connections; {docs}/console.html
# PORTALKEY_CONSOLE_PASSWORD=

# What your Prometheus sends to read /metrics; {docs}/metrics.html
# PORTALKEY_METRICS_TOKEN=
"""
_AT_HUBSPOT = "From your app's Auth page at HubSpot."
_AT_SIMULATOR = "The simulator's ready-made app. With HubSpot itself, name your own app's."
_DOCS = "https://portalkey.readthedocs.io/en/stable"


_SIMULATOR = """
# A simulator in place of HubSpot. With HubSpot itself, leave these two out.
HUBSPOT_APP_URL={url}
HUBSPOT_API_URL={url}
"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that the file names: the app's, where HubSpot leads back, a simulator's."""

    public_url: str
    redirect_uri: str
    simulator: str | None


def _read_url(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Return the address of the app without a slash at its end."""
    del context, parameter
    address = value.removesuffix("/")
    try:
        urls.redirect_uri(f"{address}{urls.CALLBACK}")
    except ValueError:
        raise click.BadParameter(
            "it must be where people reach the app, such as http://localhost:5100 or "
            "https://app.example.com/crm; http is for localhost only."
        ) from None
    return address


def _read_simulator(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    """Return the address of a simulator on this machine, where one is named."""
    del context, parameter
    address = value.removesuffix("/") if value is not None else None
    if address is not None and not urls.is_local(address):
        raise click.BadParameter("it must be a simulator's, such as http://localhost:6002.")
    return address


@click.command()
@click.option(
    "--url",
    default=URL,
    show_default=True,
    callback=_read_url,
    help="Where people reach your app, with the path that it is mounted at.",
)
@click.option(
    "--simulator",
    metavar="URL",
    callback=_read_simulator,
    help="A simulator in place of HubSpot, such as http://localhost:6002; its app's credentials "
    "are written, too.",
)
@env_file_option("The file to write; it must not exist yet.")
def init(url: str, simulator: str | None, env_file: Path) -> None:
    """Write a commented settings file with a fresh key."""
    if env_file.exists():
        # Overwriting it would lose the key that opens all stored tokens.
        raise click.ClickException(f"{env_file} exists already; move it away first.")
    label = new_label(date.today())  # noqa: DTZ011 - the operator's own day
    key = new_key().get_secret_value()
    redirect_uri = f"{url}{urls.CALLBACK}"
    addresses = Addresses(urls.redirect_uri(redirect_uri).origin, redirect_uri, simulator)
    client_id, client_secret = SIMULATED_APP if simulator else ("", "")
    text = TEMPLATE.format(
        docs=_DOCS,
        credentials=_AT_SIMULATOR if simulator else _AT_HUBSPOT,
        client_id=client_id,
        client_secret=client_secret,
        simulator=_SIMULATOR.format(url=simulator) if simulator else "",
        scopes=SCOPES,
        public_url=addresses.public_url,
        redirect_uri=redirect_uri,
        label=label,
        key=key,
        database=_name_database(env_file.resolve().parent),
    )
    write_private(env_file, text)
    panel("portalkey", [f"Wrote {bold(str(env_file))}, with a fresh key. Back the key up."])
    click.echo()
    print_steps([*_list_steps(env_file, addresses), find_next_step(env_file.resolve().parent)])


def _name_database(project: Path) -> str:
    """Return the line that gives *project* a store of its own."""
    try:
        file = new_store(project)
    except RuntimeError:  # no home directory
        return "# PORTALKEY_DATABASE_URL=sqlite:////PATH/portalkey.db"
    return f"PORTALKEY_DATABASE_URL={sqlite_url(file)}"


def _list_steps(env_file: Path, addresses: Addresses) -> Sequence[Step]:
    """Return the steps before the framework's own."""
    if addresses.simulator is not None:
        port = urlsplit(addresses.simulator).port
        start = f"simulate --port {port} --redirect-uri {addresses.redirect_uri}"
        return [[Part("In another terminal, run:", spell(start))]]
    return [
        [
            Part(
                "In your app's settings at HubSpot, add this redirect URL:", addresses.redirect_uri
            ),
            Part("and these required scopes:", SCOPES),
        ],
        [Part(f"Copy the client ID and secret from there into {env_file}.")],
    ]
