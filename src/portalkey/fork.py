"""What must not be shared with a forked child is made anew in it."""

import os
from collections.abc import Callable
from weakref import WeakMethod


def renew_after_fork(renew: Callable[[], None]) -> None:
    """Call the bound method *renew* in every forked child, for as long as its object lives.

    The object is held weakly: the interpreter never forgets what is registered with it. The first
    call is the caller's own business.
    """
    reference = WeakMethod(renew)

    def in_child() -> None:
        method = reference()
        if method is not None:
            method()

    if hasattr(os, "register_at_fork"):  # Windows cannot fork
        os.register_at_fork(after_in_child=in_child)
