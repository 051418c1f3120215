"""Parameters of Bayesian networks from cases, whole or with values that are missing."""
