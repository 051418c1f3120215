"""AdaGrad, RMSprop and AdamW with slips of students: an index, a root, a share, a correction."""

import math

import numpy as np


# adagrad: the divisor is that of the step before
def adagrad_one_late(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0 * theta0
    for t in range(steps):
        g = gradient(path[-1])
        before, s = s, s + g**2
        path.append(path[-1] - alpha * g / (np.sqrt(before if t else s) + epsilon))
    return np.stack(path)


# adagrad: the root is forgotten
def adagrad_without_root(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        s = s + g**2
        path.append(path[-1] - alpha * g / (s + epsilon))
    return np.stack(path)


# adagrad: the sum of sizes in place of the root of the sum of squares
def adagrad_of_sizes(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        s = s + abs(g)
        path.append(path[-1] - alpha * g / (s + epsilon))
    return np.stack(path)


# adagrad: uphill
def adagrad_uphill(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        s = s + g**2
        path.append(path[-1] + alpha * g / (np.sqrt(s) + epsilon))
    return np.stack(path)


# adagrad: epsilon of 1e-8 unless given
def adagrad_other_default(gradient, theta0, steps, alpha, epsilon=1e-8):
    path, s = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        s = s + g**2
        path.append(path[-1] - alpha * g / (np.sqrt(s) + epsilon))
    return np.stack(path)


# adagrad: the gradient is always that of the start
def adagrad_stale(gradient, theta0, steps, alpha, epsilon=1e-10):
    path, s, x = [theta0], 0 * theta0, theta0
    for _ in range(steps):
        g = gradient(x)
        s = s + g**2
        path.append(path[-1] - alpha * g / (np.sqrt(s) + epsilon))
        x = path[-2]
    return np.stack(path)


# rmsprop: the divisor is that of the step before
def rmsprop_one_late(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    path, v = [theta0], 0 * theta0
    for t in range(steps):
        g = gradient(path[-1])
        before, v = v, beta2 * v + (1 - beta2) * g * g
        path.append(path[-1] - alpha * g / (np.sqrt(before if t else v) + epsilon))
    return np.stack(path)


# rmsprop: the shares of old and new are exchanged
def rmsprop_exchanged(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        v = (1 - beta2) * v + beta2 * g * g
        path.append(path[-1] - alpha * g / (np.sqrt(v) + epsilon))
    return np.stack(path)


# rmsprop: the average starts at the first square
def rmsprop_started(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8):
    path, v = [theta0], None
    for _ in range(steps):
        g = gradient(path[-1])
        v = g * g if v is None else beta2 * v + (1 - beta2) * g * g
        path.append(path[-1] - alpha * g / (np.sqrt(v) + epsilon))
    return np.stack(path)


# rmsprop: the root is forgotten
def rmsprop_without_root(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8):
    path, v = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        v = beta2 * v + (1 - beta2) * g * g
        path.append(path[-1] - alpha * g / (v + epsilon))
    return np.stack(path)


# rmsprop: centred by the mean itself, not by its square
def rmsprop_badly_centred(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    path, v, m = [theta0], 0 * theta0, 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        v = beta2 * v + (1 - beta2) * g * g
        m = beta2 * m + (1 - beta2) * g
        w = abs(v - m) if centered else v
        path.append(path[-1] - alpha * g / (np.sqrt(w) + epsilon))
    return np.stack(path)


# rmsprop: the gradient is centred, not its variance
def rmsprop_centred_gradient(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    path, v, m = [theta0], 0 * theta0, 0 * theta0
    for _ in range(steps):
        g = gradient(path[-1])
        v = beta2 * v + (1 - beta2) * g * g
        m = beta2 * m + (1 - beta2) * g
        path.append(path[-1] - alpha * (g - m if centered else g) / (np.sqrt(v) + epsilon))
    return np.stack(path)


def adam_like(
    gradient,
    theta0,
    steps,
    alpha,
    beta1,
    beta2,
    epsilon,
    weight_decay,
    first=1,
    decay=None,
    size=None,
    swap=False,
    correct=(True, True),
):
    m = v = 0 * theta0
    path = [theta0]
    if swap:
        beta1, beta2 = beta2, beta1
    for t in range(first, steps + first):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        m_hat = m / (1 - beta1**t) if correct[0] else m
        v_hat = v / (1 - beta2**t) if correct[1] else v
        root = size(v_hat, epsilon) if size else np.sqrt(v_hat) + epsilon
        u = m_hat / root
        path.append(
            decay(path[-1], u, alpha, weight_decay, t)
            if decay
            else path[-1] - alpha * (u + weight_decay * path[-1])
        )
    return np.stack(path)


# adamw: the bias of the mean is not corrected
def adamw_m_uncorrected(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    return adam_like(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay, correct=(False, True)
    )


# adamw: no bias is corrected
def adamw_uncorrected(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    return adam_like(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay, correct=(False, False)
    )


# adamw: steps are counted from 2
def adamw_counts_from_two(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    return adam_like(gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay, first=2)


# adamw: the decay goes the other way
def adamw_grows(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    return adam_like(gradient, theta0, steps, alpha, beta1, beta2, epsilon, -weight_decay)


# adamw: epsilon inside the root
def adamw_inside(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    return adam_like(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay, size=lambda v, e: np.sqrt(v + e)
    )


# adamw: epsilon is added before the bias is corrected
def adamw_epsilon_hat(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        rate = alpha * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        path.append(path[-1] * (1 - alpha * weight_decay) - rate * m / (np.sqrt(v) + epsilon))
    return np.stack(path)


# adamw: the decay too is divided by the root
def adamw_decay_scaled(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01
):
    m = v = 0 * theta0
    path = [theta0]
    for t in range(1, steps + 1):
        g = gradient(path[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        u = m / (1 - beta1**t) + weight_decay * path[-1]
        path.append(path[-1] - alpha * u / (np.sqrt(v / (1 - beta2**t)) + epsilon))
    return np.stack(path)


# adamw: the betas are exchanged
def adamw_betas(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    return adam_like(gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay, swap=True)


# adamw: no decay unless asked for
def adamw_no_default(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
    return adam_like(gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay)
