"""Raises when imported, in a function that it calls."""


def load():
    raise FileNotFoundError("weights.pt")


load()


# relu: import: FileNotFoundError on import
def relu(x):
    return x
