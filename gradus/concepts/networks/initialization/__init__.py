"""Initialization: one member a file."""
