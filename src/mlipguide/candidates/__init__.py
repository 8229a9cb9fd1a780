"""Which models may be asked at all, with their environments, weights and settings."""
