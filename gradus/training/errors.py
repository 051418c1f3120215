"""What can go wrong while training, beside a plain mistake of the caller."""

from pathlib import Path

from gradus.errors import GradusError
from gradus.text import Text


class CheckpointError(GradusError):
    """A checkpoint that cannot be trusted: truncated, changed, malformed or absent."""


class NonFiniteError(GradusError):
    """A NaN or an infinity met in training: at which step, in which tensor, from which layer.

    Attributes:
        step: the optimisation step (counted from 1) whose loss or gradient was not finite.
        tensor: what was not finite, "loss" or "gradient of NAME".
        layer: the module in which the first non-finite value appeared.
        checkpoint: the last good checkpoint, where there is one.
    """

    def __init__(
        self, message: str | Text, step: int, tensor: str, layer: str, checkpoint: Path | None
    ) -> None:
        super().__init__(message)
        self.step, self.tensor, self.layer, self.checkpoint = step, tensor, layer, checkpoint


class Interrupted(SystemExit, KeyboardInterrupt):
    """Training was stopped by a signal, after its state was saved.

    Both a `KeyboardInterrupt`, which a notebook or a caller may catch, and a `SystemExit`, so that a
    script that does not catch it leaves with the status that the shell expects (130 or 143) and no traceback.

    Attributes:
        signal: the number of the signal.
        checkpoint: where the state was saved; None where no run folder was given.
    """

    def __init__(self, signal: int, checkpoint: Path | None) -> None:
        super().__init__(128 + signal)
        self.signal, self.checkpoint = signal, checkpoint
