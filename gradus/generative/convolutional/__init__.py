"""Convolutional networks for adversarial training of images, and ways between two points of noise."""
