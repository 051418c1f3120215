"""Diffusion models: data drowned in noise step by step, and brought back by a model that knows how much of it is noise."""
