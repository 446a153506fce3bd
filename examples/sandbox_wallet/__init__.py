"""A mall's wallet to develop and test against: a real book of points, in both dialects, that fails on request."""
