"""Commands whose work is done by the nodes of a cluster, and the jobs that do it."""
