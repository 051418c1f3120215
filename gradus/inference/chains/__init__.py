"""Models of sequences whose states form a chain."""
