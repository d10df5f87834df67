"""Failures told when they happen, so that a run that is cut off has said what it found."""

import pytest


class FailuresAtOnce:
    """Writes each failure below the dots as it comes; the end of the run has them again."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what failed, and how."""
        if report.failed:
            self._terminal.write_line(f"\n{report.when} failed: {report.nodeid}", red=True)
            self._terminal.write_line(report.longreprtext)
