"""Chains of states: hidden Markov models, conditional random fields, Kalman filters."""
