"""Linear algebra on the tape beside PyTorch, in stacks, to the second derivative."""

import numpy as np
import pytest
import torch
from finite_differences import agree, differences

from gradus.foundations.autodiff import grad, vjp

t = lambda a: a.swapaxes(-1, -2)
FACTORISED = {
    "solve": lambda xp, a: xp.linalg.solve(a[..., :3], a),
    "inv": lambda xp, a: xp.linalg.inv(a[..., :3]),
    "pinv": lambda xp, a: xp.linalg.pinv(a) @ xp.linalg.pinv(t(a)),
    "det": lambda xp, a: xp.linalg.det(a[..., :3]),
    "slogdet": lambda xp, a: xp.linalg.slogdet(a[..., :3])[1],
    "cholesky": lambda xp, a: xp.linalg.cholesky(a @ t(a)),
    "eigh": lambda xp, a: xp.linalg.eigh(a @ t(a))[0][..., None, :] * xp.linalg.eigh(a @ t(a))[1] ** 2,
    "svd wide": lambda xp, a: xp.linalg.svd(a, full_matrices=False)[0] ** 2 @ xp.linalg.svd(a, full_matrices=False)[2] ** 2,
    "svd tall": lambda xp, a: (xp.linalg.svd(t(a), full_matrices=False)[1][..., None, :] * xp.linalg.svd(t(a), full_matrices=False)[0]) ** 2,
    "svd square": lambda xp, a: xp.linalg.svd(a[..., :3])[0] ** 2 * xp.linalg.svd(a[..., :3])[2] ** 2,
    "qr tall": lambda xp, a: xp.linalg.qr(t(a))[0] @ xp.linalg.qr(t(a))[1] ** 2,
    "qr wide": lambda xp, a: xp.linalg.qr(a)[0] ** 2 @ xp.linalg.qr(a)[1] ** 2,
}  # fmt: skip


@pytest.mark.parametrize("name", FACTORISED)
def test_linear_algebra_equals_torch(name):
    f, rng = FACTORISED[name], np.random.default_rng(5)
    a, u = rng.standard_normal((2, 2, 3, 4))
    z = torch.tensor(a, requires_grad=True)
    y = f(torch, z)
    w = rng.standard_normal(y.shape)
    (first,) = torch.autograd.grad((y * torch.tensor(w)).sum(), z, create_graph=True)
    (second,) = torch.autograd.grad((first * torch.tensor(u)).sum(), z)
    value, pull = vjp(lambda a: f(np, a), a)
    assert np.allclose(value, y.detach().numpy(), rtol=1e-12, atol=1e-13)
    agree(pull(w), [first.detach().numpy()])
    agree([grad(lambda a: (vjp(lambda b: f(np, b), a)[1](w)[0] * u).sum())(a)], [second.numpy()])


def test_equal_eigenvalues_and_singular_matrices():
    S = np.eye(3)  # every basis is one of eigenvectors; the sum of the eigenvalues is the trace all the same
    assert np.allclose(grad(lambda a: np.linalg.eigh(a)[0].sum())(S), np.eye(3))
    assert np.allclose(grad(lambda a: np.linalg.svd(a)[1].sum())(S), np.eye(3))
    rank2 = np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])
    cofactors = grad(np.linalg.det)(rank2)
    x, u = rank2, np.random.default_rng(0).standard_normal((3, 3))
    assert (cofactors * u).sum() == pytest.approx(differences(np.linalg.det, x, u), rel=1e-9)
