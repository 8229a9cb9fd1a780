"""LAMMPS in a worker: its library in this process, or several MPI ranks beside it."""
