"""Limits of descent against a support vector machine, and normalised margins of networks along their training."""

import numpy as np
import pytest
import torch
from differentiated_models import DOUBLE, normal
from torch import nn

from gradus.errors import GradusError
from gradus.theory import implicit_bias, normalized_margin


def separable(n, d, seed=0, margin=0.3):
    w, x = normal(d, seed=seed), normal(n, d, seed=seed + 50)
    y = torch.where(x @ w > 0, 1.0, -1.0).to(DOUBLE)
    return x + margin * y[:, None] * w / w.norm(), y


@pytest.mark.parametrize(("n", "d"), [(30, 3), (150, 15), (25, 200)])
def test_equals_a_support_vector_machine_without_offset(n, d):
    """Every sample with its mirror image: then the machine's offset is 0."""
    from sklearn.svm import SVC

    x, y = separable(n, d, seed=n)
    found = implicit_bias(x, y)
    z = (x * y[:, None]).numpy()
    machine = SVC(kernel="linear", C=1e9, tol=1e-9).fit(np.vstack([z, -z]), np.repeat([1.0, -1.0], n))
    w = machine.coef_[0]
    assert found.direction.numpy() == pytest.approx(w / np.linalg.norm(w), abs=1e-5)
    assert float(found.margin) >= (z @ w).min() / np.linalg.norm(w)
    margins = z @ found.direction.numpy()
    assert (found.at_margin.numpy() == (margins <= margins.min() + 1e-8)).all()


def test_degenerate_samples():
    """Many at the same margin, copies, and samples on a ray."""
    grid = torch.cartesian_prod(torch.arange(-3.0, 4.0), torch.arange(1.0, 4.0)).double()
    found = implicit_bias(torch.cat([grid, 2 * grid, grid]), torch.ones(63, dtype=DOUBLE))
    assert found.direction.tolist() == pytest.approx([0.0, 1.0], abs=1e-12)
    assert float(found.margin) == pytest.approx(1.0)
    assert int(found.at_margin.sum()) == 14


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_other_precisions(dtype):
    x, y = separable(20, 4)
    found = implicit_bias(x.to(dtype), y.to(dtype), torch.ones(4, dtype=dtype))
    exact = implicit_bias(x.to(dtype).double(), y, torch.ones(4, dtype=DOUBLE))
    for a, b in zip(found, exact, strict=True):
        assert a.dtype == (torch.bool if b.dtype == torch.bool else dtype)
        assert torch.allclose(a.double(), b.double(), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([[1.0, 0.0], [-1.0, 0.0]], [1.0, 1.0], "separates"),
        ([[1.0, 0.0], [1.0, 0.0]], [1.0, -1.0], "separates"),
        ([[0.0, 0.0]], [1.0], "0"),
        ([[1.0, 0.0]], [0.0], "labels"),
        ([[1.0, 0.0]], [1.0, 1.0], "y"),
        ([[1.0, float("nan")]], [1.0], "x"),
    ],
)
def test_refused(x, y, words):
    with pytest.raises(GradusError, match=words):
        implicit_bias(torch.tensor(x), torch.tensor(y))


def network(*layers):
    torch.manual_seed(1)
    return nn.Sequential(*layers).double()


HOMOGENEOUS = {
    "linear": (lambda: network(nn.Linear(4, 3)), 1),
    "two layers": (lambda: network(nn.Linear(4, 9, bias=False), nn.ReLU(), nn.Linear(9, 3, bias=False)), 2),
    "convolutions": (
        lambda: network(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 5, 2, bias=False), nn.LeakyReLU(), nn.Conv1d(5, 4, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3, bias=False)),
        3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ["linear", "two layers", "convolutions"])
def test_degree_norm_and_margin(name):
    make, degree = HOMOGENEOUS[name]
    model, x = make(), normal(40, 4)
    labels = model(x).argmax(1)
    before = [p.clone() for p in model.parameters()]
    found = normalized_margin(model, [(x[:25], labels[:25]), (x[25:], labels[25:])])
    f = model(x).detach()
    top = f.topk(2, 1).values
    norm = sum(float(p.detach().square().sum()) for p in model.parameters()) ** 0.5
    assert found.degree == degree
    assert found.smallest == pytest.approx(float((top[:, 0] - top[:, 1]).min()))
    assert found.norm == pytest.approx(norm)
    assert found.value == pytest.approx(found.smallest / norm**degree)
    loss = float(nn.functional.cross_entropy(f, labels, reduction="sum"))
    assert found.smoothed == pytest.approx(-np.log(np.expm1(loss)) / norm**degree)
    assert found.smoothed < found.value
    assert found.errors == 0
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_scale_does_not_matter_and_far_out_the_two_meet():
    model, x = HOMOGENEOUS["two layers"][0](), normal(20, 4)
    labels = model(x).argmax(1)
    first = normalized_margin(model, (x, labels))
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1000.0)
    found = normalized_margin(model, (x, labels))
    assert found.value == pytest.approx(first.value)
    assert found.smoothed == pytest.approx(found.value, rel=1e-3)


