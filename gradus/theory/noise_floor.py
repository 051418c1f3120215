"""The noise floor of a model under its own optimiser, from measured gradient noise and curvature."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.arguments import number, refusal, whole
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.curvature import Curvature
from gradus.theory.homogeneous_network import wide
from gradus.theory.lanczos import RitzValues, lanczos
from gradus.theory.noise_moments import excess, with_plain_decay
from gradus.theory.sharpness import Preconditioned
from gradus.theory.update_laws import UpdateLaw, update_law


class NoiseFloor(NamedTuple):
    """By how much the noise of batches holds the loss above its minimum, and what that was read from.

    Attributes:
        value: the mean excess; ∞ where the step is not stable.
        error: its standard error from the gradients that were drawn.
        step: α, the optimiser's own.
        noise: trace of the covariance of a batch's gradient, as the optimiser scales it.
        largest: the largest curvature that the noise was seen to meet, as the optimiser scales it.
        flat: the share of the noise in directions that do not curve upwards, where there is no floor.
        reason: the same in words.

    Example:
        >>> NoiseFloor(0.1, 0.01, 0.5, 0.4, 1.0, 0.0, "noise 0.4, step 0.5").value
        0.1
    """

    value: Any
    error: Any
    step: Any
    noise: Any
    largest: Any
    flat: Any
    reason: Any


@torch.inference_mode(False)
def noise_floor(
    model: nn.Module,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    optimizer: Optimizer | None = None,
    *,
    step: float | None = None,
    batch_size: int,
    steps: int | None = None,
    batches: int = 64,
    probes: int = 8,
    products: int = 12,
    chunk: int | None = None,
    seed: int = 0,
) -> NoiseFloor:
    r"""How far above its minimum the noise of batches holds the loss: what smaller steps or larger batches would gain.

    .. math:: F=\operatorname{tr}\bigl(\varphi(H)\,C\bigr)=\mathbb E\,\zeta^{\mathsf T}\varphi(H)\zeta,\qquad
        \varphi(\lambda)=\frac{\alpha(1+\beta)}{2(1-\beta)\,(2(1+\beta)-\alpha\lambda)}

    φ is written for heavy ball, β = 0 for descent; Nesterov's and Adam's are as exact. ζ is the noise of a batch's gradient,
    C its covariance; both and the Hessian H are taken at the present weights, over the data given, and scaled by the optimiser's preconditioner, held as it stands. For
    small steps F is α tr C / 4 for descent, whatever the curvature, C restricted to directions that curve upwards. Gradients of batches are drawn, and for some of them ζᵀφ(H)ζ is
    computed by Lanczos' quadrature. Weights should stand near a minimum, or where the loss has ceased to fall. The loss is
    the one of the training, with weight decay where the optimiser has it.

    Args:
        model: any module; layers that draw at random or mix samples in evaluation mode.
        loss: `loss(outputs, targets)`, a mean over the batch.
        data: inputs and targets, samples along the first axis.
        optimizer: SGD, Adam, AdamW, RMSprop or Adagrad of `torch.optim`, after a step or more unless it is SGD; None for descent.
        step: α; None takes the optimiser's learning rate.
        batch_size: b of the training, drawn with replacement; epochs that are shuffled have less noise.
        steps: how many the noise has had to build up; None for ever. Directions so flat that they take longer then count for less.
        batches: gradients drawn for the trace of C.
        probes: of these, whose distribution over the curvature is measured.
        products: with the Hessian, for each of them.
        chunk: samples at once, where the data are too many for the memory.
        seed: of the draws.

    Returns:
        The `NoiseFloor`, of floats.

    Raises:
        GradusError: as `Curvature` raises, an optimiser without a law, or no step size.

    Cost: `batches` gradients of b samples, and `probes` × `products` products with the Hessian over all data.

    Source: Mandt, Hoffman and Blei 2017 for descent with small steps; for any stable step the second moments of the recursion, as on the
        page `sgd-convergence`.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> _ = torch.nn.init.zeros_(model.weight)
        >>> x, y = torch.ones(4, 1), torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
        >>> half = lambda o, t: (o - t).square().mean() / 2
        >>> found = noise_floor(model, half, (x, y), step=0.5, batch_size=1)
        >>> round(found.value, 4), round(found.noise, 4)
        (0.1667, 1.0)
    """
    inputs, targets = checked(model, loss, data)
    b, n = whole("batch_size", batch_size, least=1), whole("batches", batches, least=2)
    k, m = whole("probes", probes, least=1, most=n), whole("products", products, least=1)
    T = None if steps is None else whole("steps", steps, least=1)
    size = len(inputs) if chunk is None else whole("chunk", chunk, least=1)
    parameters = trainable(model)
    law = with_plain_decay(update_law(parameters, optimizer))
    alpha = law.learning_rate if step is None else number("step", step, above=0)
    if not alpha:
        raise refusal("step", ("a step size, or an optimiser that has one", "步长，或带有学习率的优化器"), step if optimizer is None else alpha)  # fmt: skip
    parts = [(inputs[i : i + size], targets[i : i + size]) for i in range(0, len(inputs), size)]
    operator = Preconditioned(Curvature(model, loss, parts), law)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
    squares, found = [], []
    with unchanged(model, seed):
        mean = sum(len(x) / len(inputs) * _gradient(loss, model, parameters, x, y) for x, y in parts)
        for i in range(n):
            rows = torch.randint(len(inputs), (b,), generator=generator).to(inputs.device)
            zeta = _gradient(loss, model, parameters, inputs[rows], targets[rows]) - mean
            zeta = law.scale.to(zeta) * zeta
            squares.append(float(zeta @ zeta))
            if i < k and squares[-1] > 0:
                found.append(lanczos(operator, zeta, m))
    if not math.isfinite(sum(squares)):
        raise refusal("loss", ("one with finite gradients at the model's weights", "在模型当前权重处梯度有限的损失"), Text("gradients that are not finite", "非有限的梯度"))  # fmt: skip
    return _floor(law, float(alpha), T, torch.tensor(squares, dtype=torch.float64), found)


def _gradient(loss: Loss, model: nn.Module, parameters: list[nn.Parameter], x: Tensor, y: Tensor) -> Tensor:
    parts = torch.autograd.grad(value_of(loss, model, x, y), parameters, allow_unused=True)
    pairs = zip(parameters, parts, strict=True)
    return torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1).to(wide(p)) for p, g in pairs])


def _floor(
    law: UpdateLaw, alpha: float, steps: int | None, squares: Tensor, found: list[RitzValues]
) -> NoiseFloor:
    """The trace, times the mean of φ over the spectral measures of the probes."""
    noise = float(squares.mean())
    if not found:  # no noise at all
        return NoiseFloor(0.0, 0.0, alpha, 0.0, 0.0, 0.0, Text("the batches' gradients do not differ", "各批次的梯度没有差别"))  # fmt: skip
    sizes = squares[squares > 0][: len(found)]
    nodes = torch.cat([r.values.double().cpu() for r in found])
    weights = (
        torch.cat([s * r.weights.double().cpu() for s, r in zip(sizes, found, strict=True)]) / sizes.sum()
    )
    largest = float(nodes.max())
    flat = nodes <= 1e-6 * nodes.abs().max()
    share = float(weights[flat].sum())
    stable = alpha * largest < law.threshold()
    if not stable:
        reason = Text(
            f"{law.name.en}: the step {alpha:.3g} is not below the largest stable one, {law.threshold() / largest:.3g}",
            f"{law.name.zh}：步长 {alpha:.3g} 不小于最大稳定步长 {law.threshold() / largest:.3g}",
        )
        return NoiseFloor(math.inf, math.inf, alpha, noise, largest, share, reason)
    value = excess(law, alpha, nodes, steps)
    if steps is None:
        value = torch.where(flat, 0.0, value)
    parts = [part.sum() for part in (weights * value).split([len(r.values) for r in found])]
    ratio = float(sum(parts))
    error = (
        noise * ratio * math.hypot(_relative(squares), _relative(torch.stack(parts) * sizes.sum() / sizes))
    )
    return NoiseFloor(noise * ratio, error, alpha, noise, largest, share, _reason(law, alpha, noise, ratio, share, steps))  # fmt: skip


def _relative(draws: Tensor) -> float:
    """The standard error of a mean over the mean."""
    if len(draws) < 2 or not float(draws.mean()):
        return 0.0
    return abs(float(draws.std() / draws.mean())) / math.sqrt(len(draws))


def _reason(
    law: UpdateLaw, alpha: float, noise: float, ratio: float, share: float, steps: int | None
) -> Text:
    en = f"{law.name.en}, step {alpha:.3g}: the noise of a batch's gradient has trace {noise:.3g} and holds the loss {noise * ratio:.3g} above its minimum"
    zh = f"{law.name.zh}，步长 {alpha:.3g}：批次梯度噪声的迹为 {noise:.3g}，使损失停留在最小值之上 {noise * ratio:.3g}"
    if steps is not None:
        en += f" after {steps} steps"
        zh += f"（{steps} 步之后）"
    if share > 0.005:
        en += f"; {100 * share:.0f} % of the noise lies in directions that do not curve upwards"
        zh += f"；{100 * share:.0f}% 的噪声位于不向上弯曲的方向"
        if steps is None:
            en += ", where it settles nowhere, and is not counted"
            zh += "，在那里不会稳定，未计入"
    return Text(en, zh)
