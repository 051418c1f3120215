"""Variational autoencoders: bounds of the log-likelihood, and what is made from the prior."""
