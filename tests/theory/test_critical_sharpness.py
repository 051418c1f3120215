"""Critical sharpness along any optimiser's update, and the tracker, against dense curvature; models and optimisers stay as they are."""

import copy
import sys

import numpy as np
import pytest
import torch
from differentiated_models import DOUBLE, example, normal
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from gradus.errors import GradusError
from gradus.theory import SharpnessTracker, critical_sharpness, largest_stable_step
from gradus.training import TrackSharpness, fit


def small(seed=0, width=4):
    model = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 2)).double()
    with torch.no_grad():
        for k, p in enumerate(model.parameters()):
            p.copy_(0.8 * normal(*p.shape, seed=10 * seed + k))
    return model, (normal(12, 3, seed=90), normal(12, 2, seed=91))


OPTIMIZERS = {
    "gradient": lambda p: None,
    "SGD": lambda p: torch.optim.SGD(p, lr=0.05),
    "heavy ball": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-3),
    "Adam, foreach": lambda p: torch.optim.Adam(p, lr=1e-3, foreach=True),
    "Rprop": lambda p: torch.optim.Rprop(p, lr=1e-3),
    "far too large": lambda p: torch.optim.SGD(p, lr=300.0),
    "far too small": lambda p: torch.optim.SGD(p, lr=1e-5),
}


def everything(model, optimizer):
    state = [p.detach().clone() for p in model.parameters()] + [b.clone() for b in model.buffers()]
    state += [p.grad.clone() for p in model.parameters() if p.grad is not None]
    if optimizer is not None:
        state += [
            v.clone() for s in optimizer.state.values() for v in s.values() if isinstance(v, torch.Tensor)
        ]
    return [*state, torch.get_rng_state()]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_loss_is_back_at_its_level_after_a_few_passes(name):
    model, (x, y) = small()
    optimizer = OPTIMIZERS[name](model.parameters())
    mse_loss(model(x), y).backward()
    if name in ("heavy ball", "AdamW", "Adam, foreach"):
        optimizer.step()
        optimizer.step()
    before = everything(model, optimizer)
    found = critical_sharpness(model, mse_loss, (x, y), optimizer, tolerance=0.01)
    assert all(torch.equal(a, b) for a, b in zip(before, everything(model, optimizer), strict=True))
    assert found.passes <= 9 and found.falls <= found.step <= found.rises
    if name not in ("far too large", "far too small"):
        assert found.rises - found.falls <= 0.0101 * found.rises
    twin = copy.deepcopy(model)
    gradients = torch.autograd.grad(mse_loss(model(x), y), list(model.parameters()))
    if optimizer is None:
        delta = gradients
    else:
        run = OPTIMIZERS[name](twin.parameters())
        run.load_state_dict(optimizer.state_dict())
        for p, g in zip(twin.parameters(), gradients, strict=True):
            p.grad = g.clone()
        run.step()
        rate = optimizer.param_groups[0]["lr"]
        delta = [(a - b).detach() / rate for a, b in zip(model.parameters(), twin.parameters(), strict=True)]

    def after(step):
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for p, d in zip(moved.parameters(), delta, strict=True):
                p.sub_(step * d)
        return mse_loss(moved(x), y).item()

    start = after(0.0)
    assert after(found.falls) <= start < after(found.rises)
    tried = [after(k / 100 * found.falls) for k in range(1, 100)]
    assert max(tried) < start  # the first crossing, here
    assert abs(found.sharpness * found.step - 2) < 1e-12


def test_on_a_quadratic_it_is_a_mean_of_the_eigenvalues_and_needs_five_passes():
    model = nn.Linear(5, 1, bias=False).double()
    nn.init.constant_(model.weight, 0.3)
    x, y = normal(20, 5, seed=1), normal(20, 1, seed=2)
    H = 2 * x.mT @ x / 20
    g = torch.autograd.grad(mse_loss(model(x), y), model.weight)[0][0]
    found = critical_sharpness(model, mse_loss, (x, y), tolerance=1e-3)
    assert abs(found.sharpness - float(g @ H @ g / (g @ g))) < 1e-9 and found.passes <= 5
    top = largest_stable_step(model, mse_loss, (x, y), tolerance=1e-9)
    assert found.sharpness <= top.eigenvalue
    along = critical_sharpness(
        model, mse_loss, (x, y), update=[g.norm() * top.vector[None] * (g @ top.vector).sign()]
    )
    assert (
        abs(along.sharpness - top.eigenvalue * float(g.norm() / (g @ top.vector).abs()))
        < 0.01 * along.sharpness
    )


