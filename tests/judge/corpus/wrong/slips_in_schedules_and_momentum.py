"""Schedules and accelerated descent with slips of counting, of constants and of the point that is meant."""

import math

import numpy as np


def sched(
    t,
    alpha,
    total,
    kind,
    warmup,
    every,
    gamma,
    floor,
    half=0.5,
    late=0,
    early=0,
    share=True,
    root=0,
    cos_floor=True,
    k_step=0,
    stays=True,
):
    w = max(warmup, 1)
    since = np.maximum(t - warmup + late, 0)
    if kind == "constant":
        after = alpha * np.ones(len(t))
    elif kind == "step":
        after = alpha * gamma ** ((since + k_step) // every)
    elif kind == "cosine":
        n = total - warmup + early
        after = (floor if cos_floor else 0) + (alpha - floor) * half * (
            1 + np.cos(np.pi * np.minimum(since, n) / n)
        )
    elif kind == "root":
        after = alpha * np.sqrt(w / (t + 1 + root))
    else:
        raise ValueError(kind)
    return np.where(t < warmup, alpha * (t + 1) / w, after)


# schedules: the cosine ends one step early
def schedule_one_short(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    return sched(t, alpha, max(total, 2), kind, warmup, every, gamma, floor, early=-1)


# schedules: everything one step late
def schedule_late(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    return sched(np.maximum(t - 1, 0), alpha, total, kind, warmup, every, gamma, floor)


# schedules: the floor is not added back
def schedule_floor_lost(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    return sched(t, alpha, total, kind, warmup, every, gamma, floor, cos_floor=False)


# schedules: the steps fall one step early
def schedule_steps_early(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    return sched(t, alpha, total, kind, warmup, every, gamma, floor, k_step=1)


# schedules: step decay counted from 0, warm-up included
def schedule_steps_from_zero(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    if kind == "step":
        return np.where(t < warmup, alpha * (t + 1) / max(warmup, 1), alpha * gamma ** (t // every))
    return sched(t, alpha, total, kind, warmup, every, gamma, floor)


# schedules: one over t in place of its root
def schedule_one_over_t(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    if kind == "root":
        w = max(warmup, 1)
        return alpha * np.minimum((t + 1) / w, w / (t + 1))
    return sched(t, alpha, total, kind, warmup, every, gamma, floor)


# schedules: a quarter of a wave in place of half of one
def schedule_quarter(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    if kind == "cosine":
        k = np.clip((t - warmup) / (total - warmup), 0, 1)
        return np.where(
            t < warmup, alpha * (t + 1) / max(warmup, 1), floor + (alpha - floor) * np.cos(np.pi / 2 * k)
        )
    return sched(t, alpha, total, kind, warmup, every, gamma, floor)


# schedules: the floor is a share of the step
def schedule_floor_as_share(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    return sched(t, alpha, total, kind, warmup, every, gamma, floor * alpha)


# schedules: it is periodic: warm restarts
def schedule_restarts(t, alpha, total, kind="cosine", warmup=0, every=1, gamma=0.1, floor=0.0):
    if kind == "cosine":
        n = total - warmup
        k = ((t - warmup) % n) / n
        return np.where(
            t < warmup,
            alpha * (t + 1) / max(warmup, 1),
            floor + (alpha - floor) / 2 * (1 + np.cos(np.pi * k)),
        )
    return sched(t, alpha, total, kind, warmup, every, gamma, floor)


def nest(gradient, theta0, steps, alpha, beta, at=None, momentum=None, scale=1.0, velocity=1.0):
    path, y, a = [theta0], theta0, 1.0
    for t in range(steps):
        path.append(y - scale * alpha * gradient(y))
        later = (1 + np.sqrt(1 + 4 * a * a)) / 2
        b = momentum(t, a, later) if momentum and beta is None else (a - 1) / later if beta is None else beta
        y, a = path[-1] + velocity * b * (path[-1] - path[-2]), later
    return np.stack(path)


# nesterov: the root of 1 + a² in place of 1 + 4a²
def nesterov_without_four(gradient, theta0, steps, alpha, beta=None):
    path, y, a = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(y - alpha * gradient(y))
        later = (1 + np.sqrt(1 + a * a)) / 2
        b = (a - 1) / later if beta is None else beta
        y, a = path[-1] + b * (path[-1] - path[-2]), later
    return np.stack(path)


# nesterov: t/(t + 3), counted from 1
def nesterov_count(gradient, theta0, steps, alpha, beta=None):
    return nest(gradient, theta0, steps, alpha, beta, momentum=lambda t, a, later: (t + 1) / (t + 4))


# nesterov: the momentum begins one step early
def nesterov_early(gradient, theta0, steps, alpha, beta=None):
    return nest(
        gradient,
        theta0,
        steps,
        alpha,
        beta,
        momentum=lambda t, a, later: (later - 1) / ((1 + np.sqrt(1 + 4 * later**2)) / 2),
    )


# nesterov: it looks ahead backwards
def nesterov_backwards(gradient, theta0, steps, alpha, beta=None):
    return nest(gradient, theta0, steps, alpha, beta, velocity=-1.0)


# nesterov: the gradient ahead, the step from behind
def nesterov_from_behind(gradient, theta0, steps, alpha, beta=None):
    path, y, a = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(path[-1] - alpha * gradient(y))
        later = (1 + np.sqrt(1 + 4 * a * a)) / 2
        b = (a - 1) / later if beta is None else beta
        y, a = path[-1] + b * (path[-1] - path[-2]), later
    return np.stack(path)


# nesterov: the step is dampened by 1 − β
def nesterov_dampened(gradient, theta0, steps, alpha, beta=None):
    return nest(gradient, theta0, steps, alpha, beta, scale=1 - (beta or 0.0))


# nesterov: momentum starts again whenever the function rises
def nesterov_restarts(gradient, theta0, steps, alpha, beta=None):
    path, y, a = [theta0], theta0, 1.0
    for _ in range(steps):
        g = gradient(y)
        path.append(y - alpha * g)
        if g @ (path[-1] - path[-2]) > 0:
            a = 1.0
        later = (1 + np.sqrt(1 + 4 * a * a)) / 2
        b = (a - 1) / later if beta is None else beta
        y, a = path[-1] + b * (path[-1] - path[-2]), later
    return np.stack(path)


# schedules: of one step's number, the warm-up one step late
def schedule_one_step_late(step, base, total, warmup=0, floor=0.0):
    if step < warmup:
        return base * step / warmup
    return floor + (base - floor) * (1 + math.cos(math.pi * min(1.0, (step - warmup) / (total - warmup)))) / 2
