"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""
