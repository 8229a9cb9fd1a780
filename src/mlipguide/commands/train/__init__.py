"""What ``mlipguide train`` does: one file for each of its commands."""
