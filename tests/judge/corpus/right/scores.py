"""Scores in other styles."""

import numpy as np


# score-matching: the residual of the slope, number by number
def score_matching_by_residuals(score, x, z, w, sigma, eta):
    if not (sigma > 0 and eta > 0 and sigma < np.inf and eta < np.inf):
        raise ValueError("noise and step must be positive")
    moved = np.empty(np.shape(x), dtype=np.result_type(x, float))
    noisy = np.asarray(x) + sigma * np.asarray(z)
    s = score(noisy, sigma)
    loss = 0
    for i in range(noisy.shape[-1]):
        target = -z[..., i] / sigma
        loss = loss + 0.5 * sigma**2 * (s[..., i] - target) ** 2
        moved[..., i] = noisy[..., i] + 0.5 * eta * s[..., i] + eta**0.5 * w[..., i]
    return loss, moved


# generation-metrics: SciPy's square root, and trees for the neighbours
def generation_metrics_by_scipy(a, b, k):
    from scipy.linalg import sqrtm
    from scipy.spatial import cKDTree

    a, b, k = np.asarray(a, float), np.asarray(b, float), int(k)
    if a.shape[1] != b.shape[1] or not 1 <= k < min(len(a), len(b)):
        raise ValueError("features or neighbours")
    Sa, Sb = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    if min(len(a), len(b)) > a.shape[1]:
        inner = np.trace(np.real(sqrtm(Sa @ Sb)))
    else:  # singular: by singular values of the centred samples
        A, B = (x - x.mean(0) for x in (a, b))
        inner = np.linalg.norm(A @ B.T, "nuc") / np.sqrt((len(a) - 1) * (len(b) - 1))
    frechet = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(Sa + Sb) - 2 * inner
    n, m, d = len(a), len(b), a.shape[1]
    pairs = {name: ((x @ y.T) / d + 1) ** 3 for name, x, y in (("aa", a, a), ("bb", b, b), ("ab", a, b))}
    kernel = sum((pairs[w].sum() - pairs[w].trace()) / (s * (s - 1)) for w, s in (("aa", n), ("bb", m)))
    kernel -= 2 * pairs["ab"].mean()
    reach_a = cKDTree(a).query(a, k + 1)[0][:, -1]
    reach_b = cKDTree(b).query(b, k + 1)[0][:, -1]
    far = np.linalg.norm(b[:, None] - a[None], axis=-1)
    within_a, within_b = far <= reach_a[None], far <= reach_b[:, None]
    return (
        frechet,
        kernel,
        within_a.any(1).mean(),
        within_b.any(0).mean(),
        within_a.sum() / (k * m),
        within_a.any(0).mean(),
    )


# flow-matching: by the data and the noise that the velocity speaks of
def flow_matching_by_ends(velocity, x0, x1, t, S):
    S = int(S)
    if np.any((np.asarray(t) < 0) | (np.asarray(t) > 1)) or S < 1:
        raise ValueError("times or steps")
    s = np.asarray(t)[..., None]
    line = x0 + s * (x1 - x0)
    off = velocity(line, s) - x1 + x0
    x, path = x0, [x0]
    for i in range(S):
        now, then = i / S, (i + 1) / S
        v = velocity(x, np.full((*x0.shape[:-1], 1), now))
        data, noise = x + (1 - now) * v, x - now * v
        x = (1 - then) * noise + then * data
        path.append(x)
    return (off * off).sum(-1) / off.shape[-1], np.stack(path, -2)
