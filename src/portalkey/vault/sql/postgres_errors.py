"""Meaning of an error of PostgreSQL's, as the operator has to read it.

The server's own words are never repeated, for what is in them; of a connection that was not made
they are in the log, at its lowest level, unless they bear a secret.
"""

import logging
import re
from collections.abc import Iterable
from typing import NamedTuple

import psycopg

from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.vault.health import StoreCause, with_cause
from portalkey.vault.sql.postgres_session import NoAnswer

log = logging.getLogger("portalkey")


class _Problem(NamedTuple):
    cause: StoreCause
    words: str
    is_passing: bool = False


_LOCKED = _Problem(
    StoreCause.LOCKED,
    "is busy: somebody else keeps a row or a table of it locked; try again in a moment",
    is_passing=True,
)
_BUSY = _Problem(StoreCause.OTHER, "is busy; try again in a moment", is_passing=True)
_NO_ANSWER = _Problem(
    StoreCause.NO_ANSWER,
    "did not answer in time; look at the network on the way to it, at what keeps it busy, and at "
    "the pool of a PgBouncer in between; try again in a moment",
    is_passing=True,
)
_STARTING = _Problem(
    StoreCause.AWAY, "is just starting or stopping; try again in a moment", is_passing=True
)
_AWAY = _Problem(
    StoreCause.AWAY, "cannot be reached just now; try again in a moment", is_passing=True
)
_SERVER_FULL = _Problem(
    StoreCause.SERVER_FULL,
    "takes no more connections, of which a portalkey process keeps up to eight; raise "
    "max_connections, run fewer processes, or put PgBouncer in between",
    is_passing=True,
)
_POOLER_FULL = _Problem(
    StoreCause.SERVER_FULL,
    "is behind a PgBouncer that had no connection to give; raise its default_pool_size or "
    "max_client_conn",
    is_passing=True,
)
_CROWDED = _Problem(
    StoreCause.OUT_OF_CONNECTIONS,
    "was kept busy on every connection of this process; look what makes it slow, or run more "
    "processes of fewer threads",
    is_passing=True,
)
_UNREACHABLE = _Problem(
    StoreCause.AWAY,
    "cannot be reached; look whether the server runs, and at host and port in "
    "PORTALKEY_DATABASE_URL",
)
_REFUSED = _Problem(
    StoreCause.REFUSED,
    "lets nobody in as {who}; look at user and password in PORTALKEY_DATABASE_URL",
)
_NO_PASSWORD = _Problem(
    StoreCause.REFUSED,
    "wants a password of {who}, and there is none; put it into PORTALKEY_DATABASE_URL, into "
    "PGPASSWORD, or into the file that PGPASSFILE names",
)
_NO_WAY_IN = _Problem(
    StoreCause.REFUSED,
    "does not ask {who} to sign in as this side insists on, so that no password was sent; look at "
    "require_auth and channel_binding in PORTALKEY_DATABASE_URL, and at PGREQUIREAUTH",
)
_NO_TLS = _Problem(
    StoreCause.REFUSED,
    "does not speak TLS as this URL asks for; look at its sslmode and at the certificates",
)
_NOT_THERE = _Problem(
    StoreCause.MISSING, "is not there; make it, or look at its name in PORTALKEY_DATABASE_URL"
)
_NOT_ALLOWED = _Problem(
    StoreCause.REFUSED,
    "does not let this user make and use tables; grant the user all rights on the schema, or name "
    "another user in PORTALKEY_DATABASE_URL",
)
_NO_SCHEMA = _Problem(
    StoreCause.MISSING, "has lost the schema of its tables; bring it back from a backup"
)
_READ_ONLY = _Problem(
    StoreCause.READ_ONLY,
    "cannot be written; look whether PORTALKEY_DATABASE_URL names the primary server",
)
_FULL = _Problem(StoreCause.DISK_FULL, "cannot grow; make room on its disk")
_OTHERWISE = _Problem(StoreCause.OTHER, "is not as portalkey left it; look what else writes to it")

