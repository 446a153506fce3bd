"""The wheel: a disc of sectors that lands where the server said."""
