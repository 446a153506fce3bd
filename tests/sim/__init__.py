"""A simulation of plays under faults: one integer is a whole history, and gives it again.

The project's own rooms run on a real server and a real ledger; only the faults are made up. Everything happens one
step at a time, in an order that the seed alone decides, and steps of other processes come in between the calls of a
step. The server's clock is the one thing the seed does not set: the scripts read it themselves.
"""
