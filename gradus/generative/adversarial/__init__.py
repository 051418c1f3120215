"""Generative adversarial networks: losses, the gradient penalty, training by turns, and which modes were found."""
