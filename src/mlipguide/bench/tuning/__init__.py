"""The settings to run a model with: candidates, whether they compute the same, and which is the fastest."""
