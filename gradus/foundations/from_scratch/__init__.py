"""Networks trained with NumPy alone: the pages' definitions, our own tape, and a literal Adam; no framework."""
