"""Models with the same weights whoever ran before, their Kronecker factors, and their dense Fisher matrix."""

import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional as F

from gradus.optimization import KFAC

__all__ = ["DOUBLE", "Head", "WrittenOut", "dense_fisher", "factors", "labels", "normal", "seeded"]

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


class WrittenOut(nn.Module):
    """Multi-head attention of four linear layers."""

    def __init__(self, module):
        super().__init__()
        E, h = module.embed_dim, module.num_heads
        kdim, vdim = module.kdim, module.vdim
        self.heads = h
        self.q, self.k, self.v, self.o = (
            nn.Linear(d, E, bias=module.in_proj_bias is not None).double() for d in (E, kdim, vdim, E)
        )
        weights = (
            module.in_proj_weight.chunk(3)
            if module.in_proj_weight is not None
            else (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
        )
        for layer, w in zip((self.q, self.k, self.v), weights, strict=True):
            layer.weight.data = w.detach().clone()
        self.o.weight.data = module.out_proj.weight.detach().clone()
        if module.in_proj_bias is not None:
            for layer, b in zip((self.q, self.k, self.v), module.in_proj_bias.chunk(3), strict=True):
                layer.bias.data = b.detach().clone()
            self.o.bias.data = module.out_proj.bias.detach().clone()

    def forward(self, x):
        q, k, v = (
            layer(part).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, part in zip((self.q, self.k, self.v), x, strict=True)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.o(mixed.transpose(1, 2).flatten(-2))
