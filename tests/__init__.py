"""The promises, proven."""
