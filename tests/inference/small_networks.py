"""Small networks, data for them, and whether a model is as it was."""

from itertools import pairwise

import torch
from torch import nn

DOUBLE = torch.float64


def network(*sizes, dtype=DOUBLE, bias=True, seed=0):
    """Dense layers with tanh between them."""
    torch.manual_seed(seed)
    layers = [nn.Linear(a, b, bias=bias, dtype=dtype) for a, b in pairwise(sizes)]
    return nn.Sequential(*[part for layer in layers for part in (layer, nn.Tanh())][:-1])


def data(n, d, k, seed=1):
    made = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=made, dtype=DOUBLE), torch.randint(0, k, (n,), generator=made)


def state(model):
    tensors = {n: v.clone() for n, v in model.state_dict().items()}
    return (
        tensors,
        [p.grad for p in model.parameters()],
        [m.training for m in model.modules()],
        torch.get_rng_state(),
    )


def same(before, model):
    after = state(model)
    return (
        all(torch.equal(v, after[0][n]) for n, v in before[0].items())
        and all(a is b for a, b in zip(before[1], after[1], strict=True))
        and before[2] == after[2]
        and torch.equal(before[3], after[3])
    )
