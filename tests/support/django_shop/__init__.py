"""A Django site as cookiecutters make them: a user of its own with a UUID, known by e-mail."""
