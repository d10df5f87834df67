"""Batches of the webhooks journal: several links in one answer.

Source: ``webhooksJournal.json`` for 2026-09 in
https://github.com/HubSpot/HubSpot-public-api-spec-collection.
"""

import re
from collections.abc import Sequence

from flask import Response, jsonify, request

from portalkey_simulator.api.error_responses import (
    format_moment,
    not_found_error,
    validation_error,
)
from portalkey_simulator.api.json_body import expect, read_object
from portalkey_simulator.api.webhooks_journal import Journal
from portalkey_simulator.world import World
from portalkey_simulator.world.lifecycle import Event

_COUNT = re.compile(r"[0-9]{1,10}")
_MOST = 2**31 - 1
_MULTI_STATUS = 207


class JournalBatches:
    """Several of the entries that *journal* has."""

    def __init__(self, world: World, journal: Journal) -> None:
        self._world = world
        self._journal = journal

    def show_earliest(self, version: str, count: str) -> Response:
        """Respond with links to the oldest entries.

        Raises:
            ApiRefused: The token is no app's or not for this, or *count* is no number.
        """
        del version
        entries = self._journal.list_entries()
        return self._respond(entries[: _read_count(count)])

    def show_latest(self, version: str, count: str) -> Response:
        """Respond with links to the newest entries, the oldest of them first.

        Raises:
            ApiRefused: The token is no app's or not for this, or *count* is no number.
        """
        del version
        entries = self._journal.list_entries()
        return self._respond(entries[-_read_count(count) :])

    def show_next(self, version: str, offset: str, count: str) -> Response:
        """Respond with links to the entries after the one at *offset*.

        Raises:
            ApiRefused: The token is no app's or not for this, *count* is no number, or the journal
                has no such entry (any more).
        """
        del version
        entries = self._journal.list_entries(offset)
        return self._respond(entries[: _read_count(count)])

    def read(self, version: str) -> Response:
        """Respond with links to the entries at the offsets in the body.

        Raises:
            ApiRefused: The token is no app's or not for this, or the body names no offsets.
        """
        del version
        entries = {one.offset: one for one in self._journal.list_entries()}
        inputs = expect("inputs", read_object(request.get_data()).get("inputs"), list)
        offsets = [expect("inputs", each, str) for each in inputs]
        known = [entries[each] for each in dict.fromkeys(offsets) if each in entries]
        return self._respond(known, [each for each in offsets if each not in entries])

    def show_status(self, version: str, status: str) -> Response:
        """Refuse, as no snapshot was ever asked for here.

        Raises:
            ApiRefused: Always.
        """
        del version
        self._journal.list_entries()
        raise not_found_error(status)

    def _respond(self, entries: Sequence[Event], unknown: Sequence[str] = ()) -> Response:
        now = format_moment(self._world.clock.now())
        body: dict[str, object] = {
            "status": "COMPLETE",
            "results": [self._journal.describe_link(one) for one in entries],
            "startedAt": now,
            "completedAt": now,
        }
        if unknown:
            body |= {"numErrors": len(unknown), "errors": [_describe_unknown(unknown)]}
        response = jsonify(body)
        response.status_code = _MULTI_STATUS if unknown else 200
        return response


def _describe_unknown(offsets: Sequence[str]) -> dict[str, object]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some entries; they may have expired.",
        "context": {"ids": list(offsets)},
        "errors": [],
        "links": {},
    }


def _read_count(text: str) -> int:
    if not _COUNT.fullmatch(text) or not 1 <= int(text) <= _MOST:
        raise validation_error("count has to be a whole number from 1 on")
    return int(text)
