"""Sealed in, open out."""
