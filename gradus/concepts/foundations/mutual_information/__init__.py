"""Pages on mutual information: of laws, and estimated from samples."""
