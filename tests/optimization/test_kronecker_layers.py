"""The factors of K-FAC by other routes: dense matrices, patches, layers written out."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from watched_models import Head, WrittenOut, dense_fisher, factors, labels, normal, seeded

from gradus.optimization import KFAC
from gradus.optimization.kronecker_layers import patches


def test_one_sample_is_exact():
    """With one sample a layer's Fisher matrix is its Kronecker product."""
    for likelihood in ("categorical", "bernoulli", "gaussian"):
        model, x = seeded(nn.Linear(4, 3, bias=False).double()), normal(1, 4)
        A, S = factors(model, x, likelihood)["weight"]
        torch.testing.assert_close(torch.kron(S[0], A[0]), dense_fisher(model, x, likelihood))


def test_gaussian_outputs_make_the_last_layer_exact():
    model, x = seeded(nn.Linear(4, 3, bias=False).double()), normal(50, 4)
    A, S = factors(model, x, "gaussian")["weight"]
    torch.testing.assert_close(torch.kron(S[0], A[0]), dense_fisher(model, x, "gaussian"))


def test_drawn_targets_agree_in_expectation():
    x = normal(7, 4).repeat(4000, 1)
    for likelihood in ("categorical", "bernoulli", "gaussian"):
        model = seeded(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double())
        exact, drawn = (factors(model, x, likelihood, fisher=f) for f in ("exact", "sampled"))
        for name in exact:
            torch.testing.assert_close(drawn[name][0], exact[name][0])
            size = exact[name][1].abs().max()
            assert (drawn[name][1] - exact[name][1]).abs().max() < 6 * 2 * size / math.sqrt(len(x))


def test_loss_scale_is_that_of_the_loss():
    model, x = seeded(nn.Linear(4, 3).double()), normal(9, 4)
    one, half = factors(model, x)["weight"][1], factors(model, x, loss_scale=0.5)["weight"][1]
    torch.testing.assert_close(half, one / 2)


def test_empirical_factors_are_those_of_the_samples_gradients():
    model, x, y = seeded(nn.Linear(4, 3).double()), normal(9, 4), labels(9)
    optimizer = KFAC(model, lr=0.0, fisher="empirical")
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    residuals = model(x).detach().softmax(-1) - F.one_hot(y, 3)
    torch.testing.assert_close(optimizer.state[model.weight]["output_factor"][0], residuals.T @ residuals / 9)


CONVOLUTIONS = [
    dict(kernel_size=3, padding=1),
    dict(kernel_size=(2, 3), stride=2),
    dict(kernel_size=3, dilation=2, padding="same"),
    dict(kernel_size=4, padding="same", padding_mode="circular"),
    dict(kernel_size=3, padding=(1, 2), padding_mode="reflect", bias=False),
]


@pytest.mark.parametrize("settings", CONVOLUTIONS, ids=str)
def test_a_convolution_is_a_linear_layer_on_patches(settings):
    layer = seeded(nn.Conv2d(4, 6, **settings).double())
    x = normal(3, 4, 7, 8)
    rows = patches(layer, x)[0]
    maps = layer(x)
    product = rows @ layer.weight.flatten(1).T + (0 if layer.bias is None else layer.bias)
    torch.testing.assert_close(product, maps.movedim(1, -1).flatten(0, -2))

    def head(y):
        return y.flatten(2).mean(2)

    conv = nn.Sequential(layer, Head(head))
    A, S = factors(conv, x)["0.weight"]
    if layer.bias is not None:
        rows = torch.cat([rows, rows.new_ones(len(rows), 1)], 1)
    torch.testing.assert_close(A[0], rows.T @ rows / len(rows))
    p, T = head(maps).softmax(-1), maps[0, 0].numel()
    H = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    # each place gets 1/T of the gradient of the mean, and there are T of them
    torch.testing.assert_close(S[0], H.mean(0) / T)


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv2d, nn.Conv3d])
def test_groups_are_convolutions_of_their_own(kind):
    dims = int(kind.__name__[4])
    layer = seeded(kind(4, 6, 2, groups=2, stride=2).double())
    parts = [kind(2, 3, 2, stride=2).double() for _ in range(2)]
    for k, part in enumerate(parts):
        part.weight.data = layer.weight.data[3 * k : 3 * k + 3]
        part.bias.data = layer.bias.data[3 * k : 3 * k + 3]

    class Apart(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList(parts)

        def forward(self, x):
            return torch.cat(
                [part(half) for part, half in zip(self.parts, x.chunk(2, 1), strict=True)], 1
            ).flatten(1)

    x = normal(3, 4, *[5] * dims)
    A, S = factors(nn.Sequential(layer, nn.Flatten()), x)["0.weight"]
    apart = factors(Apart(), x)
    for k in range(2):
        torch.testing.assert_close(A[k], apart[f"parts.{k}.weight"][0][0])
        torch.testing.assert_close(S[k], apart[f"parts.{k}.weight"][1][0])


class Attention(nn.Module):
    """`nn.MultiheadAttention` on a triple; batch first whatever the module's own layout."""

    def __init__(self, **settings):
        super().__init__()
        self.inner = seeded(nn.MultiheadAttention(8, 2, **settings).double())

    def forward(self, x):
        if self.inner.batch_first:
            return self.inner(*x, need_weights=False)[0]
        return self.inner(*(part.transpose(0, 1) for part in x))[0].transpose(0, 1)


@pytest.mark.parametrize(
    "settings",
    [dict(batch_first=True), dict(batch_first=False), dict(batch_first=True, kdim=5, vdim=3), dict(batch_first=True, bias=False)],
    ids=str,
)  # fmt: skip
def test_attention_has_the_factors_of_its_four_layers(settings):
    module = Attention(**settings)
    kdim, vdim = settings.get("kdim", 8), settings.get("vdim", 8)
    x = (normal(2, 3, 8), normal(2, 4, kdim, seed=1), normal(2, 4, vdim, seed=2))
    ours, theirs = factors(module, x), factors(WrittenOut(module.inner), x)
    assert len(ours) == 4
    for mine, its in zip(ours.values(), theirs.values(), strict=True):
        torch.testing.assert_close(mine, its)


def test_attention_gives_what_it_gave():
    """Its result is made anew while it is watched: the same, with masks and with the weights of each head."""
    inner = Attention(batch_first=True).inner
    x = (normal(2, 3, 8), normal(2, 4, 8, seed=1), normal(2, 4, 8, seed=2))
    hidden = torch.tensor([[False] * 4, [False, True, True, False]])
    results = []

    def kept(parts):
        results.append(inner(*parts, key_padding_mask=hidden, average_attn_weights=False))
        return results[-1][0]

    model = Head(kept)
    model.inner = inner
    model(x)
    optimizer = KFAC(model)
    model(x)
    assert len(optimizer.recorder.inputs) == 4
    for plain, watched in zip(*results, strict=True):
        torch.testing.assert_close(plain, watched, rtol=0, atol=1e-15)


def test_activations_in_place_change_nothing():
    def model(inplace):
        return seeded(nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace), nn.Linear(6, 3)).double())

    for fisher in ("exact", "empirical"):
        one, other = (factors(model(inplace), normal(9, 4), fisher=fisher) for inplace in (False, True))
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)
