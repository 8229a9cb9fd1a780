"""Whether energies and forces make a stable run: pure functions on arrays and snapshots."""
