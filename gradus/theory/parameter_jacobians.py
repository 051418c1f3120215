"""Jacobians of a model's outputs with respect to some of its parameters, a sample at a time: for layers of every kind."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import jacrev, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradus.optimization.stateless_call import StatelessCall


def parameter_jacobian(
    model: nn.Module, names: Sequence[str], x: Tensor, columns: Sequence[int], chunk: int = 32
) -> Tensor:
    """∂f_c(x_i)/∂θ, (n, C, p), of the parameters with these names, each sample by itself.

    Args:
        model: called on one sample, x[i:i+1].
        names: of the parameters, at least one.
        x: inputs (n, …).
        columns: which of the outputs, flattened.
        chunk: how many samples go side by side where PyTorch can batch the model.

    Cost: n C backward passes of a sample, batched where `torch.func.vmap` knows every operation of the model.
    """
    parameters = dict(model.named_parameters())
    chosen = {name: parameters[name].detach() for name in names}
    index = torch.tensor(list(columns), device=x.device)
    call = StatelessCall(model)

    def outputs(values: dict[str, Tensor], sample: Tensor) -> Tensor:
        f: Tensor = call(values, sample[None])
        return f.reshape(-1)[index]

    try:
        # an operation without a batching rule is done one by one, which needs no warning
        with sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "There is a performance drop")
            parts = vmap(jacrev(outputs), (None, 0), chunk_size=chunk)(chosen, x)
    except RuntimeError:  # an operation without a batching rule, or one that looks at values
        return _one_by_one(model, [parameters[name] for name in names], x, columns)
    wide = torch.promote_types(next(iter(parts.values())).dtype, torch.float32)
    return torch.cat([parts[name].detach().flatten(2).to(wide) for name in names], 2)


def _one_by_one(
    model: nn.Module, parameters: list[nn.Parameter], x: Tensor, columns: Sequence[int]
) -> Tensor:
    rows = []
    for i in range(len(x)):
        f = model(x[i : i + 1]).reshape(-1)
        for c in columns:
            if not f.requires_grad:
                gradients: Sequence[Tensor | None] = [None] * len(parameters)
            else:
                gradients = torch.autograd.grad(f[c], parameters, retain_graph=True, allow_unused=True)
            rows.append(torch.cat([_dense(p, g).reshape(-1) for p, g in zip(parameters, gradients, strict=True)]))  # fmt: skip
    stacked = torch.stack(rows)
    return stacked.reshape(len(x), len(columns), -1).to(torch.promote_types(stacked.dtype, torch.float32))


def _dense(parameter: Tensor, gradient: Tensor | None) -> Tensor:
    if gradient is None:
        return torch.zeros_like(parameter)
    return gradient.detach() if gradient.layout is torch.strided else gradient.detach().to_dense()
