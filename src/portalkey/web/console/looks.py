"""Pages that only show: an attempt by its reference, keys and what they seal, health."""

from collections.abc import Sequence

from portalkey.model.attempt import read_reference
from portalkey.model.attempt_words import words_about
from portalkey.model.findings import Finding, State
from portalkey.model.transitions import RETENTION
from portalkey.web.console.context import ConsoleContext, Visit
from portalkey.web.console.words import Mark, humanize, make_timeline
from portalkey.web.http import WebResponse

OWED = 20
"""Revocations that the page of health lists."""

_STATES = {
    State.OK: Mark("Good", "connected", "good"),
    State.WARNING: Mark("Look at it", "failing", "warn"),
    State.PROBLEM: Mark("Trouble", "needs_reconnect", "bad"),
    State.UNKNOWN: Mark("Not known", "clock"),
}
_WORST = (State.PROBLEM, State.WARNING, State.UNKNOWN)
_TITLES = {
    "store": "Store",
    "store_clock": "Clock",
    "keys": "Keys",
    "failing": "Failing",
    "pace": "Pace of renewals",
    "outbox": "Owed to HubSpot",
    "notifications": "Receivers of events",
    "breaker": "Requests to HubSpot",
}


class Looks:
    """Handlers that change nothing."""

    def __init__(self, context: ConsoleContext) -> None:
        self._context, self._broker = context, context.broker

    def show_attempt(self, visit: Visit) -> WebResponse:
        """Say what became of the attempt that somebody quotes."""
        reference = read_reference(visit.query("reference"))
        attempt = self._broker.find_own_attempt(reference) if reference else None
        if attempt is None:
            status = 404 if reference else 200
            facts = {"reference": reference, "days": RETENTION.days}
            return self._context.page(visit, "attempts.html", status, attempt=None, **facts)
        events = self._broker.find_events_of_attempt(attempt.id)
        return self._context.page(
            visit,
            "attempts.html",
            reference=attempt.id,
            days=RETENTION.days,
            words=words_about(attempt),
            timeline=make_timeline(events[::-1]),
            attempt={
                "Status": humanize(attempt.status.value),
                "Error": attempt.error,
                "Check that failed": attempt.failed_check,
                "Person": attempt.person,
                "Account expected": attempt.expected_hub_id,
                "Opened from": attempt.opener_origin,
                "Language": attempt.language,
            },
            owner=attempt.owner,
            connection_id=attempt.connection_id,
            began=attempt.created_at,
            ended=attempt.ended_at,
        )

    def show_keys(self, visit: Visit) -> WebResponse:
        """Show what each key still seals."""
        look = self._context.key_status.look()
        whole = sum(each.count.rows for each in look.value.keys)
        return self._context.page(
            visit, "keys.html", status_=look.value, whole=whole, age=round(look.age)
        )

    def show_health(self, visit: Visit) -> WebResponse:
        """Show how the store and what is in it are."""
        look = self._context.health.look()
        findings = [each for each in look.value.findings if not _is_elsewhere(each)]
        findings.sort(key=lambda each: each.state is State.OK)
        # A store in trouble is what this page is for: it is shown without its numbers.
        is_readable = look.value.inspection is not None
        stats = self._broker.stats() if is_readable else None
        return self._context.page(
            visit,
            "health.html",
            checks=[(_title(each), _STATES[each.state], each) for each in findings],
            judgement=_judge(findings),
            age=round(look.age),
            stats=stats,
            inspection=look.value.inspection,
            owed=self._broker.find_owed(limit=OWED) if is_readable else [],
            done=visit.query("done"),
        )


def _is_elsewhere(finding: Finding) -> bool:
    """Return True for what stands on the page as numbers, or on the page of keys."""
    return finding.state is State.OK and finding.name in {"connections", "rows_by_key", "sizes"}


def _title(finding: Finding) -> str:
    return _TITLES.get(finding.name, humanize(finding.name).capitalize())


def _judge(findings: Sequence[Finding]) -> tuple[Mark, str, str]:
    """Return one sentence about all of them, with its mark, and what to do."""
    for state in _WORST:
        for each in findings:
            if each.state is state:
                return _STATES[state], each.sentence, each.to_do
    return _STATES[State.OK], "Store, keys and the way to HubSpot are well.", ""
