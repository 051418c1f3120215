"""Networks in NumPy alone: blocks that take the definitions of layers as arguments, our own tape, and a literal Adam."""
