"""The simulator's own door: what is set and seen by hand, over HTTP and on a page."""
