"""The ceiling of a wait for what has to come.

A wait ends as soon as that is there. How long it takes depends on what else the machine does, and
no test may fail by that: only where something is broken does a wait last until the ceiling.
"""

PATIENCE = 60.0
"""Seconds."""
MILLISECONDS = PATIENCE * 1000
"""As browsers count."""
