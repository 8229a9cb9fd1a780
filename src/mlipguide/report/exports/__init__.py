"""JSON, JUnit, annotations for GitHub."""
