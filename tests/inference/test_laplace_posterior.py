"""Laplace's approximation of a network: exact where it can be; dropout's draws; entropies of what is predicted."""

import copy
import math

import pytest
import torch
from small_networks import DOUBLE, data, network, same, state
from torch import nn
from torch.distributions import MultivariateNormal

from gradus.errors import GradusError
from gradus.inference import laplace, mc_dropout, predictive_entropy, predictive_information

CE = nn.functional.cross_entropy


class TestLaplace:
    def regression(self, outputs=2):
        x, _ = data(12, 3, 2)
        y = x @ torch.randn(3, outputs, generator=torch.Generator().manual_seed(3), dtype=DOUBLE) + 0.3
        A = x.T @ x / 0.4 + 2 * torch.eye(3, dtype=DOUBLE)
        model = nn.Linear(3, outputs, bias=False, dtype=DOUBLE)
        model.weight.data.copy_(torch.linalg.solve(A, x.T @ y / 0.4).T)
        return model, x, y, A

    @pytest.mark.parametrize("kind", ["full", "last-layer", "kronecker"])
    def test_exact_for_linear_networks_with_normal_noise(self, kind):
        model, x, y, A = self.regression()
        found = laplace(model, (x, y), "gaussian", kind=kind, prior_precision=2.0, noise=0.4)
        C = 0.4 * torch.eye(12, dtype=DOUBLE) + x @ x.T / 2
        truth = MultivariateNormal(torch.zeros(12, dtype=DOUBLE), C).log_prob(y.T).sum()
        assert found.evidence == pytest.approx(float(truth), rel=1e-12)
        new = torch.randn(5, 3, dtype=DOUBLE)
        mean, covariance = found.outputs(new)
        torch.testing.assert_close(mean, model(new).detach())
        exact = (new @ torch.linalg.inv(A) * new).sum(1)
        torch.testing.assert_close(covariance, exact[:, None, None] * torch.eye(2, dtype=DOUBLE))
        assert found.weights == 6

    def test_of_independent_inputs_the_diagonal_is_enough(self):
        _, _, y, _ = self.regression(1)
        x = torch.linalg.qr(torch.randn(12, 3, dtype=DOUBLE))[0]
        model = nn.Linear(3, 1, bias=False, dtype=DOUBLE)
        pair = [laplace(model, (x, y), "gaussian", kind=k, prior_precision=1.0) for k in ("full", "diagonal")]
        assert pair[0].evidence == pytest.approx(pair[1].evidence, rel=1e-12)
        torch.testing.assert_close(pair[0].outputs(x)[1], pair[1].outputs(x)[1])

    @pytest.mark.parametrize("likelihood", ["categorical", "bernoulli"])
    def test_whole_matrix_is_that_of_the_second_derivatives_of_a_linear_network(self, likelihood):
        x, y = data(10, 3, 4)
        model = network(3, 4)
        if likelihood == "bernoulli":
            y = nn.functional.one_hot(y, 4).to(DOUBLE)
        loss = CE if likelihood == "categorical" else nn.functional.binary_cross_entropy_with_logits
        flat = torch.cat([model[0].weight.data, model[0].bias.data[:, None]], 1).flatten()

        def whole(w):
            W = w.reshape(4, 4)
            return loss(x @ W[:, :3].T + W[:, 3], y, reduction="sum")

        H = torch.autograd.functional.hessian(whole, flat)
        found = laplace(model, (x, y), likelihood, kind="full", prior_precision=0.7)
        want = (
            -whole(flat)
            - 0.35 * flat.square().sum()
            - torch.logdet(torch.eye(16, dtype=DOUBLE) + H / 0.7) / 2
        )
        assert found.evidence == pytest.approx(float(want), rel=1e-10)
        last = laplace(model, (x, y), likelihood, kind="last-layer", prior_precision=0.7)
        assert last.evidence == pytest.approx(found.evidence, rel=1e-12)

    def test_the_last_layer_is_the_whole_matrix_where_the_rest_is_fixed(self):
        x, y = data(10, 3, 3)
        model = network(3, 5, 3)
        last = laplace(model, (x, y), prior_precision=0.5)
        for p in model[0].parameters():
            p.requires_grad_(False)
        full = laplace(model, (x, y), kind="full", prior_precision=0.5)
        assert last.evidence == pytest.approx(full.evidence, rel=1e-12) and last.weights == full.weights == 18
        torch.testing.assert_close(last.outputs(x)[1], full.outputs(x)[1])

    def test_kronecker_factors_of_one_sample_are_exact_layer_by_layer(self):
        x, y = data(1, 3, 3)
        model = network(3, 4, 3)
        spread = torch.zeros(1, 3, 3, dtype=DOUBLE)
        for k in (0, 2):
            one = copy.deepcopy(model)
            for p in one[2 - k].parameters():
                p.requires_grad_(False)
            spread = spread + laplace(one, (x, y), kind="full", prior_precision=0.5).outputs(x)[1]
        found = laplace(model, (x, y), kind="kronecker", prior_precision=0.5).outputs(x)[1]
        torch.testing.assert_close(found, spread)

    @pytest.mark.parametrize("kind", ["full", "last-layer", "kronecker", "diagonal"])
    def test_batches_convolutions_and_other_layers(self, kind):
        torch.manual_seed(0)
        parts = [nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.LayerNorm(8), nn.Linear(8, 3)]
        model = nn.Sequential(*parts).to(DOUBLE).train()
        if kind == "kronecker":
            parts[3].requires_grad_(False)
        x = torch.randn(7, 1, 4, 4, dtype=DOUBLE)
        y = torch.tensor([0, 1, 2, 0, 1, 2, 0])
        before = state(model)
        whole = laplace(model, (x, y), kind=kind, prior_precision=1.0)
        assert same(before, model)
        parts_of = laplace(model, [(x[:2], y[:2]), (x[2:], y[2:])], kind=kind, prior_precision=1.0)
        assert parts_of.evidence == pytest.approx(whole.evidence, rel=1e-12)
        covariance = whole.outputs(x)[1]
        torch.testing.assert_close(covariance, parts_of.outputs(x)[1])
        assert float(torch.linalg.eigvalsh(covariance).min()) > 0
        draws = whole.sample(x, 3000, seed=1)
        torch.testing.assert_close(draws.variance, covariance.diagonal(dim1=1, dim2=2), rtol=0.2, atol=0)
        model[-1].weight.data.zero_()
        torch.testing.assert_close(whole.outputs(x)[1], covariance)  # of a copy

    def test_the_prior_of_greatest_evidence_is_where_the_determined_weights_say(self):
        x, y = data(30, 3, 3)
        found = laplace(network(3, 4, 3), (x, y), kind="kronecker")
        square = found.effective / found.prior_precision
        weights = sum(float(p.detach().square().sum()) for p in network(3, 4, 3).parameters())
        assert square == pytest.approx(weights, rel=1e-9)
        assert all(
            found.with_prior(found.prior_precision * f).evidence < found.evidence
            for f in (0.5, 0.99, 1.01, 2)
        )
        assert found.with_prior("evidence").prior_precision == pytest.approx(found.prior_precision)
        still = nn.Linear(3, 3, dtype=DOUBLE)
        nn.init.zeros_(still.weight)
        nn.init.zeros_(still.bias)
        with pytest.raises(GradusError, match="no maximum"):
            laplace(still, (x, y))

    def test_probit_is_near_the_mean_of_the_sigmoid_and_blind_to_what_outputs_share(self):
        x, _ = data(8, 2, 2)
        y = (x[:, :1] > 0).to(DOUBLE)
        found = laplace(network(2, 1), (x, y), "bernoulli", prior_precision=0.3)
        mean, covariance = found.outputs(3 * x)
        t = torch.linspace(-8, 8, 801, dtype=DOUBLE)
        weight = torch.exp(-t * t / 2) / torch.exp(-t * t / 2).sum()
        exact = ((mean + covariance[:, :, 0].sqrt() * t).sigmoid() * weight).sum(1)
        p = found.probabilities(3 * x)
        assert float((p[:, 1] - exact).abs().max()) < 0.02
        torch.testing.assert_close(p.sum(1), torch.ones(8, dtype=DOUBLE))
        # for classes only variances are seen: one log-odds as two logits (f, 0) gives the same, (f/2, −f/2) not
        shifted = torch.tensor([[1.0, 0.0], [0.5, -0.5]], dtype=DOUBLE)
        spread = torch.tensor([[4.0, 0.0], [1.0, 1.0]], dtype=DOUBLE)
        said = (shifted / (1 + math.pi / 8 * spread).sqrt()).softmax(-1)[:, 0]
        assert float((said[0] - said[1]).abs()) > 0.02

    @pytest.mark.parametrize("call", [
        lambda m, x, y: laplace(m, (x, y + 9)),
        lambda m, x, y: laplace(m, (x, y), "gaussian"),
        lambda m, x, y: laplace(m, []),
        lambda m, x, y: laplace(nn.Sequential(m, nn.Tanh()), (x, y)),
        lambda m, x, y: laplace(nn.Sequential(m, nn.LayerNorm(2).double()), (x, y), kind="kronecker"),
        lambda m, x, y: laplace(m, (x, y), prior_precision=-1.0),
        lambda m, x, y: laplace(m, (x, y), prior_precision="most"),
        lambda m, x, y: laplace(m, (x, x[:, :2]), "gaussian").probabilities(x),
        lambda m, x, y: laplace(nn.Flatten(0), (x, y), kind="full"),
        lambda m, x, y: laplace(m, (x, y)).outputs(x[:, :1]),
    ])  # fmt: skip
    def test_refusals_are_in_two_languages(self, call):
        x, y = data(4, 3, 2)
        with pytest.raises(GradusError) as refused:
            call(network(3, 2), x, y)
        assert refused.value.text.en != refused.value.text.zh


