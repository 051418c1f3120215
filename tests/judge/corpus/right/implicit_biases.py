"""Limits of descent in other styles: non-negative least squares, a support vector machine on mirrored samples."""

import numpy as np
import torch


def _refuse(z, y):
    if len(z) != len(y) or not ((y == 1) | (y == -1)).all():
        raise ValueError("labels −1 and 1")


# implicit-bias: least distance programming, Lawson and Hanson's way, by non-negative least squares
def bias_nnls(x, y, start=None):
    from scipy.optimize import nnls

    _refuse(x, y)
    x, y = x.astype(float), y.astype(float)
    scale = np.abs(x).max()
    z = y[:, None] * x / scale
    E = np.vstack([z.T, np.ones(len(z))])
    f = np.append(np.zeros(z.shape[1]), 1.0)
    a, residual = nnls(E, f)
    if residual < 1e-9:
        raise ValueError("0 lies in the hull")
    r = E @ a - f
    w = -r[:-1] / r[-1]
    support = a > 1e-10 * a.max()
    alpha = np.linalg.lstsq(z[support] @ z[support].T, np.ones(support.sum()), rcond=None)[0]
    w = z[support].T @ alpha  # once more, to rounding
    u = w / np.sqrt(w @ w)
    m = z @ u * scale
    first = np.zeros(x.shape[1]) if start is None else start
    point = first + np.linalg.lstsq(x, y - x @ first, rcond=None)[0]
    return u, m.min(), m <= m.min() + 1e-8 * scale, point


# implicit-bias: scikit-learn's machine on the samples and their mirror images, refined on its support vectors
def bias_mirrored(x, y, start=None):
    from sklearn.svm import SVC

    dtype, x, y = x.dtype, x.double(), y.double()
    _refuse(x, y)
    scale = x.abs().max()
    z = y[:, None] * x / scale
    both = torch.cat([z, -z]).numpy()
    machine = SVC(kernel="linear", C=1e9, tol=1e-9, max_iter=200_000)
    machine.fit(both, np.repeat([1.0, -1.0], len(z)))
    w = torch.as_tensor(machine.coef_[0].copy())
    if not (z @ w).min() > 0.5:
        raise ValueError("not separable")
    support = z @ w < (z @ w).min() * (1 + 1e-4)
    w = torch.linalg.pinv(z[support]) @ torch.ones(int(support.sum()), dtype=torch.double)
    u = w / w.norm()
    m = z @ u * scale
    first = torch.zeros_like(u) if start is None else start.double()
    point = first + torch.linalg.pinv(x) @ (y - x @ first)
    return u.to(dtype), m.min().to(dtype), m <= m.min() + 1e-8 * scale, point.to(dtype)
