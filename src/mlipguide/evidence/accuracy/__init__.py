"""Models against labels: errors, their intervals, and what looks wrong in the labels."""
