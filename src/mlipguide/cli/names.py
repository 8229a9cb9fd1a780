"""Names of commands that have commands of their own."""

GROUPS = frozenset({"models", "hardware", "env"})
