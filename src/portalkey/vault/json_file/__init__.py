"""A config file in place of a database."""
