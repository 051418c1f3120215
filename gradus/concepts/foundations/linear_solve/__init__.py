"""Pages on linear systems: one member a file."""
