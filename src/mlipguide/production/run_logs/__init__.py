"""What the log of a finished run says of its speed."""
