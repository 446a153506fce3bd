"""The scratch card: nine pictures under a coat that always agree with what was drawn."""
