"""Infinite width: closed forms against integrals and against the kernels of wide finite nets; shapes, blocks, refusals."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad
from torch import nn

from gradus.errors import GradusError
from gradus.theory import infinite_kernels, tangent_kernel
from gradus.theory.dual_activations import DUALS

DOUBLE = torch.float64
PHI = {
    "relu": (lambda u: max(u, 0.0), lambda u: float(u > 0)),
    "erf": (math.erf, lambda u: 2 / math.sqrt(math.pi) * math.exp(-u * u)),
    "gelu": (
        lambda u: u * (1 + math.erf(u / math.sqrt(2))) / 2,
        lambda u: (1 + math.erf(u / math.sqrt(2))) / 2 + u * math.exp(-u * u / 2) / math.sqrt(2 * math.pi),
    ),
}
LAYERS = {"relu": torch.relu, "erf": torch.erf, "gelu": torch.nn.functional.gelu}


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def mean(f, p, q, k):
    """E f(u) f(v), by polar coordinates whose sectors end where u or v is 0."""
    rho = k / math.sqrt(p * q)
    t, w = np.polynomial.legendre.leggauss(40)
    r, g = 5.0 * (t + 1), 5.0 * w
    g = g * r * np.exp(-(r**2) / 2) / (2 * math.pi)
    turn, total = math.acos(rho), 0.0
    ends = np.array([-math.pi / 2, turn - math.pi / 2, math.pi / 2, turn + math.pi / 2, 1.5 * math.pi])
    for low, high in itertools.pairwise(ends):
        a = (low + high) / 2 + (high - low) / 2 * t
        u, v = math.sqrt(p) * np.outer(r, np.cos(a)), math.sqrt(q) * np.outer(r, np.cos(a - turn))
        total += g @ (np.vectorize(f)(u) * np.vectorize(f)(v)) @ w * (high - low) / 2
    return total


@pytest.mark.parametrize("activation", DUALS)
def test_means_in_closed_form(activation):
    for p, q, k in ((1.0, 1.0, 0.3), (0.5, 2.0, -0.8), (1.5, 0.7, 1.0)):
        got = [float(v) for v in DUALS[activation](*torch.tensor([p, q, k], dtype=DOUBLE))]
        assert got == pytest.approx([mean(f, p, q, k) for f in PHI[activation]], abs=1e-10)


def test_polar_means_are_scipys():
    density = lambda u, v: math.exp(-(u * u - 2 * 0.3 * u * v + v * v) / 2 / 0.91) / (2 * math.pi * 0.91**0.5)
    got = dblquad(lambda u, v: u * v * density(u, v), 0, 9, 0, 9, epsabs=1e-9)[0]
    assert mean(PHI["relu"][0], 1.0, 1.0, 0.3) == pytest.approx(got, abs=1e-8)


class Net(nn.Module):
    """In the NTK parametrisation: every parameter standard normal."""

    def __init__(self, shape, width, depth, activation, w, b, kernel_size, padding, head, seed):
        super().__init__()
        self.phi, self.w, self.b, self.head, self.padding = LAYERS[activation], w, b, head, padding
        sizes = [shape[0]] + [width] * depth
        places = len(shape) - 1
        self.weights = nn.ParameterList(
            normal(o, i, *[kernel_size] * places, seed=1000 * seed + j)
            for j, (i, o) in enumerate(itertools.pairwise(sizes))
        )
        last = sizes[-1] * (math.prod(shape[1:]) if head == "flatten" else 1)
        self.weights.append(normal(1, last, seed=1000 * seed + 900))
        self.biases = nn.ParameterList(
            normal(len(v), seed=1000 * seed + 500 + j) for j, v in enumerate(self.weights)
        )

    def forward(self, x):
        for W, bias in list(zip(self.weights, self.biases, strict=True))[:-1]:
            W = W * (self.w / W[0].numel()) ** 0.5
            if x.dim() > 2:
                r = W.shape[-1] // 2
                mode = "circular" if self.padding == "circular" else "constant"
                x = nn.functional.pad(x, [r, r] * (x.dim() - 2), mode=mode)
                conv = nn.functional.conv1d if x.dim() == 3 else nn.functional.conv2d
                x = self.phi(conv(x, W, bias * self.b**0.5))
            else:
                x = self.phi(nn.functional.linear(x, W, bias * self.b**0.5))
        if x.dim() > 2:
            x = x.flatten(2).mean(2) if self.head == "average" else x.flatten(1)
        W = self.weights[-1] * (self.w / self.weights[-1].numel()) ** 0.5
        return nn.functional.linear(x, W, self.biases[-1] * self.b**0.5)


CASES = {
    "dense": dict(shape=(3,), depth=2, activation="gelu", w=1.7, b=0.2),
    "dense, no hidden layer": dict(shape=(3,), depth=0, activation="relu", w=1.7, b=0.2),
    "series": dict(shape=(2, 4), depth=1, activation="relu", w=2.0, b=0.1),
    "series, around": dict(shape=(2, 4), depth=2, activation="erf", w=1.5, b=0.1, padding="circular"),
    "images, flat": dict(shape=(2, 3, 4), depth=1, activation="gelu", w=2.0, b=0.0, head="flatten"),
    "images": dict(shape=(2, 3, 2), depth=2, activation="relu", w=2.0, b=0.1),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_the_mean_of_finite_nets(name):
    """Means over 20 nets of 64 units; five standard errors, and a bias of a few per cent where there are two hidden layers."""
    case = dict(kernel_size=3, padding="zeros", head="average") | CASES[name]
    shape, w, b = case.pop("shape"), case.pop("w"), case.pop("b")
    x = normal(3, *shape)
    want = infinite_kernels(x, weight_variance=w, bias_variance=b, **case)
    kernels = []
    for seed in range(20):
        net = Net(shape, 64, case["depth"], case["activation"], w, b, case["kernel_size"], case["padding"], case["head"], seed)  # fmt: skip
        kernels.append(tangent_kernel(net, x, kind="trace", layerwise=False))
    K = torch.stack(kernels)
    allowed = 5 * K.std(0) / len(K) ** 0.5 + 0.02 * (case["depth"] > 1) * want.ntk.abs() + 1e-12
    assert bool(((K.mean(0) - want.ntk).abs() <= allowed).all())
    assert float((K.std(0) / len(K) ** 0.5).max()) < 0.08 * float(want.ntk.max())


def test_covariance_of_outputs_is_the_nngp_kernel():
    x = normal(2, 2, 3, seed=5)
    for head in ("average", "flatten"):
        want = infinite_kernels(x, depth=1, bias_variance=0.1, kernel_size=3, head=head).nngp
        f = torch.stack([Net((2, 3), 16, 1, "relu", 2.0, 0.1, 3, "zeros", head, s)(x)[:, 0].detach() for s in range(400)])  # fmt: skip
        products = f[:, :, None] * f[:, None]
        assert bool(((products.mean(0) - want).abs() <= 5 * products.std(0) / 400**0.5).all())


def test_one_position_is_a_dense_network():
    x, y = normal(4, 3), normal(5, 3, seed=1)
    for activation in DUALS:
        given = dict(depth=3, activation=activation, weight_variance=1.4, bias_variance=0.3)
        dense = infinite_kernels(x, y, **given)
        for head in ("average", "flatten"):
            for extra in ((1,), (1, 1)):
                got = infinite_kernels(x.reshape(4, 3, *extra), y.reshape(5, 3, *extra), kernel_size=1, head=head, **given)  # fmt: skip
                assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(got, dense, strict=True))


@pytest.mark.parametrize("head", ["average", "flatten"])
def test_blocks_change_nothing_and_the_diagonal_is_exact(head):
    x, y = normal(7, 2, 5), normal(4, 2, 5, seed=1)
    for other in (None, y):
        whole = infinite_kernels(x, other, depth=2, head=head)
        small = infinite_kernels(x, other, depth=2, head=head, memory=8 * 25 * 8 * 9)
        assert all(torch.allclose(a, b, rtol=1e-13) for a, b in zip(whole, small, strict=True))
    wide = infinite_kernels(normal(40, 17), depth=4).ntk
    assert torch.equal(wide, wide.mT)
    own = 2 * normal(40, 17).square().mean(1) * 5
    assert torch.allclose(wide.diagonal(), own, rtol=1e-13), "L + 1 times the second moment"
    with pytest.raises(GradusError, match="at least"):
        infinite_kernels(x, memory=8)


def test_gradients_and_precisions():
    x, y = normal(2, 3), normal(3, 3, seed=1)
    x.requires_grad_()
    for activation in DUALS:
        f = lambda x, activation=activation: infinite_kernels(x, y, depth=2, activation=activation).ntk
        assert torch.autograd.gradcheck(f, x)
    K = infinite_kernels(x, depth=2).ntk
    assert bool(torch.autograd.grad(K.sum(), x)[0].isfinite().all())
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        got = infinite_kernels(y.to(dtype), depth=2).ntk
        assert got.dtype == torch.float32
        assert torch.allclose(got.double(), infinite_kernels(y.to(dtype).double(), depth=2).ntk, rtol=1e-6)


def test_an_input_of_zeros_has_no_kernel():
    x = torch.zeros(2, 3, dtype=DOUBLE)
    for activation in DUALS:
        got = infinite_kernels(x, normal(2, 3), depth=2, activation=activation)
        assert all(torch.equal(k, torch.zeros(2, 2, dtype=DOUBLE)) for k in got)


@pytest.mark.parametrize(
    "given, said",
    [
        (dict(x=torch.ones(3)), "x"),
        (dict(x=torch.ones(0, 3)), "x"),
        (dict(x=torch.ones(1, 1, 1, 1, 1)), "x"),
        (dict(y=torch.ones(2, 4)), "3 along"),
        (dict(y=torch.ones(2, 3, 1)), "as many axes"),
        (dict(kernel_size=2), "odd"),
        (dict(activation="tanh"), "activation"),
        (dict(weight_variance=0.0), "weight_variance"),
        (dict(bias_variance=-1.0), "bias_variance"),
        (dict(depth=-1), "depth"),
        (dict(x=torch.ones(2, 3, 4), y=torch.ones(2, 3, 5), head="flatten"), "as x has"),
        (dict(x=torch.full((2, 3), math.nan)), "finite"),
    ],
)
def test_refusals(given, said):
    with pytest.raises(GradusError, match=said):
        infinite_kernels(**(dict(x=torch.ones(2, 3)) | given))


def test_average_takes_other_numbers_of_positions():
    got = infinite_kernels(torch.ones(2, 3, 4), torch.ones(1, 3, 6), kernel_size=1)
    assert torch.allclose(got.ntk, 2 * torch.ones(2, 1) * 2)
