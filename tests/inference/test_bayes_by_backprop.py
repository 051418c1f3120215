"""Bayes by backpropagation: the divergence, the batches' shares, draws of outputs; the user's model stays as it was."""

import copy
import math

import pytest
import torch
from small_networks import DOUBLE, data, network, same, state
from torch import nn
from torch.distributions import Normal, kl_divergence

from gradus.errors import GradusError
from gradus.inference import BayesByBackprop

CE = nn.functional.cross_entropy


class TestBayesByBackprop:
    def test_divergence_is_pytorchs_and_the_mean_of_the_logarithm(self):
        net = BayesByBackprop(network(3, 4, 2), 0.7, deviation=0.3)
        pairs = [(Normal(m, s), Normal(0 * m, 0 * m + 0.7)) for m, s in zip(net.means().values(), net.deviations().values(), strict=True)]  # fmt: skip
        exact = sum(kl_divergence(q, p).sum() for q, p in pairs)
        torch.testing.assert_close(net.divergence(), exact)
        torch.manual_seed(0)
        logs = sum(
            (q.log_prob(w) - p.log_prob(w)).flatten(1).sum(1) for q, p in pairs for w in [q.sample((4000,))]
        )
        assert abs(logs.mean() - exact) < 5 * logs.std() / math.sqrt(4000)

    def test_priors_by_name_and_points(self):
        model = network(2, 3, 2)
        net = BayesByBackprop(model, {"0.weight": 0.5, "2.weight": 2.0}, names=["0.weight", "2.weight"])
        want = sum(kl_divergence(Normal(net.means()[n], net.deviations()[n]), Normal(0 * m, 0 * m + s)).sum() for (n, m), s in zip(net.means().items(), (0.5, 2.0), strict=True))  # fmt: skip
        torch.testing.assert_close(net.divergence(), want)
        net(torch.ones(1, 2, dtype=DOUBLE)).sum().backward()
        assert net.model[0].bias.grad is not None and len(net.log_deviations) == 2

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_batches_of_any_sizes_add_up_to_the_whole(self, reduction):
        x, y = data(9, 3, 2)
        net = BayesByBackprop(network(3, 4, 2), deviation=1e-8)  # nearly no noise: all batches see one draw

        def loss(f, t):
            return CE(f, t, reduction=reduction)

        whole = 9 * net.free_energy(loss, x, y, reduction=reduction)
        for cuts in ([3, 3, 3], [1, 2, 6]):
            parts = zip(x.split(cuts), y.split(cuts), strict=True)
            shares = [len(b) * net.free_energy(loss, a, b, total=9, reduction=reduction) for a, b in parts]
            torch.testing.assert_close(sum(shares), whole, rtol=1e-6, atol=0)
        assert float(whole.detach()) > float(net.divergence().detach()) > 100

    def test_outputs_drawn_locally_have_the_weights_distribution_and_quieter_gradients(self):
        x, y = data(12, 3, 2)
        model = network(3, 4, 2)
        spread = {}
        for local in (False, True):
            torch.manual_seed(0)
            net = BayesByBackprop(model, deviation=0.4, local=local)
            gradients = []
            for _ in range(40):
                net.zero_grad()
                net.free_energy(CE, x, y).backward()
                gradients.append(torch.cat([p.grad.flatten() for p in net.log_deviations]))
            spread[local] = torch.stack(gradients).var(0).mean()
        assert spread[True] < 0.6 * spread[False]
        torch.manual_seed(0)
        outputs = net(x[:1].expand(1500, -1)).detach()
        want = BayesByBackprop(model, deviation=0.4).sample(x[:1], 1500).outputs[:, 0]
        for f, g in ((outputs, want), (outputs.square(), want.square())):
            gap = f.mean(0) - g.mean(0)
            assert bool((gap.abs() < 5 * ((f.var(0) + g.var(0)) / 1500).sqrt()).all())

    def test_a_layer_called_twice_is_refused_locally_and_sequences_share_a_draw(self):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(2, 2)

            def forward(self, x):
                return self.layer(self.layer(x))

        with pytest.raises(GradusError, match="local=False"):
            BayesByBackprop(Twice(), local=True)(torch.ones(1, 2))
        rows = BayesByBackprop(nn.Linear(2, 2), local=True)(torch.ones(1, 3, 2))
        torch.testing.assert_close(rows[:, 0], rows[:, 1])

    def test_the_mean_field_of_a_linear_regression_is_where_its_gradient_is_0(self):
        x, _ = data(20, 2, 2)
        y = x @ torch.tensor([[1.0], [-0.5]], dtype=DOUBLE)
        A = x.T @ x / 0.25 + torch.eye(2, dtype=DOUBLE)
        net = BayesByBackprop(nn.Linear(2, 1, bias=False, dtype=DOUBLE), deviation=0.2)
        net.model.weight.data.copy_(torch.linalg.solve(A, x.T @ y / 0.25).T)
        net.log_deviations[0].data.copy_(-A.diagonal()[None].log() / 2)
        # the mean of εεᵀ over these draws is the identity, so that the energy has no noise
        draws = [math.sqrt(2) * s * e[None] for e in torch.eye(2, dtype=DOUBLE) for s in (1, -1)]
        fit = sum((net(x, noise={"weight": e}) - y).square().sum() / (2 * 0.25) for e in draws) / 4
        (fit + net.divergence()).backward()
        assert float(fit.detach()) > 0.5
        for p in net.parameters():
            torch.testing.assert_close(p.grad, torch.zeros_like(p), rtol=0, atol=1e-12)

    def test_the_model_is_left_alone_and_copies_are_apart(self):
        model = network(3, 4, 2)
        before = state(model)
        net = BayesByBackprop(model, local=True)
        x, y = data(4, 3, 2)
        seeds = torch.get_rng_state()
        first = net.sample(x, 3, seed=5).outputs
        assert torch.equal(torch.get_rng_state(), seeds) and net.training
        assert torch.equal(first, net.sample(x, 3, seed=5).outputs)
        assert same((*before[:3], torch.get_rng_state()), model)
        other = copy.deepcopy(net)
        other.model[0].weight.data.zero_()
        assert float(net.model[0].weight.detach().abs().sum()) > 0
        assert torch.equal(net.sample(x, 3, seed=5).outputs, first)
        net.free_energy(CE, x, y).backward()
        assert all(p.grad is None for p in model.parameters())
        again = BayesByBackprop(network(3, 4, 2, seed=7))
        again.load_state_dict(net.state_dict())
        assert torch.equal(again.sample(x, 3, seed=5).outputs, first)

    @pytest.mark.parametrize("call", [
        lambda net, x, y: BayesByBackprop(network(2, 2), names=["no"]),
        lambda net, x, y: BayesByBackprop(nn.ReLU()),
        lambda net, x, y: BayesByBackprop(network(2, 2), {"0.weight": 1.0}),
        lambda net, x, y: net.free_energy(CE, x, y, total=3),
        lambda net, x, y: net.free_energy(lambda f, t: CE(f, t, reduction="none"), x, y),
        lambda net, x, y: net(x, noise={"no": x}),
        lambda net, x, y: net(x, noise={"0.bias": x}),
        lambda net, x, y: net.sample(x[:, :2]),
    ])  # fmt: skip
    def test_refusals_are_in_two_languages(self, call):
        x, y = data(4, 3, 2)
        with pytest.raises(GradusError) as refused:
            call(BayesByBackprop(network(3, 2)), x, y)
        assert refused.value.text.en != refused.value.text.zh
