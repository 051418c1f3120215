"""The objective of a run: the loss of batches that are drawn by index."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from gradus.errors import GradusError
from gradus.text import Text
from gradus.training.data import InMemory
from gradus.training.distributed import Group
from gradus.training.nonfinite import NonFiniteStep, locate
from gradus.training.randomness import augment_seed, seed_step
from gradus.training.settings import PRECISIONS, Loss, Settings, one_number
from gradus.training.tally import tally_of

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
        self.tally = tally_of(self.loss, self.metrics, self.data.targets)
        # Batch norm in training takes a variance over the batch, which one sample does not have.
        norms = (m for m in self.model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm))
        self.joins_the_last = any(m.training for m in norms)
        self.device = self.data.inputs.device
        self.generator = torch.Generator(self.device)
        self.dtype = PRECISIONS[self.settings.precision]
        # The module as it is called in training: wrapped, where several processes train it.
        self.wrapped = self.group.wrap(self.model, self.device)

    def release(self) -> None:
        """Let go of the wrapped model: its communication must end before the group of processes does."""
        self.wrapped = self.model

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters that are trained; a callback may freeze some."""
        return [p for p in self.model.parameters() if p.requires_grad]

    @property
    def steps_per_epoch(self) -> int:
        """Optimisation steps per epoch; the last may be of fewer samples."""
        count, size = len(self.data), self.settings.step_size
        return max(1, count // size) if self.joins_the_last and count % size == 1 else -(-count // size)

    def steps(self, order: torch.Tensor) -> list[torch.Tensor]:
        """An epoch's samples, step by step; a last one of one sample joins the step before if there is batch norm."""
        return self._split(order, self.settings.step_size)

    def batches(self, indices: torch.Tensor) -> list[torch.Tensor]:
        """A step's samples, batch by batch."""
        return self._split(indices, self.settings.batch_size)

    def _split(self, indices: torch.Tensor, size: int) -> list[torch.Tensor]:
        parts = list(indices.split(size))
        if self.joins_the_last and len(parts) > 1 and len(parts[-1]) == 1:
            parts[-2:] = [torch.cat(parts[-2:])]
        return parts

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
            outputs = self._outputs(model, inputs)
            loss = one_number(self.loss(outputs, targets))
        return loss, outputs

    def _outputs(self, model: Callable[[Any], Any], inputs: torch.Tensor) -> Any:
        try:
            return model(inputs)
        except ValueError as error:
            if "more than 1 value per channel" not in str(error):
                raise
            raise GradusError(
                Text(
                    f"expected batches in which batch norm has more than one value a channel, got {tuple(inputs.shape)}: "
                    "take a larger batch_size (under torchrun, a multiple of the processes), or put the norms in eval mode",
                    f"批归一化要求每个通道多于一个值，实际输入形状为 {tuple(inputs.shape)}：请增大 batch_size"
                    "（torchrun 下取进程数的倍数），或将归一化层置于 eval 模式",
                )
            ) from None

    def measure(self, outputs: Any, targets: torch.Tensor) -> dict[str, float]:
        """The metrics of a batch."""
        if not self.metrics:
            return {}
        with torch.no_grad():
            return {name: _figure(name, metric(outputs, targets)) for name, metric in self.metrics.items()}

    def non_finite(self, loss: float, indices: torch.Tensor, step: int) -> NonFiniteStep:
        """The error of a step whose loss or gradient was not finite: its batches are run again to find where."""
        if not self.tally.of("loss", indices):
            return NonFiniteStep(
                tensor="loss", layer="the loss function: it ignores every target of the batch", value=loss
            )
        for number, part in enumerate(self.batches(indices)):
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


def _figure(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError):
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        raise GradusError(
            Text(
                f"expected the metric {name!r} to return one number, got {got}",
                f"指标 {name!r} 应返回一个数，实际为 {got}",
            )
        ) from None
