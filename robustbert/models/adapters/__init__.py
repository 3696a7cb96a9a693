"""Classifiers around models that exist in memory: PyTorch, scikit-learn, any function."""
