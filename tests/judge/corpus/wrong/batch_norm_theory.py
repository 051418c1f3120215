"""Smoothness along the gradient of normalised nets with the faults that people make."""

import numpy as np
import torch
import torch.nn.functional as F


def _loss(x, y, W, V, normed, noise, unbiased=False, eps=1e-30, detached=False):
    h = x
    for layer, A in enumerate(W):
        z = h @ A.T
        if normed:
            mean, deviation = z.mean(0), (z.var(0, unbiased=unbiased) + eps).sqrt()
            z = (z - mean.detach()) / deviation.detach() if detached else (z - mean) / deviation
        h = torch.relu(z if noise is None else z + noise[layer])
    return F.cross_entropy(h @ V.T, y)


def _measured(x, y, W, V, steps, normed, noise, reduction="gradient", **options):
    def slope(W):
        W = W.detach().requires_grad_()
        loss = _loss(x, y, W, V, normed, noise, **options)
        return loss.detach(), torch.autograd.grad(loss, W)[0]

    loss, g = slope(W)
    ahead = [slope(W - eta * g) for eta in steps]
    distances = torch.stack([(moved - g).norm() for _, moved in ahead])
    lengths = steps * g.norm()
    if reduction == "relative":
        distances = distances / g.norm()
    return loss, g, torch.stack([value for value, _ in ahead]), distances, distances / lengths


# batch-norm-theory: the unbiased variance of the batch, over n − 1
def batch_norm_theory_unbiased(x, y, W, V, steps, normed=True, noise=None):
    return _measured(x, y, W, V, steps, normed, noise, unbiased=True)


# batch-norm-theory: mean and deviation detached from the graph, as running statistics are
def batch_norm_theory_detached(x, y, W, V, steps, normed=True, noise=None):
    return _measured(x, y, W, V, steps, normed, noise, detached=True)


# batch-norm-theory: PyTorch's default ε of 1e-5 left in
def batch_norm_theory_default_epsilon(x, y, W, V, steps, normed=True, noise=None):
    return _measured(x, y, W, V, steps, normed, noise, eps=1e-5)


# batch-norm-theory: distances relative to the gradient
def batch_norm_theory_relative(x, y, W, V, steps, normed=True, noise=None):
    return _measured(x, y, W, V, steps, normed, noise, reduction="relative")


# batch-norm-theory: the largest β of all steps for each of them
def batch_norm_theory_running_maximum(x, y, W, V, steps, normed=True, noise=None):
    loss, g, losses, distances, betas = _measured(x, y, W, V, steps, normed, noise)
    longer = torch.as_tensor(
        np.maximum.accumulate(np.r_[betas.max().item(), betas.numpy()])[1:], dtype=x.dtype
    )
    return loss, g, losses, distances, longer * (1 + 1e-6)
