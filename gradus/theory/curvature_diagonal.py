"""The diagonal of a loss's Gauss–Newton matrix, and of the Hessian of piecewise linear networks, without an estimate."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradus.arguments import choice, flag, refusal, whole
from gradus.optimization.batch_loss import Loss, checked, trainable
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches
from gradus.theory.layer_factors import Layer, Use, candidates, recorded
from gradus.theory.output_curvature import curvature_roots, output_curvature
from gradus.theory.parameter_jacobians import parameter_jacobian
from gradus.theory.piecewise_linear import curved_operation
from gradus.theory.sample_outputs import outputs_of, require_independent

KEPT = 1024  # samples at a time: their sensitivities stay in the cache
PROBE = 3  # samples by which the size of a block is told

Sums = dict[int, Tensor]


@torch.inference_mode(False)
def curvature_diagonal(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    kind: str = "hessian",
    mean: bool = True,
    memory: int = 2**30,
) -> Tensor:
    r"""The exact diagonal of the Hessian or Gauss–Newton matrix of a model's loss over a whole data set; its sum is the trace.

    .. math:: G_{kk}=\frac1N\sum_i\Bigl(\frac{\partial z_i}{\partial\theta_k}\Bigr)^{\!\mathsf T}\Lambda_i\,\frac{\partial z_i}{\partial\theta_k},
        \qquad\Lambda_i=\nabla_z^2\ell_i=S_iS_i^{\mathsf T},\qquad
        \text{dense: }\ G_{W_{oj}}=\frac1N\sum_ia_{ij}^2\,\bigl\lVert S_i^{\mathsf T}g_{io}\bigr\rVert^2

    Where the outputs are piecewise affine in every single parameter (dense, convolutional and pooling layers with ReLU and its
    like, shortcuts, batch norm in evaluation mode, each weight used once along a path) the Hessian has the same diagonal, almost
    everywhere. The model is left as it was.

    Args:
        model: any module whose outputs are one tensor, samples first, each depending on its own sample alone.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or a list or loader of such pairs.
        kind: "hessian", refused where its diagonal is another, or "gauss-newton", of any network.
        mean: whether the loss is a mean over the samples of a batch, or a sum.
        memory: bytes for what is made from a block of samples; what the model itself needs for the block comes on top.

    Returns:
        (P,), in the order of the trained `model.parameters()`.

    Raises:
        GradusError: data that do not fit, a loss that mixes samples, an operation that is not piecewise linear, or no room for
            one sample.

    Cost: C backward passes, for C outputs a sample; of parameters outside dense and convolutional layers the Jacobians, N C P.

    Source: Martens 2020, §8; Dangel, Kunstner and Hennig 2020, §2.3, for the layers' form.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> data = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 1)
        >>> curvature_diagonal(model, torch.nn.functional.mse_loss, data)
        tensor([1.0000, 4.0000])
    """
    choice("kind", kind, ("hessian", "gauss-newton"))
    flag("mean", mean)
    whole("memory", memory, least=1)
    samples = 0
    sums: Sums = {}
    for pair in batches(data):
        inputs, targets = checked(model, loss, pair)
        sums = sums or {id(p): _zeros(p) for p in trainable(model)}
        with (
            unchanged(model),
            sdpa_kernel(SDPBackend.MATH),
            torch.autocast(inputs.device.type, enabled=False),
        ):
            if not samples:
                require_independent(model, [inputs])
            block = _block(memory, _bytes_of_sample(model, inputs[:PROBE]), KEPT)
            for x, y in zip(inputs.split(block), targets.split(block), strict=True):
                _add_block(sums, model, loss, x, y, kind, mean, memory)
        samples += len(inputs)
    if not samples:
        raise refusal("data", ("at least one batch", "至少一个批次"), data)
    return torch.cat([total.reshape(-1) for total in sums.values()]) / (samples if mean else 1)


def _zeros(parameter: Tensor) -> Tensor:
    return torch.zeros_like(
        parameter, dtype=torch.promote_types(parameter.dtype, torch.float32), requires_grad=False
    )


def _add_block(
    sums: Sums, model: nn.Module, loss: Loss, x: Tensor, y: Tensor, kind: str, mean: bool, memory: int
) -> None:
    with recorded(candidates(model), len(x)) as layers:
        whole_ = model(x)
        outputs = whole_.reshape(len(x), -1)
    if kind == "hessian" and (name := curved_operation(outputs, trainable(model))) is not None:
        raise refusal(
            "model",
            ("outputs that are piecewise affine in each parameter", "对每个参数分段仿射的输出"),
            Text(f"the operation {name}", f"运算 {name}"),
            ("take kind='gauss-newton', or estimate the trace by gradus.theory.estimate_trace", "请用 kind='gauss-newton'，或用 gradus.theory.estimate_trace 估计迹"),
        )  # fmt: skip
    bend = output_curvature(loss, outputs, whole_.shape, y, mean)
    if not outputs.requires_grad:
        return
    S, signs = curvature_roots(bend)
    live = _agreeing([layer for layer in layers if layer.regular and layer.uses], outputs)
    sensitive = [_Squares(layer, memory) for layer in live]
    edges = [use.edge for layer in live for use in layer.uses]
    columns = S.abs().amax((0, 1)).nonzero()[:, 0].tolist()  # softmax leaves one out
    for r in columns if edges else ():
        gradients = iter(torch.autograd.grad(outputs, edges, S[:, :, r].to(outputs), retain_graph=True, allow_unused=True))  # fmt: skip
        with torch.no_grad():
            for squares in sensitive:
                squares.add(
                    [next(gradients) for _ in squares.layer.uses], None if signs is None else signs[:, r]
                )
    with torch.no_grad():
        for squares in sensitive:
            squares.into(sums)
    treated = {id(p) for layer in live for p in layer.parameters}
    others = [name for name, p in model.named_parameters() if p.requires_grad and id(p) not in treated]
    if others:
        _add_others(sums, model, others, x, bend, memory)


def _agreeing(layers: list[Layer], outputs: Tensor) -> list[Layer]:
    """Those whose inputs and sensitivities give PyTorch's own gradient of a random combination of the outputs.

    So it is not with a weight that is used outside of its layer, too, or whose samples lie along another axis than the first.
    """
    if not layers:
        return []
    generator = torch.Generator().manual_seed(0)
    v, w = (
        torch.randn(len(outputs), k, generator=generator, dtype=torch.float64).to(outputs)
        for k in (outputs.shape[1], 1)
    )
    edges = [use.edge for layer in layers for use in layer.uses]
    weights = [p for layer in layers for p in layer.parameters]
    by_use = iter(torch.autograd.grad(outputs, edges, v, retain_graph=True, allow_unused=True))
    by_parameter = iter(torch.autograd.grad(outputs, weights, w * v, retain_graph=True, allow_unused=True))
    agreeing = []
    with torch.no_grad():
        for layer in layers:
            made = [_factor(use, next(by_use)) for use in layer.uses]
            dense = [next(by_parameter) for _ in layer.parameters]
            pulled = sum(
                torch.einsum("n,ngot,ngti->goi", w[:, 0], g, use.a)
                for g, use in zip(made, layer.uses, strict=True)
            )
            assert isinstance(pulled, Tensor)
            pulled = pulled.flatten(0, 1)
            if any(g is None for g in dense):
                continue
            want = torch.cat([g.reshape(len(pulled), -1) for g in dense if g is not None], 1)
            if bool((pulled - want).norm() <= 8 * torch.finfo(v.dtype).eps ** 0.5 * want.norm()):
                agreeing.append(layer)
    return agreeing


def _factor(use: Use, gradient: Tensor | None) -> Tensor:
    """(n, G, d_out, T)."""
    return use.parts(torch.zeros_like(use.output) if gradient is None else gradient)


class _Squares:
    """Of one layer on a block of samples: Σ ± (sᵀ ∂z/∂W)², over the samples and the columns s of their roots."""

    def __init__(self, layer: Layer, memory: int) -> None:
        self.layer = layer
        a = layer.uses[0].a
        self._single = len(layer.uses) == 1 and a.shape[1] == a.shape[2] == 1
        self._memory = memory
        self._total: Tensor | None = None

    def add(self, gradients: list[Tensor | None], signs: Tensor | None) -> None:
        made = [_factor(use, g) for use, g in zip(self.layer.uses, gradients, strict=True)]
        if self._single:
            g = made[0][:, 0, :, 0]
            total = torch.zeros_like(g) if self._total is None else self._total
            self._total = total.addcmul_(g, g if signs is None else g * signs[:, None])
        else:
            part = self._shared(made, signs)
            self._total = part if self._total is None else self._total.add_(part)

    def _shared(self, made: list[Tensor], signs: Tensor | None) -> Tensor:
        n, G, d_out, _ = made[0].shape
        d_in = self.layer.uses[0].a.shape[-1]
        total = made[0].new_zeros(G, d_out, d_in)
        block = _block(self._memory, 2 * G * d_out * d_in * total.itemsize, n)
        for i in range(0, n, block):
            part = slice(i, i + block)
            J = sum(g[part] @ use.a[part] for g, use in zip(made, self.layer.uses, strict=True))
            assert isinstance(J, Tensor)
            J = J.square_()
            total += J.sum(0) if signs is None else torch.einsum("n,ngoi->goi", signs[part].to(J), J)
        return total

    def into(self, sums: Sums) -> None:
        if self._total is None:
            return
        total = (
            self._total.mT @ self.layer.uses[0].a[:, 0, 0].square()
            if self._single
            else self._total.flatten(0, 1)
        )
        weight, *bias = self.layer.parameters
        sums[id(weight)] += total[:, : total.shape[1] - len(bias)].reshape(weight.shape)
        for b in bias:
            sums[id(b)] += total[:, -1].reshape(b.shape)


def _add_others(sums: Sums, model: nn.Module, names: list[str], x: Tensor, bend: Tensor, memory: int) -> None:
    """Of parameters outside of such layers, by their Jacobians."""
    parameters = dict(model.named_parameters())
    chosen = [parameters[name] for name in names]
    sizes = [p.numel() for p in chosen]
    C = bend.shape[1]
    block = _block(memory, 3 * C * sum(sizes) * bend.itemsize, len(x))
    for i in range(0, len(x), block):
        J = parameter_jacobian(model, names, x[i : i + block], range(C), block)
        with torch.no_grad():
            pieces = ((bend[i : i + block].to(J) @ J) * J).sum((0, 1)).split(sizes)
            for p, piece in zip(chosen, pieces, strict=True):
                sums[id(p)] += piece.reshape(p.shape)


def _bytes_of_sample(model: nn.Module, x: Tensor) -> int:
    """Of what is held for each sample: what goes into the layers, two of their sensitivities, the loss's curvature."""
    with torch.no_grad():
        C = outputs_of(model, x).shape[1]
    with recorded(candidates(model), len(x)) as layers:
        outputs_of(model, x)
    held = sum(use.a.numel() + 3 * use.output.numel() for layer in layers for use in layer.uses) // len(x)
    return (held + 3 * C * C) * torch.float64.itemsize


def _block(memory: int, bytes_of_sample: int, most: int) -> int:
    if memory < bytes_of_sample:
        raise refusal("memory", (f"at least {bytes_of_sample} bytes, for one sample", f"至少 {bytes_of_sample} 字节，用于一个样本"), memory)  # fmt: skip
    return min(memory // max(bytes_of_sample, 1), most)
