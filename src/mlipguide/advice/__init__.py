"""What the facts mean for the task: pure functions on records."""
