"""The Flask skin."""
