"""K-FAC, searches for a step size and noise scales as users write them."""
