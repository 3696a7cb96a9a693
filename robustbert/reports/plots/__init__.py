"""Plots of the results of a run."""

from robustbert.reports.plots.plot_data import PlotData, read_plot_data
from robustbert.reports.plots.run_plots import plot_files

__all__ = ["PlotData", "plot_files", "read_plot_data"]
