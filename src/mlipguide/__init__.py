"""Which machine-learning interatomic potential to run, with numbers measured on your machine."""

__version__ = "0.1.0"
