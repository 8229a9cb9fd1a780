"""One page for each command."""
