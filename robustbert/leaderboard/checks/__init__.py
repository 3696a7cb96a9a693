"""Checks of published results: one function per check; ``check_results.py`` collects them."""
