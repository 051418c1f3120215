"""Systems of inference: what exact and iterative inference makes of text, tables, tracks, lattices and networks."""
