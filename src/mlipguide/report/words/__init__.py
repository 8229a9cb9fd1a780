"""Records in words."""
