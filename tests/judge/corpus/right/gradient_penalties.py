"""The gradient penalty in other styles: by autograd, by vmap of a gradient, by sums over living units."""

import numpy as np
import torch


# wgan: torch, the penalty through autograd with create_graph, critic as a closure
def wgan_by_autograd(x, y, epsilon, W, b, v, penalty=10.0):
    if x.shape != y.shape or bool(((epsilon < 0) | (epsilon > 1)).any()):
        raise ValueError("pairs and their coefficients")

    def f(t):
        return torch.nn.functional.linear(t, W, b).clamp(min=0) @ v

    with torch.enable_grad():
        t = torch.lerp(y, x, epsilon.unsqueeze(-1))
        t = t if t.requires_grad else t.requires_grad_()
        (g,) = torch.autograd.grad(f(t).sum(), t, create_graph=True)
    E = f(x).mean() - f(y).mean()
    P = (g.pow(2).sum(-1).sqrt() - 1).pow(2).mean()
    return E, P, penalty * P - E


# wgan: NumPy, pair by pair, unit by unit
def wgan_by_loops(x, y, epsilon, W, b, v, penalty=10.0):
    if len(x) != len(y) or epsilon.min() < 0 or epsilon.max() > 1:
        raise ValueError("pairs and their coefficients")
    scores, excess = [], []
    for real, made, e in zip(x, y, epsilon, strict=True):
        scores.append(
            sum(c * (max(0, w @ real + a) - max(0, w @ made + a)) for w, a, c in zip(W, b, v, strict=True))
        )
        t = e * real + (1 - e) * made
        slope = sum(
            (c * w for w, a, c in zip(W, b, v, strict=True) if w @ t + a > 0), start=np.zeros(len(real))
        )
        excess.append((np.sqrt(slope @ slope) - 1) ** 2)
    E, P = np.mean(scores, dtype=x.dtype), np.mean(excess, dtype=x.dtype)
    return E, P, penalty * P - E
