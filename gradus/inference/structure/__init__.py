"""Graphs of Bayesian networks from cases: the best tree, the best graph that small changes reach, and tests of independence."""
