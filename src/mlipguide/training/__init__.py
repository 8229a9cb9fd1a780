"""Fits of potentials to labelled frames: engines, learning curves, sampling."""
