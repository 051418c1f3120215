"""Recipes of the systems of the area optimization."""
