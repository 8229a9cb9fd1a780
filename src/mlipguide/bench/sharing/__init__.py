"""Measurements that are given away and taken: what they may hold, and whether they can be true."""
