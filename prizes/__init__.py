"""What can be won, who won it, and how it reaches them."""
