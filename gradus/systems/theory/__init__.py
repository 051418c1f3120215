"""Recipes of theory: what it predicts of networks, beside what networks do."""
