"""The eager step: gradients by PyTorch's recorded graph, for any model, accumulated over batches and processes."""

import contextlib
import math
from typing import Any

import torch

from gradus.training.nonfinite import gradients_finite
from gradus.training.update import GradientUpdate, Totals


class EagerUpdate(GradientUpdate):
    """Forward and backward pass of each batch of the step, as PyTorch runs them."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.in_one = set(map(id, self.flat.parameters)) if self.flat else set()

    def gradients(self, indices: torch.Tensor, step: int) -> Totals:
        """See `GradientUpdate`; each batch counts by its share of what the step is a mean over."""
        objective, group, tally = self.objective, self.objective.group, self.objective.tally
        self._clear()
        totals: Totals = {}
        parts = objective.batches(indices)
        for number, part in enumerate(parts):
            own, weight = group.share(part)
            own = (
                own if weight else own[:0]
            )  # a process without a sample computes on another's, which counts nothing
            objective.seed(step, number)
            inputs, targets = objective.batch(part, step, number)
            share = tally.share("loss", own, indices)
            with self._synchronized(number + 1 == len(parts)):
                loss, outputs = objective.forward(objective.wrapped, inputs, targets)
                self._backward(loss, outputs, share * group.world)
            for name, value in {"loss": loss.item(), **objective.measure(outputs, targets)}.items():
                share = tally.share(name, own, indices)
                totals[name] = totals.get(name, 0.0) + (value * share if share else 0.0)
        totals = dict(zip(totals, group.sum(list(totals.values())), strict=True))
        counts = tally.of("loss", indices)
        if not (counts and math.isfinite(totals["loss"]) and self._finite()):
            raise objective.non_finite(totals["loss"] if counts else math.nan, indices, step)
        return totals

    def graph(self, indices: torch.Tensor, step: int) -> tuple[Totals, torch.Tensor, Any]:
        """See `GradientUpdate`; the graphs of all batches of the step are kept."""
        objective, tally = self.objective, self.objective.tally
        totals: Totals = {}
        losses, results = [], []
        for number, part in enumerate(objective.batches(indices)):
            objective.seed(step, number)
            inputs, targets = objective.batch(part, step, number)
            loss, outputs = objective.forward(objective.wrapped, inputs, targets)
            if share := tally.share("loss", part, indices):
                losses.append(loss * share)
                results.append(outputs)
            for name, value in {"loss": loss.item(), **objective.measure(outputs, targets)}.items():
                share = tally.share(name, part, indices)
                totals[name] = totals.get(name, 0.0) + (value * share if share else 0.0)
        if not (losses and math.isfinite(totals["loss"])):
            raise objective.non_finite(totals["loss"] if losses else math.nan, indices, step)
        return totals, torch.stack(losses).sum(), results

    def _clear(self) -> None:
        self.others = [p for p in self.objective.model.parameters() if id(p) not in self.in_one]
        for parameter in self.others:
            parameter.grad = None
        if self.flat is not None:
            self.flat.zero_grad()

    def _finite(self) -> bool:
        if self.flat is not None:
            self.flat.collect()
        one_by_one = (p.grad for p in self.objective.parameters)
        return gradients_finite(self.flat_gradients() or [g for g in one_by_one if g is not None])

    def _backward(self, loss: torch.Tensor, outputs: Any, scale: float) -> None:
        if scale:
            (loss if scale == 1.0 else loss * scale).backward()
        elif self.objective.group.world > 1 and isinstance(outputs, torch.Tensor):
            # Nothing counts here, and the loss may be 0/0; but the other processes wait for gradients.
            (outputs * 0.0).sum().backward()

    def _synchronized(self, last: bool) -> contextlib.AbstractContextManager[Any]:
        # DDP exchanges gradients in the last backward pass of a step only.
        if last or self.objective.group.world == 1:
            return contextlib.nullcontext()
        return self.objective.wrapped.no_sync()  # type: ignore[operator]
