"""Training: `fit`, checkpoints that resume bit for bit, and what belongs to them.

What `__all__` lists is public, and loaded when it is asked for; the files of this room are how `fit` works inside.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradus.training.callbacks import Callback, GradientNorms
    from gradus.training.checkpoint import Checkpoint, load_checkpoint, newest_checkpoint, save_checkpoint
    from gradus.training.errors import CheckpointError, Interrupted, NonFiniteError
    from gradus.training.fitting import Fitted, fit
    from gradus.training.logs import read_rows
    from gradus.training.metrics import accuracy
    from gradus.training.run import Run, export_weights
    from gradus.training.stopping import EarlyStopping

_HOMES = {
    "Callback": "callbacks",
    "Checkpoint": "checkpoint",
    "CheckpointError": "errors",
    "EarlyStopping": "stopping",
    "Fitted": "fitting",
    "GradientNorms": "callbacks",
    "Interrupted": "errors",
    "NonFiniteError": "errors",
    "Run": "run",
    "accuracy": "metrics",
    "export_weights": "run",
    "fit": "fitting",
    "load_checkpoint": "checkpoint",
    "newest_checkpoint": "checkpoint",
    "read_rows": "logs",
    "save_checkpoint": "checkpoint",
}
__all__ = [
    "Callback",
    "Checkpoint",
    "CheckpointError",
    "EarlyStopping",
    "Fitted",
    "GradientNorms",
    "Interrupted",
    "NonFiniteError",
    "Run",
    "accuracy",
    "export_weights",
    "fit",
    "load_checkpoint",
    "newest_checkpoint",
    "read_rows",
    "save_checkpoint",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
