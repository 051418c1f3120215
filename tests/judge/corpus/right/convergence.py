"""Promises of stochastic descent in other styles: plain Python with running sums, torch with whole rows."""

import math

import torch


# sgd-convergence: plain Python, everything in one pass but the ages
def convergence_running_sums(
    step_sizes, distance=math.inf, second_moment=math.inf, gap=math.inf, smoothness=math.inf, variance=math.inf, growth=0.0, pl=0.0
):  # fmt: skip
    steps = [float(a) for a in step_sizes]
    kept = dict(averaged=[], last=[], loss=[gap], gradient=[], floor=[])
    way = noise = total = squares = 0.0
    sound = falling = True
    for t, a in enumerate(steps, 1):
        total, squares = total + a, squares + a * a
        kept["averaged"].append((distance**2 + second_moment**2 * squares) / (2 * total))
        falling = falling and (t == 1 or a <= steps[t - 2])
        aged = a * a + math.fsum(x * x / (t - 1 - s) for s, x in enumerate(steps[: t - 1]))
        last = (distance**2 / t + second_moment**2 * aged) / (2 * a)
        kept["last"].append(last if falling else math.inf)
        curved = smoothness * (1 + growth) * a
        c = a - a * curved / 2 if curved <= 2 else -1.0
        sound = sound and c >= 0
        fed = smoothness * variance * a * a / 2 if sound or c >= 0 else math.inf
        kept["floor"].append(fed / (2 * pl * c) if c > 0 and pl > 0 else math.inf)
        if not sound or math.isinf(gap) or math.isinf(fed):
            kept["loss"].append(math.inf)
            kept["gradient"].append(math.inf)
            sound = False
            continue
        way, noise = way + c, noise + fed
        kept["loss"].append(kept["loss"][-1] - 2 * pl * c * kept["loss"][-1] + fed)
        kept["gradient"].append((gap + noise) / way if way > 0 else math.inf)
    return tuple(kept.values())


# sgd-convergence: torch, ages in a matrix, the loss as a product of factors
def convergence_matrix(
    step_sizes, distance=math.inf, second_moment=math.inf, gap=math.inf, smoothness=math.inf, variance=math.inf, growth=0.0, pl=0.0
):  # fmt: skip
    dtype, a = step_sizes.dtype, step_sizes.double()
    T = len(a)
    inf = torch.full((T,), math.inf, dtype=torch.double)
    t = torch.arange(1, T + 1, dtype=torch.double)
    age = (t[:, None] - t).clamp(min=1)
    G2 = torch.tensor(second_moment**2, dtype=torch.double)
    weights = torch.tril(1 / age)
    averaged = (distance**2 + G2 * (a**2).cumsum(0)) / (2 * a.cumsum(0))
    last = (distance**2 / t + G2 * (weights @ a**2)) / (2 * a)
    never = torch.cat([torch.ones(1, dtype=torch.bool), (a[1:] <= a[:-1])]).long().cumprod(0).bool()
    last = torch.where(never, last, inf)
    if math.isinf(smoothness) or math.isinf(variance):
        loss, gradient, floor = torch.cat([torch.tensor([gap], dtype=torch.double), inf]), inf, inf
        if math.isfinite(smoothness):
            floor = inf
        return tuple(v.to(dtype) for v in (averaged, last, loss, gradient, floor))
    most = 2 / (smoothness * (1 + growth))
    sound = (a <= most).long().cumprod(0).bool()
    c = a * (1 - a / most)
    fed = smoothness * variance * a**2 / 2
    loss = [torch.tensor(gap, dtype=torch.double)]
    for k in range(T):
        loss.append((1 - 2 * pl * c[k]) * loss[-1] + fed[k] if sound[k] else inf[0])
    gradient = torch.where(sound & (c.cumsum(0) > 0), (gap + fed.cumsum(0)) / c.cumsum(0), inf)
    floor = torch.where((a <= most) & (pl * c > 0), fed / (2 * pl * c), inf)
    return tuple(v.to(dtype) for v in (averaged, last, torch.stack(loss), gradient, floor))
