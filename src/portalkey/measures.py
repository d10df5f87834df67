"""Timings for metrics of your own: ``portalkey.measures.measured``."""

from portalkey._support.telemetry import Measure, Measured, measured

__all__ = ["Measure", "Measured", "measured"]
