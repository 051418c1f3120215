"""Pages on mutual information: of distributions, and estimated from samples."""
