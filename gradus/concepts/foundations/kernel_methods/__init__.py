"""Pages on kernels: one member a file."""
