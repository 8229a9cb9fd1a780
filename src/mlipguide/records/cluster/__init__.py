"""A cluster, its partitions, and the jobs that run on them."""
