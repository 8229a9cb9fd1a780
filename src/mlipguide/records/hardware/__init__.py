"""Machines, devices and environments."""
