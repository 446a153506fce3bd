"""What a play costs, as ratios measured in one run: to a bare hello, to a no-op script, to the usual designs."""
