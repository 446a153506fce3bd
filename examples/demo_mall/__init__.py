"""A points mall of its own, as a mall developer would write it."""
