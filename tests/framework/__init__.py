"""Starts the real processes, on files of their own, and looks at what they leave."""