def test_it_rises_along_the_training_of_a_network():
    """Lyu and Li: once the summed loss is below ln 2 the smoothed margin does not fall along descent with small steps."""
    model = network(nn.Linear(2, 10, bias=False), nn.ReLU(), nn.Linear(10, 1, bias=False))
    x, y = separable(12, 2, margin=0.8)
    labels, seen = (y > 0).long(), []
    for step in range(600):
        model.zero_grad()
        loss = nn.functional.softplus(-y * model(x)[:, 0]).sum()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.02 * p.grad
        if step % 60 == 0 and float(loss.detach()) < 0.69:
            seen.append(normalized_margin(model, (x, labels)))
    assert len(seen) >= 5
    smoothed = [s.smoothed for s in seen]
    assert smoothed == sorted(smoothed)
    assert all(s.smoothed <= s.value for s in seen)
    assert all(s.errors == 0 for s in seen) and seen[-1].value > 1.02 * seen[0].value


def test_linear_models_stay_below_the_largest_margin():
    x, y = separable(15, 3)
    model = network(nn.Linear(3, 1, bias=False))
    best = implicit_bias(x, y)
    with torch.no_grad():
        model[0].weight.copy_(best.direction * 7)
    found = normalized_margin(model, (x, (y > 0).long()))
    assert found.value == pytest.approx(float(best.margin))


@pytest.mark.parametrize(
    "model",
    [
        network(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)),
        network(nn.Linear(4, 5, bias=False), nn.Tanh(), nn.Linear(5, 3, bias=False)),
        network(nn.Linear(4, 5, bias=False), nn.BatchNorm1d(5)),
    ],
)
def test_other_networks_are_refused(model):
    with pytest.raises(GradusError, match="model"):
        normalized_margin(model, (normal(9, 4), torch.zeros(9, dtype=torch.long)))


def test_samples_of_very_different_lengths():
    """A direction that separates the samples separates them at any length; the margin is right to rounding."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((60, 20)) + 0.1
    u = np.ones(20) / np.sqrt(20)
    z[z @ u < 0] *= -1
    z = (z + 0.1 * u) * 10.0 ** rng.uniform(-3, 3, (60, 1))
    found = implicit_bias(torch.tensor(z), torch.ones(60, dtype=torch.float64))
    from scipy.optimize import nnls

    units = z / np.linalg.norm(z, axis=1, keepdims=True)
    at = found.at_margin.numpy()
    alpha, left = nnls(units[at].T, found.direction.numpy())
    assert left < 1e-10 and (z @ found.direction.numpy()).min() > 0
    assert (alpha / np.linalg.norm(z[at], axis=1)).sum() * float(found.margin) == pytest.approx(1, rel=1e-9)


def test_a_tiny_margin_is_told_from_none():
    z = np.column_stack([np.full(20, 1e-9), np.random.default_rng(0).standard_normal(20)])
    found = implicit_bias(torch.tensor(z), torch.ones(20, dtype=torch.float64))
    assert float(found.margin) == pytest.approx(1e-9, rel=1e-8) and bool(found.at_margin.all())


def test_the_definition_knows_no_unit_of_a_sample():
    from gradus.concepts.theory import implicit_bias as page

    z = np.array([[1e7, 0.0], [0.0, 1e-3], [5.0, 5.0]])
    w = np.array([1e-7, 1e3])
    assert page.implicit_bias(z, np.ones(3))[0] == pytest.approx(w / np.linalg.norm(w), rel=1e-12)
    ours = implicit_bias(torch.tensor(z), torch.ones(3, dtype=torch.float64))
    assert ours.direction.numpy() == pytest.approx(w / np.linalg.norm(w), rel=1e-12)
    assert ours.at_margin.tolist() == [True, True, False]
