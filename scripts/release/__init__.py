"""A release: its version, and what is built for it."""
