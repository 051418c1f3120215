"""Optimisers and schedules in other styles: plain Python, tables, classes, loops of a framework."""

import math

import numpy as np
import torch


# adagrad: plain Python, number by number
def ada_py(gradient, theta0, steps, alpha, epsilon=1e-10):
    x = list(theta0)
    s = [0.0] * len(x)
    path = [list(x)]
    for _ in range(steps):
        g = gradient(x)
        for i in range(len(x)):
            s[i] += g[i] ** 2
            x[i] -= alpha * g[i] / (math.sqrt(s[i]) + epsilon)
        path.append(list(x))
    return path


# adagrad: the page's names in another order, a table filled in place
def ada_order(theta0, gradient, alpha, steps, epsilon=1e-10):
    x = theta0.copy()
    h = np.full(x.shape, 0.0)
    out = np.zeros((steps + 1, *x.shape))
    out[0] = x
    for k in range(steps):
        g = gradient(x)
        h += g * g
        x -= alpha * g / (np.sqrt(h) + epsilon)
        out[k + 1] = x
    return out


# adagrad: JAX's own loop
def ada_scan(gradient, theta0, steps, alpha, epsilon=1e-10):
    import jax
    import jax.numpy as jnp

    def body(c, _):
        x, s = c
        g = gradient(x)
        s = s + g**2
        x = x - alpha * g / (jnp.sqrt(s) + epsilon)
        return (x, s), x

    _, path = jax.lax.scan(body, (theta0, jnp.zeros_like(theta0)), None, length=steps)
    return jnp.concatenate([theta0[None], path])


# adagrad: JAX, a factory of gradient transformations
def adagrad_factory(learning_rate, eps=1e-10):
    import jax.numpy as jnp

    class Transformation:
        """The sum of squares is the state."""

        def init(self, params):
            return jnp.zeros_like(params)

        def update(self, gradients, s, params=None):
            s = s + jnp.square(gradients)
            return -learning_rate * gradients / (jnp.sqrt(s) + eps), s

    return Transformation()


# rmsprop: plain Python, number by number
def rms_py(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    x = list(theta0)
    v = [0.0] * len(x)
    m = [0.0] * len(x)
    path = [x[:]]
    for _ in range(steps):
        g = gradient(x)
        for i in range(len(x)):
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
            m[i] = beta2 * m[i] + (1 - beta2) * g[i]
            w = v[i] - m[i] ** 2 if centered else v[i]
            x[i] = x[i] - alpha * g[i] / (math.sqrt(w) + epsilon)
        path.append(x[:])
    return path


# rmsprop: a class with torch's interface
class RMSpropOfMine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, centered=False):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, centered=centered))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s["v"], s["m"] = torch.zeros_like(p), torch.zeros_like(p)
                s["v"].mul_(group["alpha"]).addcmul_(p.grad, p.grad, value=1 - group["alpha"])
                s["m"].lerp_(p.grad, 1 - group["alpha"])
                v = s["v"] - s["m"] ** 2 if group["centered"] else s["v"]
                p.addcdiv_(p.grad, v.sqrt() + group["eps"], value=-group["lr"])


