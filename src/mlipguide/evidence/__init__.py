"""What is known of a model's accuracy for a task."""
