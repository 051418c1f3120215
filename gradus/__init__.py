"""Gradus: the mathematics of deep learning, executable and verified."""

from gradus.errors import GradusError

__version__ = "0.1.0"
__all__ = ["GradusError", "__version__"]
