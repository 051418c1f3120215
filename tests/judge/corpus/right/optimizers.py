"""Optimisers: functions, classes with torch's interface, torch's own."""

import numpy as np
import torch


# gradient-descent: NumPy
def descent_numpy(gradient, theta, steps, lr):
    path = [np.array(theta, float)]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1]))
    return np.array(path)


# gradient-descent: torch
def descent_torch(gradient, theta, steps, lr):
    path = [theta]
    for _ in range(int(steps)):
        theta = theta - lr * gradient(theta)
        path.append(theta)
    return torch.stack(path)


# gradient-descent: torch's optimiser
SGD = torch.optim.SGD


# gradient-descent: a table filled row by row
def descent_table(gradient, theta, steps, lr):
    table = np.empty((steps + 1, theta.size))
    table[0] = theta
    for t in range(steps):
        table[t + 1] = table[t] - lr * gradient(table[t].copy())
    return table


# gradient-ascent: NumPy
def ascent_numpy(gradient, theta, steps, lr):
    path = [theta]
    for _ in range(steps):
        path.append(path[-1] + lr * gradient(path[-1]))
    return np.stack(path)


# momentum: NumPy
def momentum_numpy(gradient, theta, steps, lr, beta=0.9):
    v, path = np.zeros_like(theta), [theta]
    for _ in range(steps):
        v = beta * v + gradient(theta)
        theta = theta - lr * v
        path.append(theta)
    return np.stack(path)


# momentum: differences of positions in place of a velocity
def momentum_positions(gradient, theta, steps, lr, beta=0.9):
    path = [theta, theta]
    for _ in range(steps):
        path.append(path[-1] - lr * gradient(path[-1]) + beta * (path[-1] - path[-2]))
    return np.array(path[1:])


# adam: NumPy, without amsgrad
def adam_numpy(gradient, theta, steps, lr, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = v = np.zeros_like(theta)
    path = [theta]
    for t in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        theta = theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
        path.append(theta)
    return np.stack(path)


# adam: a class with torch's interface
class AdamOfMine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, amsgrad=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, amsgrad=amsgrad))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p), top=torch.zeros_like(p))
                s["t"] += 1
                s["m"].lerp_(p.grad, 1 - b1)
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                v = s["v"]
                if group["amsgrad"]:
                    s["top"] = torch.maximum(s["top"], v)
                    v = s["top"]
                root = (v / (1 - b2 ** s["t"])).sqrt() + group["eps"]
                p -= group["lr"] * (s["m"] / (1 - b1 ** s["t"])) / root


# adam: torch's optimiser
Adam = torch.optim.Adam


class Tuned(torch.optim.Adam):
    """torch's Adam under the user's own name."""


# adam: a class derived from torch's
TunedAdam = Tuned


# sgd: a mean over the batch
def sgd_numpy(gradient, theta, batches, lr):
    path = [theta]
    rates = np.broadcast_to(lr, len(batches))
    for rate, batch in zip(rates, batches, strict=True):
        path.append(path[-1] - rate * np.mean([gradient(path[-1], int(i)) for i in batch], axis=0))
    return np.array(path)


# gradient-clipping: a list of arrays
def clip_numpy(g, c, epsilon=0.0):
    n = np.sqrt(sum(np.sum(np.square(part)) for part in g))
    rate = min(1.0, c / (n + epsilon)) if n > 0 else 1.0
    return [part * rate for part in g]


# gradient-clipping: torch's norms of norms
def clip_torch(g, c):
    total = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(part) for part in g]))
    return tuple(part * (c / total).clamp(max=1.0) for part in g) if total > 0 else tuple(g)
