"""A URL of PostgreSQL, as libpq reads it: each part known, and no way in plain text.

Nothing is taken from the variables of libpq's other programs, which mean another database, but for
a password, and for what is asked of the server before it gets one: ``PGPASSWORD``, ``PGPASSFILE``
and ``PGREQUIREAUTH`` decide of no way. No message repeats a value.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv6Address, ip_address
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, unquote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from portalkey.errors import BadSettings
from portalkey.settings.urls import POSTGRESQL, postgresql_problem

Parameters = Mapping[str, Any]

_SETTING = "PORTALKEY_DATABASE_URL"
_UNREADABLE = (
    f"{_SETTING} is not a PostgreSQL address; write "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what has a meaning in a URL quoted (%40 "
    "for @), and after a question mark only parameters that libpq knows"
)
_IN_PLAIN_TEXT = (
    f"{_SETTING} names a database on another host and does not insist on TLS, so that whoever is "
    "on the way could read and change everything; write sslmode=verify-full&sslrootcert=system "
    "after its question mark, or sslmode=require if there is no certificate to check; or set "
    "PORTALKEY_DATABASE_PLAINTEXT=yes where nobody else can be on that network"
)
_NO_MODE = (
    f"{_SETTING} has an sslmode that libpq does not know; write sslmode=verify-full or "
    "sslmode=require, in lower case"
)
_OVER_TLS = frozenset({"require", "verify-ca", "verify-full"})
_NOT_OVER_TLS = frozenset({"disable", "allow", "prefer"})
_PORT = 5432
"""Port that libpq takes where none is named."""
_TAKE_OUT = "take it out"
_WRITE_INSTEAD = {
    "pgbouncer": f"{_TAKE_OUT}, as portalkey works through PgBouncer without being told",
    "ssl": "write sslmode=require, or sslmode=verify-full&sslrootcert=system",
    "timeout": "write connect_timeout",
    "unix_sock": "write host with the socket's directory",
    **dict.fromkeys(
        ("schema", "currentschema", "search_path"),
        f"{_TAKE_OUT}, and set PORTALKEY_DATABASE_SCHEMA if the tables are not in portalkey",
    ),
    **dict.fromkeys(
        ("sslaccept", "ssl_mode", "ssl_cert_reqs", "tls"),
        "write sslmode=require, or sslmode=verify-full&sslrootcert=system",
    ),
    **dict.fromkeys(
        ("statement_timeout", "command_timeout", "socket_timeout", "pool_timeout"),
        f"{_TAKE_OUT}, and set PORTALKEY_DATABASE_SECONDS",
    ),
}
"""By the name that other drivers have for it, in lower case."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
SECRETS = frozenset(
    {"password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"}
)
# An empty require_auth is not none to libpq: no server that asks for a password would do.
_OF_THE_OPERATOR = frozenset({"password", "passfile", "service", "require_auth"})
_DEFAULTS = {
    "application_name": "portalkey",
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}
"""Those of libpq's that are not empty, and that it does not tell of."""


def read_url(url: str, *, plaintext: bool = False) -> dict[str, Any]:
    """Return the parameters in *url*, by libpq's names.

    Args:
        url: ``postgresql://`` or ``postgres://``, with any parameter that libpq knows.
        plaintext: True where another host may be spoken to without TLS.

    Raises:
        BadSettings: It cannot be read, or would lead to another host in plain text.
    """
    address = re.sub(f"^{POSTGRESQL}", "postgresql://", url)
    problem = postgresql_problem(url)
    if problem:
        raise BadSettings([f"{_SETTING} {problem}"])
    try:
        parameters = conninfo_to_dict(address)
    except psycopg.Error:
        parameters = None  # raised below: the original repeats the URL
    if parameters is None:
        raise BadSettings([*_unknown_parts(address)] or [_UNREADABLE])
    mode = _mode_of(parameters)
    if mode not in _OVER_TLS | _NOT_OVER_TLS:
        raise BadSettings([_NO_MODE])
    if mode not in _OVER_TLS and not plaintext and leads_elsewhere(parameters):
        raise BadSettings([_IN_PLAIN_TEXT])
    return parameters


