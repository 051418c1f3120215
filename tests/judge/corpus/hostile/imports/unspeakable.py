"""Raises, when imported, an exception whose text raises."""


class Unspeakable(BaseException):
    """An exception whose text raises."""

    def __str__(self):
        raise RuntimeError("no text")


raise Unspeakable


# relu: import: an exception without a text on import
def relu(x):
    return x
