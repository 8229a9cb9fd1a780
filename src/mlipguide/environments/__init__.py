"""Isolated Python environments, one per backend: which interpreter serves it, and how one is built."""
