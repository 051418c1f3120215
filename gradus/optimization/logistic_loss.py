"""The loss of logistic regression with its gradient in one pass over the data."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, number, refusal
from gradus.arguments.tensors import same_device, same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["LogisticLoss"]

BLOCK_BYTES = 2**21  # of rows, so that they are still in the cache when the gradient reads them again


class LogisticLoss:
    r"""The mean loss of logistic regression, a function to minimise.

    .. math:: f(w)=\frac1n\sum_i\Bigl(\log(1+e^{x_i^\top w})-y_ix_i^\top w\Bigr)+\frac\lambda2\lVert w\rVert^2,\qquad
        \nabla f(w)=\frac1nX^\top(\sigma(Xw)-y)+\lambda w

    An intercept is a column of ones; it is then penalised, too.

    Args:
        X: the data (n, d).
        y: the labels (n,), 0 or 1, or probabilities between them.
        penalty: λ.

    Raises:
        GradusError: X holds no finite numbers, a label lies outside of [0, 1], or λ is negative.

    Cost: one read of X for the value and its gradient: the rows are taken in blocks that fit into the cache.

    Example:
        >>> import torch
        >>> from gradus.optimization import minimize
        >>> X = torch.tensor([[1.0, -2.0], [1.0, 0.0], [1.0, 1.0], [1.0, 3.0]])
        >>> loss = LogisticLoss(X, torch.tensor([0.0, 1.0, 0.0, 1.0]), penalty=0.1)
        >>> result = minimize(loss, torch.zeros(2), tolerance=1e-6)
        >>> result.reason.name, [round(w, 3) for w in result.x.tolist()]
        ('CONVERGED', [-0.206, 0.625])
    """

    def __init__(self, X: Float[Tensor, "n d"], y: Float[Tensor, " n"], penalty: float = 0.0) -> None:
        sizes = Sizes()
        self.X = tensor("X", X, "n>=1 d>=1", sizes, finite=True, meta=False)
        self.y = tensor("y", y, "n", sizes, finite=True, meta=False)
        same_kind(X=X, y=y)
        same_device(X=X, y=y)
        if bool((y < 0).any() or (y > 1).any()):
            worst = y[(y < 0) | (y > 1)][0].item()
            raise refusal("y", ("labels between 0 and 1", "0 与 1 之间的标签"), Text(f"{worst}", f"{worst}"))
        self.penalty = number("penalty", penalty, least=0)
        self._blocks: list[tuple[np.ndarray, np.ndarray]] | None = None
        if X.device.type == "cpu" and X.dtype in (torch.float32, torch.float64):
            rows = max(1, BLOCK_BYTES // (X.element_size() * X.shape[1]))
            data, labels = (t.detach().resolve_neg().numpy() for t in (X, y))
            places = [slice(i, i + rows) for i in range(0, len(X), rows)]
            self._blocks = [(data[place], labels[place]) for place in places]

    def __call__(self, w: Float[Tensor, " d"]) -> Float[Tensor, ""]:
        """f(w), differentiable."""
        z = self.X @ self._checked(w)
        loss = (torch.nn.functional.softplus(z) - self.y * z).mean()
        return loss + self.penalty / 2 * (w @ w) if self.penalty else loss

    def value_and_gradient(self, w: Float[Tensor, " d"]) -> tuple[Float[Tensor, ""], Float[Tensor, " d"]]:
        r"""f(w) and ∇f(w), outside of the graph, in one pass over the data.

        Raises:
            GradusError: w has not the d numbers of a row of X.

        Example:
            >>> import torch
            >>> loss = LogisticLoss(torch.ones(1, 1), torch.ones(1))
            >>> [v.item() for v in loss.value_and_gradient(torch.zeros(1))][1:]
            [-0.5]
        """
        w, n = self._checked(w).detach(), len(self.X)
        if self._blocks is not None:
            mean, slope = _in_blocks(self._blocks, w.resolve_neg().numpy())
            value, gradient = torch.tensor(mean / n, dtype=w.dtype), torch.from_numpy(slope)
        else:
            z = self.X.detach() @ w
            value = (torch.nn.functional.softplus(z) - self.y * z).mean().detach()
            gradient = (z.sigmoid() - self.y.detach()) @ self.X.detach()
        gradient.div_(n)
        if self.penalty:
            value, gradient = value + self.penalty / 2 * (w @ w), gradient.add_(w, alpha=self.penalty)
        return value, gradient

    def _checked(self, w: Tensor) -> Tensor:
        tensor("w", w, "d", Sizes(d=(self.X.shape[1], "X")), meta=False)
        if w.dtype != self.X.dtype or w.device != self.X.device:
            came, want = f"{w.dtype} on {w.device}", f"{self.X.dtype} on {self.X.device}"
            raise GradusError(
                Text(f"w: expected {want} as X, got {came}", f"w：应与 X 相同，为 {want}，实为 {came}")
            )
        return w


def _in_blocks(blocks: list[tuple[np.ndarray, np.ndarray]], w: np.ndarray) -> tuple[float, np.ndarray]:
    """The sums of the losses and of their gradients."""
    margins = np.zeros(sum(len(y) for _, y in blocks), dtype=w.dtype)
    gradient, part, begin = np.zeros_like(w), np.empty_like(w), 0
    labelled, somewhere = 0.0, bool(w.any())
    for X, y in blocks:
        z = margins[begin : begin + len(y)]
        begin += len(y)
        if somewhere:  # else the margins are zeros, and X is read once only
            np.dot(X, w, out=z)
        residual = torch.from_numpy(z).sigmoid().numpy()
        labelled += float(y @ z)
        residual -= y
        gradient += np.dot(residual, X, out=part)
    # log(1 + eᶻ) without overflow
    all_margins = torch.from_numpy(margins)
    softplus = all_margins.abs().neg_().exp_().log1p_().add_(all_margins.clamp_(min=0))
    return float(softplus.sum(dtype=torch.float64)) - labelled, gradient
