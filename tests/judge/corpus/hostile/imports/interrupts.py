"""Raises KeyboardInterrupt when imported."""

raise KeyboardInterrupt


# relu: import: KeyboardInterrupt on import
def relu(x):
    return x
