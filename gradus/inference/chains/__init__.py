"""Chains: hidden Markov models, and what else is inferred along time."""
