r"""How far full-batch descent with a given step is from gradient flow, on any module, loss and data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches
from gradus.theory.gradient_flow import gradient_flow

TOLERANCE = 1e-5  # of the flow's pieces: below what a step is worth asking about
LONGEST = 1e9  # step that is taken


class FlowComparison(NamedTuple):
    """Descent beside gradient flow, at each step; entry 0 is the start.

    Attributes:
        times: t = kα (steps + 1,).
        descent_loss: the loss after k steps of descent (steps + 1,).
        flow_loss: the loss of the flow at that time (steps + 1,).
        distance: ‖θ_k − θ(kα)‖ (steps + 1,).
        travelled: ‖θ(kα) − θ₀‖ (steps + 1,).

    Example:
        >>> import torch
        >>> one = torch.ones(1)
        >>> FlowComparison(one, one, one, one, one).distance
        tensor([1.])
    """

    times: Tensor
    descent_loss: Tensor
    flow_loss: Tensor
    distance: Tensor
    travelled: Tensor


@torch.inference_mode(False)
def compare_with_flow(
    model: nn.Module, loss: Loss, data: Any, step_size: float, steps: int = 20, most_gradients: int = 20_000
) -> FlowComparison:
    r"""The first steps of descent from where a model stands, and gradient flow over the same time.

    .. math:: \theta_{k+1}=\theta_k-\alpha\nabla f(\theta_k)\quad\text{beside}\quad\dot\theta=-\nabla f(\theta),\ t=k\alpha

    Over a fixed time the distance falls in proportion to α; near the largest stable step the two part. f is the mean loss of all
    data, with a batch's loss weighted by its samples. The model is measured in the mode in which it stands, dropout with the
    same draws at every gradient, and left as it was.

    Args:
        model: any module; its frozen parameters stay.
        loss: `loss(outputs, targets)`, a mean over the samples.
        data: inputs and targets, or an iterable of such pairs, which is kept.
        step_size: α > 0, at most 10⁹.
        steps: of descent.
        most_gradients: that the flow may take; see `gradient_flow`, which is asked for a tolerance of 10⁻⁵.

    Returns:
        Values in the parameters' precision, on their device. A descent that overflows is reported as it is.

    Raises:
        GradusError: data that do not fit, none at all, or a flow that takes too many gradients.

    Cost: a gradient over all data for each step, and for the flow about ten times λα more; λ is the largest curvature.

    Source: the comparison of Elkabetz and Cohen 2021.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.ones_(model.weight)
        >>> data = (torch.ones(2, 1), torch.zeros(2, 1))
        >>> found = compare_with_flow(model, torch.nn.functional.mse_loss, data, step_size=0.25, steps=2)
        >>> found.descent_loss.tolist(), [round(v, 4) for v in found.flow_loss.tolist()]
        ([1.0, 0.25, 0.0625], [1.0, 0.3679, 0.1353])
    """
    alpha, count = number("step_size", step_size, above=0, most=LONGEST), whole("steps", steps, least=1)
    pairs = [checked(model, loss, pair) for pair in batches(data)]
    if not pairs:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有"))
    parameters = trainable(model)
    with unchanged(model):
        objective = _Objective(model, loss, pairs, parameters)
        start = objective.flat()
        times = alpha * torch.arange(count + 1, dtype=torch.float64)
        flow = gradient_flow(objective.gradient, start, times, TOLERANCE, most_gradients)
        descent = [start]
        for _ in range(count):
            descent.append(descent[-1] - alpha * objective.gradient(descent[-1]))
        path = torch.stack(descent)
        return FlowComparison(
            times.to(start),
            torch.stack([objective.value(theta) for theta in path]),
            torch.stack([objective.value(theta) for theta in flow]),
            (path - flow).norm(dim=1),
            (flow - start).norm(dim=1),
        )


class _Objective:
    """The mean loss as a function of one long vector."""

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        batches: list[tuple[Tensor, Tensor]],
        parameters: list[nn.Parameter],
    ) -> None:
        self.model, self.loss, self.batches, self.parameters = model, loss, batches, parameters
        self.samples = sum(len(inputs) for inputs, _ in batches)
        self.buffers = [(b, b.detach().clone()) for b in model.buffers()]

    def flat(self) -> Tensor:
        device = self.parameters[0].device
        parts = [p.detach().reshape(-1).to(device) for p in self.parameters]
        return torch.cat(parts) if parts else torch.zeros(0)

    def _place(self, theta: Tensor) -> None:
        """Puts the vector into the parameters, buffers and draws back to where they were."""
        with torch.no_grad():
            for p, part in zip(
                self.parameters, theta.split([p.numel() for p in self.parameters]), strict=True
            ):
                p.copy_(part.reshape(p.shape))
            for buffer, value in self.buffers:
                buffer.copy_(value)
        torch.default_generator.manual_seed(0)
        if theta.is_cuda:
            with torch.cuda.device(theta.device):
                torch.cuda.manual_seed(0)

    def _losses(self) -> Iterable[Tensor]:
        for inputs, targets in self.batches:
            yield value_of(self.loss, self.model, inputs, targets) * (len(inputs) / self.samples)

    def gradient(self, theta: Tensor) -> Tensor:
        self._place(theta)
        total = torch.zeros_like(theta)
        for value in self._losses():
            slopes = torch.autograd.grad(value, self.parameters, materialize_grads=True)
            total += torch.cat([g.reshape(-1).to(theta) for g in slopes])
        return total

    def value(self, theta: Tensor) -> Tensor:
        self._place(theta)
        return torch.stack([value.detach().to(theta) for value in self._losses()]).sum()
