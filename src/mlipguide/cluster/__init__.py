"""Work spread over the jobs of a cluster: its file, scripts, SLURM, what came back."""
