"""How many are left and who may take one. Knows ids and counts, not prizes; the only user of Redis."""
