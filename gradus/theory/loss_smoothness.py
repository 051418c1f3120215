"""How smooth a model's loss is along its gradient: the loss ahead, how far the gradient turns, and the β that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text


class LossSmoothness(NamedTuple):
    """A model's loss along its negative gradient g.

    Attributes:
        loss: where the model stands.
        gradient: g, for each parameter that is trained, in the order of `model.parameters()`.
        steps: η, as given.
        losses: at θ − ηg, one a step.
        distances: ‖g(θ − ηg) − g(θ)‖, how far the gradient has moved (gradient predictiveness).
        betas: the distances divided by the length η‖g‖ of the step; NaN where g is 0.

    Example:
        >>> import torch
        >>> LossSmoothness(1.0, [torch.ones(1)], [0.1], [0.9], [0.1], [1.0]).betas
        [1.0]
    """

    loss: float
    gradient: list[Tensor]
    steps: list[float]
    losses: list[float]
    distances: list[float]
    betas: list[float]


@torch.inference_mode(False)
def loss_smoothness(
    model: nn.Module, loss: Loss, data: Any, steps: Sequence[float], *, seed: int = 0
) -> LossSmoothness:
    r"""Loss, gradient's movement and effective β-smoothness along a model's gradient, on one batch.

    .. math:: \ell(\theta-\eta g),\qquad d(\eta)=\lVert g(\theta-\eta g)-g(\theta)\rVert,\qquad
        \beta(\eta)=\frac{d(\eta)}{\eta\lVert g\rVert},\qquad g=\nabla\ell(\theta)

    The largest β over a range of steps is the "effective β-smoothness" of Santurkar et al.; as η falls to 0, β is ‖Hg‖/‖g‖. It
    depends on the weights' scale: where all that is trained stands before batch normalisations, with weights a times as large it is 1/a² of
    what it was, at steps a² times as large.

    The model is measured in the mode in which it stands, batch normalisation in training by the batch, and left as it was. Layers
    that draw, such as dropout, draw the same at every step.

    Args:
        model: any module.
        loss: `loss(outputs, targets)`.
        data: the batch, a pair (inputs, targets).
        steps: η > 0, at least one.
        seed: of what layers draw.

    Returns:
        The `LossSmoothness`. Where a step leads out of the finite numbers it is reported as it is.

    Raises:
        GradusError: data or steps that do not fit, a loss that does not depend on the model or is not finite where it stands.

    Cost: a forward and a backward pass a step, and one more; four copies of the parameters.

    Source: Santurkar et al. 2018, §3.1, figure 4.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 2.0)
        >>> half_square = lambda outputs, targets: 3 * (outputs - targets).square().mean() / 2
        >>> found = loss_smoothness(model, half_square, (torch.ones(4, 1), torch.zeros(4, 1)), [0.125, 0.25])
        >>> found.loss, found.losses, found.distances, found.betas
        (6.0, [2.34375, 0.375], [2.25, 4.5], [3.0, 3.0])
    """
    inputs, targets = checked(model, loss, data)
    parameters = trainable(model)
    if isinstance(steps, (str, bytes, dict)) or not isinstance(steps, (Sequence, Tensor)) or not len(steps):
        raise refusal("steps", ("step sizes, at least one", "步长，至少一个"), steps, ("give [0.1], for example", "例如 [0.1]"), kind=True)  # fmt: skip
    given = steps.tolist() if isinstance(steps, Tensor) else steps
    sizes = [number(f"steps[{k}]", eta, above=0) for k, eta in enumerate(given)]
    whole("seed", seed, least=0, most=2**63 - 1)
    losses, distances, betas = [], [], []
    with unchanged(model, seed):
        buffers = [(b, b.detach().clone()) for b in model.buffers()]
        random = _random_state(parameters)

        def slope() -> tuple[float, list[Tensor]]:
            with torch.no_grad():
                for b, value in buffers:
                    b.copy_(value)
            _set_random_state(random)
            value = value_of(loss, model, inputs, targets)
            g = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
            return float(value.detach()), [part.detach() for part in g]

        start, gradient = slope()
        if not all(bool(g.isfinite().all()) for g in gradient) or start != start:
            raise refusal("loss", ("one that is finite where the model stands", "在模型当前处有限的损失"), Text("a loss or gradient that is not finite", "非有限的损失或梯度"))  # fmt: skip
        length = _norm(gradient)
        origin = [p.detach().clone() for p in parameters]
        for eta in sizes:
            with torch.no_grad():
                for p, at, g in zip(parameters, origin, gradient, strict=True):
                    p.copy_(at - eta * g)
            value, moved = slope()
            distance = _norm([a - b for a, b in zip(moved, gradient, strict=True)])
            losses.append(value)
            distances.append(distance)
            betas.append(distance / (eta * length) if length else float("nan"))
    return LossSmoothness(start, gradient, sizes, losses, distances, betas)


def _norm(parts: list[Tensor]) -> float:
    """In double precision where the device has it."""
    wide = [p.float() if p.device.type == "mps" else p.double() for p in parts]
    return float(sum(float(p.square().sum()) for p in wide) ** 0.5)


def _random_state(parameters: list[nn.Parameter]) -> tuple[Tensor, dict[torch.device, Tensor]]:
    devices = {p.device for p in parameters if p.device.type == "cuda"}
    return torch.random.get_rng_state(), {d: torch.cuda.get_rng_state(d) for d in devices}


def _set_random_state(state: tuple[Tensor, dict[torch.device, Tensor]]) -> None:
    torch.random.set_rng_state(state[0])
    for device, values in state[1].items():
        torch.cuda.set_rng_state(values, device)
