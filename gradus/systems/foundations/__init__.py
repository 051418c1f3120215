"""Systems of foundations."""
