"""The terminal explorer: a question that is changed with keys or mouse, and its answer beside it."""
