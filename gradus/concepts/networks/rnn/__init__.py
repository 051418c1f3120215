"""Recurrent networks: one member a file."""
