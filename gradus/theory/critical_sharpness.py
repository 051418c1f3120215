"""Critical sharpness: how far along its own update a model can go before the loss is where it began, from a few forward passes."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.stateless_call import StatelessCall
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text

FIRST = 0.1  # the step that is tried first where no optimiser names one


class CriticalSharpness(NamedTuple):
    """The step along an update from which the loss rises, and the sharpness that it stands for.

    Attributes:
        step: η_c, in units of the learning rate: between the two that follow; ∞ where no step tried made the loss rise, 0 where
            the update goes uphill.
        sharpness: 2/η_c.
        falls, rises: the largest step tried below which the loss is less than at the start, the smallest above.
        learning_rate: the optimiser's own, of its first group.
        passes: how many forward passes it took, beside the gradient's.
        reason: in words.

    Example:
        >>> CriticalSharpness(0.5, 4.0, 0.4, 0.51, 0.1, 6, "").sharpness
        4.0
    """

    step: float
    sharpness: float
    falls: float
    rises: float
    learning_rate: float | None
    passes: int
    reason: Any


@torch.inference_mode(False)
def critical_sharpness(
    model: nn.Module,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    optimizer: Optimizer | None = None,
    *,
    update: Sequence[Tensor] | None = None,
    tolerance: float = 0.01,
    max_passes: int = 9,
    seed: int = 0,
) -> CriticalSharpness:
    r"""The step along the update that the optimiser would take now at which the loss is again what it was, and 2 over it.

    .. math:: \eta_c=\inf\{\eta>0:\ L(\theta-\eta\,\Delta)>L(\theta)\},\qquad\lambda_c=\frac2{\eta_c},\qquad
        L\ \text{quadratic:}\quad\lambda_c=\frac{\Delta^{\mathsf T}H\Delta}{\nabla L^{\mathsf T}\Delta}

    On a quadratic along Δ = P⁻¹∇L this is a mean of the eigenvalues of P⁻¹H, so never above the largest: the cheap lower bound of
    what `largest_stable_step` finds, for models whose second derivatives cost too much or do not exist. The optimiser's step is
    tried on a copy; the model, the optimiser and PyTorch's generator are left as they were.

    Args:
        model: any module, in the mode in which it stands.
        loss: `loss(outputs, targets)`, one number.
        data: inputs and targets, one batch.
        optimizer: whose update, any of `torch.optim`'s that needs no closure; None for the gradient.
        update: Δ itself, in place of the optimiser's: tensors like the parameters that are trained; a step takes off η Δ.
        tolerance: of η_c, relative.
        max_passes: at most so many forward passes beside the gradient's; at least 3.
        seed: of what layers draw, the same for every pass.

    Returns:
        The step with the two between which it lies, the sharpness, and the reason in words. It is the first crossing unless the loss
        crosses its level more than once between two steps that were tried.

    Raises:
        GradusError: data that do not fit, a loss that is not finite, an update that is zero or cannot be had.

    Cost: a gradient and 4 to 9 forward passes; copies of the parameters and of the optimiser's state.

    Source: Kalra et al. 2026.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.constant_(model.weight, 1.0)
        >>> data = (torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1))
        >>> found = critical_sharpness(model, torch.nn.functional.mse_loss, data)
        >>> round(found.sharpness, 2), found.passes < 10  # (1³ + 4³)/(1² + 4²): between the eigenvalues 1 and 4
        (3.82, True)
    """
    inputs, targets = checked(model, loss, data)
    tolerance, seed = number("tolerance", tolerance, above=0, below=1), whole("seed", seed, least=0)
    most = whole("max_passes", max_passes, least=3)
    with unchanged(model, seed), _without_gradients_kept(optimizer):
        parameters = trainable(model)
        start = value_of(loss, model, inputs, targets)
        level = float(start.detach())
        if not math.isfinite(level):
            raise refusal("loss", ("a finite loss", "有限的损失"), level)
        gradients = torch.autograd.grad(start, parameters, allow_unused=True)
        delta, rate = _update(parameters, gradients, optimizer, update)
    slope = float(sum((g * d).sum() for g, d in zip(gradients, delta, strict=True) if g is not None))
    if not all(bool(d.isfinite().all()) for d in delta) or not any(bool(d.any()) for d in delta):
        raise refusal(
            "update", ("a finite update that is not zero", "有限且非零的更新"), Text("none", "没有这样的更新")
        )
    if slope <= 0:
        reason = Text("the update goes uphill: its product with the gradient is not above 0", "更新指向上坡：它与梯度的内积不大于 0")  # fmt: skip
        return CriticalSharpness(0.0, math.inf, 0.0, 0.0, rate, 0, reason)

    call = StatelessCall(model)

    def rise(step: float) -> float:
        """What the loss has risen by at this step, over the step; its limit at 0 is −slope."""
        moved = {n: p.detach() for n, p in model.named_parameters()}
        shift = {id(p): d for p, d in zip(parameters, delta, strict=True)}
        for n, p in model.named_parameters():
            if id(p) in shift:
                moved[n] = p.detach() - (step * shift[id(p)]).to(p.dtype)
        with _seeded(parameters[0].device, seed), torch.no_grad():
            moved |= {n: b.clone() for n, b in model.named_buffers()}
            value = loss(call(moved, inputs), targets)
        change = float(value) - level
        return change / step if math.isfinite(change) else math.inf

    return _crossing(rise, slope, rate, tolerance, most)


def _crossing(
    rise: Callable[[float], float], slope: float, rate: float | None, tolerance: float, most: int
) -> CriticalSharpness:
    """The root of a function that is −slope at 0 and linear where the loss is quadratic: by parabolas, held between two bounds."""
    low, high = (0.0, -slope), (math.inf, math.inf)
    third, step, passes = low, rate or FIRST, 0
    while passes < most:
        value, passes = rise(step), passes + 1
        if value > 0:
            third, high = (high if high[1] < math.inf else third), (step, value)
        else:
            third, low = low, (step, value)
        if high[0] < math.inf and high[0] - low[0] <= tolerance * high[0]:
            break
        if high[0] == math.inf:
            step = _farther(*low, slope)
        elif high[1] == math.inf:  # the loss is no number there
            step = math.sqrt(low[0] * high[0]) if low[0] else high[0] / 10
        else:
            step = _beside(_root(low, high, third), low[0], high[0], tolerance)
    if high[0] == math.inf:
        reason = Text(
            f"no step up to {low[0]:.3g} made the loss rise", f"直到 {low[0]:.3g} 的步长都没有使损失上升"
        )
        return CriticalSharpness(math.inf, 0.0, low[0], math.inf, rate, passes, reason)
    best = _root(low, high, third) if high[1] < math.inf else (low[0] + high[0]) / 2
    reason = Text(
        f"the loss is below its level at {low[0]:.4g} and above it at {high[0]:.4g} times the update",
        f"沿更新方向走 {low[0]:.4g} 倍时损失低于起点，走 {high[0]:.4g} 倍时高于起点",
    )
    return CriticalSharpness(best, 2 / best, low[0], high[0], rate, passes, reason)


def _farther(low: float, below: float, slope: float) -> float:
    """A step beyond the crossing, if the line from −slope at 0 is right: at least twice as far, ten times at most."""
    bent = below + slope
    line = 1.05 * low * slope / bent if bent > 0.1 * slope else math.inf
    return min(max(line, 2 * low), 10 * low)


def _root(low: tuple[float, float], high: tuple[float, float], third: tuple[float, float]) -> float:
    """Where the parabola through three points is 0 between the first two, whose values have unlike signs; else the line."""
    (a, fa), (b, fb), (c, fc) = low, high, third
    tilt = (fb - fa) / (b - a)
    if c in (a, b) or not math.isfinite(fc):
        return a - fa / tilt
    bend = ((fc - fb) / (c - b) - tilt) / (c - a)
    # fa + s (x − a) + bend (x − a)², with s the slope of the parabola at a
    s = tilt - bend * (b - a)
    under = s * s - 4 * bend * fa
    if under < 0:
        return a - fa / tilt
    root = a - 2 * fa / (s + math.copysign(math.sqrt(under), s)) if s else a + math.sqrt(-fa / bend)
    return root if a < root < b else a - fa / tilt


def _beside(guess: float, low: float, high: float, tolerance: float) -> float:
    """A little beyond the guess, on the side of the bound that is farther away, so that the two close in on it."""
    near = 0.4 * tolerance * guess
    if not low:
        return max(guess - near, high / 10)
    if high > 3 * low:
        return min(max(guess, 1.4 * low), high / 1.4)
    if high - guess > guess - low:
        return min(guess + near, (guess + high) / 2)
    return max(guess - near, (guess + low) / 2)


@contextmanager
def _seeded(device: torch.device, seed: int) -> Iterator[None]:
    """PyTorch's generators as `unchanged` seeds them, and afterwards as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.default_generator.manual_seed(seed)
        if device.type == "cuda":
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def _update(
    parameters: list[nn.Parameter],
    gradients: Sequence[Tensor | None],
    optimizer: Optimizer | None,
    update: Sequence[Tensor] | None,
) -> tuple[list[Tensor], float | None]:
    """Δ for each parameter, and the learning rate."""
    if update is not None:
        if not isinstance(update, Sequence) or len(update) != len(parameters):
            raise refusal(
                "update", (f"{len(parameters)} tensors", f"{len(parameters)} 个张量"), update, kind=True
            )
        given = [outside_of_inference(tensor(f"update[{k}]", d, meta=False)) for k, d in enumerate(update)]
        for k, (d, p) in enumerate(zip(given, parameters, strict=True)):
            if d.shape != p.shape:
                raise refusal(f"update[{k}]", (f"the shape {tuple(p.shape)}", f"形状 {tuple(p.shape)}"), d)
        return [d.detach().to(p) for d, p in zip(given, parameters, strict=True)], None
    if optimizer is None:
        return [torch.zeros_like(p) if g is None else g for g, p in zip(gradients, parameters, strict=True)], None  # fmt: skip
    if not isinstance(optimizer, Optimizer):
        raise refusal(
            "optimizer", ("an optimizer of torch.optim", "torch.optim 的优化器"), optimizer, kind=True
        )
    return _tried(parameters, gradients, optimizer)


