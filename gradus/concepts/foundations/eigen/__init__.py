"""Eigenvalues and eigenvectors of symmetric matrices, and the power iteration: one member a file."""
