"""Training: `fit`, checkpoints that resume bit for bit, and what belongs to them.

What `__all__` lists is public, and loaded when it is asked for; the files of this room are how `fit` works inside.
"""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.training.callbacks import Callback, GradientNorms, TrackSharpness
    from gradus.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
    from gradus.training.errors import CheckpointError, Interrupted, NonFiniteError
    from gradus.training.fitting import Fitted, fit
    from gradus.training.logs import read_rows
    from gradus.training.metrics import accuracy
    from gradus.training.run import Run, export_weights
    from gradus.training.step_folder import newest_checkpoint
    from gradus.training.stopping import EarlyStopping

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
    "TrackSharpness",
    "accuracy",
    "export_weights",
    "fit",
    "load_checkpoint",
    "newest_checkpoint",
    "read_rows",
    "save_checkpoint",
]

export(
    __name__,
    {
        "callbacks": ["Callback", "GradientNorms", "TrackSharpness"],
        "checkpoint": ["Checkpoint", "load_checkpoint", "save_checkpoint"],
        "errors": ["CheckpointError", "Interrupted", "NonFiniteError"],
        "fitting": ["Fitted", "fit"],
        "logs": ["read_rows"],
        "metrics": ["accuracy"],
        "run": ["Run", "export_weights"],
        "step_folder": ["newest_checkpoint"],
        "stopping": ["EarlyStopping"],
    },
)
