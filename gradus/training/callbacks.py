"""Code of the user's at fixed places of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradus.training.modes import evaluating

if TYPE_CHECKING:
    from gradus.theory.sharpness_tracker import SharpnessTracker
    from gradus.training.run import Run


class Callback:
    """What is called during `fit`; override what is needed.

    `run` gives `model`, `optimizer`, `step`, `epoch`, `loss`, `learning_rate`, `history`, `directory`,
    `open_log(name)` (a file of JSON lines in the run folder) and `stop(reason)`.

    Attributes:
        gradients_every: at which steps `on_gradients` is wanted; in between, a compiled step need not give them out.
        every_call: whether each call of the model, backward pass and step of the optimiser must be made as PyTorch makes it,
            for hooks that the callback sets: then nothing is compiled, computed in closed form or updated in one call.
    """

    gradients_every = 1
    every_call = False

    def on_start(self, run: Run) -> None:
        """Before the first step of this process; `run.step` is above 0 when the run was resumed."""

    def on_gradients(self, run: Run) -> None:
        """After the gradients of a step are complete, before they are clipped and used."""

    def on_step_end(self, run: Run) -> None:
        """After a step's update."""

    def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
        """After an epoch and its validation; `row` is its line of the history."""

    def on_end(self, run: Run) -> None:
        """After the last step, also when the run ends in an error or an interruption."""


def watching(callbacks: tuple[Callback, ...]) -> list[Callback]:
    """The callbacks that look at gradients."""
    return [c for c in callbacks if type(c).on_gradients is not Callback.on_gradients]


def overriding(callbacks: tuple[Callback, ...], hook: str) -> list[Any]:
    """The bound hooks that do something, so that unused hooks cost nothing in the loop."""
    plain = getattr(Callback, hook)
    return [getattr(c, hook) for c in callbacks if getattr(type(c), hook, plain) is not plain]


class GradientNorms(Callback):
    """Record the Euclidean norm of each parameter's gradient, before clipping, every so many steps.

    Rows `{"step": t, "norms": {name: norm}}` go to `rows`, and to `gradient_norms.jsonl` in the run folder.
    """

    def __init__(self, every: int = 10, file: str = "gradient_norms.jsonl") -> None:
        self.gradients_every, self.file = every, file
        self.rows: list[dict[str, Any]] = []

    def on_start(self, run: Run) -> None:
        """Take up the rows of an interrupted run."""
        self.log = run.open_log(self.file)
        self.rows = [] if self.log is None else self.log.rows()

    def on_gradients(self, run: Run) -> None:
        """Measure the norms."""
        norms = {
            name: float(parameter.grad.norm())
            for name, parameter in run.model.named_parameters()
            if parameter.grad is not None
        }
        row = {"step": run.step + 1, "norms": norms}
        self.rows.append(row)
        if self.log is not None:
            self.log.append(row)


class TrackSharpness(Callback):
    """Record the curvature's largest eigenvalue and the largest stable step every so many steps, on fixed data.

    Rows `{"step": t, "eigenvalue": λ, "residual": r, "stable_step": α*, "learning_rate": α}` go to `rows`, and to
    `sharpness.jsonl` in the run folder. The model is in evaluation mode meanwhile. In a compiled run Adam's count of steps may
    lag behind, and with it the correction of its averages.
    """

    def __init__(self, tracker: SharpnessTracker, batch: Any, file: str = "sharpness.jsonl") -> None:
        self.tracker, self.batch, self.file = tracker, batch, file
        self.rows: list[dict[str, Any]] = []

    def on_start(self, run: Run) -> None:
        """Take up the rows of an interrupted run."""
        self.log = run.open_log(self.file)
        self.rows = [] if self.log is None else self.log.rows()

    def on_step_end(self, run: Run) -> None:
        """Measure, where it is the tracker's turn."""
        if run.step % self.tracker.every:
            return
        with evaluating(run.model):
            found = self.tracker(run.model, self.batch, run.step, optimizer=run.optimizer)
        if found is None:
            return
        row = {"step": run.step, "eigenvalue": found.eigenvalue, "residual": found.residual}
        row |= {"stable_step": found.step, "learning_rate": run.learning_rate}
        self.rows.append(row)
        if self.log is not None:
            self.log.append(row)
