"""Optimisers that adapt their steps, and schedules: functions, classes with torch's interface, torch's own, tables."""

import math

import numpy as np
import torch


# adagrad: the sum of squares of a table of gradients
def adagrad_table(gradient, theta, steps, lr, epsilon=1e-10):
    path, met = [np.array(theta, float)], np.zeros((steps, theta.size))
    for t in range(steps):
        met[t] = gradient(path[-1])
        path.append(path[-1] - lr * met[t] / (np.linalg.norm(met[: t + 1], axis=0) + epsilon))
    return np.array(path)


# adagrad: a class with torch's interface
class AdagradOfMine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p].setdefault("s", torch.zeros_like(p))
                s.addcmul_(p.grad, p.grad)
                p.addcdiv_(p.grad, s.sqrt().add_(group["eps"]), value=-group["lr"])


# adagrad: torch's optimiser
Adagrad = torch.optim.Adagrad


# rmsprop: NumPy, without centring
def rmsprop_numpy(gradient, theta, steps, lr, beta2=0.99, epsilon=1e-8):
    path, v = [theta], np.zeros_like(theta)
    for _ in range(steps):
        g = gradient(path[-1])
        v += (1 - beta2) * (g * g - v)
        path.append(path[-1] - lr * g / (v**0.5 + epsilon))
    return np.array(path)


class Scaled:
    """RMSprop in the form of a gradient transformation, without Optax."""

    def __init__(self, learning_rate, decay, eps):
        self.settings = learning_rate, decay, eps

    def init(self, params):
        return 0 * params

    def update(self, gradients, v, params=None):
        learning_rate, decay, eps = self.settings
        v = decay * v + (1 - decay) * gradients**2
        return -learning_rate * gradients / (v**0.5 + eps), v


# rmsprop: a factory of gradient transformations
def rmsprop_factory(learning_rate, decay=0.99, eps=1e-8):
    return Scaled(learning_rate, decay, eps)


# rmsprop: torch's optimiser
RMSprop = torch.optim.RMSprop


# adamw: the weights shrink first, then Adam steps
def adamw_in_two_halves(gradient, theta, steps, lr, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    m, v, path = np.zeros_like(theta), np.zeros_like(theta), [theta]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        shrunk = path[-1] * (1 - lr * weight_decay)
        path.append(shrunk - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon))
    return np.array(path)


# adamw: torch's optimiser
AdamW = torch.optim.AdamW


class DecoupledAdam(torch.optim.Adam):
    """torch's Adam, told to decouple."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay, decoupled_weight_decay=True)


# adamw: torch's Adam with its decay decoupled
adamw_by_decoupled_adam = DecoupledAdam


# schedules: a table of functions of one step
def schedule_table(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    fall = {
        "constant": lambda k: alpha,
        "step": lambda k: alpha * gamma ** ((k - warmup) // every),
        "cosine": lambda k: (
            floor + (alpha - floor) * math.cos(math.pi / 2 * min((k - warmup) / (total - warmup), 1)) ** 2
        ),
        "root": lambda k: alpha * math.sqrt(max(warmup, 1) / (k + 1)),
    }[kind]
    return np.array([alpha * (k + 1) / warmup if k < warmup else fall(int(k)) for k in t], float)


# schedules: a cosine alone, in torch
def schedule_cosine(t, alpha, total, warmup=0, floor=0.0):
    t = t.double()
    share = ((t - warmup) / (total - warmup)).clamp(0, 1)
    fall = floor + (alpha - floor) / 2 * (1 + torch.cos(torch.pi * share))
    return torch.where(t < warmup, alpha * (t + 1) / max(warmup, 1), fall)
