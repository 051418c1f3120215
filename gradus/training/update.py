"""What a step is to the loop, whichever way it is computed; and what all steps by gradients share."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import torch

from gradus.optimization.flat_update import FlatUpdate
from gradus.training.callbacks import Callback, watching
from gradus.training.clipping import clip_gradients, shorten
from gradus.training.closures import needs_closure, needs_graph, surviving
from gradus.training.objective import Objective
from gradus.training.optimizers import direct_update
from gradus.training.run import Run

Totals = dict[str, float]


class Update(Protocol):
    """A whole step of a run: forward, backward, clipping, and the optimiser's update."""

    def update(self, indices: torch.Tensor, step: int) -> Totals:
        """Do a step, counted from 0, on the samples at `indices`; returns the means of the loss and the metrics.

        Raises:
            NonFiniteStep: when the loss or a gradient is not finite.
        """

    def settle(self) -> None:
        """Bring the optimiser's own state up to date, before anyone else looks at it."""


class GradientUpdate(Update):
    """Gradients are written to the parameters' `grad`; callbacks see them, they are clipped, the optimiser uses them.

    Attributes:
        flat: the update of all parameters in one call, where the run's optimiser allows it.
        others: parameters of the model that are not among its own.
    """

    def __init__(
        self, *, objective: Objective, run: Run, callbacks: Sequence[Callback], flat: FlatUpdate | None
    ) -> None:
        self.objective, self.run = objective, run
        self.flat = flat
        self.others: list[torch.Tensor] = []
        self.watching = watching(tuple(callbacks))
        self.clip_norm = objective.settings.clip_norm
        self.optimizer_step = direct_update(run.optimizer)
        self.by_closure, self.by_graph = needs_closure(run.optimizer), needs_graph(run.optimizer)

    @abstractmethod
    def gradients(self, indices: torch.Tensor, step: int) -> Totals:
        """Compute the gradients of a step's batch; returns its mean loss and metrics.

        Raises:
            NonFiniteStep: when the loss or a gradient is not finite.
        """

    def graph(self, indices: torch.Tensor, step: int) -> tuple[Totals, torch.Tensor, Any]:
        """The mean loss and metrics of a step's batch, with the loss and the outputs in their graph."""
        raise NotImplementedError

    def watchers(self, step: int) -> list[Callback]:
        """The callbacks that want to see the gradients of a step."""
        return [callback for callback in self.watching if step % callback.gradients_every == 0]

    def update(self, indices: torch.Tensor, step: int) -> Totals:
        """See `Update`."""
        if self.by_closure:
            return self._update_by_closure(indices, step)
        totals = self._clipped(indices, step)
        if self.flat is None:
            self.optimizer_step()
        else:
            self.flat.apply()
        return totals

    def settle(self) -> None:
        """See `Update`: its state is always up to date."""

    def _clipped(self, indices: torch.Tensor, step: int) -> Totals:
        totals = self.gradients(indices, step)
        watchers = self.watchers(step)
        for callback in watchers:
            callback.on_gradients(self.run)
        if self.flat is not None and watchers:
            self.flat.collect()
        if self.clip_norm is not None and (parts := self.flat_gradients()):
            shorten(parts, self.clip_norm)
        elif self.clip_norm is not None:
            clip_gradients(self.objective.parameters, self.clip_norm)
        return totals

    def flat_gradients(self) -> list[torch.Tensor]:
        """The gradients of the step in as few tensors as can be; empty where they are only to be had one by one."""
        more = [p.grad for p in self.others if p.grad is not None]
        if self.flat is None or not self.flat.whole or any(g.is_sparse for g in more):
            return []
        return self.flat.gradients + more

    def _update_by_closure(self, indices: torch.Tensor, step: int) -> Totals:
        # the loss is asked for several times; what is reported is that before the step
        evaluations: list[Totals] = []

        def evaluate() -> Any:
            if self.by_graph:
                totals, loss, outputs = self.graph(indices, step)
                evaluations.append(totals)
                return loss, outputs
            evaluations.append(self._clipped(indices, step))
            return evaluations[-1]["loss"]

        self.run.optimizer.step(surviving(self.run.optimizer, evaluate))
        return evaluations[0]
