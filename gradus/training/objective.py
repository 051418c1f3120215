"""The objective of a run: the loss of batches that are drawn by index."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.nonfinite import NonFiniteStep, locate
from gradus.training.randomness import augment_seed, seed_step
from gradus.training.settings import PRECISIONS, Loss, Settings, one_number

Metric = Callable[[Any, torch.Tensor], Any]
Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


@dataclass(kw_only=True)
class Objective:
    """Computes the losses of batches: (1/|B|) Σ_{i∈B} ℓ(f_θ(x_i), y_i).

    Attributes:
        model: the user's module.
        loss: the loss of outputs and targets, a mean over the batch.
        data: the training data.
        metrics: figures of merit by name, each a mean over the batch.
        augment: changes the inputs of a batch, with a generator of its own.
        settings: of the run.
        group: the processes of the run.
        channels_last: give four-dimensional inputs that memory layout.
    """

    model: nn.Module
    loss: Loss
    data: InMemory
    metrics: dict[str, Metric]
    augment: Augment | None
    settings: Settings
    group: Group
    channels_last: bool

    def __post_init__(self) -> None:
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.device = self.data.inputs.device
        self.generator = torch.Generator(self.device)
        self.dtype = PRECISIONS[self.settings.precision]
        # The module as it is called in training: wrapped, where several processes train it.
        self.wrapped = self.group.wrap(self.model, self.device)

    def release(self) -> None:
        """Let go of the wrapped model: its communication must end before the group of processes does."""
        self.wrapped = self.model

    @property
    def steps_per_epoch(self) -> int:
        """Optimisation steps per epoch; the last may be of fewer samples."""
        return -(-len(self.data) // self.settings.step_size)

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
            share, _ = self.group.share(torch.arange(len(indices), device=inputs.device))
            inputs, targets = inputs[share], targets[share]
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

    def non_finite(self, loss: float, indices: torch.Tensor, step: int) -> NonFiniteStep:
        """The error of a step whose loss or gradient was not finite: its batches are run again to find where."""
        for number, part in enumerate(indices.split(self.settings.batch_size)):
            self.seed(step, number)
            inputs, targets = self.batch(part, step, number)
            tensor, layer = locate(self.model, self.forward, inputs, targets)
            if not layer.startswith("nowhere"):
                return NonFiniteStep(tensor=tensor, layer=layer, value=loss)
        return NonFiniteStep(tensor="loss or gradient", layer="a batch of another process", value=loss)

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.dtype is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.dtype)
