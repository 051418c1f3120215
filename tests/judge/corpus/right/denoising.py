"""Denoising diffusion in other styles: by precisions in NumPy, by angles in PyTorch."""

import numpy as np
import torch


# diffusion: logarithms of alpha, the posterior as a product of two normal densities, noise first
def diffusion_by_precisions(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    t = np.asarray(t)
    if (
        not np.all((beta > 0) & (beta <= 1))
        or np.any(beta[:-1] == 1)
        or np.any(t < 1)
        or np.any(t > len(beta))
    ):
        raise ValueError("schedule or times")
    with np.errstate(divide="ignore"):
        log = np.append(0.0, np.cumsum(np.log1p(-beta)))
    level, before = -np.expm1(log[t])[..., None], -np.expm1(log[t - 1])[..., None]
    signal, b = np.exp(log[t] / 2)[..., None], beta[t - 1][..., None]
    seen = signal * x + np.sqrt(level) * epsilon
    if predicts == "noise":
        if np.any(signal == 0):
            raise ValueError("noise alone")
        found = guess
        data = (seen - np.sqrt(level) * found) / signal
    elif predicts == "data":
        data = guess
        found = (seen - signal * data) / np.sqrt(level)
    elif predicts == "velocity":
        data, found = signal * seen - np.sqrt(level) * guess, np.sqrt(level) * seen + signal * guess
    else:
        raise ValueError("prediction")
    first = before == 0
    safe = np.where(first, 1, before)
    tilde = np.where(first, 0, 1 / ((1 - b) / b + 1 / safe))
    root = np.exp(log[t - 1] / 2)[..., None]

    def mean_of(d):
        return np.where(first, d, tilde * (np.sqrt(1 - b) / b * seen + root / safe * d))

    mean, variance = mean_of(data), b if large else tilde
    deviation = np.where(first, b, variance) ** 0.5
    error = (mean - mean_of(x)) / deviation
    r = np.where(first, 1, tilde / deviation**2)
    extra = np.where(first, np.log(2 * np.pi) + 2 * np.log(deviation), r - np.log(r) - 1)
    end = np.exp(log[-1])
    prior = 0.5 * (end * (x * x).sum(-1) - x.shape[-1] * (end + np.log(-np.expm1(log[-1]))))
    return (
        seen, data, mean, np.broadcast_to(variance, x.shape)[..., 0], np.where(first, mean, mean + deviation * z),
        np.square(found - epsilon).sum(-1), 0.5 * (error**2 + extra).sum(-1), prior,
    )  # fmt: skip


# diffusion: an angle in place of the two roots, in PyTorch
def diffusion_by_angles(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    t = torch.as_tensor(t)
    beta = torch.as_tensor(beta)
    if not bool(((beta > 0) & (beta <= 1)).all()) or bool((beta[:-1] == 1).any()):
        raise ValueError("schedule")
    if bool(((t < 1) | (t > len(beta))).any()):
        raise ValueError("times")
    wide = beta.double()
    bars = torch.cat((wide.new_ones(1), (1 - wide).cumprod(0)))
    angle = torch.arccos(bars.sqrt())
    phi, psi = angle[t][..., None].to(x.dtype), angle[t - 1][..., None].to(x.dtype)
    b = wide[t - 1][..., None].to(x.dtype)
    noised = torch.cos(phi) * x + torch.sin(phi) * epsilon
    nothing = (bars[t] == 0)[..., None]
    if predicts == "noise":
        if bool(nothing.any()):
            raise ValueError("noise alone")
        noise, data = guess, (noised - torch.sin(phi) * guess) / torch.cos(phi)
    elif predicts == "data":
        noise, data = (noised - torch.cos(phi) * guess) / torch.sin(phi), guess
    elif predicts == "velocity":
        data = torch.cos(phi) * noised - torch.sin(phi) * guess
        noise = torch.sin(phi) * noised + torch.cos(phi) * guess
    else:
        raise ValueError("prediction")
    share = (torch.sin(psi) / torch.sin(phi)) ** 2
    tilde = share * b
    of_data, of_x = torch.cos(psi) * b / torch.sin(phi) ** 2, torch.sqrt(1 - b) * share
    mean, later = of_data * data + of_x * noised, t[..., None] > 1
    variance = b if large else tilde
    previous = torch.where(later, mean + variance.sqrt() * z, mean)
    s2 = torch.where(later, variance, b)
    ratio = torch.where(later, tilde / s2, torch.ones_like(s2))
    constant = torch.where(later, ratio - 1 - torch.log(ratio), torch.log(2 * torch.pi * s2))
    of_bound = (((of_data * (x - data)) ** 2 / s2 + constant).sum(-1)) / 2
    left = bars[-1].to(x.dtype)
    prior = (left * x**2 - left - torch.log1p(-left)).sum(-1) / 2
    variance = variance.expand(x.shape)[..., 0]
    return noised, data, mean, variance, previous, ((epsilon - noise) ** 2).sum(-1), of_bound, prior


# guidance: as a weighted mean, the condition first, sample by sample
def guidance_by_weights(conditional, unconditional, scale, rescale=0.0):
    if conditional.shape != unconditional.shape:
        raise ValueError("two shapes")
    if not (rescale >= 0 and rescale <= 1) or scale != scale:
        raise ValueError("a share from 0 to 1, and a scale that is a number")
    led = scale * conditional + (1 - scale) * unconditional
    if rescale == 0:
        return led
    rows, out = led.reshape(-1, led.shape[-1]), []
    for row, wanted in zip(rows, conditional.reshape(rows.shape), strict=True):
        mean, goal = sum(row) / len(row), sum(wanted) / len(wanted)
        spread = (sum((v - mean) ** 2 for v in row) / len(row)) ** 0.5
        aim = (sum((v - goal) ** 2 for v in wanted) / len(wanted)) ** 0.5
        out.append(row * (1 - rescale + rescale * (aim / spread if spread else 1)))
    return np.array(out).reshape(led.shape)
