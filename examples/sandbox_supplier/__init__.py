"""A phone credit supplier to develop and test against: it tops nothing up, counts everything, and fails on request."""
