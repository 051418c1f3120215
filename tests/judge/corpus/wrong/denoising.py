"""Denoising diffusion with the faults that people make."""

import numpy as np


def _terms(
    x, epsilon, guess, z, beta, t, predicts, large, *, clamp=0.0, double=False, half=False, one_time=False,
    swap=False, ahead=False, mean_loss=False, scaled=False,
):  # fmt: skip
    t = np.asarray(t)
    if ((t < 1) | (t > len(beta))).any() or (beta <= 0).any() or (beta > 1).any() or (beta[:-1] >= 1).any():
        raise ValueError("schedule or times")
    if predicts not in ("noise", "data", "velocity"):
        raise ValueError("prediction")
    alpha_bar = np.append(1.0, np.cumprod(1.0 - beta))
    if predicts == "noise" and (alpha_bar[t] == 0).any():
        raise ValueError("noise alone")
    when = np.broadcast_to(t.ravel()[:1].reshape((1,) * t.ndim), t.shape) if one_time else t
    a, s, b = alpha_bar[when][..., None], alpha_bar[when - 1][..., None], beta[when - 1][..., None]
    noised = a**0.5 * x + (1 - a) ** 0.5 * epsilon
    if predicts == "noise":
        data, noise = (noised - (1 - a) ** 0.5 * guess) / a**0.5, guess
    else:
        data = guess if predicts == "data" else a**0.5 * noised - (1 - a) ** 0.5 * guess
        noise = (noised - a**0.5 * data) / (1 - a) ** 0.5
    if clamp:
        data = np.clip(data, -clamp, clamp)
    of_data, of_x = s**0.5 * b / (1 - a), (1 - b) ** 0.5 * (1 - s) / (1 - a)
    if swap:
        of_data, of_x = of_x, of_data
    if scaled:
        of_x = of_x / (1 - b) ** 0.5
    mean, true = of_data * data + of_x * noised, of_data * x + of_x * noised
    tilde = b * (1 - s) / (1 - a)
    variance = b if large else tilde
    if half:
        variance = (b * tilde) ** 0.5 if large else tilde
    later = t[..., None] > (2 if ahead else 1)
    previous = mean + np.where(later, variance**0.5, 0) * z * (2**0.5 if double else 1)
    s2 = np.where(t[..., None] > 1, variance, b)
    ratio = np.where(t[..., None] > 1, tilde / s2, 1.0)
    apart = np.where(t[..., None] > 1, ratio - 1 - np.log(ratio), np.log(2 * np.pi * s2))
    of_bound = ((true - mean) ** 2 / s2 + apart).sum(-1) / 2
    left = alpha_bar[-1]
    prior = (left * x**2 - left - np.log(1 - left)).sum(-1) / 2
    simple = (epsilon - noise) ** 2
    simple = simple.mean(-1) if mean_loss else simple.sum(-1)
    return noised, data, mean, np.broadcast_to(variance, x.shape)[..., 0], previous, simple, of_bound, prior


# diffusion: the guessed data are held to [-1, 1] without being asked
def diffusion_clamps(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, clamp=1.0)


# diffusion: new noise with twice the variance
def diffusion_too_noisy(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, double=True)


# diffusion: the geometric mean of the two variances where the large one is asked for
def diffusion_between(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, half=True)


# diffusion: the first sample's time is taken for all of the batch
def diffusion_one_time(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, one_time=True)


# diffusion: the factors of the data and of x_t in the mean are exchanged
def diffusion_exchanged(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, swap=True)


# diffusion: no noise at the last but one step either
def diffusion_quiet_early(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, ahead=True)


# diffusion: the mean of a sample's squared errors in the place of their sum
def diffusion_mean_loss(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, mean_loss=True)


# diffusion: the root of alpha_t is missing beside x_t
def diffusion_no_alpha(x, epsilon, guess, z, beta, t, predicts="noise", large=False):
    return _terms(x, epsilon, guess, z, beta, t, predicts, large, scaled=True)


# guidance: the paper's w
def guidance_by_w(conditional, unconditional, scale, rescale=0.0):
    if not 0 <= rescale <= 1 or scale != scale:
        raise ValueError
    led = (1 + scale) * conditional - scale * unconditional
    wanted, found = conditional.std(-1, keepdims=True), led.std(-1, keepdims=True)
    return led * (1 - rescale + rescale * np.where(found > 0, wanted / np.where(found > 0, found, 1), 1))
