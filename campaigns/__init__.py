"""What is played, when, with what odds; and the play itself."""
