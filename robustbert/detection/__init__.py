"""Detectors: which texts an attack has changed."""
