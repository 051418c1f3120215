"""The largest stable step of a model under its own optimiser, from the top eigenvalue of its curvature."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.arguments import flag, number, refusal, whole
from gradus.optimization.batch_loss import Loss, trainable
from gradus.text import Text
from gradus.theory.curvature import Curvature
from gradus.theory.lanczos import Eigenpairs, top_eigenpairs
from gradus.theory.update_laws import UpdateLaw, update_law


class StableStep(NamedTuple):
    """The largest stable step, and what it was read from.

    Attributes:
        step: α*, for the first group's learning rate, the others in proportion; ∞ where nothing curves upwards.
        law: whose law it is.
        eigenvalue: λ, the largest of the Hessian as the optimiser scales it; for plain descent of the Hessian itself.
        residual: within this distance of λ lies an eigenvalue; the largest is never below λ.
        variance: s², of the curvature along the eigenvector from batch to batch; 0 where a step sees all the data.
        learning_rate: the optimiser's own, of the first group.
        vector: the eigenvector, of length 1 (P,).
        products: how many products with the Hessian it took.
        converged: whether the residual is within the tolerance.
        reason: the law in words, with its numbers, and what it leaves out.

    Example:
        >>> StableStep(0.5, "gradient descent", 4.0, 0.0, 0.0, None, [1.0], 1, True, "2/λ").step
        0.5
    """

    step: float
    law: Any
    eigenvalue: float
    residual: float
    variance: float
    learning_rate: float | None
    vector: Any
    products: int
    converged: bool
    reason: Any


class Preconditioned:
    """S(H + W)S + D: the Hessian as an optimiser scales it, with weight decay where the optimiser has it."""

    def __init__(self, curvature: Curvature, law: UpdateLaw) -> None:
        self.curvature, self.shape, self.device = curvature, curvature.shape, curvature.device
        self.dtype = torch.promote_types(curvature.dtype, torch.float32)
        self.scale = law.scale.to(self.device, self.dtype)
        self.added = (law.scale**2 * law.inside + law.outside).to(self.device, self.dtype)

    def __matmul__(self, vectors: Tensor) -> Tensor:
        scale = self.scale if vectors.dim() == 1 else self.scale[:, None]
        added = self.added if vectors.dim() == 1 else self.added[:, None]
        v = vectors.to(self.dtype)
        return (scale * (self.curvature @ (scale * v)) + added * v).to(vectors)


@torch.inference_mode(False)
def largest_stable_step(
    model: nn.Module,
    loss: Loss,
    data: Any,
    optimizer: Optimizer | None = None,
    *,
    stochastic: bool = False,
    mean: bool = True,
    tolerance: float = 1e-3,
    max_products: int = 200,
    seed: int = 0,
) -> StableStep:
    r"""The step size from which an optimiser is unstable near a minimum with this curvature, by the optimiser's own law.

    .. math:: \alpha^\star=\frac2\lambda\ \text{(descent)},\qquad\frac{2(1+\beta)}\lambda\ \text{(heavy ball)},\qquad
        \frac{2(1+\beta)}{(1+2\beta)\lambda}\ \text{(Nesterov)},\qquad
        \frac{2(1+\beta_1)}{(1-\beta_1)\lambda}\ \text{(Adam)},\qquad \lambda=\lambda_{\max}(P^{-1/2}HP^{-1/2})

    P is the preconditioner read from the optimiser's state, and 1 for SGD. Weight decay within the gradient adds to H; beside it
    (AdamW) it adds w(1+β₁)/(1−β₁) to what λ is of. Where each step sees one batch of several, the curvature along the eigenvector
    varies by s² from batch to batch, and momentum makes that worse, not better:

    .. math:: \frac1{\alpha^\star}=\frac\lambda{2(1+\beta)}+\frac{s^2/\lambda}{2(1-\beta)}

    This is where second moments along the eigenvector begin to grow. It is exact where that direction is apart from the others; for
    descent and heavy ball it is otherwise never too small. "Begin to grow" is said of
    the mean square: nearly every run may still die out with a larger step. Batches count by their samples. Away from a minimum,
    α > α* may make the loss rise at first, often not for ever: many nets train on, where λ has fallen to the law's value for α or
    below (the edge of stability, the catapult).

    Args:
        model: any module; layers that draw at random or mix samples (dropout, batch normalisation) in evaluation mode.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or a list or loader of such pairs.
        optimizer: SGD, Adam, AdamW, RMSprop or Adagrad of `torch.optim`, after a step or more unless it is SGD; None for descent.
        stochastic: whether a step sees one batch of the data, drawn at random, instead of all of them.
        mean: whether the loss is a mean over the samples of a batch, or a sum.
        tolerance: of the residual, relative to the largest value in size.
        max_products: after which it stops; `converged` then says so.
        seed: of the start.

    Returns:
        The step, its law, the eigenvalue with its residual, and the reason in words.

    Raises:
        GradusError: as `Curvature` raises, an optimiser without a law, or `stochastic` with one batch or a loss that is a sum.

    Cost: a Hessian–vector product for each of the products over all data; one more with `stochastic`.

    Source: Cohen et al. 2021, appendix B; Cohen et al. 2022; Andreyev et al. 2026 for the two regimes of momentum. The formula
        with s² is derived on the page `sharpness`.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> x, y = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
        >>> ball = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        >>> mse = torch.nn.functional.mse_loss
        >>> [round(largest_stable_step(model, mse, (x, y), o).step, 3) for o in (None, ball)]
        [0.5, 0.95]
    """
    several = flag("stochastic", stochastic)
    flag("mean", mean)
    number("tolerance", tolerance, least=0)
    whole("max_products", max_products, least=1)
    curvature = Curvature(model, loss, data, mean=mean)
    law = update_law(trainable(model), optimizer)
    operator = Preconditioned(curvature, law)
    found = top_eigenpairs(operator, tolerance=tolerance, max_products=max_products, seed=seed)
    variance = 0.0
    if several:
        one = isinstance(data, (tuple, list)) and (isinstance(data[0], Tensor) or len(data) < 2)
        if one or not mean:
            expected = ("several batches and a loss that is a mean", "多个批次，且损失取平均")
            mean_or_sum = Text("one batch", "一个批次") if one else Text("a sum", "求和的损失")
            raise refusal("stochastic", expected, mean_or_sum)
        along = operator.scale * found.vectors[:, 0].to(operator.scale)
        variance = variance_by_batch(model, loss, data, along)
    return stable_step(law, found, variance, several)


def stable_step(law: UpdateLaw, found: Eigenpairs, variance: float, stochastic: bool) -> StableStep:
    """The step of a law for an eigenvalue, with its reason."""
    value, residual = float(found.values[0]), float(found.residuals[0])
    curved = value > max(residual, 0.0)
    noise = variance / value**2 if curved else 0.0
    step = law.threshold(noise) / value if curved else math.inf
    reason = _reason(law, value, residual, noise, step, stochastic, found.converged)
    return StableStep(step, law.name, value, residual, variance, law.learning_rate, found.vectors[:, 0], found.products, found.converged, reason)  # fmt: skip


def variance_by_batch(model: nn.Module, loss: Loss, data: Any, vector: Tensor) -> float:
    """The variance of vᵀH_jv over the batches j, each with the weight of its samples."""
    forms, sizes = [], []
    for pair in data:
        product = Curvature(model, loss, pair) @ vector
        forms.append(float(vector @ product.to(vector)))
        sizes.append(len(pair[0]))
    weights, values = torch.tensor(sizes, dtype=torch.float64), torch.tensor(forms, dtype=torch.float64)
    weights /= weights.sum()
    return float(weights @ (values - weights @ values) ** 2)


def _reason(
    law: UpdateLaw,
    value: float,
    residual: float,
    noise: float,
    step: float,
    stochastic: bool,
    converged: bool,
) -> Text:
    if step == math.inf:
        return Text(
            f"{law.name.en}: the largest eigenvalue, {value:.3g} ± {residual:.1g}, is not above 0; the quadratic model sets no limit",
            f"{law.name.zh}：最大特征值为 {value:.3g} ± {residual:.1g}，不大于 0；二次模型不设上限",
        )
    en = f"{law.name.en}: α* = {law.threshold(noise):.4g} / λ with λ = {value:.4g}"
    zh = f"{law.name.zh}：α* = {law.threshold(noise):.4g} / λ，λ = {value:.4g}"
    if stochastic:
        by_noise = noise > (1 - law.beta) / (1 + law.beta)
        en += f"; one batch a step, s²/λ² = {noise:.3g}: "
        zh += f"；每步一个批次，s²/λ² = {noise:.3g}："
        en += (
            "the noise decides (the law of small batches, 2(1−β)λ/s² where momentum is summed)"
            if by_noise
            else "the curvature decides (the law of full batches)"
        )
        zh += (
            "噪声起决定作用（小批量规律，累加动量时为 2(1−β)λ/s²）"
            if by_noise
            else "曲率起决定作用（全批量规律）"
        )
    if law.still:
        en += f"; {law.still} numbers of the model that the optimiser does not move are held fixed"
        zh += f"；模型中有 {law.still} 个优化器不更新的数，视为固定"
    if stochastic and bool(law.outside.any()):
        en += "; decoupled weight decay is counted with the curvature"
        zh += "；解耦的权重衰减计入曲率"
    if not converged:
        en += f"; not converged, residual {residual:.2g}: λ may be larger, the step smaller"
        zh += f"；未收敛，残差 {residual:.2g}：λ 可能更大，步长可能更小"
    return Text(en, zh)
