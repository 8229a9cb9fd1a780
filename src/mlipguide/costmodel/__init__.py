"""From measurements to predictions: time and memory at sizes that were not measured."""
