"""What may depend on what."""
