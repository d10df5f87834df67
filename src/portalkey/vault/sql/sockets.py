"""PostgreSQL's sockets in a process that did not open them, and under gevent."""

import os
import selectors
from contextlib import suppress
from importlib import reload
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import waiting

from portalkey._support.fork import keep_for_ever

Sockets = WeakSet[psycopg.Connection[Any]]


def leave(connections: Sockets) -> None:
    """Give up this process's part in its parent's *connections*, without a word to the server.

    Each descriptor leads nowhere from now on, so that whatever is still done with it by mistake
    reaches nobody; and a connection is over when its parent's end is.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        for each in list(connections):
            keep_for_ever(each)
            with suppress(psycopg.Error, OSError):  # closed already
                os.dup2(nowhere, each.fileno(), inheritable=False)
    finally:
        os.close(nowhere)


def heed_gevent() -> None:
    """Let psycopg choose anew how it waits, where gevent has come after it was imported.

    Once imported, it would block all of the worker in each wait.
    """
    if getattr(waiting, "DefaultSelector", None) is not selectors.DefaultSelector:
        reload(waiting)
