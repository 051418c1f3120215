"""The empirical neural tangent kernel of any model: by layers where their structure helps, by Jacobians elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gradus.arguments import choice, flag, refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.optimization.batch_loss import trainable
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.theory.kernel_blocks import Piece, add_block, mirror
from gradus.theory.layer_factors import Factors, Parameters, candidates, checked_factors, recorded
from gradus.theory.parameter_jacobians import parameter_jacobian
from gradus.theory.sample_outputs import outputs_of, require_independent

PROBE = 3  # samples on which the layers' factors are tried


@torch.inference_mode(False)
def tangent_kernel(
    model: nn.Module,
    x: Tensor,
    y: Tensor | None = None,
    *,
    kind: Literal["full", "trace"] = "full",
    output: int | None = None,
    layerwise: bool = True,
    memory: int = 2**31,
) -> Tensor:
    r"""The empirical neural tangent kernel of a model at its present parameters, all that are trained.

    .. math:: \Theta_{ij}=J(x_i)\,J(y_j)^{\mathsf T}\in\mathbb R^{C\times C},\qquad J(x)=\frac{\partial f(x)}{\partial\theta},\qquad
        \Theta_{ij}=\sum_l\sum_{t,s}\bigl(a^l_t(x_i)\cdot a^l_s(y_j)\bigr)\,g^l_t(x_i)\,g^l_s(y_j)^{\mathsf T}

    The second form, over the T places that share a weight, with inputs a (a 1 among them for a bias) and sensitivities g,
    serves dense and convolutional layers, once it has been checked against PyTorch's own gradient; the Jacobians of all other
    parameters are formed. As one matrix the kernel is `Θ.transpose(1, 2).reshape(n * C, m * C)`.

    The model is left as it was and measured in the mode in which it stands; each sample's outputs must depend on that sample
    alone: no batch norm in training mode, no dropout.

    Args:
        model: any module, called on a batch; it returns one tensor (n, …), whose other axes are C outputs together.
        x: inputs (n, …).
        y: inputs (m, …); None for x itself, and then the kernel is symmetric.
        kind: "full", or "trace", the sum of the diagonal over the outputs.
        output: the index of one output, whose kernel alone is made.
        layerwise: False for Jacobians of all parameters, which costs more.
        memory: bytes, of the kernel and of what it is made from at a time; where all samples' factors do not fit, they are made
            again block by block. What the model itself needs for a block comes on top.

    Returns:
        (n, m, C, C), or (n, m) of a trace and of one output; in float32 at least.

    Raises:
        GradusError: outputs that are no tensor of real numbers, differ from call to call or depend on other samples; or a kernel
            that the memory does not hold.

    Cost: C backward passes over the samples; then per pair of samples 2 C² d_out + 2 d_in of a layer that each sample uses once
    (2 C d_out + 2 d_in of a trace), 2 C² d_in d_out of others; half of that where y is None.

    Source: Jacot, Gabriel and Hongler 2018; the layers' form as Novak, Sohl-Dickstein and Schoenholz 2022.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1, bias=False)
        >>> tangent_kernel(model, torch.tensor([[1.0, 2.0], [3.0, 0.0]]), kind="trace")
        tensor([[5., 3.],
                [3., 9.]])
    """
    module("model", model)
    sets = [_inputs("x", x)] if y is None else [_inputs("x", x), _inputs("y", y)]
    choice("kind", kind, ("full", "trace"))
    if output is not None:
        whole("output", output, least=0)
    flag("layerwise", layerwise)
    whole("memory", memory, least=1)
    trainable(model)
    with unchanged(model), torch.autocast(sets[0].device.type, enabled=False):
        require_independent(model, sets)
        result = _by_plan(model, sets, kind == "trace", output, set() if layerwise else None, memory)
    if kind == "trace":
        return result
    return result.permute(0, 2, 1, 3) if output is None else result[:, 0, :, 0]


def _inputs(name: str, value: Any) -> Tensor:
    tensor(name, value, dtype="any", meta=False)
    if not value.dim() or not len(value):
        raise refusal(name, ("at least one sample along the first axis", "第一轴上至少一个样本"), value)
    return outside_of_inference(value.detach())


class _StrayError(Exception):
    """Layers whose factors are wrong for a block of samples, though they were right for the first ones."""

    def __init__(self, parameters: set[int]) -> None:
        self.parameters = parameters


@dataclass(eq=False)
class _Plan:
    """How a model's kernel is made: which of its layers by factors, which parameters by Jacobians, of which outputs."""

    model: nn.Module
    layers: dict[nn.Module, Parameters]
    others: list[str]
    columns: Sequence[int]
    trace: bool
    dtype: torch.dtype
    bytes_of_sample: int

    def pieces(self, x: Tensor) -> list[Piece]:
        """Of a block of samples."""
        result: list[Piece] = []
        if self.layers:
            with recorded(self.layers, len(x)) as layers:
                f = outputs_of(self.model, x)
            for parameters, made in checked_factors(layers, f, self.columns):
                if made is None:
                    raise _StrayError({id(p) for p in parameters})
                result.append(made)
        if self.others:
            result.append(parameter_jacobian(self.model, self.others, x, self.columns).to(self.dtype))
        return result


