"""The watch over a run of `gradus.training.fit`, as one of its callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradus.arguments import function, whole
from gradus.examination.watch import Sighting, Watch, watch
from gradus.training.callbacks import Callback

if TYPE_CHECKING:
    from gradus.training.run import Run


class WatchTraining(Callback):
    """Watches a run of `fit` as `gradus.watch` does a plain loop: `fit(model, loss, data, callbacks=[WatchTraining()])`.

    A run that is watched is computed by PyTorch's recorded graph and the optimiser's own step, whatever `closed_form` and
    `compile` say: what is not called is not heard. It ends with the parameters of the run that is computed so.

    Args:
        report: is called with each `Sighting` as it is found; None for silence.
        every: steps between looks at the numbers of the gradients.

    Attributes:
        watched: the `Watch` of the last run; None before the first.

    Raises:
        GradusError: arguments of another kind.

    Example:
        >>> import torch
        >>> from gradus.training import fit
        >>> _ = torch.manual_seed(0)
        >>> data = torch.randn(64, 4), torch.zeros(64, dtype=torch.long)
        >>> watching = WatchTraining(report=None)
        >>> _ = fit(torch.nn.Linear(4, 3), torch.nn.functional.cross_entropy, data, epochs=5, batch_size=16,
        ...         callbacks=[watching], progress="silent")
        >>> [sighting.verdict.check for sighting in watching.watched.sightings]
        ['constant-labels']
    """

    every_call = True

    def __init__(self, report: Callable[[Sighting], Any] | None = print, every: int = 1) -> None:
        if report is not None:
            function("report", report, "print")
        self._report, self._every = report, whole("every", every, least=1)
        self.watched: Watch | None = None

    def on_start(self, run: Run) -> None:
        """Begin to watch."""
        self.watched = watch(run.model, run.optimizer, report=self._report, every=self._every)
        self.watched.__enter__()

    def on_end(self, run: Run) -> None:
        """End it; of a run that was broken off, what needs its end is not judged."""
        if self.watched is not None:
            broken = None if run.stopped else RuntimeError
            self.watched.__exit__(broken, None, None)
