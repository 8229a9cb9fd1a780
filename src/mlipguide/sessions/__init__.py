"""Start a worker in an environment, talk to it, end it."""
