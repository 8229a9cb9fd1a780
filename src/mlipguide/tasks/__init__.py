"""From what the user typed to a task: its structure, time step, needs and counted work."""