def test_ends_without_a_crossing():
    model, data = small()
    line = nn.Linear(3, 2).double()
    nn.init.constant_(line.weight, 0.2)
    falling = critical_sharpness(line, lambda o, t: o.sum(), data)
    assert falling.step == float("inf") and falling.sharpness == 0 and "no step" in falling.reason.en
    uphill = critical_sharpness(model, mse_loss, data, update=[-g for g in torch.autograd.grad(mse_loss(model(data[0]), data[1]), list(model.parameters()))])  # fmt: skip
    assert uphill.step == 0 and "uphill" in uphill.reason.en
    cliff = critical_sharpness(line, lambda o, t: -torch.log(0.3 - (o - 1).tanh().sum() / 240), data, torch.optim.SGD(line.parameters(), lr=1e4))  # fmt: skip
    assert 0 < cliff.falls <= cliff.step <= cliff.rises
    for call in (
        lambda: critical_sharpness(
            model, mse_loss, data, update=[torch.zeros_like(p) for p in model.parameters()]
        ),
        lambda: critical_sharpness(model, mse_loss, data, update=[torch.ones(2)]),
        lambda: critical_sharpness(model, mse_loss, data, torch.optim.LBFGS(model.parameters())),
        lambda: critical_sharpness(model, mse_loss, data, torch.optim.SGD(model.parameters(), lr=0.0)),
        lambda: critical_sharpness(model, mse_loss, data, torch.optim.SGD(line.parameters(), lr=0.1)),
        lambda: critical_sharpness(model, lambda o, t: o.sum() / 0, data),
    ):
        with pytest.raises(GradusError):
            call()


def test_layers_that_draw_draw_alike_and_statistics_stay():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2)).double()
    data = small()[1]
    before = everything(model, None)
    one, other = (critical_sharpness(model, mse_loss, data) for _ in range(2))
    assert one == other and one.rises - one.falls <= 0.0101 * one.rises
    assert all(torch.equal(a, b) for a, b in zip(before, everything(model, None), strict=True))


