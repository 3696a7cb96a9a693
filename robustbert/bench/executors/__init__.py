"""Where the attacks of a cell run: in this process, or on the workers of a Ray cluster."""
