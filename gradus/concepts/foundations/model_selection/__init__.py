"""Choosing a model by the error on rows that it has not seen: one member a file."""
