"""Pure values and state machines: attempts, connections, grants, and the rules of their changes."""
