"""Activation functions: one member a file."""
