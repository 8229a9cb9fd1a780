"""One function for each command: the order of its steps, nothing else."""
