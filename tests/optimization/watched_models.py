"""Models with the same weights whoever ran before, their Kronecker factors, and their dense Fisher matrix."""

import torch
from torch import nn
from torch.func import functional_call, jacrev

from gradus.optimization import KFAC

__all__ = ["DOUBLE", "Head", "dense_fisher", "factors", "labels", "normal", "seeded"]

DOUBLE = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def labels(*shape, classes=3, seed=0):
    return torch.randint(classes, shape, generator=torch.Generator().manual_seed(seed))


def seeded(model):
    """The same weights whoever ran before."""
    for k, p in enumerate(model.parameters()):
        p.data = 0.4 * normal(*p.shape, seed=k)
    return model


def factors(model, x, likelihood="categorical", **settings):
    """The factors by weight after one forward and backward pass."""
    optimizer = KFAC(model, lr=0.0, damping=1.0, likelihood=likelihood, **{"fisher": "exact"} | settings)
    model(x).square().mean().backward()
    optimizer.step()
    state = {
        block.name + block.suffix: tuple(
            optimizer.state[block.weight][name + block.suffix] for name in ("input_factor", "output_factor")
        )
        for block in optimizer.blocks
    }
    optimizer.remove_hooks()
    model.zero_grad()
    return state


def dense_fisher(model, x, likelihood):
    """The Fisher matrix of all parameters by Jacobians of each sample."""
    parameters = {k: p.detach() for k, p in model.named_parameters()}
    J = jacrev(lambda p: functional_call(model, p, (x,)))(parameters)
    J = torch.cat([j.flatten(2) for j in J.values()], -1)  # (n, C, parameters)
    outputs = model(x).detach()
    p = outputs.softmax(-1) if likelihood == "categorical" else outputs.sigmoid()
    H = {
        "gaussian": lambda: torch.eye(p.shape[1], dtype=DOUBLE).expand(len(p), -1, -1),
        "bernoulli": lambda: torch.diag_embed(p * (1 - p)),
        "categorical": lambda: torch.diag_embed(p) - p[:, :, None] * p[:, None, :],
    }[likelihood]()
    return torch.einsum("nci,ncd,ndj->ij", J, H, J) / len(x)


class Head(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)
