"""What the tests of operations share."""
