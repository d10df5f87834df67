"""Journeys drawn by lot, and somebody who makes them."""

import random
import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from browser.places import AGREE, STATE, Place, at_hubspot, attempt_of, ends
from portalkey_simulator import HubSpot, OpenerPolicy

SEED = 20261122
COUNTS = {"connected": 90, "failed": 55, "cancelled": 55}
POLICIES: tuple[OpenerPolicy | None, ...] = (
    None,
    None,
    "same-origin",
    "same-origin-allow-popups",
)
# A page that hears no popup: it has to find out by asking.
DEAF = """
if (new URLSearchParams(location.search).has("deaf")) {
  delete window.BroadcastChannel;
  for (const type of ["message", "storage"])
    addEventListener(type, (event) => event.stopImmediatePropagation(), true);
}
"""


@dataclass(frozen=True)
class Journey:
    """One journey: what the server is to hold at its *end*, and what happens on the way.

    *how* is how that end comes about. The policies are ``Cross-Origin-Opener-Policy`` of the app's
    page, of HubSpot's page and of the redirect back. *delay* is of HubSpot's answer, in seconds.
    """

    number: int
    end: str
    how: str
    page_policy: str | None
    consent_policy: OpenerPolicy | None
    redirect_policy: OpenerPolicy | None
    delay: float
    is_deaf: bool
    reloads: bool
    closes_early: bool

    @property
    def is_severed(self) -> bool:
        """True where the windows have lost each other by the time HubSpot's page is there."""
        return self.page_policy == "same-origin" or self.consent_policy is not None


HOW = {
    "connected": ("agrees", "agrees", "starts again"),
    "failed": ("declines", "is refused"),
    "cancelled": ("cancels", "closes and cancels", "agrees too late"),
}


def planned(seed: int) -> list[Journey]:
    """The journeys that this *seed* gives: so many of each end, in a mixed order."""
    lot = random.Random(seed)  # noqa: S311 - to be drawn again
    all_ends = [end for end, count in COUNTS.items() for _ in range(count)]
    lot.shuffle(all_ends)
    return [_drawn(lot, number, end) for number, end in enumerate(all_ends)]


def _drawn(lot: random.Random, number: int, end: str) -> Journey:
    return Journey(
        number,
        end,
        lot.choice(HOW[end]),
        page_policy=lot.choice(POLICIES),
        consent_policy=lot.choice(POLICIES),
        redirect_policy=lot.choice(POLICIES),
        delay=lot.choice((0, 0, 0.05, 0.3)),
        is_deaf=lot.random() < 0.25,
        reloads=lot.random() < 0.25,
        closes_early=lot.random() < 0.5,
    )


class Traveller:
    """A tab in which one journey after another is made."""

    def __init__(self, page: Page, place: Place, hubspot: HubSpot) -> None:
        self._page = page
        self._place = place
        self._hubspot = hubspot
        page.add_init_script(DEAF)

    def set_out(self, journey: Journey) -> None:
        """As far as HubSpot's page; the windows have lost each other if they must."""
        self._journey = journey
        self._hubspot.switches.consent_opener_policy = journey.consent_policy
        query = f"?policy={journey.page_policy or ''}{'&deaf' if journey.is_deaf else ''}"
        self._page.bring_to_front()  # a hidden page is not drawn, and cannot be clicked
        self._page.goto(f"{self._place.url}/{query}")
        self._popup = at_hubspot(self._page)
        self._attempt = attempt_of(self._page)
        self._assert_severed()
        if journey.reloads:
            self._page.reload()
            self._see("waiting")

    def _see(self, state: str) -> None:
        expect(self._page.locator("hubspot-connect")).to_have_attribute("state", state)

    def _assert_severed(self) -> None:
        severed = self._journey.is_severed
        assert self._page.evaluate("ear.popup.closed") is severed, self._journey
        assert self._popup.evaluate("opener === null") is severed, self._journey
        assert not self._popup.is_closed()

    def decide(self) -> None:
        """What the person does, and what HubSpot makes of it."""
        journey = self._journey
        self._hubspot.switches.redirect_opener_policy = journey.redirect_policy
        act = {
            "agrees": self._agree,
            "starts again": self._start_again,
            "declines": lambda: self._press("deny"),
            "is refused": self._be_refused,
            "cancels": self._cancel,
            "closes and cancels": self._close_and_cancel,
            "agrees too late": self._agree_too_late,
        }
        act[journey.how]()
        if journey.closes_early and not self._popup.is_closed():
            self._popup.close()

    def _press(self, decision: str) -> None:
        self._popup.bring_to_front()
        self._popup.click(f"button[value={decision}]")
        expect(self._popup.get_by_role("heading", level=1)).to_have_text(
            re.compile("onnected|does not accept")
        )

    def _agree(self) -> None:
        if self._journey.delay:
            self._hubspot.next_token_answer(delay=self._journey.delay)
        self._press("approve")

    def _start_again(self) -> None:
        old = self._popup
        self._page.bring_to_front()
        with self._page.expect_popup() as opened:
            self._page.get_by_role("button", name="Start again").click()
        self._popup = opened.value
        self._popup.wait_for_selector(AGREE)
        self._attempt = attempt_of(self._page)
        if not old.is_closed():
            old.close()
        self._agree()

    def _be_refused(self) -> None:
        self._hubspot.next_token_refusal("BAD_CLIENT_SECRET")
        self._press("approve")

    def _cancel(self) -> None:
        self._page.bring_to_front()
        self._page.get_by_role("button", name="Cancel").click()
        self._see("cancelled")

    def _close_and_cancel(self) -> None:
        self._popup.close()
        self._cancel()

    def _agree_too_late(self) -> None:
        old, address = self._popup, self._popup.url
        self._cancel()
        if not self._journey.is_severed:  # the page closes it, now or in a moment
            self._popup = self._page.context.new_page()
            self._popup.goto(address)
            old.close()
        self._press("approve")

    def arrive(self) -> None:
        """The page has ended once, and as the server has it."""
        journey = self._journey
        self._page.wait_for_function("ear.results.length > 0", polling=50)
        if not self._popup.is_closed():
            self._popup.close()
        attempt = self._place.broker.vault.store.attempt(self._attempt)
        assert attempt is not None
        assert attempt.status.value == journey.end, journey
        assert ends(self._page) == [journey.end], journey
        assert self._page.evaluate(STATE) == journey.end, journey
