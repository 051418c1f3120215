"""Posteriors of a network's weights: by variation, by Laplace's approximation, by dropout; and what they predict."""
