"""Networks that are built: equal to the function at the nodes, within the bound between; unit by unit, within theirs."""

import itertools
import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.theory import bump_cells, bump_error, bump_network, greedy_network
from gradus.theory.bump_network import FACTORS
from gradus.theory.greedy_network import _candidates

WIDE = torch.float64


def wavy(x):
    return (x * torch.arange(1, x.shape[-1] + 1)).sum(-1).sin() + x.prod(-1)


@pytest.mark.parametrize(("n", "N"), [(1, 9), (2, 5), (3, 3), (4, 2), (5, 1)])
def test_layers_widths_and_nodes(n, N):
    high = torch.linspace(1, 2, n, dtype=WIDE)
    net = bump_network(wavy, n, N, lower=-1.0, upper=high, dtype=WIDE)
    widths = [layer.out_features for layer in net if isinstance(layer, nn.Linear)]
    assert widths == ([N + 1, 1] if n == 1 else [n * (N + 1), (N + 1) ** n - 1, 1])
    nodes = torch.cartesian_prod(*[torch.arange(N + 1, dtype=WIDE) / N] * n).reshape(-1, n) * (high + 1) - 1
    assert torch.allclose(net(nodes)[:, 0], wavy(nodes), atol=1e-12)
    outside = 5 * torch.randn(50, n, dtype=WIDE, generator=torch.Generator().manual_seed(0))
    inside = torch.minimum(outside.clamp(min=-1), high)
    assert torch.allclose(net(outside), net(inside), atol=1e-11)


@pytest.mark.parametrize("a", [1.0, 0.4])
@pytest.mark.parametrize(("n", "N"), [(1, 7), (2, 6), (3, 4), (4, 2)])
def test_the_error_of_hoelder_functions_is_within_the_bound(a, n, N):
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        centre = torch.rand(n, generator=generator, dtype=WIDE)

        def f(x, centre=centre):
            return 3 * (x - centre).abs().amax(-1) ** a

        net = bump_network(f, n, N, dtype=WIDE)
        x = torch.rand(400, n, generator=generator, dtype=WIDE)
        with torch.no_grad():
            assert (net(x)[:, 0] - f(x)).abs().max() <= bump_error(n, N, constant=3.0, exponent=a)


def weight_sums(shares):
    """Σ|w_v| of the nodes of a cell at shares (m, n)."""
    m, n = shares.shape
    H = torch.ones(m, *[2] * n, dtype=WIDE)
    for v in itertools.product((0, 1), repeat=n):
        if any(v):
            H[:, *v] = (shares @ torch.tensor(v, dtype=WIDE) - sum(v) + 1).clamp(min=0)
    for axis in range(1, n + 1):
        H.select(axis, 0).sub_(H.select(axis, 1).clone())
    return H.reshape(m, -1).abs().sum(1)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_factor_is_the_largest_at_the_corners_of_affine_regions(n):
    planes = [(v, sum(v) - 1) for v in itertools.product((0, 1), repeat=n) if sum(v) > 1]
    unit = torch.eye(n).tolist()
    planes += [(e, side) for e in unit for side in (0, 1)]
    sets = torch.tensor(list(itertools.combinations(range(len(planes)), n)))
    A = torch.tensor([p for p, _ in planes], dtype=WIDE)[sets]
    b = torch.tensor([s for _, s in planes], dtype=WIDE)[sets]
    good = torch.linalg.det(A).abs() > 0.5
    corners = torch.linalg.solve(A[good], b[good])
    corners = corners[((corners > -1e-9) & (corners < 1 + 1e-9)).all(1)]
    assert weight_sums(corners).max() == pytest.approx(FACTORS[n])


def test_the_factor_of_five_dimensions_is_reached_and_not_exceeded_at_random():
    assert weight_sums(torch.full((1, 5), 2 / 3, dtype=WIDE)).item() == pytest.approx(FACTORS[5])
    shares = torch.rand(20000, 5, dtype=WIDE, generator=torch.Generator().manual_seed(0))
    assert weight_sums(shares).max() <= FACTORS[5]


def test_cells_for_an_error_are_the_fewest():
    for n, C, a, s, epsilon in ((1, 2.0, 1.0, 1.0, 0.01), (2, 1.0, 0.5, 3.0, 0.2), (3, 5.0, 0.9, 1.0, 0.3)):
        N = bump_cells(epsilon, n, constant=C, exponent=a, side=s)
        assert bump_error(n, N, constant=C, exponent=a, side=s) <= epsilon * (1 + 1e-12)
        assert bump_error(n, N - 1, constant=C, exponent=a, side=s) > epsilon
    assert bump_cells(0.1, 2, constant=0.0) == 1