class TestPredictions:
    def test_dropout_at_rate_0_is_the_network_and_all_masks_have_its_mean(self):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Dropout(0.0), nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).train()
        x = torch.randn(5, 3)
        before = state(model)
        found = mc_dropout(model, x, 4)
        assert same(before, model)
        point = model.eval()(x).detach()
        assert bool((found.outputs == point).all()) and float(found.mutual_information.max()) == 0
        model[0].p = 0.5
        drawn = mc_dropout(model, x, 800, seed=1)
        gap = (drawn.mean - point).abs()  # linear behind the layer: the mean over the masks is the network
        assert (
            bool((gap < 5 * (drawn.variance / 800).sqrt()).all())
            and float(drawn.mutual_information.min()) > 0
        )
        with pytest.raises(GradusError):
            mc_dropout(nn.Linear(3, 2), x)

    def test_entropy_and_information(self):
        p = torch.rand(6, 3, 4, dtype=DOUBLE, generator=torch.Generator().manual_seed(0))
        p = p / p.sum(-1, keepdim=True)
        mean = p.mean(0)
        torch.testing.assert_close(predictive_entropy(p), -(mean * mean.log()).sum(-1))
        want = predictive_entropy(p) + (p * p.log()).sum(-1).mean(0)
        torch.testing.assert_close(predictive_information(p), want)
        sure = torch.eye(3, dtype=DOUBLE)[:, None]
        assert predictive_information(sure).item() == pytest.approx(math.log(3))
        assert float(predictive_information(sure[:1])) == 0 == float(predictive_entropy(sure[:1]))
        for bad in (p[0, 0], 2 * p, -p, p[:0]):
            with pytest.raises(GradusError):
                predictive_information(bad)
