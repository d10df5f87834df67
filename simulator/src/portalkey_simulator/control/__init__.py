"""The control room: a simulator is set and shown by hand, over HTTP and on a page."""
