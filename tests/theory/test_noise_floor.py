"""The noise floor against dense second moments, and against optimisers that are run until they hover."""

import math

import pytest
import torch
from differentiated_models import DOUBLE, normal
from torch import nn

from gradus.errors import GradusError
from gradus.theory import noise_floor
from gradus.theory.noise_moments import excess
from gradus.theory.update_laws import update_law


def half_square(outputs, targets):
    return (outputs - targets).square().sum(-1).mean() / 2


def regression(n=40, d=4, seed=0):
    """Least squares at its minimum, with residuals that are left."""
    x = normal(n, d, seed=seed) @ torch.diag(torch.tensor([0.3, 0.7, 1.0, 2.0], dtype=DOUBLE)[:d])
    y = x @ normal(d, 1, seed=seed + 1) + normal(n, 1, seed=seed + 2)
    model = nn.Linear(d, 1, bias=False, dtype=DOUBLE)
    with torch.no_grad():
        model.weight.copy_(torch.linalg.lstsq(x, y).solution.mT)
    return model, (x, y)


def drawn_noise(model, data, b, batches):
    """Gradients of the batches that are drawn, less their mean over all data."""
    x, y = data
    g = x * (model(x) - y).detach()
    generator = torch.Generator().manual_seed(0)
    rows = torch.stack([torch.randint(len(x), (b,), generator=generator) for _ in range(batches)])
    return g[rows].mean(1) - g.mean(0)


def dense(model, data, law, step, zeta, steps):
    """½ tr(H X) from the whole covariance of error and velocity, iterated."""
    x, _ = data
    n, d = x.shape
    S = law.scale
    H = S[:, None] * (x.mT @ x / n) * S + torch.diag(S**2 * law.inside)
    C = S[:, None] * (zeta.mT @ zeta / len(zeta)) * S
    beta, eye = law.beta, torch.eye(d, dtype=DOUBLE)
    if law.nesterov:
        top = torch.cat([eye - step * (1 + beta) * H, -step * beta**2 * eye], 1)
        push = -step * (1 + beta)
    else:
        a = step * (1 - beta) if law.averaged else step
        top, push = torch.cat([eye - a * H, -a * beta * eye], 1), -a
    A = torch.cat([top, torch.cat([H, beta * eye], 1)])
    B = torch.cat([push * eye, eye])
    noise, X = B @ C @ B.mT, torch.zeros(2 * d, 2 * d, dtype=DOUBLE)
    for _ in range(steps):
        X = A @ X @ A.mT + noise
    return float((H * X[:d, :d]).sum() / 2)


OPTIMIZERS = {
    "descent": lambda p: torch.optim.SGD(p, lr=0.1),
    "heavy ball": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8),
    "Nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.7, nesterov=True),
    "decay": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.5, weight_decay=0.1),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.6, 1 - 1e-13)),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("steps", [None, 7])
def test_equals_the_dense_second_moments(name, steps):
    model, data = regression()
    optimizer = OPTIMIZERS[name](model.parameters())
    if name == "Adam":
        model.weight.grad = torch.tensor([[0.5, 1.0, 2.0, 3.0]], dtype=DOUBLE)
        kept = model.weight.detach().clone()
        optimizer.step()
        model.weight.data.copy_(kept)
    found = noise_floor(model, half_square, data, optimizer, batch_size=5, steps=steps, batches=12, probes=12, products=4)  # fmt: skip
    law = update_law(list(model.parameters()), optimizer)
    want = dense(model, data, law, found.step, drawn_noise(model, data, 5, 12), steps or 4000)
    assert found.value == pytest.approx(want, rel=1e-8)
    assert 0 < found.error < found.value
    assert found.flat == 0


def test_quadrature_is_exact_for_one_direction():
    """One parameter: nothing is estimated but the trace."""
    model, (x, y) = regression(d=1)
    found = noise_floor(model, half_square, (x, y), step=0.4, batch_size=2, batches=64)
    lam = float(x.square().mean())
    assert found.value == pytest.approx(0.4 * found.noise / (2 * (2 - 0.4 * lam)), rel=1e-12)
    assert found.largest == pytest.approx(lam)


def test_a_run_hovers_there():
    """Five hundred runs of heavy ball at once, each with batches of its own."""
    model, (x, y) = regression()
    a, beta, b, runs = 0.05, 0.6, 4, 500
    optimizer = torch.optim.SGD(model.parameters(), lr=a, momentum=beta)
    found = noise_floor(model, half_square, (x, y), optimizer, batch_size=b, batches=500, probes=12)
    start = model.weight.detach()[0]
    w, v = start.expand(runs, 4).clone(), torch.zeros(runs, 4, dtype=DOUBLE)
    generator = torch.Generator().manual_seed(0)
    least, seen = float(half_square(x @ start[:, None], y)), []
    for step in range(400):
        rows = torch.randint(len(x), (runs, b), generator=generator)
        xs, ys = x[rows], y[rows, 0]
        r = (xs * w[:, None]).sum(-1) - ys
        v = beta * v + (xs * r[..., None]).mean(1)
        w = w - a * v
        if step >= 200 and step % 10 == 0:
            seen.append(float((x @ w.mT - y).square().mean() / 2) - least)
    measured = sum(seen) / len(seen)
    assert measured == pytest.approx(
        found.value, rel=0.12
    )  # the curvature varies between batches, too: a few per cent


