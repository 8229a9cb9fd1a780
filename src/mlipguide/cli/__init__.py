"""The command line: options in, a workflow called, a report out. Exit codes are known here and nowhere below."""
