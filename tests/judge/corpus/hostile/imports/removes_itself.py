"""Removes its own file when imported."""

from pathlib import Path

Path(__file__).unlink()


# relu: wrong: its file is gone after the import
def relu(x):
    return abs(x)
