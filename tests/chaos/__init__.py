"""Processes killed at any moment, and a ring that nobody empties."""
