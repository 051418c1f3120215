"""Loss functions: one member a file."""
