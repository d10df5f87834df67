"""Facts that a page of the host's shows of us, looked up before it is rendered.

A template of an app with an event loop is rendered on that, where nothing may wait for the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from portalkey.model.authorization import Visitor
from portalkey.web.context import Context

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


@dataclass(frozen=True, slots=True)
class HostPage:
    """Facts for one page: who is signed in, the store's time, and what ``connect_state`` says."""

    context: Context
    visitor: Visitor
    now: datetime
    connect_state: Markup

    def connect_url(
        self,
        next_url: str | None,
        hub_id: int | None,
        *,
        another: bool = False,
        scopes: Iterable[str] = (),
    ) -> str:
        """Return what ``Router.connect_url`` does, without a look at the store."""
        start = self.context.start(next_url, hub_id, another=another, scopes=scopes)
        signer = _SignerAt(self.context.broker, self.now)
        return self.context.connect_url(self.visitor.owner, self.visitor.browser, start, signer)


@dataclass(frozen=True, slots=True)
class _SignerAt:
    """The broker as a signer, for which it is a known time."""

    broker: "Broker"
    at: datetime

    def now(self) -> datetime:
        return self.at

    def sign(self, purpose: str, *parts: str) -> str:
        return self.broker.sign(purpose, *parts)

    def is_signed(self, signature: str, purpose: str, *parts: str) -> bool:
        return self.broker.is_signed(signature, purpose, *parts)
