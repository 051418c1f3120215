"""DDIM in other styles: Euler's method in the scale of the data, and PyTorch with logarithms."""

import itertools

import numpy as np
import torch


# ddim: Euler's method on y = x / sqrt(alpha_bar), with noise in the same scale
def ddim_by_euler(epsilon, x, beta, tau, z, eta, inverse=False):
    tau = np.asarray(tau)
    if not 0 <= eta <= 1 or tau.max() > len(beta) or tau.min() < 1 or not np.all(tau[1:] < tau[:-1]):
        raise ValueError("list or eta")
    a = np.append(1.0, np.cumprod(1 - beta))
    if a[tau.max()] == 0:
        raise ValueError("nothing left")
    times = np.append(tau, 0)
    if inverse:
        times = times[::-1]
    spread, path = np.sqrt((1 - a[times]) / a[times]), [x]
    for i in range(len(times) - 1):
        t, s = times[i], times[i + 1]
        y = x / np.sqrt(a[t])
        if inverse:
            y = y + (spread[i + 1] - spread[i]) * epsilon(x, int(s))
        else:
            new = eta * spread[i + 1] / spread[i] * np.sqrt(spread[i] ** 2 - spread[i + 1] ** 2)
            old = np.sqrt(max(spread[i + 1] ** 2 - new**2, 0))
            y = y + (old - spread[i]) * epsilon(x, int(t)) + new * z[..., i, :]
        x = np.sqrt(a[s]) * y
        path.append(x)
    return np.stack(path, -2)


# ddim: in PyTorch, alpha_bar by logarithms, one loop for both directions
def ddim_torch(epsilon, x, beta, tau, z, eta, inverse=False):
    tau, eta = [int(t) for t in tau], float(eta)
    falls = all(a > b for a, b in itertools.pairwise(tau))
    if not (falls and 0 <= eta <= 1 and tau[-1] >= 1 and tau[0] <= len(beta)):
        raise ValueError("list or eta")
    log = torch.cat((torch.zeros(1, dtype=torch.float64), torch.log1p(-beta.double()).cumsum(0)))
    signal = [float(v) for v in torch.exp(log / 2)]
    level = [float(v) for v in -torch.expm1(log)]
    if signal[tau[0]] == 0:
        raise ValueError("nothing left")
    times, path = [*tau, 0], [x]
    if inverse:
        times.reverse()
    for i, (t, s) in enumerate(itertools.pairwise(times)):
        e = epsilon(x, s if inverse else t)
        data = (x - level[t] ** 0.5 * e) / signal[t]
        sigma2 = 0.0 if inverse else eta**2 * level[s] / level[t] * (1 - (signal[t] / signal[s]) ** 2)
        x = signal[s] * data + max(level[s] - sigma2, 0.0) ** 0.5 * e
        if sigma2:
            x = x + sigma2**0.5 * z[..., i, :]
        path.append(x)
    return torch.stack(path, -2)
