"""Scripts for the user's run: written, checked, tried for ten steps."""
