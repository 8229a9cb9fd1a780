"""Verdicts, strategies, plans and the answer."""
