"""Distances between what a model makes and what it was shown: two moments, a kernel's mean, nearest neighbours."""
