"""One function per command, each returning a result record: the Python API."""
