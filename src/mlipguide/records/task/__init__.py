"""What is asked: the task and its structure."""
