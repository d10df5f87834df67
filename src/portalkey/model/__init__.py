"""What an attempt, a connection and a grant are, and how they may change. Pure."""
