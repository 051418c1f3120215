"""K-FAC, searches for a step size and noise scales, with the faults that people make."""
