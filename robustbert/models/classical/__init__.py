"""Classical baselines: TF-IDF features and scikit-learn estimators, stored without pickles."""
