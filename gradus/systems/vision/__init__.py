"""Systems of vision."""
