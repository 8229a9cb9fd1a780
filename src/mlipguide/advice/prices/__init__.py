"""What each way to a potential costs."""