# By SQLSTATE, the first that fits: transactions rolled back, a lack of resources, locks that are
# not to be had, time-outs.
_BY_CODE = tuple(
    (re.compile(code), problem)
    for code, problem in (
        ("25006", _READ_ONLY),
        ("28000|28P01", _REFUSED),
        ("3D000|57P04", _NOT_THERE),
        ("3F000", _NO_SCHEMA),
        ("42501", _NOT_ALLOWED),
        ("53100", _FULL),
        ("53300", _SERVER_FULL),
        ("53", _BUSY),
        ("40|55P03", _LOCKED),
        ("57014|25P0[34]", _NO_ANSWER),
    )
)
# Broken connections, and what the operator ends.
_AWAY_CODES = re.compile("08|57P")
# While a connection is made, libpq tells the server's words and no code.
_AT_THE_DOOR = tuple(
    (re.compile(words), problem)
    for words, problem in (
        ("too many|remaining connection slots", _SERVER_FULL),
        ("no more connections|query_wait_timeout", _POOLER_FULL),
        ("database system is", _STARTING),
        ('database ".*" does not exist|no such database', _NOT_THERE),
        ("no password supplied", _NO_PASSWORD),
        ("authentication method requirement|channel binding|invalid require_auth", _NO_WAY_IN),
        ('authentication|password|role ".*"|pg_hba|no such user|not permitted', _REFUSED),
        ("permission denied", _NOT_ALLOWED),
        ("SSL|certificate", _NO_TLS),
    )
)
# libpq's own, which have " failed: " in their midst, or not at all.
_OWN_WORDS = re.compile(
    r'authentication method requirement "[^"]*" failed: .*|invalid require_auth value: .*',
    re.DOTALL,
)
# A standby will not begin to write, and has one code for all that it does not do.
_UNSUPPORTED, _CHECKS_A_SETTING = "0A000", "call_bool_check_hook"
_NOT_PREPARED = (
    psycopg.errors.InvalidSqlStatementName,
    psycopg.errors.DuplicatePreparedStatement,
)


def problem_of(
    error: BaseException | None, name: str, who: str = "this user", *, has_answered: bool
) -> PortalkeyError:
    """Return what the driver's *error* means for the database of this *name*.

    *who* knocked there. *has_answered* is True where it could be used before, so that it will be
    back.
    """
    problem = _find(error)
    if not has_answered and problem in {_AWAY, _NO_ANSWER} and not _is_told(error):
        problem = _UNREACHABLE
    return _make(problem, name, who)


def log_words(error: psycopg.OperationalError, secrets: Iterable[str]) -> None:
    """Log why no connection was made, in libpq's words, unless one of the *secrets* is in them."""
    reason = " ".join(_reason_of(error).split())
    sent = (getattr(error.pgconn, "password", None) or b"").decode(errors="replace")
    if reason and not any(secret in reason for secret in [*secrets, sent] if secret):
        log.debug("PostgreSQL let nobody in: %s", reason)


def crowd_problem(name: str) -> PortalkeyError:
    """Return what it means that every connection of this process was at work."""
    return _make(_CROWDED, name)


def is_full(error: BaseException) -> bool:
    """Return True where *error* says that the server, or a pooler, takes no more connections."""
    return _find(getattr(error, "orig", error)) in {_SERVER_FULL, _POOLER_FULL}


def is_lost(error: BaseException) -> bool:
    """Return True where the connection was of no use, and another one may be."""
    code = getattr(error, "sqlstate", None)
    is_nameless = code is None and isinstance(error, psycopg.OperationalError)
    return is_nameless or bool(_AWAY_CODES.match(code or ""))


def is_unprepared(error: BaseException) -> bool:
    """Return True where the session forgot its prepared statements: a pooler is in between."""
    return isinstance(error, _NOT_PREPARED)


def _is_told(error: BaseException | None) -> bool:
    """Return True where the server itself said it."""
    code = getattr(error, "sqlstate", None)
    return code is not None and not _AWAY_CODES.match(code)


def _find(error: BaseException | None) -> _Problem:
    code = getattr(error, "sqlstate", None)
    if code is None and isinstance(error, psycopg.OperationalError):
        return _find_by_words(error)
    if code == _UNSUPPORTED and _place_of(error) == _CHECKS_A_SETTING:
        return _READ_ONLY
    if code is not None:
        for pattern, problem in _BY_CODE:
            if pattern.match(code):
                return problem
        if _AWAY_CODES.match(code):
            # PgBouncer has one code for all that it has to say.
            return _POOLER_FULL if "query_wait_timeout" in str(error) else _AWAY
    return _OTHERWISE


def _place_of(error: BaseException | None) -> str | None:
    """Return the function of the server that *error* is from: no language changes its name."""
    return error.diag.source_function if isinstance(error, psycopg.Error) else None


def _find_by_words(error: psycopg.OperationalError) -> _Problem:
    if isinstance(error, NoAnswer | psycopg.errors.ConnectionTimeout):
        return _NO_ANSWER
    reason = _reason_of(error)
    for pattern, problem in _AT_THE_DOOR if reason else ():
        if pattern.search(reason):
            return problem
    return _AWAY


def _reason_of(error: BaseException) -> str:
    """Return what follows the host, which may be called anything; empty where there is none."""
    words = str(error)
    if has_own := _OWN_WORDS.search(words):
        return has_own[0]
    return words.rpartition(" failed: ")[2] if " failed: " in words else ""


def _make(problem: _Problem, name: str, who: str = "") -> PortalkeyError:
    kind = StoreBusy if problem.is_passing else StoreUnusable
    words = problem.words.format(who=who)
    return with_cause(kind(f"The database {name} {words}."), problem.cause)
