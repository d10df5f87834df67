"""A page whose clock is in the test's hand, and which counts how often it asks the server."""

from playwright.sync_api import Page

# The page counts itself how often it asks: the driver may hear of it long after.
COUNT = """
{
  const ask = window.fetch;
  window.asked = window.underWay = 0;
  window.fetch = async (url, ...given) => {
    if (!String(url).includes("/status")) return ask(url, ...given);
    window.asked++;
    window.underWay++;
    try {
      const answer = await ask(url, ...given);
      await answer.clone().text();
      return answer;
    } finally {
      window.underWay--;
    }
  };
}
"""


class Hasty:
    """A page whose clock is in the test's hand."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def pause(self) -> None:
        """Stop the clock."""
        self.page.clock.pause_at(self.page.evaluate("Date.now() / 1000") + 1)
        self._settle()

    def live(self, seconds: int) -> int:
        """Let so many *seconds* pass; how often the page asked meanwhile."""
        before = int(self.page.evaluate("asked"))
        for _ in range(seconds):
            self.page.clock.run_for(1_000)
            self._settle()
        return int(self.page.evaluate("asked")) - before

    def _settle(self) -> None:
        """Until whatever was asked has been answered, and the page has made of it what it will."""
        for _ in range(2_000):
            if not self.page.evaluate("underWay"):
                break
            self.page.wait_for_timeout(5)
        self.page.evaluate("1")
