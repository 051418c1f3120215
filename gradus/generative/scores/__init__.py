"""Scores, the slopes of log densities: learnt by matching, and sampled with."""
