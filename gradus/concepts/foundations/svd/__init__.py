"""Pages on the singular value decomposition: one member a file."""
