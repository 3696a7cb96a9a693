"""Compare two runs: match their cells, test each accuracy, decide, and report."""
