"""Pages on clustering: one member a file."""