def _plan(model: nn.Module, x: Tensor, trace: bool, output: int | None, without: set[int] | None) -> _Plan:
    """Tries the layers' factors on a few samples; `without` are parameters of layers not to be tried, None for all."""
    layers = {} if without is None else candidates(model)
    layers = {m: parts for m, parts in layers.items() if not {id(p) for p in parts} & (without or set())}
    with recorded(layers, len(x)) as tried:
        f = outputs_of(model, x)
    C = f.shape[1]
    if output is not None and output >= C:
        raise refusal(
            "output", (f"an index below {C}, the number of outputs", f"小于输出数 {C} 的下标"), output
        )
    columns = range(C) if output is None else [output]
    exact = [(parts, made) for parts, made in checked_factors(tried, f, columns) if made is not None] if f.requires_grad else []  # fmt: skip
    treated = {id(p) for parts, _ in exact for p in parts}
    others = {name: p for name, p in model.named_parameters() if p.requires_grad and id(p) not in treated}
    dtype = torch.promote_types(f.dtype, torch.float32)
    size = _bytes([made for _, made in exact], sum(p.numel() for p in others.values()), len(columns), dtype)
    kept = {m: parts for m, parts in layers.items() if id(parts[0]) in treated}
    return _Plan(model, kept, list(others), columns, trace, dtype, size)


def _bytes(factors: list[Factors], others: int, C: int, dtype: torch.dtype) -> int:
    """Of the pieces of a sample while they are made, with the largest Jacobian of a layer that shares its weight."""
    made = sum(m.a[0].numel() + m.g[0].numel() for m in factors)
    widest = max((m.g.shape[2] * m.g.shape[3] * m.a.shape[3] for m in factors if not m.single), default=0)
    return (2 * made + C * (widest + 2 * others)) * dtype.itemsize + 1


def _by_plan(
    model: nn.Module,
    sets: list[Tensor],
    trace: bool,
    output: int | None,
    without: set[int] | None,
    memory: int,
) -> Tensor:
    try:
        return _kernel(_plan(model, sets[0][:PROBE], trace, output, without), sets, memory)
    except _StrayError as stray:
        found = stray.parameters | (without or set())
    return _by_plan(model, sets, trace, output, found, memory)


def _kernel(plan: _Plan, sets: list[Tensor], memory: int) -> Tensor:
    """(n, m) of a trace, else (n, C, m, C)."""
    one, other, C = sets[0], sets[-1], len(plan.columns)
    shape = (len(one), len(other)) if plan.trace else (len(one), C, len(other), C)
    room = memory - torch.Size(shape).numel() * plan.dtype.itemsize
    block = room // (2 * plan.bytes_of_sample)
    if block < 1:
        least = memory - room + 2 * plan.bytes_of_sample
        raise refusal("memory", (f"at least {least} bytes, for a kernel of shape {shape}", f"至少 {least} 字节，用于形状为 {shape} 的核"), memory)  # fmt: skip
    kernel = torch.zeros(shape, dtype=plan.dtype, device=one.device)
    symmetric = len(sets) == 1
    for i in range(0, len(one), block):
        rows = plan.pieces(one[i : i + block])
        for j in range(i if symmetric else 0, len(other), block):
            same = symmetric and j == i
            columns = rows if same else plan.pieces(other[j : j + block])
            with torch.no_grad():
                part = kernel[i : i + block]
                part = part[:, j : j + block] if plan.trace else part[:, :, j : j + block]
                add_block(part, rows, columns, plan.trace, same)
            del columns
    if symmetric:
        mirror(kernel if plan.trace else kernel.view(len(one) * C, -1))
    return kernel
