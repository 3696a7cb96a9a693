"""The accuracies of a baseline over the commits of a repository."""
