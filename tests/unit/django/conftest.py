"""A Django site, set up once for this process: Django cannot be set up twice."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portalkey.broker import Broker
from support.django_hosting import site_in, site_over


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The site's own database."""
    with beside_a_loop(), site_in(tmp_path_factory.mktemp("django")):
        yield


@pytest.fixture(autouse=True)
def django_site(database: None) -> Iterator[None]:
    """The site, for each test."""
    with beside_a_loop():
        yield


@contextmanager
def beside_a_loop() -> Iterator[None]:
    """Let Django work in a thread whose event loop is Playwright's, which is not in its way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        yield


@pytest.fixture
def site(broker: Broker) -> Iterator[Broker]:
    """The site over the test's broker, as it is without any option; the broker."""
    with site_over(broker, {}):
        yield broker
