"""Gradus: the mathematics of deep learning, executable and verified."""

from importlib import import_module
from typing import Any

from gradus.errors import GradusError

__version__ = "0.2.0"
__all__ = ["GradusError", "__version__", "examine", "explain", "watch"]


def __getattr__(name: str) -> Any:
    """`explain`, `examine` and `watch`, imported at their first use."""
    if name == "explain":
        from gradus.explanation import explain

        return explain
    if name == "watch":
        from gradus.examination import watch

        return watch
    if name == "examine":
        return import_module("gradus.examination").examine  # its report names the version that stands here
    raise AttributeError(f"module 'gradus' has no attribute {name!r}")
