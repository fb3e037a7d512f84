"""The users' way, from start to end."""
