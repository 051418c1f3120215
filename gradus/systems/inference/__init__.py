"""Systems of inference."""
