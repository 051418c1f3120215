"""Pages on how good a classifier is: one member a file."""
