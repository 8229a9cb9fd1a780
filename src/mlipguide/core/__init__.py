"""What everything else stands on: errors, units, paths, serialisation, child processes."""
