"""Variational inference: the evidence lower bound, its gradients, coordinate ascent for conjugate models."""
