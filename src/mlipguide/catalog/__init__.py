"""The catalogue: one card per checkpoint, the sets of elements, and the sources of every fact."""
