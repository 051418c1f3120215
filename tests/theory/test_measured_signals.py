"""Signals of any module: as autograd by hand, mean field beside, dead and saturated units, the model left as it was."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.theory import measure_signals


def square(outputs, targets):
    return (outputs - targets).square().mean()


def rows_of(model, inputs, loss=lambda o, t: o.square().mean()):
    return measure_signals(model, loss, (inputs, torch.zeros(len(inputs))))


def deep_tanh(width=256, depth=8, sigma_w=1.5, seed=0):
    torch.manual_seed(seed)
    net = nn.Sequential(
        *[layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.Tanh())], nn.Linear(width, 1)
    )
    for layer in net[::2]:
        nn.init.normal_(layer.weight, std=sigma_w / layer.in_features**0.5)
        nn.init.normal_(layer.bias, std=0.2)
    return net.double()


def test_a_row_is_what_autograd_says():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 2)).double()
    x, y = torch.randn(9, 5).double(), torch.randn(9, 2).double()
    hidden = net[0](x).detach().requires_grad_()
    square(net[2](hidden.tanh()), y).backward()
    gradient, hidden = hidden.grad, hidden.detach()
    first, tanh, last = measure_signals(net, square, (x, y))
    assert (first.name, first.kind, tanh.kind, last.name) == ("0", "Linear", "tanh", "2")
    assert first.moment == pytest.approx(float(hidden.square().mean()))
    assert first.variance == pytest.approx(float(hidden.var(correction=0)))
    assert first.gradient == pytest.approx(float(gradient.norm()))
    flat = (1 - hidden.tanh().square()) < 0.01
    assert tanh.saturated == pytest.approx(float(flat.double().mean())) and tanh.dead == 0
    assert first.dead is None and last.saturated is None


def test_batches_are_put_together():
    net, x = deep_tanh(16, 2), torch.randn(12, 16).double()
    y = torch.zeros(12, 1)
    whole = measure_signals(net, square, (x, y))
    parts = measure_signals(net, square, ((x[i : i + 4], y[i : i + 4]) for i in range(0, 12, 4)))
    assert [r.moment for r in parts] == pytest.approx([r.moment for r in whole])
    assert [r.predicted_moment for r in parts] == pytest.approx([r.predicted_moment for r in whole])


def test_mean_field_beside_a_wide_net():
    moments, gradients = [], []
    for seed in range(5):
        for row in rows_of(deep_tanh(seed=seed), torch.randn(20, 256).double())[:-1]:
            moments.append(math.log(row.moment / row.predicted_moment))
            gradients.append(math.log(row.gradient / row.predicted_gradient))
    assert max(map(abs, moments)) < 0.15, (
        "scatter of a net: √(L/n) ≈ 0.18 at the end, a fraction of it before"
    )
    assert max(map(abs, gradients)) < 0.5
    assert abs(sum(gradients) / len(gradients)) < 0.15


def test_exploding_vanishing_and_constant_gradients():
    def ratio(sigma_w):
        rows = [
            r
            for r in rows_of(deep_tanh(128, 20, sigma_w), torch.randn(8, 128).double())
            if r.kind == "Linear"
        ]
        return math.log(rows[0].gradient / rows[-2].gradient)

    assert ratio(0.5) < -10 and ratio(3.0) > 5


@pytest.mark.parametrize(
    "act",
    [
        nn.ReLU(),
        nn.ReLU(inplace=True),
        torch.relu_,
        F.relu,
        lambda x: x.relu(),
        lambda x: F.leaky_relu(x, 0.0, True),
    ],
)
def test_dead_units_however_the_activation_is_written(act):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last, self.act = nn.Linear(3, 4), nn.Linear(4, 1), act

        def forward(self, x):
            return self.last(self.act(self.first(x)))

    torch.manual_seed(0)
    net = Net()
    with torch.no_grad():
        net.first.bias[:3] = torch.tensor([-100.0, -100.0, 100.0])
    row = rows_of(net, torch.randn(50, 3))[1]
    assert row.dead == 0.5 and row.predicted_moment is not None


def test_channels_of_a_convolution_are_its_units():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, groups=2),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 3, 2, stride=2),
        nn.Flatten(),
        nn.Linear(300, 1),
    )
    with torch.no_grad():
        net[0].bias[0] = -100.0
    rows = rows_of(net, torch.randn(6, 2, 7, 7))
    assert rows[1].dead == 0.25
    assert [r.kind for r in rows] == ["Conv2d", "relu", "ConvTranspose2d", "Linear"]
    assert all(r.reason.en == "" for r in rows), "a view does not break a chain"


def test_wide_convolutions_are_predicted():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(8, 128, 3),
        nn.Tanh(),
        nn.Conv2d(128, 128, 3, groups=2),
        nn.Tanh(),
        nn.ConvTranspose2d(128, 64, 2, stride=2),
    )
    mixed = lambda o, t: (o * torch.randn(o.shape, generator=torch.Generator().manual_seed(1))).mean()
    for row in rows_of(net, torch.randn(4, 8, 12, 12), mixed):
        assert row.moment == pytest.approx(row.predicted_moment, rel=0.15), row
        assert row.gradient == pytest.approx(row.predicted_gradient, rel=0.15), row


def test_a_branch_ends_the_prediction_of_the_gradient():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Linear(64, 64) for _ in range(3))

        def forward(self, x):
            x = self.a(x)
            return self.c(x + torch.tanh(self.b(x)))

    a, b, tanh, c = rows_of(Net(), torch.randn(10, 64))
    assert a.predicted_gradient == a.gradient, "two ways lead back: its chain ends here"
    assert b.predicted_gradient != b.gradient and tanh.predicted_gradient == tanh.gradient
    assert c.predicted_moment is None and "not follow" in c.reason.en and c.reason.zh


def test_a_part_of_an_output_is_another_signal():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 1)

        def forward(self, x):
            return self.b(self.a(x)[:, 0])

    a, b = rows_of(Net(), torch.randn(5, 3, 8))
    assert a.reason.en == "" and "not follow" in b.reason.en


def test_layers_of_many_kinds_have_rows_and_reasons():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.rnn = nn.Embedding(9, 8), nn.LSTM(8, 8, batch_first=True)
            self.attention, self.norm = nn.MultiheadAttention(8, 2, batch_first=True), nn.LayerNorm(8)
            self.slope, self.head = nn.PReLU(8), nn.Linear(8, 8)

        def forward(self, x):
            x, _ = self.rnn(self.table(x))
            x, _ = self.attention(x, x, x)
            x = self.slope(self.norm(x).transpose(1, 2)).transpose(1, 2)
            return {"logits": self.head(self.head(x).sigmoid())}

    rows = measure_signals(
        Net(), lambda o, t: o["logits"].square().mean(), (torch.randint(9, (5, 4)), torch.zeros(5))
    )
    assert [r.kind for r in rows] == [
        "Embedding",
        "LSTM",
        "MultiheadAttention",
        "LayerNorm",
        "prelu",
        "Linear",
        "sigmoid",
        "Linear",
    ]
    assert [r.call for r in rows if r.kind == "Linear"] == [0, 1], "a layer called twice has two rows"
    assert all(r.moment is not None and r.gradient > 0 for r in rows)
    assert all((r.predicted_moment is None) == bool(r.reason.en) for r in rows)


def test_the_model_is_left_as_it_was():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 1))
    net[0].weight.grad = torch.ones(6, 4)
    net[4].weight.requires_grad_(False)
    calls = []
    net[4].bias.register_post_accumulate_grad_hook(lambda p: calls.append(p))
    before, generator = copy.deepcopy(net.state_dict()), torch.random.get_rng_state()
    x = torch.randn(5, 4)
    generator = torch.random.get_rng_state()
    rows_of(net, x)
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), generator)
    assert torch.equal(net[0].weight.grad, torch.ones(6, 4)) and net[4].bias.grad is None
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert not calls and x.grad is None and not x.requires_grad
    assert net.training


def test_hooks_go_when_the_model_raises():
    class Broken(nn.Linear):
        def forward(self, x):
            raise ValueError("broken")

    net = nn.Sequential(nn.Linear(2, 2), Broken(2, 2))
    with pytest.raises(ValueError, match="broken"):
        rows_of(net, torch.randn(3, 2))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype):
    net = nn.Sequential(nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 1)).to(dtype)
    assert all(r.predicted_moment > 0 for r in rows_of(net, torch.randn(6, 4, dtype=dtype)))


def test_frozen_layers_have_gradients_too():
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1)).requires_grad_(False)
    assert all(r.gradient > 0 for r in rows_of(net, torch.randn(6, 4)))


def test_what_overflows_is_reported():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    with torch.no_grad():
        net[0].weight.fill_(1e38)
    assert rows_of(net, torch.full((3, 2), 10.0))[0].moment == math.inf


def test_data_that_are_none_are_refused():
    with pytest.raises(GradusError, match="at least one batch"):
        measure_signals(nn.Linear(2, 1), square, iter(()))
    with pytest.raises(GradusError, match="pair"):
        measure_signals(nn.Linear(2, 1), square, torch.ones(3, 2))
