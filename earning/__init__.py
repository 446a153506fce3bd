"""How members come by chances: given, redeemed, bought; each counted once. Knows no odds and no play."""