def _tried(
    parameters: list[nn.Parameter], gradients: Sequence[Tensor | None], optimizer: Optimizer
) -> tuple[list[Tensor], float]:
    """The step of a copy of the optimiser on copies of its parameters."""
    held = [p for group in optimizer.param_groups for p in group["params"]]
    memo: dict[int, Any] = {}
    twin = copy.deepcopy(optimizer, memo)
    twins = [p for group in twin.param_groups for p in group["params"]]
    of = dict(zip(held, twins, strict=True))
    if not any(p in of for p in parameters):
        raise refusal("optimizer", ("one of the model's parameters", "针对该模型参数的优化器"), Text("one that holds none of them", "不含其中任何参数的优化器"))  # fmt: skip
    rate = float(optimizer.param_groups[0]["lr"])
    if not 0 < rate < math.inf:
        raise refusal("optimizer", ("a learning rate above 0", "大于 0 的学习率"), rate)
    for p, g in zip(parameters, gradients, strict=True):
        if p in of:
            of[p].grad = None if g is None else g.detach().clone()
    try:
        twin.step()
    except Exception as error:
        came = Text(f"{type(optimizer).__name__}: {error}", f"{type(optimizer).__name__}：{error}")
        mend = ("give the update itself", "请直接给出 update")
        raise refusal("optimizer", ("one whose step needs nothing but gradients", "只需梯度即可更新的优化器"), came, mend) from error  # fmt: skip
    moved = [(p - of[p].to(p)).detach() / rate if p in of else torch.zeros_like(p) for p in parameters]
    return moved, rate


@contextmanager
def _without_gradients_kept(optimizer: Any) -> Iterator[None]:
    """Gradients of parameters that the model does not have stay out of the copy, too."""
    groups = optimizer.param_groups if isinstance(optimizer, Optimizer) else []
    kept = [(p, p.grad) for group in groups for p in group["params"]]
    for p, _ in kept:
        p.grad = None
    try:
        yield
    finally:
        for p, gradient in kept:
            p.grad = gradient
