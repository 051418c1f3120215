"""A step size for a model, an optimiser and data: by a range test, by curvature, by a line search; and why that one."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from gradus.arguments import choice, number, refusal, whole
from gradus.errors import GradusError
from gradus.optimization.batch_loss import Loss, checked, trainable, value_of
from gradus.optimization.range_curve import WARM_UP, diverged, read_range_curve, smoothed
from gradus.optimization.stable_steps import THRESHOLDS, largest_curvature
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WAYS = ("range", "curvature", "line")
OPTIMIZERS: dict[str, Callable[[list[nn.Parameter], float], torch.optim.Optimizer]] = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
}


@dataclass(frozen=True)
class StepSizeSearch:
    """What a search has found.

    Attributes:
        recommended: the step size.
        reason: why that one, in a sentence.
        way: "range", "curvature", "line" or "cross-validation".
        step_sizes: that were tried, (T,).
        losses: at each, (T,): before the step for a range test, after it for a line search, the mean score over the folds
            for cross-validation.

    Example:
        >>> import numpy as np
        >>> from gradus.text import Text
        >>> steps = np.array([0.1, 0.2])
        >>> StepSizeSearch(0.1, Text("lowest", "最低"), "line", steps, np.array([1.0, 2.0])).figure().axes[0].get_title()
        'α = 0.1'
    """

    recommended: float
    reason: Text
    way: str
    step_sizes: np.ndarray
    losses: np.ndarray

    def __str__(self) -> str:
        return f"{self.recommended:.3g}: {self.reason.en}"

    def figure(self) -> Figure:
        """The losses over the step sizes, smoothed for a range test, and the recommended one."""
        from gradus.page.figures import COLOURS, canvas

        fig, ax = canvas()
        ax.set(xscale="log", xlabel=r"$\alpha$", ylabel=r"$\ell$")
        ax.plot(self.step_sizes, self.losses, color=COLOURS[6], lw=0.8)
        if self.way == "range":
            ax.plot(self.step_sizes, smoothed(self.losses, 0.9), color=COLOURS[0])
        ax.axvline(self.recommended, color=COLOURS[1], ls="--")
        ax.set_title(f"α = {self.recommended:.2g}")
        return fig


@torch.inference_mode(False)
def search_step_size(
    model: nn.Module,
    loss: Loss,
    data: tuple[Tensor, Tensor],
    *,
    way: str = "range",
    optimizer: str = "sgd",
    batch_size: int = 32,
    low: float = 1e-4,
    high: float = 10.0,
    seed: int = 0,
) -> StepSizeSearch:
    r"""A step size for training, its reason and its picture; the model is left as it was.

    "range": one pass over the data at most, in which the step size grows from `low` to `high`; α* by `read_range_curve`.
    "curvature": half the step size from which the optimiser diverges on the quadratic model of one batch,
    :math:`\tfrac12\cdot2/\lambda` for descent, by the optimiser's own threshold for the others (`largest_stable_step`).
    "line": the largest step, by halves, along the gradient of one batch that satisfies Armijo's condition there.

    Args:
        model: any module; its modes, buffers and parameters are as before afterwards.
        loss: `loss(outputs, targets)`, a mean over the batch.
        data: inputs and targets, samples along the first axis.
        way: "range", which wants 100 batches or more; "curvature" (not for "adam"); or "line" (for "sgd" alone).
        optimizer: "sgd", "momentum" or "nesterov" (β = 0.9), or "adam".
        batch_size: samples a step; the range test makes at most 1000 steps.
        low: the smallest step size, above 0.
        high: the largest, above `low`.
        seed: of the data's order, and of what layers draw, such as dropout.

    Returns:
        The step size, why, and all that was tried.

    Raises:
        GradusError: settings that make no sense, fewer than 10 batches for a range test, a loss that is not finite at
            the start, or a curve that never falls.

    Cost: at most an epoch for "range"; up to 40 Hessian–vector products on a batch, and as many vectors of the size of the model, for "curvature"; up to 40 forward
        passes on a batch for "line".

    Source: Smith 2017 (range test); Cohen et al. 2021, 2022 (thresholds); Armijo 1966 (line search).

    Example:
        >>> import torch
        >>> x = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
        >>> model = torch.nn.Linear(3, 1)
        >>> search = search_step_size(model, torch.nn.functional.mse_loss, (x, x.sum(1, keepdim=True)), batch_size=4)
        >>> 0.1 < search.recommended < 1.0
        True
    """
    inputs, targets = checked(model, loss, data)
    choice("way", way, WAYS)
    choice("optimizer", optimizer, OPTIMIZERS)
    batch_size = whole("batch_size", batch_size, least=1)
    low, high = number("low", low, above=0), number("high", high, above=0)
    if low >= high:
        raise refusal("high", (f"a number above low = {low:g}", f"大于 low = {low:g} 的数"), high)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0))
    order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    batches = [(inputs[i], targets[i]) for i in order.split(batch_size)]
    if len(batches) > 1 and len(batches[-1][0]) < batch_size:
        batches.pop()  # a small last batch would be noisier than the others
    with unchanged(model, seed):
        model.train()
        if way == "range":
            if len(batches) < WARM_UP:
                most = len(inputs) // WARM_UP
                if not most:
                    raise refusal("data", (f"{WARM_UP} samples or more for a range test", f"范围测试需要至少 {WARM_UP} 个样本"), len(inputs))  # fmt: skip
                raise refusal("batch_size", (f"{most} at most, for a range test of {WARM_UP} steps or more", f"不超过 {most}，使范围测试至少有 {WARM_UP} 步"), batch_size)  # fmt: skip
            return _range_test(model, loss, batches[:1000], optimizer, low, high)
        if way == "curvature":
            return _by_curvature(model, loss, batches[0], optimizer)
        return _line_search(model, loss, batches[0], optimizer, low, high)


def _range_test(
    model: nn.Module, loss: Loss, batches: list[Any], name: str, low: float, high: float
) -> StepSizeSearch:
    step_sizes = np.geomspace(low, high, len(batches))
    optimizer, losses, average, lowest = OPTIMIZERS[name](trainable(model), low), [], 0.0, math.inf
    for t, (inputs, targets) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = float(step_sizes[t])
        optimizer.zero_grad()
        value = value_of(loss, model, inputs, targets)
        value.backward()
        losses.append(float(value.detach()))
        if t == 0 and not math.isfinite(losses[0]):
            raise refusal("loss", ("a finite one at the start", "起始处有限的损失"), losses[0])
        average = 0.9 * average + 0.1 * losses[-1]
        now = average / (1 - 0.9 ** (t + 1))
        if diverged(now, lowest):
            break
        lowest = min(lowest, now) if t >= 9 else lowest
        optimizer.step()
    tried, seen = step_sizes[: len(losses)], np.array(losses)
    try:
        best = read_range_curve(tried, seen)
    except GradusError as error:
        en = f"no step size from low = {low:g} to high = {high:g} can be read off; {error.text.en}"
        zh = f"从 low = {low:g} 到 high = {high:g} 读不出步长；{error.text.zh}"
        raise GradusError(Text(en, zh)) from error
    reason = Text(
        f"the smoothed loss falls until α = {tried[np.nanargmin(smoothed(seen, 0.9))]:.2g}; {best:.2g} is the geometric middle "
        "between there and the place where half of the fall is done",
        f"平滑后的损失一直下降到 α = {tried[np.nanargmin(smoothed(seen, 0.9))]:.2g}；{best:.2g} 是该处与下降完成一半之处的几何平均",
    )
    return StepSizeSearch(best, reason, "range", tried, seen)


def _by_curvature(model: nn.Module, loss: Loss, batch: Any, name: str) -> StepSizeSearch:
    if (
        name == "adam"
    ):  # its threshold is that of a second average in its steady state, which there is not before training
        raise refusal("way", ("“range” for this optimizer", "该优化器的“range”"), "curvature")
    parameters = trainable(model)
    value = value_of(loss, model, *batch)
    curvature = largest_curvature(value, parameters)
    edge = THRESHOLDS[name] / curvature
    reason = Text(
        f"the largest curvature on a batch is {curvature:.3g}, beyond α = {edge:.2g} {name} diverges on its quadratic model; "
        "half of that",
        f"一个批次上的最大曲率为 {curvature:.3g}，在其二次模型上 {name} 超过 α = {edge:.2g} 即发散；取其一半",
    )
    return StepSizeSearch(edge / 2, reason, "curvature", np.array([edge]), np.array([float(value.detach())]))


def _line_search(
    model: nn.Module, loss: Loss, batch: Any, name: str, low: float, high: float
) -> StepSizeSearch:
    if name != "sgd":
        raise refusal(
            "way", ("“range” or “curvature” for this optimizer", "该优化器的“range”或“curvature”"), "line"
        )
    parameters = trainable(model)
    value = value_of(loss, model, *batch)
    gradients = torch.autograd.grad(value, parameters, allow_unused=True)
    moving = [(p, p.detach().clone(), g) for p, g in zip(parameters, gradients, strict=True) if g is not None]
    slope, start = float(sum(g.square().sum() for _, _, g in moving)), float(value.detach())
    if not 0 < slope < math.inf:
        raise refusal("loss", ("a finite gradient other than 0 at the weights", "在当前权重处有限且不为 0 的梯度"), Text(f"one of length {slope**0.5:g}", f"长度为 {slope**0.5:g} 的梯度"))  # fmt: skip
    alpha, tried, losses = high, [], []
    with torch.no_grad():
        while alpha >= low:
            for p, point, g in moving:
                p.copy_(point - alpha * g)
            tried.append(alpha)
            losses.append(float(loss(model(batch[0]), batch[1])))
            if losses[-1] <= start - 0.5 * alpha * slope:
                break
            alpha /= 2
        else:
            raise GradusError(
                Text(
                    f"no step from {low:g} to {high:g} satisfies Armijo's condition from the loss {start:g}; lower `low`",
                    f"在 {low:g} 到 {high:g} 之间没有步长满足 Armijo 条件（起始损失 {start:g}）；请减小 low",
                )
            )
    reason = Text(
        f"the largest of {high:g}, {high / 2:g}, … at which the batch's loss falls by half of α‖g‖² or more, from {start:.3g} to {losses[-1]:.3g}",
        f"在 {high:g}、{high / 2:g}…… 中，使批次损失至少下降 α‖g‖² 之半的最大步长：由 {start:.3g} 降到 {losses[-1]:.3g}",
    )
    return StepSizeSearch(alpha, reason, "line", np.array(tried[::-1]), np.array(losses[::-1]))