def test_batches_and_steps_scale_it():
    model, data = regression()

    def found(**given):
        return noise_floor(model, half_square, data, **given)

    first, batch = found(step=0.01, batch_size=1), found(step=0.01, batch_size=4)
    assert 4 * batch.value == pytest.approx(first.value, abs=4 * math.hypot(first.error, 4 * batch.error))
    assert found(step=0.02, batch_size=1).value == pytest.approx(2 * first.value, rel=0.03)
    few = [found(step=0.01, batch_size=1, steps=T).value for T in (10, 100, 1000, 100_000)]
    assert few == sorted(few)
    assert few[-1] == pytest.approx(first.value, rel=1e-9)


def test_the_error_is_the_spread_of_other_draws():
    model, data = regression()
    several = [
        noise_floor(model, half_square, data, step=0.1, batch_size=2, batches=16, seed=s) for s in range(12)
    ]
    values = torch.tensor([f.value for f in several])
    said = math.sqrt(sum(f.error**2 for f in several) / len(several))
    assert 0.5 < float(values.std()) / said < 2


def test_too_large_a_step_has_no_floor():
    model, data = regression()
    found = noise_floor(model, half_square, data, step=1.0, batch_size=4)
    assert found.value == math.inf
    assert "largest stable" in found.reason.en


def test_flat_directions_are_said_and_not_counted():
    """A saddle: half of the noise lies where it curves downwards."""

    class Saddle(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(2, dtype=DOUBLE))

        def forward(self, x):
            return (x * self.w).sum(-1) + (self.w[0] ** 2 - self.w[1] ** 2) / 2

    x = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]], dtype=DOUBLE)
    found = noise_floor(Saddle(), lambda f, t: f.mean(), (x, torch.zeros(4)), step=0.1, batch_size=1)
    assert found.flat == pytest.approx(0.5)
    assert found.value == pytest.approx(0.1 / (2 * (2 - 0.1)))
    assert "50 %" in found.reason.en
    short = noise_floor(
        Saddle(), lambda f, t: f.mean(), (x, torch.zeros(4)), step=0.1, batch_size=1, steps=50
    )
    assert short.value < 0  # the noise falls off the saddle


def test_without_noise_it_is_zero():
    model, _ = regression()
    x = normal(6, 4)
    found = noise_floor(model, half_square, (x, model(x).detach()), step=0.1, batch_size=2)
    assert (found.value, found.noise) == (0.0, 0.0)


def test_chunks_do_not_matter_and_the_model_stays():
    model, data = regression()
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 1)).double().eval()
    before = [p.clone() for p in net.parameters()], torch.get_rng_state()
    for m in (model, net):
        values = [
            noise_floor(m, half_square, data, step=0.05, batch_size=4, chunk=c).value for c in (None, 7)
        ]
        assert values[0] == pytest.approx(values[1], rel=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(before[0], net.parameters(), strict=True))
    assert torch.equal(before[1], torch.get_rng_state())
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (dict(batch_size=2), "step"),
        (dict(step=0.1, batch_size=0), "batch_size"),
        (dict(step=0.1, batch_size=2, probes=9, batches=8), "probes"),
        (dict(step=-1.0, batch_size=2), "step"),
    ],
)
def test_refused(given, words):
    model, data = regression()
    with pytest.raises(GradusError, match=words):
        noise_floor(model, half_square, data, **given)


def test_closed_form_of_heavy_ball():
    law = update_law([nn.Parameter(torch.zeros(1))], None)._replace(beta=0.7)
    lam = torch.tensor([0.1, 1.0, 5.0], dtype=DOUBLE)
    a, b = 0.3, 0.7
    want = a * (1 + b) / (2 * (1 - b) * (2 * (1 + b) - a * lam))
    assert torch.allclose(excess(law, a, lam, None), want, rtol=1e-12)
    assert torch.allclose(excess(law, a, lam, 5000), want, rtol=1e-9)


@pytest.mark.slow
def test_a_network_hovers_there():
    """A tanh net with weight decay, at its minimum; then SGD with a constant step, 30,000 steps."""
    torch.manual_seed(0)
    x = normal(200, 3)
    y = torch.sin(x[:, :1]) + 0.5 * normal(200, 1, seed=5)
    net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()

    def loss(f, t):
        return half_square(f, t) + 0.01 * sum(p.square().sum() for p in net.parameters()) / 2

    solver = torch.optim.LBFGS(net.parameters(), max_iter=3000, max_eval=6000, tolerance_grad=1e-9, tolerance_change=0, line_search_fn="strong_wolfe")  # fmt: skip

    def closure():
        solver.zero_grad()
        value = loss(net(x), y)
        value.backward()
        return value

    solver.step(closure)
    least = float(loss(net(x), y).detach())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    found = noise_floor(
        net, loss, (x, y), optimizer, batch_size=4, batches=1000, probes=30, products=20, steps=30_000
    )
    generator, seen = torch.Generator().manual_seed(1), []
    for step in range(30_000):
        rows = torch.randint(200, (4,), generator=generator)
        optimizer.zero_grad()
        loss(net(x[rows]), y[rows]).backward()
        optimizer.step()
        if step > 5000 and step % 20 == 0:
            with torch.no_grad():
                seen.append(float(loss(net(x), y)) - least)
    assert sum(seen) / len(seen) == pytest.approx(found.value, rel=0.2)
