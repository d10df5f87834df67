"""What an app takes on with portalkey, held by reading the metadata of what is installed."""

from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def distributions(requirement: str) -> set[str]:
    """Every distribution that *requirement* brings here, its own among them."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(requirement)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        found.add(name)
        for extra in {"", *wanted.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                below = map(Requirement, requires(name) or [])
                waiting += [each for each in below if applies(each, extra)]
    return found


def applies(requirement: Requirement, extra: str) -> bool:
    """Whether *requirement* holds here where *extra* is asked for."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def test_an_app_takes_on_little() -> None:
    """At most 26 distributions for Flask, portalkey and Flask among them."""
    brought = distributions("portalkey[flask]")

    assert {"portalkey", "flask", "werkzeug", "sqlalchemy"} <= brought
    assert len(brought) <= 26, sorted(brought)


@pytest.mark.parametrize(
    "extra", ["cheroot", "httpx2", "psycopg", "prometheus-client", "publicsuffixlist", "rich"]
)
def test_what_only_some_need_is_an_extra(extra: str) -> None:
    """A base install has neither a server nor another database, nor anything to paint with."""
    assert extra not in distributions("portalkey[flask]")


def test_a_base_install_has_no_web_framework() -> None:
    """A worker takes none on, and no command line either."""
    assert distributions("portalkey").isdisjoint({"click", "django", "flask", "werkzeug"})
