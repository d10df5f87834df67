"""Carries what arrives at an address of one network to an address of another."""

import ctypes
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

from support.patience import PATIENCE

Connect = Callable[[], socket.socket]

_CLONE_NEWNET = 0x40000000


def made_in(pid: int, make: Connect) -> socket.socket:
    """The socket that *make* makes in the network of the process *pid*."""
    made: Future[socket.socket] = Future()

    def work() -> None:
        try:
            _enter_network(pid)
            made.set_result(make())
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            made.set_exception(error)

    # A thread has a network of its own; this one's ends with it.
    threading.Thread(target=work, daemon=True).start()
    return made.result(PATIENCE)


def _enter_network(pid: int) -> None:
    with Path(f"/proc/{pid}/ns/net").open("rb") as network:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(network.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def relaying(
    listener: socket.socket, connect: Connect, flows: threading.Event | None = None
) -> Iterator[None]:
    """Hand on what arrives at *listener* to what *connect* connects to.

    While *flows* is not set everything is acknowledged, and nothing handed on.
    """
    ends: list[socket.socket] = []
    if flows is None:
        flows = threading.Event()
        flows.set()

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = connect()
                ends.extend((near, far))
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(one, other, flows), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        flows.set()
        _hang_up(listener)
        thread.join(PATIENCE)
        for end in ends:
            _hang_up(end)


def _pump(one: socket.socket, other: socket.socket, flows: threading.Event) -> None:
    with suppress(OSError):
        while received := one.recv(65536):
            flows.wait()
            other.sendall(received)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
