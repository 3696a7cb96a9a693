"""Attack finished rows again, to find out whether their robustness is real."""
