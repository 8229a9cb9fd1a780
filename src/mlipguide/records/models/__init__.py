"""Model cards, families, data sets, topics and their sources."""
