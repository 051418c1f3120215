"""The gradient penalty of Wasserstein GANs, for any critic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from gradus.arguments import Sizes, flag, function, number, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.text import Text

__all__ = ["gradient_penalty"]


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    coefficients: Tensor | None = None,
    target: float = 1.0,
    one_sided: bool = False,
    seed: int | None = None,
) -> Tensor:
    r"""The mean over samples of how far the critic's gradient is from length 1, between real and generated samples.

    .. math:: \frac1n\sum_{i=1}^n\bigl(\lVert\nabla_x f(\hat x_i)\rVert_2-1\bigr)^2,\qquad\hat x_i=\varepsilon_ix_i+(1-\varepsilon_i)y_i,\qquad\varepsilon_i\sim U(0,1)

    One coefficient and one norm a sample, over all its axes. It can be differentiated by the critic's parameters, through the critic's own derivative.
    `loss = critic_loss(critic(x), critic(y)) + 10 * gradient_penalty(critic, x, y)` is the critic's loss in WGAN-GP. The critic is called once, in the mode
    that it is in; the points between the samples carry no graph of the generator.

    Args:
        critic: a module or function: a batch (n, …) to a score a sample, (n,) or (n, 1). For a conditional one give `lambda x: critic(x, labels)`.
        real: real samples x (n, …).
        fake: generated samples y, of the same shape.
        coefficients: ε, (n,), in [0, 1]; drawn unless given.
        target: the length that is asked for: 1, or 0 for a penalty on the squared length.
        one_sided: whether only gradients that are longer count.
        seed: of the draws; None draws from PyTorch's own generator.

    Returns:
        One number, in float32 where the samples are in half precision.

    Raises:
        GradusError: samples of other shapes, scores that are not one a sample, a critic that cuts the graph, batch normalisation in training mode
            (the gradient of a sample would hold what it does to the others), NaN or ±∞ in the gradient.

    Cost: one forward and one backward pass of the critic; its backward is about twice that.

    Source: Gulrajani et al. 2017, Improved training of Wasserstein GANs, algorithm 1.

    Example:
        >>> import torch
        >>> critic = torch.nn.Linear(2, 1)
        >>> _ = critic.weight.data.copy_(torch.tensor([[3.0, 4.0]]))
        >>> gradient_penalty(critic, torch.randn(5, 2), torch.randn(5, 2)).item()  # (5 − 1)²
        16.0
    """
    function("critic", critic, "torch.nn.Linear(2, 1)")
    if isinstance(critic, type):
        raise refusal("critic", ("a module or a function", "模块或函数"), critic, kind=True)
    if seed is not None:
        whole("seed", seed, least=0, most=2**63 - 1)
    x, y = tensor("real", real, finite=True), tensor("fake", fake, finite=True)
    length, one = number("target", target, least=0), flag("one_sided", one_sided)
    same_kind(real=real, fake=fake)
    if not x.ndim or not len(x):
        raise refusal("real", ("a batch (n, …) of samples", "一批样本 (n, …)"), real)
    if x.shape != y.shape:
        came = str(tuple(y.shape))
        noun = (f"the shape {tuple(x.shape)} of real", f"与 real 相同的形状 {tuple(x.shape)}")
        raise refusal("fake", noun, Text(came, came), ("take as many of each", "两者请取同样多"))
    _refuse_batch_normalization(critic)
    with torch.enable_grad():
        between = _between(x.detach(), y.detach(), coefficients, seed).requires_grad_()
        scores = critic(between)
        _require_scores(scores, len(x))
        (slope,) = torch.autograd.grad(scores.sum(), between, create_graph=True, allow_unused=True)
        if slope is None:  # the score does not depend on the sample
            slope = torch.zeros_like(between)
        slope = slope.reshape(len(x), -1)
        if slope.dtype in (torch.float16, torch.bfloat16):
            slope = slope.float()
        if not torch.compiler.is_compiling() and not bool(slope.detach().isfinite().all()):
            row = int((~slope.detach().isfinite()).any(1).nonzero()[0])
            at = (f"that of sample {row} is not", f"第 {row} 个样本的梯度不是")
            raise refusal("critic", ("one with finite gradients", "梯度有限的评判器"), Text(*at))
        over = torch.linalg.vector_norm(slope, dim=1) - length
        found: Tensor = (over.relu() if one else over).square().mean()
    return found if torch.is_grad_enabled() else found.detach()


def _between(x: Tensor, y: Tensor, coefficients: Tensor | None, seed: int | None) -> Tensor:
    n = len(x)
    if coefficients is None:
        generator = None
        if seed is not None:
            generator = torch.Generator(x.device).manual_seed(int(seed))
        e = torch.rand(n, generator=generator, device=x.device, dtype=x.dtype)
    else:
        e = tensor("coefficients", coefficients, "n", Sizes(n=(n, "real")), finite=True)
        same_kind(real=x, coefficients=coefficients)
        if bool(((e < 0) | (e > 1)).any()):
            raise refusal("coefficients", ("numbers in [0, 1]", " [0, 1] 中的数"), coefficients)
    e = e.detach().reshape(n, *[1] * (x.ndim - 1))
    return e * x + (1 - e) * y


def _refuse_batch_normalization(critic: Any) -> None:
    if not isinstance(critic, nn.Module):
        return
    for name, part in critic.named_modules():
        if isinstance(part, _BatchNorm) and (part.training or part.running_mean is None):
            raise refusal(
                "critic",
                ("one in which a sample's score is its own", "每个样本的评分只取决于自身的评判器"),
                Text(f"batch normalisation in {name or 'it'}", f"{name or '其中'} 为批归一化"),
                ("take LayerNorm, InstanceNorm or GroupNorm", "请改用 LayerNorm、InstanceNorm 或 GroupNorm"),
            )


def _require_scores(scores: Any, n: int) -> None:
    tensor("critic(x)", scores)
    if scores.ndim < 1 or len(scores) != n or scores.numel() != n:
        shape = str(tuple(scores.shape))
        noun = (f"one score a sample, of the shape ({n},)", f"每个样本一个评分，形状为 ({n},)")
        raise refusal(
            "critic(x)", noun, Text(shape, shape), ("take a mean over the rest", "请对其余的轴取平均")
        )
    if not scores.requires_grad:
        noun = ("a score that carries a derivative", "带有导数的评分")
        came = Text("one cut from the graph", "与计算图断开的评分")
        raise refusal("critic(x)", noun, came, ("no detach() and no no_grad() inside", "其中不应有 detach() 或 no_grad()"))  # fmt: skip
