"""Faults on demand: a table of them, rules for when they happen, and their effect."""
