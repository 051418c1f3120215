"""K-FAC where a weight is used several times within a sample: in sequences, in images, by embeddings."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from watched_models import Head, WrittenOut, dense_fisher, factors, labels, normal, seeded

from gradus.optimization import KFAC


def test_weights_shared_along_a_mean_are_exact_reduced():
    """A linear layer and a convolution whose outputs are averaged, under a Gaussian likelihood."""
    tokens = nn.Sequential(nn.Linear(4, 3, bias=False), Head(lambda y: y.mean(1)))
    images = nn.Sequential(nn.Conv2d(2, 3, 2, bias=False), Head(lambda y: y.mean((2, 3))))
    for model, x in ((tokens, normal(6, 5, 4)), (images, normal(6, 2, 4, 4))):
        exact = dense_fisher(seeded(model.double()), x, "gaussian")
        A, S = factors(model, x, "gaussian", sharing="reduce")["0.weight"]
        torch.testing.assert_close(torch.kron(S[0], A[0]), exact)
        A, S = factors(model, x, "gaussian")["0.weight"]
        assert (torch.kron(S[0], A[0]) - exact).abs().max() > 0.1 * exact.abs().max()


def test_weights_shared_by_outputs_apart_are_exact_expanded():
    model, x = seeded(nn.Linear(4, 3, bias=False).double()), normal(6, 5, 4)
    A, S = factors(model, x, "gaussian")["weight"]
    flat = dense_fisher(model, x.flatten(0, 1), "gaussian")
    torch.testing.assert_close(torch.kron(S[0], A[0]), flat)


class Pooled(nn.Module):
    """A Transformer layer on sequences (n, T, 4), or (T, n, 4) within, and the mean of its outputs."""

    def __init__(self, batch_first):
        super().__init__()
        self.batch_first = batch_first
        self.layer = nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, batch_first=batch_first)

    def forward(self, x):
        y = self.layer(x if self.batch_first else x.transpose(0, 1))
        return y.mean(1 if self.batch_first else 0)


@pytest.mark.parametrize("sharing", ["expand", "reduce"])
def test_sequences_may_come_first(sharing):
    x = normal(6, 5, 4)
    found = [factors(seeded(Pooled(first).double()), x, sharing=sharing) for first in (True, False)]
    assert len(found[0]) == 6
    for name, pair in found[0].items():
        torch.testing.assert_close(pair, found[1][name])


def test_attention_reduced_is_that_of_linear_layers():
    module = seeded(nn.MultiheadAttention(4, 2, batch_first=True).double())

    class Whole(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            y = self.inner((x, x, x)) if isinstance(self.inner, WrittenOut) else self.inner(x, x, x)[0]
            return y.mean(1)

    x = normal(6, 5, 4)
    ours = list(factors(Whole(module), x, sharing="reduce").values())
    written = list(factors(Whole(WrittenOut(module)), x, sharing="reduce").values())
    assert len(ours) == len(written) == 4
    for one, other in zip(ours, written, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("padding", [None, 2])
def test_an_embedding_is_a_linear_layer_on_unit_vectors(padding):
    """Factors, averages and steps, with a diagonal in place of the matrix; a row of padding stays."""
    tokens, y = labels(9, 4, classes=7), labels(9)
    embedding = nn.Sequential(
        nn.Embedding(7, 5, padding_idx=padding), nn.Flatten(), nn.Linear(20, 3)
    ).double()
    units = nn.Sequential(nn.Linear(7, 5, bias=False), nn.Flatten(), nn.Linear(20, 3)).double()
    seeded(embedding)
    units[0].weight.data = embedding[0].weight.detach().T.clone()
    units[2].load_state_dict(embedding[2].state_dict())
    inputs = F.one_hot(tokens, 7).double()
    if padding is not None:
        inputs[..., padding] = 0.0
        with torch.no_grad():
            embedding[0].weight[padding] = 0.0
            units[0].weight[:, padding] = 0.0
    optimizers = [KFAC(m, lr=0.5, damping=0.1, fisher="exact") for m in (embedding, units)]
    assert optimizers[0].treated == ["0.weight", "2.weight"] and not optimizers[0].untreated
    for _ in range(3):
        for model, x, optimizer in zip((embedding, units), (tokens, inputs), optimizers, strict=True):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    torch.testing.assert_close(embedding[0].weight.T, units[0].weight)
    torch.testing.assert_close(embedding[2].weight, units[2].weight)


def test_rows_that_are_never_looked_up_need_no_damping():
    model = seeded(nn.Sequential(nn.Embedding(7, 2), nn.Flatten(), Head(lambda y: y)).double())
    optimizer = KFAC(model, lr=1.0, damping=0.0, likelihood="gaussian", fisher="exact")
    before = model[0].weight.detach().clone()
    tokens = torch.arange(5)[:, None]
    model(tokens).square().sum(1).mean().div(2).backward()
    optimizer.step()
    torch.testing.assert_close(model[0].weight[:5], torch.zeros(5, 2).double())
    assert torch.equal(model[0].weight[5:], before[5:])


@pytest.mark.parametrize(
    "settings", [dict(max_norm=1.0), dict(scale_grad_by_freq=True), dict(sparse=True)], ids=str
)
def test_embeddings_of_other_kinds_are_untreated(settings):
    optimizer = KFAC(nn.Sequential(nn.Embedding(7, 4, **settings), nn.Linear(4, 3)))
    assert optimizer.untreated == ["0.weight"]
