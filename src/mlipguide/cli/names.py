"""Names of commands that have commands of their own."""

GROUPS = frozenset({"models", "hardware", "env", "train"})
PAIRS = frozenset({("bench", "compare")})
"""Commands of a group whose own name is a command too."""
