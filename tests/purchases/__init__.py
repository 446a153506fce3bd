"""Thousands of purchases while one call in ten goes unanswered and processes die at every step: no point is made or lost."""
