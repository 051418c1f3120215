"""One optimisation step: gather, forward, backward, update."""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import nn

from gradus.training.closed_form import Chain
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.nonfinite import gradients_finite, locate
from gradus.training.randomness import augment_seed, seed_step
from gradus.training.settings import PRECISIONS, Loss, Settings, one_number

Metric = Callable[[Any, torch.Tensor], Any]
Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


class NonFiniteStep(Exception):
    """Internal: a loss or gradient of a step was not finite; says what and where."""

    def __init__(self, tensor: str, layer: str, value: float) -> None:
        super().__init__(tensor, layer)
        self.tensor, self.layer, self.value = tensor, layer, value


@dataclass
class Stepper:
    """Computes losses and gradients of batches given by index.

    Attributes:
        model: the user's module.
        loss: the loss of outputs and targets, a mean over the batch.
        data: the training data.
        metrics: figures of merit by name, each a mean over the batch.
        augment: changes the inputs of a batch, with a generator of its own.
        settings: of the run.
        group: the processes of the run.
        channels_last: give four-dimensional inputs that memory layout.
        chain: the model as a chain of layers whose gradients are written in closed form, where it is one.
    """

    model: nn.Module
    loss: Loss
    data: InMemory
    metrics: dict[str, Metric]
    augment: Augment | None
    settings: Settings
    group: Group
    channels_last: bool
    chain: Chain | None = None

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.device = self.data.inputs.device
        self.generator = torch.Generator(self.device)
        self.dtype = PRECISIONS[self.settings.precision]
        # The module as it is called: compiled, or wrapped for data-parallel training.
        self.called = self.group.wrap(self.model, self.device)

    def release(self) -> None:
        """Let go of the wrapped model: its communication must end before the group of processes does."""
        self.called = self.model

    @property
    def steps_per_epoch(self) -> int:
        """Optimisation steps per epoch; the last may be of fewer samples."""
        return -(-len(self.data) // self.settings.step_size)

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def seed(self, step: int, part: int) -> None:
        """Set PyTorch's generators for a batch."""
        seed_step(self.settings.seed, step, part, self.group.rank, self.device)

    def batch(self, indices: torch.Tensor, step: int, part: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The inputs, augmented, and the targets of this process's share of `indices`.

        The batch is augmented as a whole, so that the number of processes changes nothing.
        """
        if self.augment is None:
            inputs, targets = self.data.batch(self.group.share(indices)[0])
            return self.laid_out(inputs), targets
        inputs, targets = self.data.batch(indices)
        self.generator.manual_seed(augment_seed(self.settings.seed, step, part))
        inputs = self.augment(inputs, self.generator)
        if self.group.world > 1:
            own, _ = self.group.share(torch.arange(len(indices), device=inputs.device))
            inputs, targets = inputs[own], targets[own]
        return self.laid_out(inputs), targets

    def laid_out(self, inputs: torch.Tensor) -> torch.Tensor:
        """The inputs in the memory layout that the model computes in."""
        return inputs.contiguous(memory_format=torch.channels_last) if self.channels_last else inputs

    def forward(
        self, model: Callable[[Any], Any], inputs: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, Any]:
        """The loss of a batch, and the model's outputs."""
        with self._autocast():
            outputs = model(inputs)
            loss = one_number(self.loss(outputs, targets))
        return loss, outputs

    def measure(self, outputs: Any, targets: torch.Tensor) -> dict[str, float]:
        """The metrics of a batch."""
        if not self.metrics:
            return {}
        with torch.no_grad():
            return {name: float(metric(outputs, targets)) for name, metric in self.metrics.items()}

    def gradients(self, indices: torch.Tensor, step: int) -> dict[str, float]:
        """Compute the gradients of a step's batch; returns its mean loss and metrics.

        Raises:
            NonFiniteStep: when the loss or a gradient is not finite.
        """
        if self.chain is not None and (found := self._closed_form(self.chain, indices, step)):
            return found
        for parameter in self.parameters:
            parameter.grad = None
        totals: dict[str, float] = {}
        parts = indices.split(self.settings.batch_size)
        for number, part in enumerate(parts):
            _, weight = self.group.share(part)
            share = len(part) / len(indices)
            self.seed(step, number)
            inputs, targets = self.batch(part, step, number)
            with self._last(number + 1 == len(parts)):
                loss, outputs = self.forward(self.called, inputs, targets)
                scale = share * weight
                (loss if scale == 1.0 else loss * scale).backward()
            for name, value in {"loss": loss.item(), **self.measure(outputs, targets)}.items():
                totals[name] = totals.get(name, 0.0) + value * share * weight / self.group.world
        totals = dict(zip(totals, self.group.sum(list(totals.values())), strict=True))
        self._require_finite(totals["loss"], indices, step)
        return totals

    def _closed_form(self, chain: Chain, indices: torch.Tensor, step: int) -> dict[str, float] | None:
        inputs, targets = self.batch(indices, step, 0)
        found = chain.gradients(inputs, targets)
        if found is None:
            return None
        loss, outputs = found
        value = loss.item()
        if not (math.isfinite(value) and chain.finite()):
            self._raise_non_finite(value, indices, step)
        return {"loss": value, **self.measure(outputs, targets)}

    def _last(self, last: bool) -> contextlib.AbstractContextManager[Any]:
        # DDP exchanges gradients in the last backward pass of a step only.
        return contextlib.nullcontext() if last or self.group.world == 1 else self.called.no_sync()  # type: ignore[operator]

    def _require_finite(self, loss: float, indices: torch.Tensor, step: int) -> None:
        if not (math.isfinite(loss) and gradients_finite(self.parameters)):
            self._raise_non_finite(loss, indices, step)

    def _raise_non_finite(self, loss: float, indices: torch.Tensor, step: int) -> NoReturn:
        found = ("loss or gradient", "a batch of another process")
        for number, part in enumerate(indices.split(self.settings.batch_size)):
            self.seed(step, number)
            inputs, targets = self.batch(part, step, number)
            tensor, layer = locate(self.model, self.forward, inputs, targets)
            if not layer.startswith("nowhere"):
                found = (tensor, layer)
                break
        raise NonFiniteStep(*found, value=loss)
