"""Eigenpairs, traces and densities from products, against dense ones; the digits against NumPy's eigh."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from gradus.errors import GradusError
from gradus.theory import Curvature, estimate_trace, lanczos, spectral_density, top_eigenpairs
from gradus.theory.krylov import Krylov


def turned(values, seed=0, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    Q = torch.linalg.qr(torch.randn(len(values), len(values), dtype=torch.float64, generator=g))[0]
    H = (Q * torch.as_tensor(values, dtype=torch.float64)) @ Q.mT
    return ((H + H.mT) / 2).to(dtype)


@pytest.mark.parametrize("which", ["largest", "smallest", "magnitude"])
def test_top_eigenpairs_equal_dense_ones(which):
    values = np.r_[np.linspace(-1, 1, 195), -9.0, -4.0, 3.0, 5.0, 8.0]
    H = turned(values)
    got = top_eigenpairs(H, 4, which=which, tolerance=1e-10)
    order = {"largest": -values, "smallest": values, "magnitude": -np.abs(values)}[which].argsort()[:4]
    assert got.converged and got.products < 110
    assert np.allclose(got.values, values[order], atol=1e-9)
    residuals = (H @ got.vectors - got.vectors * got.values).norm(dim=0)
    assert (residuals <= 1e-9 * 9).all() and torch.allclose(residuals, got.residuals, atol=1e-12)
    assert torch.allclose(got.vectors.mT @ got.vectors, torch.eye(4, dtype=torch.float64), atol=1e-10)


def test_no_value_is_shown_twice_however_many_products():
    H = turned(np.r_[np.linspace(0, 1, 297), 10.0, 20.0, 30.0])
    got = top_eigenpairs(H, 5, tolerance=1e-12, max_products=150)
    assert np.allclose(got.values[:3], [30, 20, 10]) and got.values[3] < 1.001
    assert (got.values[:-1] - got.values[1:] > 0).all()


def test_what_has_not_converged_says_so_by_its_residuals():
    H = turned(np.linspace(0, 1, 300))
    got = top_eigenpairs(H, 3, tolerance=1e-8, max_products=8)
    assert not got.converged and got.products == 8 and got.residuals.max() > 1e-3
    true = torch.linalg.eigvalsh(H)
    off = (got.values[:, None] - true).abs().min(1).values
    assert (off <= got.residuals + 1e-12).all()


def test_repeated_values_come_when_the_space_is_exhausted():
    got = top_eigenpairs(torch.diag(torch.tensor([2.0, 2.0, 2.0, 1.0, 1.0]).double()), 5)
    assert np.allclose(got.values, [2, 2, 2, 1, 1]) and got.converged
    assert torch.allclose(got.vectors.mT @ got.vectors, torch.eye(5, dtype=torch.float64), atol=1e-12)
    assert np.allclose(top_eigenpairs(torch.zeros(3, 3), 3).values, 0)


@pytest.mark.parametrize("method", ["hutch++", "hutchinson"])
def test_traces_are_unbiased_with_the_error_they_state(method):
    H = turned(np.r_[np.linspace(-0.5, 0.5, 56), 3.0, 5.0, 8.0, 12.0])
    got = [estimate_trace(H, products=24, method=method, seed=s) for s in range(300)]
    values = np.array([g.value for g in got])
    assert abs(values.mean() - 28) <= 5 * values.std() / np.sqrt(300)
    stated = np.sqrt(np.mean([g.standard_error**2 for g in got]))
    assert 0.85 < values.std() / stated < 1.15
    assert {g.products for g in got} == {24}


def test_hutch_plus_plus_errs_less_and_not_at_all_on_low_rank():
    H = turned(2.0 ** -np.arange(40.0))
    errors = {
        m: np.sqrt(
            np.mean([(estimate_trace(H, products=30, method=m, seed=s).value - 2) ** 2 for s in range(40)])
        )
        for m in ("hutch++", "hutchinson")
    }
    assert errors["hutch++"] < errors["hutchinson"] / 50
    low = estimate_trace(turned(np.r_[np.zeros(50), 1.0, 4.0]), products=12)
    assert abs(low.value - 5) < 1e-10 and low.standard_error < 1e-10


def test_density_of_many_probes_is_that_of_the_eigenvalues():
    values = np.r_[np.linspace(0, 1, 150), np.full(50, 4.0) + np.linspace(-0.2, 0.2, 50)]
    density = spectral_density(turned(values), probes=40, steps=40)
    assert abs(float(density.weights.sum()) - 1) < 1e-12
    points = torch.tensor([-0.1, 0.5, 2.0, 5.0])
    shares = density.cumulative(points).numpy()
    assert np.allclose(shares, [0, 0.375, 0.75, 1], atol=0.03)
    assert abs(float(density.trace) - values.sum()) < 12
    grid = torch.linspace(-2, 7, 2001)
    area = torch.trapezoid(density.curve(grid, 0.1), grid.double())
    assert abs(float(area) - 1) < 1e-6


def test_lanczos_takes_an_operator_and_half_precision():
    x, y = torch.randn(20, 3, dtype=torch.float64), torch.randint(3, (20,))
    model = nn.Linear(3, 3).double()
    H = Curvature(model, cross_entropy, (x, y))
    matrix = H @ torch.eye(12, dtype=torch.float64)
    start = torch.randn(12, dtype=torch.float64)
    for one, other in zip(lanczos(H, start, 5), lanczos((matrix + matrix.mT) / 2, start, 5), strict=True):
        assert torch.allclose(one, other, atol=1e-10)
    half = lanczos(torch.eye(3).half() * 2, torch.ones(3).half(), 3)
    assert half.values.dtype == torch.float16 and half.values.tolist() == [2.0]
    tiny = lanczos(
        torch.diag(torch.tensor([1.0, 3.0]).double()), torch.full((2,), 1e-200, dtype=torch.float64), 2
    )
    assert np.allclose(tiny.values, [1, 3])


def test_an_operator_whose_products_are_not_finite_is_refused():
    class Broken:
        shape, dtype, device = (3, 3), torch.float64, torch.device("cpu")

        def __matmul__(self, vectors):
            return vectors * torch.nan

    with pytest.raises(GradusError, match="finite"):
        top_eigenpairs(Broken())


def test_digits_network_equals_dense_eigenvalues():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x, y = torch.as_tensor(images[:300] / 16), torch.as_tensor(labels[:300])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 3), nn.Tanh(), nn.Linear(3, 10)).double()
    H = Curvature(model, cross_entropy, (x, y))
    dense = H @ torch.eye(H.shape[0], dtype=torch.float64)
    assert torch.allclose(dense, dense.mT, atol=1e-12)
    lam = torch.linalg.eigvalsh(dense)
    got = top_eigenpairs(H, 5, tolerance=1e-6)
    assert got.converged and np.allclose(got.values, lam.flip(0)[:5], rtol=1e-8)
    trace = estimate_trace(H, products=60)
    assert abs(trace.value - float(lam.sum())) <= 5 * trace.standard_error


def test_the_small_matrix_is_not_diagonalised_after_every_product(monkeypatch):
    looks = []
    ritz = Krylov.ritz
    monkeypatch.setattr(Krylov, "ritz", lambda self: looks.append(len(self.diagonal)) or ritz(self))
    H = torch.diag(torch.linspace(0, 1, 400, dtype=torch.float64))
    found = top_eigenpairs(H, tolerance=0.0, max_products=300)
    assert found.products == looks[-1] == 300 and looks[:20] == list(range(1, 21))
    assert len(looks) < 110
