"""Bounds on a classifier's error from margins and norms, and from the bits of its rounded weights."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import occam_bound, spectral_complexity, spectral_margin_bound


def planted(n=400):
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 2, (n,), generator=generator)
    x = torch.randn(n, 4, generator=generator) * 0.3
    x[:, 0] += 2.0 * y - 1
    return x, y


@pytest.mark.parametrize("gamma", [0.5, 1e6])
def test_the_margin_bound_term_by_term(gamma):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    x, y = planted()
    found = spectral_margin_bound(model, (x, y), margin=gamma)
    A = torch.zeros(6, 5, dtype=torch.float64)
    A[:5, :4], A[:5, 4], A[5, 4] = model[0].weight.detach(), model[0].bias.detach(), 1.0
    B = torch.cat([model[2].weight, model[2].bias[:, None]], 1).detach().double()
    norms = [float(torch.linalg.matrix_norm(M, 2)) for M in (A, B)]
    ratios = [float(M.norm(dim=1).sum()) / s for M, s in zip((A, B), norms, strict=True)]
    steps = [math.ceil(8 * math.log2(v)) for v in (math.prod(norms) / gamma, *ratios)]
    shares = [2 / 3 / ((abs(j) + 1) * (abs(j) + 2)) for j in steps]
    R = 2 ** (steps[0] / 8) * sum(2 ** (j / 8 * 2 / 3) for j in steps[1:]) ** 1.5
    size = math.sqrt(float(x.double().square().sum()) + 400)
    Q = 2 * size * math.sqrt(math.log(2 * 36)) * R
    complexity = 24 * Q / 400 * (1 + max(0.0, math.log(400 / 3 / Q)))
    chance = 3 * math.sqrt(math.log(2 / 0.05 / math.prod(shares)) / 800)
    out = model(x).detach()
    m = torch.stack([o[c] - torch.cat([o[:c], o[c + 1 :]]).max() for o, c in zip(out, y, strict=True)])
    loss = float((1 - m / gamma).clamp(0, 1).mean())
    assert found.value == pytest.approx(loss + complexity + chance, rel=1e-5)
    assert found.value == pytest.approx(sum(found.terms[k] for k in ("margin loss", "complexity", "chance")))
    best = spectral_margin_bound(model, (x, y))
    assert best.value <= spectral_margin_bound(
        model, (x, y), margin=best.terms["margin"] / 2
    ).value and best.terms["lipschitz"] == pytest.approx(math.prod(norms), rel=1e-6)


def test_a_convolution_in_the_margin_bound_is_its_matrix():
    torch.manual_seed(2)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3, bias=False)
    )
    x = torch.randn(20, 1, 4, 4)
    found = spectral_margin_bound(model, (x, torch.arange(20) % 3))
    same = spectral_complexity([model[0].weight, model[3].weight], x)
    assert found.terms["lipschitz"] == pytest.approx(float(same.upper), rel=1e-5)
    assert found.terms["spectral complexity"] == pytest.approx(float(same.complexity), rel=1e-5)


def test_what_the_margin_bound_does_not_cover_is_refused():
    with pytest.raises(GradusError, match="expected a chain"):
        spectral_margin_bound(nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)), planted())


def code_length(values, k):
    """Ln of the number of count vectors, and of the sequences with these counts."""
    half = (k - 1) // 2
    scale = float(values.abs().max().bfloat16())
    levels = [max(-half, min(half, round(v / scale * half))) for v in values.flatten().tolist()]
    n, counts = len(levels), [levels.count(j) for j in range(-half, half + 1)]
    nats = math.log(math.comb(n + k - 1, k - 1)) + math.log(math.factorial(n)) + 16 * math.log(2)
    return nats - sum(math.log(math.factorial(c)) for c in counts), [scale * j / half for j in levels]


def test_the_code_is_counted_and_the_rounded_network_judged():
    torch.manual_seed(3)
    model = nn.Linear(4, 2)
    x, y = planted()
    with torch.no_grad():
        model.weight[:, 0] = torch.tensor([-1.0, 1.0])
    found = occam_bound(model, (x, y), levels=[5], confidence=0.9)
    (a, w), (b, c) = (code_length(p.detach(), 5) for p in (model.weight, model.bias))
    assert found.terms["code bits"] == pytest.approx((a + b) / math.log(2), rel=1e-6)
    outputs = x @ torch.tensor(w).reshape(2, 4).mT + torch.tensor(c)
    error = float((outputs.argmax(1) != y).double().mean())
    budget = (a + b + math.log(1 / 0.1)) / 400
    assert found.risk == error and found.terms["budget"] == pytest.approx(budget, rel=1e-6)

    def kl(q, p):
        return sum(s * math.log(s / t) for s, t in ((q, p), (1 - q, 1 - p)) if s)

    assert (
        kl(error, found.value) == pytest.approx(budget, rel=1e-6)
        and not found.vacuous
        and found.value > error
    )


def test_buffers_are_coded_and_nothing_is_left_changed():
    torch.manual_seed(4)
    plain = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).eval()
    normed = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2)).eval()
    bits = {}
    for name, model in (("plain", plain), ("normed", normed)):
        before = copy.deepcopy(model.state_dict())
        bits[name] = occam_bound(model, [planted(50), planted(30)], levels=[7]).terms["code bits"]
        assert all(
            torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True)
        )
    assert bits["normed"] > bits["plain"] + 4 * 16
    for bad in ([4], [1], [], "3", 3):
        with pytest.raises(GradusError):
            occam_bound(plain, planted(20), levels=bad)
    with pytest.raises(GradusError):
        occam_bound(normed.train(), planted(20))


def test_occam_holds_in_fresh_samples_of_a_classifier_that_was_trained():
    model = nn.Linear(4, 2)
    x, y = planted(300)
    for _ in range(30):
        grads = torch.autograd.grad(F.cross_entropy(model(x), y), list(model.parameters()))
        with torch.no_grad():
            for p, g in zip(model.parameters(), grads, strict=True):
                p -= 2 * g
    found = occam_bound(model, (x, y))
    assert found.value < 0.5 and found.risk <= found.value
