"""Measurements, benchmarks and comparisons of them."""
