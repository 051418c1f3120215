"""Means and variances over dropout's masks: all of them by hand, drawn ones beside, the model as it was."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gradus.errors import GradusError
from gradus.theory import class_averages, dropout_predictions


def net(dtype=torch.float64):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Dropout(0.3), nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2)
    ).to(dtype)


def data(n=5, *shape):
    return torch.randn(n, *(shape or (3,)), dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def by_hand(model, x):
    """Mean and variance over all 2⁷ pairs of masks of `net`."""
    model.eval()
    mean = square = 0
    for bits in itertools.product([0.0, 1.0], repeat=7):
        m = torch.tensor(bits, dtype=x.dtype)
        h = torch.relu(model[2](model[1](x * m[:3] / 0.7)))
        f = model[5](h * m[3:] / 0.5)
        P = math.prod(0.7 if b else 0.3 for b in bits[:3]) / 16
        mean, square = mean + P * f.detach(), square + P * f.detach() ** 2
    return mean, square - mean**2


def test_all_masks_are_those_by_hand():
    model, x = net(), data()
    found = dropout_predictions(model, x, None)
    mean, variance = by_hand(model, x)
    assert torch.allclose(found.mean, mean, rtol=1e-12) and torch.allclose(
        found.variance, variance, rtol=1e-9
    )
    assert torch.allclose(found.scaled, model(x), rtol=1e-12) and float(found.error.abs().max()) == 0
    assert len(found.outputs) == 128 and float(found.weights.sum()) == pytest.approx(1)
    assert (found.variance <= found.bound).all()


def test_drawn_masks_come_near_all_of_them():
    model, x = net(), data()
    every, drawn = (dropout_predictions(model, x, s, seed=3) for s in (None, 800))
    assert ((drawn.mean - every.mean).abs() <= 5 * drawn.error).all()
    assert torch.allclose(drawn.variance, every.variance, rtol=0.4)
    assert drawn.bound is None
    again, other = (dropout_predictions(model, x, 10, seed=s) for s in (3, 4))
    assert torch.equal(again.outputs, drawn.outputs[:10]) and not torch.equal(again.outputs, other.outputs)


def test_whole_channels_and_layers_without_effect():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Dropout2d(0.25), nn.Conv2d(3, 1, 2), nn.ReLU(), nn.Flatten(), nn.Dropout(0.0)
    ).double()
    x = data(2, 3, 3, 3)
    found = dropout_predictions(model, x, None)
    assert len(found.outputs) == 8
    mean = sum(
        math.prod(0.75 if b else 0.25 for b in bits)
        * model[2](model[1](x * torch.tensor(bits).double()[:, None, None] / 0.75)).flatten(1)
        for bits in itertools.product([0.0, 1.0], repeat=3)
    )
    assert torch.allclose(found.mean, mean)
    nothing = dropout_predictions(nn.Sequential(nn.Dropout(1.0), nn.Linear(3, 2)), torch.ones(4, 3), None)
    assert torch.equal(nothing.mean, nothing.outputs[0]) and not torch.equal(nothing.mean, nothing.scaled)


@pytest.mark.parametrize("samples", [None, 4])
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_left_as_it_was(samples, training):
    model, x = net().train(training), data()
    model[4].eval()
    model[1].weight.grad = torch.ones_like(model[1].weight)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    modes, grad = [m.training for m in model.modules()], model[1].weight.grad
    state, path = torch.random.get_rng_state(), torch.backends.mha.get_fastpath_enabled()
    dropout_predictions(model, x, samples)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert [m.training for m in model.modules()] == modes and model[1].weight.grad is grad
    assert torch.backends.mha.get_fastpath_enabled() == path
    assert not any(m._forward_hooks for m in model.modules())


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


def test_a_transformer_layer_in_evaluation_passes_over_its_dropout_layers():
    """What the page says of PyTorch: switching on the dropout layers alone does nothing on the fast path."""
    model, x = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True).eval(), torch.randn(2, 5, 4)
    for part in model.modules():
        part.training = isinstance(part, nn.Dropout)
    with torch.no_grad():
        assert torch.equal(model(x), model(x))
    assert not torch.equal(model(x), model(x))  # with gradients it is not taken


def test_a_bias_that_is_not_dropped_does_not_scatter_at_zero():
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(3, 2))
    found = dropout_predictions(model, torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]), None)
    assert float(found.variance[0].abs().max()) == 0 and float(found.variance[1].min()) > 0


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, num_layers=2, dropout=0.5, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.head = nn.BatchNorm1d(5), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.norm(F.dropout(x, 0.5, self.training)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True),
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 8, 0.5, batch_first=True), 2, enable_nested_tensor=False
        ),
        Attending,
        Recurrent,
        lambda: nn.Sequential(nn.AlphaDropout(0.5), nn.Linear(4, 2)),
    ],
)
def test_layers_that_drop_in_other_ways_do(make):
    found = dropout_predictions(make().eval(), torch.randn(2, 5, 4), 6)
    assert float(found.variance.min()) > 0
    with pytest.raises(GradusError, match=r"samples|as all masks"):
        dropout_predictions(make(), torch.randn(2, 5, 4), None)


def test_dropout_by_a_function_is_named():
    model, x = Functional(), torch.randn(3, 5, 4)
    with pytest.raises(GradusError, match="layers="):
        dropout_predictions(model, x)
    found = dropout_predictions(model, x, 8, layers=[model])
    assert float(found.variance.min()) > 0
    assert float(model.norm.num_batches_tracked) == 0  # batch normalisation stayed in evaluation


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_every_precision(dtype):
    found = dropout_predictions(net(dtype), data().to(dtype), None)
    assert found.mean.dtype == torch.promote_types(dtype, torch.float32) and found.outputs.dtype == dtype
    want = by_hand(net(), data())[0]
    assert torch.allclose(found.mean.double(), want, atol=20 * torch.finfo(dtype).eps)


def test_in_inference_mode_too():
    model = net()
    with torch.inference_mode():
        inside = dropout_predictions(model, torch.ones(2, 3, dtype=torch.float64), None)
    assert torch.equal(inside.mean, dropout_predictions(model, torch.ones(2, 3).double(), None).mean)


def test_averages_of_classes():
    z = data(6, 4, 3) * 2
    w = torch.softmax(data(6, 1)[:, 0], 0)
    found = class_averages(z, w)
    p = z.softmax(-1)
    geometric = (w[:, None, None] * p.log()).sum(0).exp()
    assert torch.allclose(found.mixture, (w[:, None, None] * p).sum(0))
    assert torch.allclose(found.geometric, geometric / geometric.sum(-1, keepdim=True))
    assert torch.allclose(found.penalty, -geometric.sum(-1).log())
    mean = (w[:, None, None] * z).sum(0).requires_grad_()
    H = torch.autograd.functional.hessian(lambda m: m.logsumexp(-1).sum(), mean)
    d = z - mean.detach()
    blocks = torch.stack([H[i, :, i] for i in range(4)])
    quadratic = 0.5 * torch.einsum("s,snk,nkl,snl->n", w, d, blocks, d)
    assert torch.allclose(found.quadratic, quadratic)
    huge = class_averages(1e30 * torch.tensor([[[1.0, -1.0]], [[-1.0, 1.0]]]))
    assert torch.isfinite(huge.penalty).all()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: dropout_predictions(nn.Linear(3, 2), torch.ones(2, 3)), "model"),
        (lambda: dropout_predictions(nn.Dropout(0.5), torch.ones(2, 17), None), "samples"),
        (lambda: dropout_predictions(nn.Dropout(0.5), torch.ones(0, 3)), "inputs"),
        (lambda: dropout_predictions(nn.Dropout(0.5), torch.ones(2, 3), 1), "samples"),
        (
            lambda: dropout_predictions(nn.Dropout(0.5), torch.ones(2, 3), layers=[nn.Dropout(0.5)]),
            r"layers\[0\]",
        ),
        (lambda: dropout_predictions(nn.Dropout(0.5), torch.full((2, 3), math.nan)), "model"),
        (lambda: class_averages(torch.ones(2, 3, 4), torch.tensor([0.5, 0.6])), "weights"),
        (lambda: class_averages(torch.ones(2, 3)), "outputs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(call, name):
    with pytest.raises(GradusError, match=rf"^{name}"):
        call()
