"""One folder each: what it is, its configuration, one command."""