# adamw: plain Python, points as tuples
def adamw_py(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    x = list(theta0)
    m, v = [0.0] * len(x), [0.0] * len(x)
    path = [tuple(x)]
    for t in range(1, steps + 1):
        g = gradient(x)
        for i in range(len(x)):
            x[i] -= alpha * weight_decay * x[i]
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
            x[i] -= alpha * (m[i] / (1 - beta1**t)) / (math.sqrt(v[i] / (1 - beta2**t)) + epsilon)
        path.append(tuple(x))
    return path


# adamw: a class with torch's interface, the root divided by the root of the correction
class AdamWOfMine(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                p.mul_(1 - group["lr"] * group["weight_decay"])
                s["m"].lerp_(p.grad, 1 - b1)
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                denom = (s["v"].sqrt() / math.sqrt(1 - b2 ** s["t"])).add_(group["eps"])
                p.addcdiv_(s["m"], denom, value=-group["lr"] / (1 - b1 ** s["t"]))


# nesterov: plain Python, number by number
def nest_py(gradient, theta0, steps, alpha, beta=None):
    x, y, a = list(theta0), list(theta0), 1.0
    path = [x]
    for _ in range(steps):
        g = gradient(y)
        new = [yi - alpha * gi for yi, gi in zip(y, g, strict=False)]
        b = (math.sqrt(1 + 4 * a * a) + 1) / 2
        c = (a - 1) / b if beta is None else beta
        y = [n + c * (n - o) for n, o in zip(new, x, strict=False)]
        x, a = new, b
        path.append(x)
    return path


# nesterov: the velocity of Sutskever
def nest_velocity(gradient, theta0, steps, alpha, beta=None):
    v = np.zeros_like(theta0)
    x, a, path = theta0.copy(), 1.0, [theta0.copy()]
    mu = 0.0
    for _ in range(steps):
        v = mu * v - alpha * gradient(x + mu * v)
        x = x + v
        a2 = (1 + math.sqrt(1 + 4 * a**2)) / 2
        mu = (a - 1) / a2 if beta is None else beta
        a = a2
        path.append(x.copy())
    return np.stack(path)


class NesterovOfMine(torch.optim.Optimizer):
    """Sutskever's form: the velocity, and the gradient from the point ahead, which its parameters are."""

    def __init__(self, params, lr=1e-3, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).add_(p.grad)
                p.sub_(p.grad + group["momentum"] * v, alpha=group["lr"])


# nesterov: a class with torch's interface
NesterovClass = NesterovOfMine


# nesterov: torch's own, with a constant momentum
TorchNesterov = torch.optim.SGD


# schedules: plain Python, step by step
def sched_py(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    out = []
    for k in t:
        if k < warmup:
            out.append(alpha * (k + 1) / warmup)
        elif kind == "constant":
            out.append(alpha)
        elif kind == "step":
            out.append(alpha * gamma ** math.floor((k - warmup) / every))
        elif kind == "cosine":
            p = min(1.0, (k - warmup) / (total - warmup))
            out.append(floor + 0.5 * (alpha - floor) * (1 + math.cos(math.pi * p)))
        elif kind == "root":
            out.append(alpha / math.sqrt((k + 1) / max(1, warmup)))
        else:
            raise ValueError(kind)
    return out


# schedules: torch's LambdaLR, led through a run
def sched_lambda(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    opt = torch.optim.SGD([torch.zeros(1)], lr=alpha)
    w = max(warmup, 1)

    def f(k):
        if k < warmup:
            return (k + 1) / w
        return {
            "constant": 1.0,
            "step": gamma ** ((k - warmup) // every),
            "cosine": floor / alpha
            + (1 - floor / alpha) / 2 * (1 + math.cos(math.pi * min(1, (k - warmup) / (total - warmup)))),
            "root": math.sqrt(w / (k + 1)),
        }[kind]

    s = torch.optim.lr_scheduler.LambdaLR(opt, f)
    rates = []
    for _ in range(int(max(t, default=-1)) + 1):
        rates.append(s.get_last_lr()[0])
        opt.step()
        s.step()
    return torch.tensor([rates[int(k)] for k in t], dtype=torch.float64)


# schedules: of one step's number, in plain Python
def schedule_of_one_step(step, base, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    done = step - warmup
    if kind == "cosine":
        return floor + 0.5 * (base - floor) * (1 + math.cos(math.pi * min(1.0, done / (total - warmup))))
    if kind == "step":
        return base * gamma ** (done // every)
    if kind == "root":
        return base * math.sqrt(max(warmup, 1) / (step + 1))
    if kind == "constant":
        return base
    raise ValueError(f"no schedule is called {kind}")


# schedules: a cosine alone, of one step's number
def cosine_of_one_step(step, base, total, warmup=0, floor=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    return floor + (base - floor) * (1 + math.cos(math.pi * min(1.0, (step - warmup) / (total - warmup)))) / 2


# online-learning: plain Python, shares multiplied round by round
def online_py(gradient, theta0, steps, alpha, radius=1.0, simplex=False):
    x = list(theta0)
    path = [x]
    for t in range(steps):
        a = alpha if isinstance(alpha, (int, float)) else alpha[t]
        g = gradient(x, t)
        if simplex:
            w = [xi * math.exp(-a * gi) for xi, gi in zip(x, g, strict=False)]
            x = [wi / sum(w) for wi in w]
        else:
            x = [xi - a * gi for xi, gi in zip(x, g, strict=False)]
            n = math.sqrt(sum(xi * xi for xi in x))
            if n > radius:
                x = [xi * radius / n for xi in x]
        path.append(x)
    return path


# online-learning: projected descent alone
def ogd(gradient, theta0, steps, alpha, radius=1.0):
    alpha = np.broadcast_to(alpha, steps)
    out = np.empty((steps + 1, theta0.size))
    out[0] = x = theta0
    for t in range(steps):
        x = x - alpha[t] * gradient(x, t)
        n = np.linalg.norm(x)
        if n > radius:
            x = x / n * radius
        out[t + 1] = x
    return out
