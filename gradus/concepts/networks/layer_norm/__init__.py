"""Norms of a single sample: one member a file."""
