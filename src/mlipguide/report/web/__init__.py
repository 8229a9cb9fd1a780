"""Answers as one HTML file that needs nothing else: ``--html FILE``."""
