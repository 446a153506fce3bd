"""Millions of draws against the odds they were promised with, and wrong draws that the same check must reject."""
