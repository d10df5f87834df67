"""Timings and spans."""
