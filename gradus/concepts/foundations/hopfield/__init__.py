"""Pages on Hopfield's memories: one member a file."""
