"""The whole product from outside."""