def test_several_outputs_and_training_go_on():
    net = bump_network(lambda x: torch.stack([x[:, 0], x[:, 1] ** 2, x.sum(1)], 1), 2, 4)
    x = torch.rand(20, 2)
    out = net(x)
    assert out.shape == (20, 3) and out.dtype == torch.float32
    assert torch.allclose(out[:, 0], x[:, 0], atol=1e-5) and torch.allclose(out[:, 2], x.sum(1), atol=1e-5)
    out.square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_no_generator_is_touched():
    before = torch.get_rng_state()
    bump_network(wavy, 2, 3)
    greedy_network(torch.rand(5, 2, generator=torch.Generator()), torch.ones(5), 2, variation=1.0)
    assert torch.equal(before, torch.get_rng_state())


def test_refusals():
    with pytest.raises(GradusError, match="an empty box"):
        bump_network(wavy, 2, 3, lower=1.0)
    with pytest.raises(GradusError, match="at most 1e8 weights"):
        bump_network(wavy, 9, 10)
    with pytest.raises(GradusError, match=r"f\(nodes\)"):
        bump_network(lambda x: x.sum(), 2, 3)
    with pytest.raises(GradusError, match=r"f\(nodes\)"):
        bump_network(lambda x: x[:, 0] / 0, 2, 3)
    with pytest.raises(GradusError, match="2⁵³ cells"):
        bump_cells(1e-10, 3, exponent=0.1)


def data(m=200, d=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(m, d, generator=generator, dtype=WIDE)
    return x, x[:, 0].abs() - (x[:, 1] * x[:, 2]).tanh() + 0.3


def test_the_greedy_network_is_what_its_errors_say():
    x, y = data()
    found = greedy_network(x, y, 30, variation=5.0, candidates=200)
    with torch.no_grad():
        assert (found.model(x)[:, 0] - y).square().mean().item() == pytest.approx(
            found.errors[-1].item(), rel=1e-9
        )
    assert found.model[2].weight.abs().sum() <= 5.0 * (1 + 1e-12)
    assert (found.errors.diff() <= 1e-15).all()
    assert found.model[2].bias.item() == pytest.approx(y.mean().item())


def test_the_least_error_is_below_any_combination():
    """Projected descent on the outer weights, a method of another kind, comes near the lower bound and not below."""
    x, y = data(m=80, d=3)
    few = greedy_network(x, y, 400, variation=1.5, candidates=30, seed=2)
    assert 0 < few.least <= few.errors[-1] <= 1.02 * few.least
    assert greedy_network(x, y, 400, variation=60.0, candidates=30, seed=2).errors[-1] < few.least


def test_within_the_hull_the_error_falls_like_one_over_k():
    x, _ = data(m=150, d=20)
    w, b = _candidates(x, 60, 4)
    h = 3 * torch.relu(x @ w.T + b)
    up, down = h[:, :30].mean(1), -h[:, 30:].mean(1)
    share = -down.mean() / (up.mean() - down.mean())
    y = share * up + (1 - share) * down  # a mean of units and of negative ones, itself of mean 0
    found = greedy_network(x, y, 50, variation=3.0, candidates=60, seed=4)
    left = h.square().mean(0).max() - y.square().mean()
    assert (found.errors * torch.arange(1, 51) <= left).all() and found.least == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("m", [1, 3])
def test_few_samples_and_constant_targets(m):
    x = torch.randn(m, 2, dtype=WIDE, generator=torch.Generator().manual_seed(1))
    found = greedy_network(x, torch.full((m,), 2.0, dtype=WIDE), 3, variation=1.0, candidates=5)
    assert torch.equal(found.errors, torch.zeros(3, dtype=WIDE)) and found.least == 0.0
    assert torch.allclose(found.model(x), torch.full((m, 1), 2.0, dtype=WIDE))


def test_half_precision_in_half_precision_out():
    x, y = data(m=40)
    found = greedy_network(x.bfloat16(), y.bfloat16(), 3, variation=2.0, candidates=20)
    assert found.model[0].weight.dtype == torch.bfloat16
    assert math.isfinite(float(found.errors[-1]))
