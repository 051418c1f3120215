"""Flow matching: orders of the methods, couplings against enumeration, and a network that learns two moons."""

import itertools

import pytest
import torch

from gradus.errors import GradusError
from gradus.generative import flow_matching_loss, flow_matching_sample, guided, optimal_coupling


def normal(m, v):
    """The mean velocity for data N(m, v) and independent noise."""

    def velocity(x, t):
        t = t[:, None]
        return m + (t * v - (1 - t)) / (t**2 * v + (1 - t) ** 2) * (x - t * m)

    return velocity


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2), ("rk4", 4)])
def test_each_method_has_its_order(method, order):
    start, off = torch.tensor([[-1.0], [0.5], [2.0]], dtype=torch.float64), []
    for steps in (32, 64):
        x = flow_matching_sample(normal(1.0, 0.25), (3, 1), steps=steps, method=method, start=start)
        off.append((x - (1 + start / 2)).abs().max().item())
    assert off[0] / off[1] > 2**order * 0.75


def test_the_path_and_the_seed():
    path = flow_matching_sample(normal(1.0, 0.25), (3, 1), steps=4, seed=1, trajectory=True)
    assert path.shape == (5, 3, 1)
    assert torch.equal(path[-1], flow_matching_sample(normal(1.0, 0.25), (3, 1), steps=4, seed=1))
    led = guided(
        lambda x, t, c: normal(1.0, 0.25)(x, t) * (1 + c[:, None]), torch.tensor([1, 1, 1]), 1.0, none=0
    )
    assert flow_matching_sample(led, (3, 1), steps=2, seed=0).shape == (3, 1)


def test_the_loss_is_the_mean_over_numbers_and_batch():
    x, noise, t = torch.randn(4, 3, 2), torch.randn(4, 3, 2), torch.tensor([0.0, 0.3, 0.9, 1.0])
    v = lambda x, t: 2 * x + t[:, None, None]
    wide = t[:, None, None]
    want = (v((1 - wide) * noise + wide * x, t) - (x - noise)).square().mean((1, 2))
    each = flow_matching_loss(v, x, t=t, noise=noise, reduction="none")
    torch.testing.assert_close(each, want)
    torch.testing.assert_close(flow_matching_loss(v, x, t=t, noise=noise), want.mean())


def test_the_coupling_is_the_best_of_all():
    noise, x = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0))

    def cost(order):
        return float((noise[list(order)] - x).square().sum())

    best = min(itertools.permutations(range(6)), key=cost)
    assert tuple(optimal_coupling(noise, x).tolist()) == best
    a, b = torch.randn(2, 50, 1)
    paired = a[optimal_coupling(a, b)]
    assert torch.equal(paired[:, 0].argsort(), b[:, 0].argsort())  # in one dimension: in order


def test_a_network_learns_two_moons():
    from sklearn.datasets import make_moons

    torch.manual_seed(0)
    data = torch.tensor(make_moons(2000, noise=0.05, random_state=0)[0], dtype=torch.float32)
    data = (data - data.mean(0)) / data.std(0)
    layers = torch.nn.Sequential(
        torch.nn.Linear(3, 96),
        torch.nn.SiLU(),
        torch.nn.Linear(96, 96),
        torch.nn.SiLU(),
        torch.nn.Linear(96, 2),
    )
    model = lambda x, t: layers(torch.cat((x, t[:, None]), 1))
    optimizer = torch.optim.Adam(layers.parameters(), 3e-3)
    for _ in range(800):
        optimizer.zero_grad()
        flow_matching_loss(model, data[torch.randint(2000, (512,))]).backward()
        optimizer.step()
    x = flow_matching_sample(model, (500, 2), steps=20, method="midpoint", seed=1)
    near = torch.cdist(x, data).min(1).values
    assert near.mean() < 0.2 and torch.cdist(data, x).min(1).values.mean() < 0.2


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: flow_matching_loss(normal(0, 1), torch.zeros(2, 1), t=1.5), "t"),
        (lambda: flow_matching_loss(normal(0, 1), torch.zeros(2, 1), t=torch.tensor([0.1, -0.1])), "0 to 1"),
        (lambda: flow_matching_loss(lambda x, t: x[:1], torch.zeros(2, 1)), "velocity"),
        (lambda: flow_matching_sample(normal(0, 1), (2, 1), method="leapfrog"), "method"),
        (lambda: flow_matching_sample(lambda x, t: x / 0, (2, 1)), "step 1"),
        (lambda: optimal_coupling(torch.zeros(2, 1), torch.zeros(3, 1)), "x"),
    ],
)
def test_what_does_not_fit(call, says):
    with pytest.raises(GradusError, match=says):
        call()
