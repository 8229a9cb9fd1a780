"""Fits, pilots and distillations."""
