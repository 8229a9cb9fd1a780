"""Errors, disagreement and stability of models."""
