"""Timing candidates on the user's structure: sizes, bursts, rounds, records."""
