"""Views that Django's own checks and transactions are kept off."""

from typing import Any

from django.db import connections


def exempt(view: Any) -> Any:  # noqa: ANN401 - Django has no types
    """Mark *view*, which checks by itself who sent a request, and return it.

    No transaction of the site's is open around it, in any of its databases: one in a SQLite file
    that is both the site's and ours would lock us out of it.
    """
    # What csrf_exempt(), login_not_required() and non_atomic_requests() set; the last of them knows
    # one database at a time.
    view.csrf_exempt, view.login_required = True, False
    view._non_atomic_requests = {*connections}  # noqa: SLF001 - see above
    return view
