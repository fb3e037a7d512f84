"""Real backends, each in an environment of its own, and what they give back of what was sent to them.

The exporter takes events from a ring and sends them over OTLP; what a backend understood is asked for by its own API,
and compared field by field.
"""
