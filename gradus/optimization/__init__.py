"""Optimisers as trajectories: any optimiser of any framework, driven by a gradient function from a start."""