def test_tracker_follows_the_dense_eigenvalue_with_fewer_products():
    model, (x, y) = small(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    tracker = SharpnessTracker(mse_loss, optimizer, every=4, tolerance=1e-4)
    cold = 0
    for step in range(41):
        optimizer.zero_grad()
        mse_loss(model(x), y).backward()
        optimizer.step()
        found = tracker(model, (x, y), step)
        assert (found is None) == (step % 4 > 0)
        if found is not None:
            fresh = largest_stable_step(model, mse_loss, (x, y), optimizer, tolerance=1e-9)
            cold += largest_stable_step(model, mse_loss, (x, y), optimizer, tolerance=1e-4).products
            assert abs(found.eigenvalue - fresh.eigenvalue) < 1e-4 * fresh.eigenvalue
            assert found.converged and found.learning_rate == 0.05
    assert [step for step, _ in tracker.rows] == list(range(0, 41, 4))
    assert sum(row.products for _, row in tracker.rows) < 0.9 * cold


def test_tracker_sees_a_direction_that_overtakes():
    """Within a measurement two eigenvalues have changed places: the last vector is exact, and no longer on top."""

    class Bowl(nn.Module):
        def __init__(self):
            super().__init__()
            self.theta = nn.Parameter(torch.zeros(40, dtype=DOUBLE))

        def forward(self, H):
            return (self.theta @ H @ self.theta / 2).reshape(1)

    model, tracker = Bowl(), SharpnessTracker(lambda o, t: o.sum(), every=1)
    for step, (first, second) in enumerate([(5.0, 4.0), (4.0, 5.0), (4.9, 5.0), (5.0, 4.9)]):
        H = torch.diag(
            torch.cat([torch.linspace(-1, 1, 38, dtype=DOUBLE), torch.tensor([first, second]).double()])
        )
        found = tracker(model, (H[None], torch.zeros(1)), step)
        assert abs(found.eigenvalue - 5) < 1e-4, (step, found.eigenvalue)


def test_tracker_as_a_callback_of_fit(tmp_path):
    model, (x, y) = small(2)
    model, x, y = model.float(), x.float(), y.float()
    tracked = TrackSharpness(SharpnessTracker(mse_loss, every=3), (x, y))
    fit(model, mse_loss, (x, y), epochs=3, batch_size=4, optimizer="sgd", learning_rate=0.05, callbacks=[tracked], directory=tmp_path / "run", progress="silent")  # fmt: skip
    assert [row["step"] for row in tracked.rows] == [3, 6, 9]
    now = largest_stable_step(model, mse_loss, (x, y), tolerance=1e-5)
    assert abs(tracked.rows[-1]["eigenvalue"] - now.eigenvalue) < 1e-3 * now.eigenvalue
    lines = (tmp_path / "run" / "sharpness.jsonl").read_text().splitlines()
    assert len(lines) == 3


def test_classification_and_several_batches():
    model, (x, _) = small(3)
    labels = torch.arange(12) % 2
    tracker = SharpnessTracker(cross_entropy, every=1, tolerance=1e-6)
    whole = tracker(model, (x, labels), 0)
    parts = tracker(model, [(x[:5], labels[:5]), (x[5:], labels[5:])], 1)
    assert abs(whole.eigenvalue - parts.eigenvalue) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "rate"),
    [
        (lambda p: torch.optim.SGD(p, lr=2.0), 2.0),
        (lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9), 1.0),
        (lambda p: torch.optim.SGD(p, lr=0.5, momentum=0.9, nesterov=True), 0.5),
        (lambda p: torch.optim.Adam(p, lr=3e-3), 3e-3),
        (lambda p: torch.optim.RMSprop(p, lr=1e-3), 1e-3),
    ],
)
def test_each_optimiser_comes_to_its_own_edge_on_digits(make, rate):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = torch.as_tensor(images[:500] / 16, dtype=torch.float32)
    y = nn.functional.one_hot(torch.as_tensor(labels[:500])).float()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    optimizer = make(model.parameters())
    tracker = SharpnessTracker(mse_loss, optimizer, every=150)
    for step in range(1, 1501):
        optimizer.zero_grad()
        mse_loss(model(x), y).backward()
        optimizer.step()
        tracker(model, (x, y), step)
    shares = [rate / found.step for _, found in tracker.rows[-5:]]
    assert all(0.85 < share < 1.2 for share in shares), shares


def test_nine_passes_find_the_crossing_from_steps_a_hundred_times_too_large_or_too_small():
    crossing = sys.modules["gradus.theory.critical_sharpness"]._crossing
    rng, widths = np.random.default_rng(0), []
    for _ in range(400):
        b, c, d = rng.uniform(0.5, 2), rng.normal(), abs(rng.normal())
        scale, off = 10 ** rng.uniform(-3, 3), 10 ** rng.uniform(-2, 2)
        roots = np.roots([d, c / 2, b, -1])
        first = scale * min(r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0)

        def rise(step, b=b, c=c, d=d, scale=scale):
            t = step / scale
            return scale * (-1 + b * t + c * t * t / 2 + d * t**3)

        found = crossing(rise, scale, first * off, 0.01, 9)
        assert found.passes <= 9 and found.falls <= found.step <= found.rises
        widths.append((found.rises - found.falls) / found.rises)
    assert np.mean(np.array(widths) <= 0.0101) > 0.97


@pytest.mark.parametrize(
    "name",
    ["images, groups", "norms", "attention", "GRU", "an embedding tied to the last layer", "weight norm"],
)
def test_every_kind_of_layer_is_moved_and_left_as_it_was(name):
    model, x, _ = example(name)
    y = normal(*model(x).shape, seed=7)
    before = everything(model, None)
    with torch.no_grad():
        found = critical_sharpness(model, mse_loss, (x, y))
    assert all(torch.equal(a, b) for a, b in zip(before, everything(model, None), strict=True))
    start = mse_loss(model(x), y)
    gradients = torch.autograd.grad(start, list(model.parameters()))
    moved = copy.deepcopy(model)
    for step, higher in ((found.falls, False), (found.rises, True)):
        with torch.no_grad():
            for p, q, g in zip(moved.parameters(), model.parameters(), gradients, strict=True):
                p.copy_(q - step * g)
            assert bool(mse_loss(moved(x), y) > start) == higher
    assert found.rises - found.falls <= 0.0101 * found.rises
