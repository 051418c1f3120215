"""Scores: the three losses agree in expectation, and the ways to samples end at the right distributions."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.generative import langevin_sample, score_matching_loss, score_sample


def normal(m=0.0, v=1.0):
    return lambda x, sigma: (m - x) / (v + sigma.reshape(-1, *[1] * (x.dim() - 1)) ** 2)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2)
        ).double()

    def forward(self, x, sigma):
        return self.layers(torch.cat((x, sigma[:, None]), 1))


def test_the_three_losses_have_one_expectation():
    x = torch.randn(100_000, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = {
        k: score_matching_loss(Net(), x, 0.7, kind=k, seed=1, reduction="none")
        for k in ("denoising", "implicit", "sliced")
    }
    for kind in ("implicit", "sliced"):
        gap = (found["denoising"] - found[kind]).detach()
        assert abs(gap.mean()) < 5 * gap.std() / len(x) ** 0.5


def test_the_divergence_is_autograds():
    net, x = Net(), torch.randn(4, 2, dtype=torch.float64)
    noise, level = (
        torch.randn(4, 2, dtype=torch.float64),
        torch.tensor([0.5, 1.0, 2.0, 0.1], dtype=torch.float64),
    )
    found = score_matching_loss(net, x, level, kind="implicit", noise=noise, reduction="none")
    for i in range(4):
        y = x[i] + level[i] * noise[i]
        jacobian = torch.autograd.functional.jacobian(lambda v, i=i: net(v[None], level[i : i + 1])[0], y)
        s = net(y[None], level[i : i + 1])[0]
        torch.testing.assert_close(found[i], level[i] ** 2 * ((s @ s) / 2 + jacobian.trace()) + 1)


@pytest.mark.parametrize("kind", ["denoising", "implicit", "sliced"])
def test_it_learns_a_score(kind):
    """Of N(2, 1) with noise 0.5, linear in x: s = (2 − x)/1.25."""
    x = 2 + torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    line = torch.nn.Linear(1, 1)
    optimizer = torch.optim.LBFGS(line.parameters(), max_iter=50, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = score_matching_loss(lambda y, sigma: line(y), x, 0.5, kind=kind, seed=3)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert abs(line.weight.item() + 0.8) < 0.05 and abs(line.bias.item() - 1.6) < 0.1


def test_langevin_settles_where_it_should():
    start = torch.zeros(20_000, 1, dtype=torch.float64)
    for step in (0.2, 1.0, 2.0):
        x = langevin_sample(normal(1.0, 0.75), start, 0.5, step=step, steps=100, seed=0)
        assert abs(x.var() - 1 / (1 - step / 4)) < 0.05 * x.var() and abs(x.mean() - 1) < 0.05
    path = langevin_sample(normal(), start[:3], 1.0, step=0.1, steps=4, seed=0, trajectory=True)
    assert path.shape == (5, 3, 1) and not path[0].any()


@pytest.mark.parametrize("method", ["flow", "reverse-sde", "annealed-langevin"])
def test_the_ways_down_end_at_the_data(method):
    start = 3 + 10 * torch.randn(20_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scales = torch.cat((torch.logspace(1, -2, 200, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)))
    x = score_sample(normal(3.0, 0.25), start, scales, method=method, inner=3, ratio=0.2, seed=1)
    # what Langevin's equation is wider by at a level where its step is no longer small is forgotten at the next ones
    assert abs(x.mean() - 3) < 0.05 and abs(x.std() - 0.5) < 0.04, (x.mean(), x.std())
    again = score_sample(normal(3.0, 0.25), start, scales.tolist(), method=method, inner=3, ratio=0.2, seed=1)
    assert torch.equal(x, again)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: score_matching_loss(normal(), torch.zeros(2, 1), 0.0), "scale"),
        (lambda: score_matching_loss(normal(), torch.zeros(2, 1), torch.tensor([1.0, -1.0])), "positive"),
        (lambda: score_matching_loss(normal(), torch.zeros(2, 1), torch.ones(3)), "one a sample"),
        (lambda: score_matching_loss(lambda x, s: x[:1], torch.zeros(2, 1), 1.0), "score"),
        (lambda: score_sample(normal(), torch.zeros(2, 1), [1.0, 2.0]), "fall"),
        (lambda: score_sample(normal(), torch.zeros(2, 1), [1.0]), "falling"),
        (lambda: langevin_sample(normal(), torch.ones(2, 1), 1.0, step=50.0, steps=1000, seed=0), "step"),
    ],
)
def test_what_does_not_fit(call, says):
    with pytest.raises(GradusError, match=says):
        call()
