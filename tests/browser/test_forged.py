"""Forged messages, on every way that a message can come: no more than a question to the server.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, Page

from browser.places import (
    STATE,
    Place,
    at_hubspot,
    attempt_of,
    decide,
    framed,
    front,
    status_calls,
    wait_for_end,
)

pytest_plugins = ("browser.surroundings",)

FORGED = """
const right = { source: "portalkey", v: 1, type: "result", attempt, status: "connected" };
const loop = {}; loop.loop = loop;
const big = "x".repeat(2 ** 22);
const malformed = [
  null, undefined, 0, -1, NaN, 7n, "", "connected", [], [right], new Date(), new Map([["v", 1]]),
  loop, Object.assign([], { ...right, v: 0 }), big, { ...right, v: big },
  { ...right, v: 2, list: Array(1e5).fill(right) }, { ...right, status: big },
  { ...right, v: 2 }, { ...right, v: "1" }, { ...right, v: [1] }, { ...right, v: 1.5 },
  { ...right, source: "other" }, { ...right, source: ["portalkey"] }, { ...right, type: "ack" },
  { ...right, attempt: "A".repeat(22) }, { ...right, attempt: null },
  { ...right, attempt: [attempt] }, { ...right, attempt: { toString: 1, valueOf: 1 } },
  { ...right, status: "cancelled" }, { ...right, status: "<img src=x onerror=zebra=1>" },
  { ...right, status: ["connected"] }, { ...right, status: null },
  JSON.parse('{"__proto__": ' + JSON.stringify(right) + '}'),
  JSON.parse('{"constructor": {"prototype": {"zebra": 1}}, "__proto__": {"zebra": 1}}'),
  { get source() { return "portalkey"; }, get v() { return 2 * Math.random(); } },
];"""
# A window of another process is heard later: its "last" says that all the rest was heard.
POST = f"""([attempt, target, isWhole]) => {{
  {FORGED}
  const aim = {{ parent, opener, self }}[target];
  for (const each of isWhole ? [...malformed, right] : malformed) aim.postMessage(each, "*");
  aim.postMessage("last", "*");
}}"""
BROADCAST = f"""([attempt, times]) => {{
  {FORGED}
  const channel = new BroadcastChannel("portalkey:" + attempt);
  for (const each of malformed) channel.postMessage(each);
  for (let time = 0; time < times; time++) channel.postMessage(right);
  channel.postMessage("last");
}}"""
HEAR_LAST = """attempt => {
  const isLast = (done) => ({ data }) => data === "last" && done();
  window.heard = new Promise((done) => addEventListener("message", isLast(done)));
  const channel = new BroadcastChannel("portalkey:" + attempt);
  window.overheard = new Promise((done) => { channel.onmessage = isLast(done); });
}"""
LOOK = f"""[
  {STATE}, document.documentElement.outerHTML, location.href, history.length, typeof zebra,
  {{ ...localStorage }}, {{ ...sessionStorage }}, ear.results, ear.states, ear.opened.length,
]"""


class Stillness:
    """A page that waits for its popup at HubSpot, and whose clock stands still.

    So nothing but what it hears can make it ask the server.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.popup = at_hubspot(page)
        self.attempt = attempt_of(page)
        with page.expect_response(re.compile("/status")) as answer:
            page.clock.pause_at(page.evaluate("Date.now() / 1000") + 60)
        answer.value.finished()
        page.wait_for_function(f"{STATE} === 'slow'")
        page.evaluate(HEAR_LAST, self.attempt)
        self.calls = status_calls(page)
        self._seen = page.evaluate(LOOK)

    def post(self, source: Page | Frame, target: str, *, is_whole: bool = True) -> None:
        """Post all that is forged; *is_whole* includes what the popup itself would say."""
        source.evaluate(POST, [self.attempt, target, is_whole])
        self.page.evaluate("heard")

    def assert_unmoved(self, remarks: list[str], most: int = 1) -> None:
        """Nothing came of it but, at *most*, so many questions to the server."""
        for call in self.calls:
            assert parse_qs(urlsplit(call).query)["attempt"] == [self.attempt]
        assert len(self.calls) <= most
        assert self.page.evaluate(LOOK) == self._seen
        assert remarks == []

        decide(self.popup, "approve")
        self.page.clock.resume()
        wait_for_end(self.page, "connected")


