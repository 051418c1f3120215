"""Natural-gradient descent with the whole Fisher matrix of a small model, inverted among samples or among parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import choice, function, number, refusal, whole
from gradus.arguments.tensors import module
from gradus.errors import GradusError
from gradus.optimization.fisher_columns import LIKELIHOODS, all_columns, sampled_column
from gradus.optimization.forward_hooks import BeginHook, EndHook
from gradus.optimization.parameter_errors import parameters_refused
from gradus.text import Text

FISHERS = ("exact", "sampled")
TOGETHER = 32  # rows of the output whose gradients are computed in one backward pass


class NaturalGradient(torch.optim.Optimizer):
    r"""The damped natural gradient, exact for the batch, in the usual training loop.

    .. math:: \theta\leftarrow\theta-\eta\,(F+\lambda I)^{-1}\nabla\ell,\qquad F=\frac1n\sum_iJ_i^{\mathsf T}\,
        \nabla_{z_i}^2\bigl(-\log p\bigr)\,J_i=UU^{\mathsf T}
    .. math:: (UU^{\mathsf T}+\lambda I)^{-1}g=\frac1\lambda\bigl(g-U(U^{\mathsf T}U+\lambda I)^{-1}U^{\mathsf T}g\bigr)

    J is the derivative of the model's outputs z; U has C columns for each of the n rows of outputs ("exact"), or one
    ("sampled"). The second line (Woodbury) is used where U has fewer columns than rows. All layers are treated, of any kind;
    what mixes samples, as batch norm does, is differentiated as it is. Hooks on the model work in its forward pass; the loop
    stays `loss.backward()`, `optimizer.step()`. For models beyond some 10⁴ parameters take `KFAC`.

    Args:
        model: its output is one tensor (…, C): logits, or means where the likelihood is Gaussian.
        lr: η.
        damping: λ; 0 needs a regular Fisher matrix.
        likelihood: of the targets given the output: "categorical", "bernoulli" or "gaussian" (of variance 1).
        loss_scale: the loss as a multiple of the mean −log p of a row, as for `KFAC`.
        fisher: "exact", or by one target a row that the model draws ("sampled").
        weight_decay: L2 penalty, added to the gradient.
        seed: of the drawn targets; a step's draws depend on the seed and on its number alone.

    Raises:
        GradusError: settings that make no sense, a model without parameters; in `step` a Fisher matrix that is singular at its
            damping or not finite, or a step before any forward pass in training mode.

    Cost: a backward pass for each column of U, and O(m²P) operations with m = min(columns, P), P parameters, all in float64;
        memory of 8 P numbers a column.

    Source: Amari 1998; the product form as Ren and Goldfarb 2019.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> model, x = torch.nn.Linear(3, 2), torch.randn(64, 3)
        >>> optimizer = NaturalGradient(model, lr=1.0, damping=0.0, likelihood="gaussian")
        >>> y = x @ torch.ones(3, 2)
        >>> (model(x) - y).square().sum(1).mean().div(2).backward()
        >>> optimizer.step()
        >>> round((model(x) - y).abs().max().item(), 4)
        0.0
    """

    def __init__(
        self,
        model: nn.Module,
        lr: float = 0.1,
        *,
        damping: float = 1e-3,
        likelihood: str = "categorical",
        loss_scale: float = 1.0,
        fisher: str = "exact",
        weight_decay: float = 0.0,
        seed: int = 0,
    ) -> None:
        module("model", model)
        defaults = dict(
            lr=number("lr", lr, least=0),
            damping=number("damping", damping, least=0),
            weight_decay=number("weight_decay", weight_decay, least=0),
        )
        self.likelihood = choice("likelihood", likelihood, LIKELIHOODS)
        self.fisher = choice("fisher", fisher, FISHERS)
        self.loss_scale, self.seed = number("loss_scale", loss_scale, above=0), whole("seed", seed, least=0)
        parameters = [p for p in model.parameters() if p.requires_grad]
        try:
            super().__init__(parameters, defaults)
        except ValueError as error:
            raise parameters_refused(parameters, error) from None
        self.watching = False
        self._forget()
        self.handles = [
            model.register_forward_pre_hook(BeginHook(self), with_kwargs=True),
            model.register_forward_hook(EndHook(self)),
        ]

    def remove_hooks(self) -> None:
        """Takes the hooks off the model; the optimiser cannot be used any more."""
        for handle in self.handles:
            handle.remove()

    def begin(self, model: nn.Module, _arguments: tuple[Any, ...], _options: dict[str, Any]) -> None:
        """Before the model's forward pass: whether it is one of training."""
        self.watching = model.training and torch.is_grad_enabled()

    def end(self, output: Any) -> None:
        """After it: the columns of U."""
        if not self.watching:
            return
        self.watching = False
        if not isinstance(output, Tensor):
            words = (
                "a model that returns one tensor of logits or means",
                "只返回一个张量（logits 或均值）的模型",
            )
            raise refusal("model", words, output)
        rows = output.reshape(-1, output.shape[-1])
        if self.fisher == "exact":
            columns = list(all_columns(rows.detach(), self.likelihood))
        else:
            generator = torch.Generator(output.device)
            # a function of seed, step and samples before: a resumed run draws what the unbroken one would have drawn
            generator.manual_seed((self.seed * 2**40 + self.steps * 2**12 + self.samples) % 2**63)
            columns = [sampled_column(rows.detach(), self.likelihood, generator)]
        self.samples += len(rows)
        self.columns += [self._pulled(rows, column, part) for column in columns for part in self._parts(rows)]

    @property
    def steps(self) -> int:
        """How many steps it has made."""
        return int(self.state[self.parameters[0]].get("step", 0))

    @property
    def parameters(self) -> list[nn.Parameter]:
        """Those that it moves, all in one group."""
        parameters: list[nn.Parameter] = self.param_groups[0]["params"]
        return parameters

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step from the gradients that stand in the parameters; it raises what the class names."""
        with torch.enable_grad():
            loss = None if closure is None else function("closure", closure)()
        if not self.columns:
            raise _unseen()
        group, parameters = self.param_groups[0], self.parameters
        gradient = torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.to_dense().flatten() for p in parameters])  # fmt: skip
        theta = torch.cat([p.flatten() for p in parameters])
        gradient = _wide(gradient + group["weight_decay"] * theta if group["weight_decay"] else gradient)
        U = torch.cat(self.columns) * (self.loss_scale / self.samples) ** 0.5
        direction = damped_solution(U, gradient, group["damping"])
        for p, part in zip(parameters, direction.split([p.numel() for p in parameters]), strict=True):
            p.add_(part.view_as(p).to(p), alpha=-group["lr"])
        self._forget()
        self.state[parameters[0]]["step"] = self.steps + 1
        return loss

    def _forget(self) -> None:
        self.columns: list[Tensor] = []
        self.samples = 0

    @staticmethod
    def _parts(rows: Tensor) -> list[range]:
        return [range(k, min(k + TOGETHER, len(rows))) for k in range(0, len(rows), TOGETHER)]

    def _pulled(self, rows: Tensor, column: Tensor, part: range) -> Tensor:
        """Jᵀc of some rows, each by itself (rows, P)."""
        alone = torch.zeros(len(part), *rows.shape, dtype=rows.dtype, device=rows.device)
        at = torch.arange(len(part), device=rows.device)
        alone[at, part.start + at] = column[part.start : part.stop]
        parameters = self.parameters
        pulled = torch.autograd.grad(
            rows, parameters, alone, retain_graph=True, is_grads_batched=True, allow_unused=True
        )
        zero = [g if g is not None else torch.zeros(len(part), *p.shape, dtype=p.dtype, device=p.device) for g, p in zip(pulled, parameters, strict=True)]  # fmt: skip
        return _wide(torch.cat([g.flatten(1) for g in zero], 1))


def damped_solution(U: Tensor, gradient: Tensor, damping: float) -> Tensor:
    """(UᵀU + λI)⁻¹ g (P,), for the columns of the Fisher matrix as rows U (m, P).

    Raises:
        GradusError: the matrix is singular, or not finite.
    """
    few = len(U) < U.shape[1] and damping > 0
    matrix = U @ U.mT if few else U.mT @ U
    matrix.diagonal().add_(damping)
    triangle, failure = torch.linalg.cholesky_ex(matrix)
    if bool(failure) or not bool(triangle.isfinite().all()):
        raise _no_inverse(bool(matrix.isfinite().all()), damping)
    right = U @ gradient if few else gradient
    solved = torch.cholesky_solve(right[:, None], triangle)[:, 0]
    return (gradient - U.mT @ solved) / damping if few else solved


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.float32 if values.device.type == "mps" else torch.float64)


def _no_inverse(finite: bool, damping: float) -> GradusError:
    en, zh = ("singular", "奇异") if finite else ("not finite", "非有限")
    mend = ("raise the damping", "请增大阻尼") if finite else ("look for NaN and infinities in the data", "请检查数据中的 NaN 与无穷")  # fmt: skip
    return GradusError(
        Text(
            f"the Fisher matrix is {en} at damping {damping:g}; {mend[0]}",
            f"Fisher 矩阵在阻尼 {damping:g} 下{zh}；{mend[1]}",
        )
    )


def _unseen() -> GradusError:
    return GradusError(
        Text(
            "NaturalGradient: expected a forward pass of the model in training mode before the step; call model.train() and the "
            "model itself before backward()",
            "NaturalGradient：步进之前模型应在训练模式下前向计算过；请在 backward() 之前调用 model.train() 和模型本身",
        )
    )
