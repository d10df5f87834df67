"""Ctrl-C as a terminal gives it, wherever the tests run."""

import signal


def heed_interrupts() -> None:
    """Let SIGINT end this process, and those that it starts.

    A shell without job control starts what it puts in the background with SIGINT ignored (POSIX,
    2.11 of the shell), and every child inherits that: an app that a test ends as Ctrl-C would
    end it then never ends.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