@pytest.fixture
def still(person: BrowserContext, place: Place) -> Stillness:
    """A page whose clock stands still."""
    person.clock.install()
    return Stillness(front(person, place))


def unframed(page: Page) -> None:
    """Take the frames out."""
    page.evaluate("document.querySelectorAll('iframe').forEach((frame) => frame.remove())")


@pytest.mark.parametrize(
    ("where", "sandbox"),
    [("/as/ada", None), ("evil", None), ("evil", "allow-scripts"), ("/as/ada", "allow-scripts")],
    ids=["our-origin", "another-site", "no-origin", "no-origin-of-ours"],
)
def test_t35_forged_by_a_frame(
    still: Stillness, place: Place, evil: str, where: str, sandbox: str | None, remarks: list[str]
) -> None:
    """A message that the popup did not send is ignored, and so is one of another origin."""
    frame = framed(still.page, evil if where == "evil" else place.url + where, sandbox)
    still.post(frame, "parent")
    unframed(still.page)

    still.assert_unmoved(remarks)


def test_t35_forged_by_the_page(still: Stillness, remarks: list[str]) -> None:
    """A message that the popup did not send is ignored, and so is one of another origin."""
    still.post(still.page, "self")

    still.assert_unmoved(remarks)


def test_t35_forged_at_hubspot(still: Stillness, remarks: list[str]) -> None:
    """A message that the popup did not send is ignored, and so is one of another origin."""
    still.post(still.popup, "opener")

    still.assert_unmoved(remarks)


def test_t35_malformed_by_the_popup(still: Stillness, place: Place, remarks: list[str]) -> None:
    """A malformed message is ignored, whoever sent it."""
    consent = still.popup.url
    # By itself, as a person's going there would cut it off.
    still.popup.evaluate("url => { location = url }", f"{place.url}/as/ada")
    still.popup.wait_for_url("**/as/ada")
    still.post(still.popup, "opener", is_whole=False)
    still.popup.goto(consent)

    still.assert_unmoved(remarks)


def test_t35_trapped_events(still: Stillness, remarks: list[str]) -> None:
    """A malformed message is ignored, whoever sent it."""
    still.page.evaluate("""() => {
      const spring = () => { throw new Error("sprung"); };
      const data = new Proxy({}, { get: spring, has: spring, ownKeys: spring });
      for (const source of [null, window])
        for (const origin of ["null", "", location.origin])
          dispatchEvent(new MessageEvent("message", { data, origin, source }));
      dispatchEvent(new Event("message"));
      dispatchEvent(new Event("storage"));
    }""")

    still.assert_unmoved(remarks)


@pytest.mark.parametrize(("times", "most"), [(1, 1), (1000, 9)], ids=["once", "a-flood"])
def test_t36_forged_on_the_channel(
    still: Stillness,
    person: BrowserContext,
    place: Place,
    remarks: list[str],
    times: int,
    most: int,
) -> None:
    """A page of our own origin can make ours ask the server, not often, and no more than ask."""
    other = person.new_page()
    other.goto(f"{place.url}/as/ada")
    with still.page.expect_response(re.compile("/status")):
        other.evaluate(BROADCAST, [still.attempt, times])
        still.page.evaluate("overheard")
    other.close()

    assert still.calls
    still.assert_unmoved(remarks, most)


def test_t36_forged_in_the_storage(
    still: Stillness, person: BrowserContext, place: Place, remarks: list[str]
) -> None:
    """A page of our own origin can make ours ask the server, not often, and no more than ask."""
    other = person.new_page()
    other.goto(f"{place.url}/as/ada")
    with still.page.expect_response(re.compile("/status")):
        other.evaluate(
            """attempt => {
              localStorage["portalkey:" + attempt] = "connected";
              delete localStorage["portalkey:" + attempt];
            }""",
            still.attempt,
        )

    still.assert_unmoved(remarks, most=2)
