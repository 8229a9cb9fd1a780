"""Structures: read from a file or built from a description, checked, summarised, repeated and cut."""
