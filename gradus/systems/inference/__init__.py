"""Recipes of inference: what a model says of real data, and how sure it is, beside what came."""
