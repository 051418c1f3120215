"""Right functions in PyTorch and JAX: own modules, own gradients, vmap, jit, scans, options of their own."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F
from torch import nn


class OwnSoftplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.logaddexp(x, torch.zeros_like(x))

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cotangent * torch.sigmoid(x)


# softplus: the function of an own gradient
own_softplus = OwnSoftplus.apply


class GatedUnit(nn.Module):
    """A module whose forward takes the input by keyword, too."""

    def __init__(self, inplace=False):
        super().__init__()
        self.inplace = inplace

    def forward(self, x):
        return F.silu(x.clone(), inplace=True) if self.inplace else x * torch.sigmoid(x)


# silu: an instance that works in place on a copy
silu_on_copy = GatedUnit(inplace=True)


class Elu(nn.Module):
    def forward(self, x, *, alpha=1.0):
        return torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0)))


# elu: an instance whose slope is keyword-only
elu_module = Elu()


# attention: torch, one head by bmm, without options, batches flattened
def attention_bmm(Q, K, V):
    lead = torch.broadcast_shapes(Q.shape[:-2], K.shape[:-2], V.shape[:-2])
    q, k, v = (t.expand(*lead, *t.shape[-2:]).reshape(-1, *t.shape[-2:]) for t in (Q, K, V))
    weights = torch.softmax(torch.bmm(q, k.mT) * Q.shape[-1] ** -0.5, -1)
    return torch.bmm(weights, v).reshape(*lead, Q.shape[-2], V.shape[-1])


# mse: jitted in JAX
@jax.jit
def mse_jit(y_hat, y):
    return jnp.mean((y_hat - y) ** 2)


# fully-connected: JAX's vmap over all leading axes
def fully_connected_vmap(x, W, b):
    def row(v):
        return W @ v + b

    for _ in range(x.ndim - 1):
        row = jax.vmap(row)
    return row(x)


# bce: JAX
def bce_jax(z, y):
    return jnp.mean(jax.nn.softplus(z) - y * z)


# lln: a scan in JAX, one sequence
def running_mean_scan(x):
    def step(total, value):
        return total + value, total + value

    _, sums = jax.lax.scan(step, jnp.zeros((), x.dtype), x)
    return sums / jnp.arange(1, x.shape[0] + 1)


# softmax-cross-entropy: torch's module with the default reduction, under float checks
def cross_entropy_checked(z, y):
    if z.ndim != 2 or y.shape != z.shape[:1]:
        raise ValueError("z: (n, k), y: (n,)")
    return nn.CrossEntropyLoss()(z, y)


# nll: torch, a mask of one-hot rows
def nll_masked(log_p, y):
    chosen = torch.masked_select(log_p, F.one_hot(y, log_p.shape[-1]).bool())
    return chosen.mean().neg()


# conv-layer: torch, a module made at each call; neither groups nor dilation
def conv_module(x, w, b, stride=1, padding=0):
    layer = nn.Conv2d(w.shape[1], w.shape[0], w.shape[2:], stride, padding, dtype=w.dtype)
    return torch.func.functional_call(layer, {"weight": w, "bias": b}, (x,))


# pooling: torch's unfold, both kinds, no padding
def pooling_unfold(x, size=2, stride=None, kind="max"):
    windows = x.unfold(-2, size, stride or size).unfold(-2, size, stride or size).flatten(-2)
    return windows.amax(-1) if kind == "max" else windows.mean(-1)


# residual: torch's linear layers by function, all options
def residual_linear(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    skip = x if W_s is None else F.linear(x, W_s)
    return torch.add(skip, F.linear(F.relu(F.linear(x, W1, b1)), W2, b2), alpha=alpha)


# mlp: a sequence of linear layers in JAX, tanh alone
def mlp_jax(x, Ws, bs):
    *hidden, last = zip(Ws, bs, strict=True)
    for W, b in hidden:
        x = jnp.tanh(jnp.einsum("ij,...j->...i", W, x) + b)
    return jnp.einsum("ij,...j->...i", last[0], x) + last[1]


# gradient-clipping: torch's own function on copies, whose ε is in the page's option
def clip_like_torch(g, c):
    norm = torch.linalg.vector_norm(torch.cat([part.flatten() for part in g]))
    scale = torch.where(norm > c, c / norm, torch.ones_like(norm))
    return [part * scale for part in g]


# determinant: torch, by the LU factors
def determinant_lu(A):
    factors, pivots = torch.linalg.lu_factor_ex(A)[:2]
    exchanged = (pivots != torch.arange(1, A.shape[-1] + 1)).sum(-1)
    sign = 1 - 2 * (exchanged % 2)
    return sign * factors.diagonal(dim1=-2, dim2=-1).prod(-1)


# svd: torch
def svd_torch(A):
    U, s, Vh = torch.linalg.svd(A, full_matrices=False)
    return U, s, Vh


# eigen: JAX
def eigen_jax(A):
    return tuple(jnp.linalg.eigh(A))


# cholesky: torch's solver that tells of failure
def cholesky_ex(A):
    L, info = torch.linalg.cholesky_ex(A)
    if info.any():
        raise ValueError("not positive definite")
    return L


# neuron: JAX's logistic function
def neuron_jax(x, w, b):
    return jax.nn.sigmoid(jnp.vecdot(x, w) + b)


# norm: JAX, any p
def norm_jax(x, p=2.0):
    return jnp.linalg.norm(x, ord=p, axis=-1)


# multivariate-normal: torch by the Cholesky factor
def mvn_torch(x, mu, Sigma):
    L = torch.linalg.cholesky(Sigma)
    white = torch.linalg.solve_triangular(L, (x - mu).unsqueeze(-1), upper=False).squeeze(-1)
    return -0.5 * (white.square().sum(-1) + mu.shape[-1] * torch.log(torch.tensor(2 * torch.pi, dtype=x.dtype))) - L.diagonal(dim1=-2, dim2=-1).log().sum(-1)  # fmt: skip


# dirichlet: torch's distribution with its checks off
def dirichlet_torch(x, alpha):
    y = torch.xlogy(alpha - 1, x).sum(-1) + torch.lgamma(alpha.sum(-1)) - torch.lgamma(alpha).sum(-1)
    return torch.where((x < 0).any(-1), -torch.inf, y)


# modern-hopfield: torch, one step after another
def modern_hopfield_torch(X, q, beta=1.0, steps=1):
    for _ in range(steps):
        q = torch.softmax(beta * (q @ X.mT), -1) @ X
    return q
