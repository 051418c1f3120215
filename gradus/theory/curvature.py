"""The curvature of a loss over a whole data set, as a matrix of which only products with vectors are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.parameter import is_lazy

from gradus.arguments import choice, flag, refusal
from gradus.arguments.tensors import tensor
from gradus.optimization.batch_loss import Loss, checked, trainable
from gradus.optimization.model_inputs import taking
from gradus.optimization.stateless_call import StatelessCall
from gradus.optimization.unchanged_model import outside_of_inference
from gradus.text import Text
from gradus.theory.batch_products import (
    Product,
    hessian_product,
    loss_hessian,
    output_product,
    slopes_outer,
)
from gradus.theory.data_batches import batches, require_determined, require_mean
from gradus.theory.weight_norm import differentiable_twice

KINDS = ("hessian", "gauss-newton", "empirical-fisher")


class Curvature:
    r"""The Hessian, Gauss–Newton or empirical Fisher matrix of a model's loss over a whole data set; `@` multiplies vectors.

    .. math:: H=\nabla^2\bar\ell,\qquad G=\frac1N\sum_iJ_i^{\mathsf T}(\nabla_z^2\ell_i)J_i,\qquad
        \hat F=\frac1N\sum_ig_ig_i^{\mathsf T}

    For cross-entropy, and for half the squared error of a normal model of variance 1, G is the Fisher matrix. The graph of one
    batch is built once and stays in memory; several batches are each built anew for every product, so that the batch size is
    the memory budget. The model is left as it is: no parameter, buffer, gradient, mode or generator moves. Attention is
    computed by PyTorch's mathematical kernel, the only one with a second derivative.

    Args:
        model: any module; layers that draw at random or mix samples (dropout, batch normalisation) in evaluation mode.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or a list or loader of such pairs.
        kind: "hessian", "gauss-newton" or "empirical-fisher"; the last two need outputs that are one tensor, samples first.
        mean: whether the loss is a mean over the samples of a batch (then batches are weighted by their samples, and the
            result does not depend on how the data are split), or a sum.

    Attributes:
        shape: (P, P), P numbers in the parameters to be trained, in the order of `model.parameters()`.
        dtype, device: of the vectors.

    Raises:
        GradusError: data that do not fit, a loss that is no mean although `mean`, a layer that draws at random or mixes
            samples, parameters that have changed since, or vectors that do not fit.

    Cost: a product takes a few times a forward pass; several batches add their forward and backward passes to each.

    Source: Pearlmutter 1994; Schraudolph 2002 for Gauss–Newton.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> x, y = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
        >>> H = Curvature(model, torch.nn.functional.mse_loss, (x, y))
        >>> H.shape, H @ torch.ones(2)
        ((2, 2), tensor([1., 4.]))
    """

    def __init__(
        self, model: nn.Module, loss: Loss, data: Any, *, kind: str = "hessian", mean: bool = True
    ) -> None:
        self.kind = choice("kind", kind, KINDS)
        self._mean = flag("mean", mean)
        self._model, self._loss = model, loss
        self._data = batches(data, again=True)
        sizes = [len(checked(model, loss, pair)[0]) for pair in self._data]
        if not sizes:
            raise refusal("data", ("at least one batch", "至少一个批次"), data)
        self._parameters = trainable(model)
        if any(is_lazy(p) or p.is_inference() for p in self._parameters):
            raise refusal(
                "model",
                ("parameters that have shapes and can have gradients", "形状已确定且可有梯度的参数"),
                Text("lazy ones, or ones made in inference mode", "惰性参数或在推理模式中创建的参数"),
            )
        self._versions = [p._version for p in self._parameters]
        require_determined(model)
        self._factors = [n / sum(sizes) if mean else 1.0 for n in sizes]
        P = sum(p.numel() for p in self._parameters)
        self.shape = (P, P)
        self.dtype = self._parameters[0].dtype
        for p in self._parameters[1:]:
            self.dtype = torch.promote_types(self.dtype, p.dtype)
        self.device = self._parameters[0].device
        self._kept: Product | None = None
        self._require_no_draws()
        if mean and (len(sizes) > 1 or self.kind == "empirical-fisher"):
            self._require_mean()
        if len(sizes) == 1:
            self._kept = self._product(next(iter(self._data)))

    @torch.inference_mode(False)
    def __matmul__(self, vectors: Tensor) -> Tensor:
        """The product with a vector (P,), or with each column of a matrix (P, m)."""
        vectors = outside_of_inference(tensor("vectors", vectors, meta=False))
        if vectors.dim() not in (1, 2) or len(vectors) != self.shape[0]:
            P = self.shape[0]
            raise refusal(
                "vectors", (f"a vector ({P},) or a matrix ({P}, m)", f"向量 ({P},) 或矩阵 ({P}, m)"), vectors
            )
        if [p._version for p in self._parameters] != self._versions:
            raise refusal(
                "model",
                ("the parameters of which the curvature was made", "构造曲率时的参数"),
                Text("parameters that have changed since", "此后已改变的参数"),
                ("make a new Curvature", "请重新构造 Curvature"),
            )
        columns = vectors.detach().to(self.device, self.dtype).reshape(len(vectors), -1).unbind(1)
        total = [torch.zeros_like(c) for c in columns]
        for factor, pair in zip(self._factors, self._data, strict=True):
            product = self._kept or self._product(pair)
            for sum_, column in zip(total, columns, strict=True):
                sum_.add_(self._flat(product(self._parts(column))), alpha=factor)
        result = torch.stack(total, 1) if total else columns[0].new_zeros(len(vectors), 0)
        return result.reshape(vectors.shape).to(vectors)

    def _parts(self, vector: Tensor) -> list[Tensor]:
        pieces = vector.split([p.numel() for p in self._parameters])
        return [x.reshape(p.shape).to(p.dtype) for x, p in zip(pieces, self._parameters, strict=True)]

    def _flat(self, parts: Iterable[Tensor]) -> Tensor:
        return torch.cat([x.detach().reshape(-1).to(self.dtype) for x in parts])

    def _product(self, pair: Any) -> Product:
        inputs, targets = checked(self._model, self._loss, pair)
        with _untouched(self._model, self.device):
            outputs = self._outputs(inputs)
            if self.kind == "hessian":
                return hessian_product(self._value(outputs, targets), self._parameters)
            if not isinstance(outputs, Tensor) or not outputs.dim() or len(outputs) != len(inputs):
                raise refusal("model", ("outputs that are one tensor, samples first", "输出为单个张量且样本在第一维"), outputs)  # fmt: skip
            detached = outputs.detach().requires_grad_()
            value = self._value(detached, targets)
            newton = self.kind == "gauss-newton"
            (slope,) = torch.autograd.grad(value, detached, create_graph=newton)
            n = float(len(inputs)) if self._mean else 1.0
            middle = loss_hessian(slope, detached) if newton else slopes_outer(slope, n)
            return output_product(outputs, middle, self._parameters)

    def _outputs(self, inputs: Tensor) -> Any:
        buffers = {name: b.clone() for name, b in self._model.named_buffers()}
        with taking("data"):
            return StatelessCall(self._model)(buffers, inputs)

    def _value(self, outputs: Any, targets: Tensor) -> Tensor:
        value = self._loss(outputs, targets)
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
            raise refusal("loss", ("a function to a tensor of one number that depends on the model", "返回依赖于模型的单个数的张量的函数"), value, kind=True)  # fmt: skip
        if not bool(value.isfinite()):
            raise refusal("loss", ("a finite loss", "有限的损失"), value.item())
        return value.reshape(())

    def _require_no_draws(self) -> None:
        """That the loss of a batch is the same twice: a function may draw at random where no layer shows it."""
        inputs, targets = checked(self._model, self._loss, next(iter(self._data)))
        with _untouched(self._model, self.device):
            one, other = (float(self._value(self._outputs(inputs), targets).detach()) for _ in range(2))
        if abs(one - other) > 64 * torch.finfo(self.dtype).eps ** 0.75 * abs(one):
            came = Text(f"{one:g}, then {other:g}", f"先得 {one:g}，再得 {other:g}")
            mend = ("call model.eval()", "请调用 model.eval()")
            raise refusal("model", ("the same loss for the same batch", "同一批次给出相同的损失"), came, mend)

    def _require_mean(self) -> None:
        """That a batch's loss is the mean of those of its parts; with weights, or ignored samples, it is not."""
        for pair in self._data:
            inputs, targets = checked(self._model, self._loss, pair)

            def value(part: slice, x: Tensor = inputs, y: Tensor = targets) -> float:
                return float(self._value(self._outputs(x[part]), y[part]).detach())

            with _untouched(self._model, self.device):
                require_mean(value, len(inputs), self.dtype)


@contextmanager
def _untouched(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Gradients on, generators as they were afterwards, and kernels that can be differentiated twice."""
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        torch.backends.cudnn.flags(enabled=not any(isinstance(m, nn.RNNBase) for m in model.modules())),
        sdpa_kernel(SDPBackend.MATH),
        differentiable_twice(model),
    ):
        yield
