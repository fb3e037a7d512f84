"""What the filter records of each kind of stream, through the real Envoy."""
