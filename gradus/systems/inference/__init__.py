"""Systems of inference: what a model makes of text, tables, tracks, lattices, series and networks, and how sure it is."""
