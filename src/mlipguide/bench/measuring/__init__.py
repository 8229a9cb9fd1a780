"""Timings on this machine: measured now, or found in the store."""