def without_secrets(url: str) -> str:
    """Return *url* without password, for a command that people copy.

    Raises:
        BadSettings: It cannot be read.
    """
    parameters = read_url(url, plaintext=True)
    known = {name: value for name, value in parameters.items() if name not in SECRETS}
    user, database = (quote(known.pop(name, ""), safe="") for name in ("user", "dbname"))
    host = known.get("host", "")
    place = f"{user}@" if user else ""
    if host and not {*host} & {*"/,"}:  # a socket's folder and several hosts are no place of a URL
        place += f"[{host}]" if ":" in host else quote(known["host"], safe="")
        place += f":{known['port']}" if "port" in known else ""
        known = {name: value for name, value in known.items() if name not in {"host", "port"}}
    rest = urlencode(known, quote_via=quote, safe="/")
    return f"postgresql://{place}/{database}{'?' if rest else ''}{rest}"


def without_environment(parameters: Parameters) -> dict[str, Any]:
    """Return *parameters*, and libpq's own defaults for what it would look up in the environment.

    An empty value is one, too: libpq asks nobody else then.
    """
    if parameters.get("service"):  # it has a file in libpq's way, which comes before any default
        return dict(parameters)
    defaults = {
        default.keyword.decode(): (default.compiled or b"").decode()
        for default in psycopg.pq.Conninfo.get_defaults()
        if default.envvar
    }
    known = {name: value for name, value in _DEFAULTS.items() if name in defaults}
    user = _name_of_user()
    more = {"sslmode": _mode_of(parameters), **({"user": user} if user else {})}
    defaults = {**defaults, **known, **more}
    open_ones = _OF_THE_OPERATOR if user else _OF_THE_OPERATOR | {"user"}
    kept = {name: value for name, value in defaults.items() if name not in open_ones}
    return {**kept, **parameters}


def name_database(parameters: Parameters) -> str:
    """Return how the operator knows the database: its name, and each host with its port."""
    if parameters.get("service"):  # a file of libpq's, which may name any
        return f"of the service {parameters['service']}"
    name = parameters.get("dbname") or parameters.get("user") or "of the user's name"
    hosts = str(parameters.get("host") or parameters.get("hostaddr") or "").split(",")
    ports = str(parameters.get("port") or "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    places = (
        f"{host or 'this machine'} (port {port or _PORT})"
        for host, port in zip_longest(hosts, ports, fillvalue="")
    )
    return f"{name} at {', '.join(places)}"


def name_user(parameters: Parameters) -> str:
    """Return who knocks, for whoever is not let in."""
    if parameters.get("service"):
        return f"the user of the service {parameters['service']}"
    return f"user {parameters.get('user') or _name_of_user()}"


def leads_elsewhere(parameters: Parameters) -> bool:
    """Return True where any of the hosts may be another machine."""
    if parameters.get("service"):  # a file of libpq's, which may name any
        return True
    names = str(parameters.get("host") or "").split(",")
    addresses = str(parameters.get("hostaddr") or "").split(",")
    hosts = [address or name for name, address in zip_longest(names, addresses, fillvalue="")]
    return not all(map(_is_here, hosts))


def _is_here(host: str) -> bool:
    if host == "" or host.startswith(("/", "@")) or host.lower() == "localhost":  # or a socket
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _mode_of(parameters: Parameters) -> str:
    # As libpq has it: who trusts the system's authorities means to check the certificate.
    default = "verify-full" if parameters.get("sslrootcert") == "system" else "prefer"
    return str(parameters.get("sslmode", default))


def _name_of_user() -> str:
    """Return the name of this process's user, which libpq takes where none is named."""
    try:
        import pwd  # noqa: PLC0415 - not on Windows

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):
        return ""


def _unknown_parts(address: str) -> Iterator[str]:
    """Yield a sentence for each part after the question mark that libpq does not know.

    None is named that may be a piece of a password.
    """
    known = {default.keyword.decode() for default in psycopg.pq.Conninfo.get_defaults()}
    after = re.sub(r"^[^:]+://([^@/]*@)?", "", address)
    query = after.partition("?")[2]
    for part in [] if "@" in query else query.split("&"):
        name, has_value, _ = part.partition("=")
        name = unquote(name)
        if name in SECRETS or not has_value or not _NAME.fullmatch(name):
            return
        if name not in known:
            yield f"{_SETTING} has {name} after its question mark, {_advice(name, known)}"


def _advice(name: str, known: set[str]) -> str:
    instead = _WRITE_INSTEAD.get(name.lower())
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.8)
    if not instead:
        instead = f"did you mean {near[0]}?" if near else _TAKE_OUT
    return f"which libpq does not know; {instead}"
