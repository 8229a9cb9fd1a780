"""Statistics of timings: where the steady state begins, and how well its centre is known."""
