"""Plots of the results of a run."""
