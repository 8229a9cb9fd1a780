"""Pictures, drawn by matplotlib or in the terminal."""
