"""Bundles: environments for machines without network, packed on one that has it."""
