"""Entropy, cross-entropy, divergence: beside SciPy, at the edges, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from scipy import special, stats
from scipy.spatial import distance

from gradus.errors import GradusError
from gradus.foundations.information import cross_entropy, entropy, js_divergence, kl_divergence


def distributions(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.dirichlet(np.full(shape[-1], 0.3), size=shape[:-1]))


def test_agree_with_scipy():
    p, q = distributions(20, 6), distributions(20, 6, seed=1)
    assert torch.allclose(
        entropy(p, base=2), torch.from_numpy(stats.entropy(p.numpy(), base=2, axis=-1)), rtol=1e-13
    )
    assert torch.allclose(
        kl_divergence(p, q), torch.from_numpy(special.rel_entr(p.numpy(), q.numpy()).sum(-1)), rtol=1e-12
    )
    assert torch.allclose(cross_entropy(p, q), entropy(p) + kl_divergence(p, q), rtol=1e-12)


def test_both_zero_adds_nothing_and_has_no_gradient():
    p = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64, requires_grad=True)
    q = torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64, requires_grad=True)
    d = kl_divergence(p, q)
    assert d.item() == pytest.approx(0.5 * math.log(4 / 3))
    d.backward()
    assert torch.isfinite(p.grad).all()
    assert torch.isfinite(q.grad).all()
    assert torch.isnan(
        torch.nn.functional.kl_div(q.log(), p, reduction="sum")
    )  # what the docstring says of PyTorch's


def test_jensen_shannon_agrees_with_scipy_and_with_the_divergence_from_the_mixture():
    p, q = distributions(20, 6), distributions(20, 6, seed=1)
    mixture = (p + q) / 2
    assert torch.allclose(
        js_divergence(p, q), (kl_divergence(p, mixture) + kl_divergence(q, mixture)) / 2, rtol=1e-12
    )
    root = distance.jensenshannon(p.numpy(), q.numpy(), 2, axis=-1)
    assert torch.allclose(js_divergence(p, q, base=2), torch.from_numpy(root**2), rtol=1e-12)
    apart = torch.eye(2, dtype=torch.float64)
    assert js_divergence(apart[0], apart[1], base=2) == 1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("step", [1.0, 0.1, 0.02])
def test_jensen_shannon_of_neighbours_keeps_its_digits(dtype, step):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(200, 8, generator=generator, dtype=torch.float64)
    other = logits + step * torch.randn(200, 8, generator=generator, dtype=torch.float64)
    p, q = logits.softmax(-1).to(dtype), other.softmax(-1).to(dtype)
    a, b = p.double(), q.double()
    terms = a * (2 * a / (a + b)).log(), b * (2 * b / (a + b)).log()
    exact = (terms[0] + terms[1]).sum(-1) / 2
    # a few roundings of each term: far below the first power of the step, which a rounded p/m would cost
    allowed = 4 * torch.finfo(dtype).eps * (terms[0].abs() + terms[1].abs()).sum(-1) / 2
    assert bool(((js_divergence(p, q).double() - exact).abs() <= allowed).all())


def test_jensen_shannon_where_a_probability_vanishes_beside_the_other():
    p = torch.tensor([1e-20, 1.0, 0.0], dtype=torch.float64, requires_grad=True)
    d = js_divergence(p, torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64))
    assert d.item() == pytest.approx(0.25 * math.log(2) + 0.5 * math.log(4 / 3) + 0.25 * math.log(2 / 3))
    d.backward()
    assert torch.isfinite(p.grad).all()


def test_softmax_in_any_precision_is_accepted():
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        p = torch.randn(50, 1000, generator=torch.Generator().manual_seed(0)).to(dtype).softmax(-1)
        assert entropy(p).dtype == dtype


@pytest.mark.parametrize(("call", "said"), [
    (lambda: entropy(torch.tensor([0.5, 0.6])), "sum to 1.*off by 0.1"),
    (lambda: entropy(torch.tensor([-0.5, 1.5])), "p: expected probabilities, got -0.5"),
    (lambda: entropy(torch.tensor([math.nan, 1.0])), "p: expected probabilities, got nan"),
    (lambda: entropy(torch.tensor([0, 1])), "int64"),
    (lambda: entropy(torch.tensor(1.0)), r"p: expected the shape .* got \(\)"),
    (lambda: entropy(torch.tensor([0.5, 0.5]), base=1.0), "base: .* logarithm.*got 1"),
    (lambda: kl_divergence(torch.full((2,), 0.5), torch.full((4,), 0.25)), r"q: .*got \(4,\); k is 2 in p"),
    (lambda: cross_entropy(torch.full((2,), 0.5), torch.tensor([0.5, 0.4])), "q: expected rows"),
    (lambda: js_divergence(torch.full((2,), 0.5), torch.full((4,), 0.25)), r"q: .*got \(4,\); k is 2 in p"),
    (lambda: js_divergence(torch.full((2,), 0.5), torch.full((2,), 0.5), base=-2.0), "base: expected a number > 0"),
])  # fmt: skip
def test_refuses(call, said):
    with pytest.raises(GradusError, match=said):
        call()
