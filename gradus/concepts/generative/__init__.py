"""Pages: one concept, or one family, a file."""
