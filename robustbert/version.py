"""The version of robustbert, in a module that imports nothing."""

__version__ = "0.1.0"
"""The version of the installed package."""
