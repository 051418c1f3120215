"""Monte Carlo: samplers, and what tells how good their draws are."""
