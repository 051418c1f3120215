"""DDIM samplers with the faults that people make."""

import numpy as np


def _path(
    epsilon, x, beta, tau, z, eta, inverse, *, shifted=0, first_noise=False, clamp=0.0, no_last=False, variance=False,
    plain=False,
):  # fmt: skip
    tau = [int(t) for t in tau]
    if not 0 <= eta <= 1 or tau[0] > len(beta) or tau[-1] < 1 or (np.diff(tau) >= 0).any():
        raise ValueError("list or eta")
    a = np.append(1.0, np.cumprod(1 - beta))
    if a[tau[0]] == 0:
        raise ValueError("nothing left")
    path = [x]
    steps = list(zip([0, *tau[:0:-1]], tau[::-1], strict=True)) if inverse else list(zip(tau, [*tau[1:], 0], strict=True))  # fmt: skip
    guess = None
    for i, (t, s) in enumerate(steps):
        asked = max((s if inverse else t) - shifted, 1)
        if guess is None or not first_noise:
            guess = epsilon(x, asked)
        data = (x - (1 - a[t]) ** 0.5 * guess) / a[t] ** 0.5
        if clamp:
            data = np.clip(data, -clamp, clamp)
        most = 0.0 if inverse else (1 - a[s]) / (1 - a[t]) * (1 - a[t] / a[s])
        if plain and not inverse:
            most = 1 - a[t] / a[s] if s else 0.0
        sigma = eta * most**0.5
        added = sigma**2 if variance else sigma
        if no_last and s <= 1:
            added = 0.0
        noise = 0 if inverse else z[..., i, :]
        x = a[s] ** 0.5 * data + max(1 - a[s] - sigma**2, 0.0) ** 0.5 * guess + added * noise
        path.append(x)
    return np.stack(path, -2)


# ddim: the model is asked at the time before
def ddim_shifted(epsilon, x, beta, tau, z, eta, inverse=False):
    return _path(epsilon, x, beta, tau, z, eta, inverse, shifted=1)


# ddim: the first guess is kept for all steps
def ddim_first_guess(epsilon, x, beta, tau, z, eta, inverse=False):
    return _path(epsilon, x, beta, tau, z, eta, inverse, first_noise=True)


# ddim: the guessed data are held to [-1, 1] without being asked
def ddim_clamps(epsilon, x, beta, tau, z, eta, inverse=False):
    return _path(epsilon, x, beta, tau, z, eta, inverse, clamp=1.0)


# ddim: new noise multiplied by its variance
def ddim_variance(epsilon, x, beta, tau, z, eta, inverse=False):
    return _path(epsilon, x, beta, tau, z, eta, inverse, variance=True)


# ddim: new noise with the variance of the forward step, not of the posterior
def ddim_forward_variance(epsilon, x, beta, tau, z, eta, inverse=False):
    return _path(epsilon, x, beta, tau, z, eta, inverse, plain=True)
