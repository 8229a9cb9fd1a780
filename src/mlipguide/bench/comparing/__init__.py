"""Two runs of a benchmark beside each other."""
