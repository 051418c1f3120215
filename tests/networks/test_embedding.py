"""What the page `embedding` says about PyTorch's and JAX's habits is so in the versions installed."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

I = torch.tensor([1, 1, 2, 0])


def gradient(**options):
    """The table's gradient of the sum of all entries looked up: how often each row counts."""
    E = torch.ones(4, 1, dtype=torch.float64, requires_grad=True)
    F.embedding(I, E, **options).sum().backward()
    return E.grad[:, 0].tolist()


def test_a_row_has_the_sum_and_padding_nothing():
    assert gradient() == [1, 2, 1, 0]
    assert gradient(padding_idx=1) == [1, 0, 1, 0]
    assert gradient(padding_idx=-3) == [1, 0, 1, 0], "counted from the end"
    assert gradient(scale_grad_by_freq=True) == [1, 1, 1, 0]


def test_the_padding_row_is_zero_only_at_the_start():
    layer = nn.Embedding(4, 2, padding_idx=0)
    assert layer.weight[0].tolist() == [0, 0]
    nn.init.ones_(layer.weight)
    assert layer(torch.tensor([0])).tolist() == [[1, 1]]
    loaded = nn.Embedding.from_pretrained(torch.full((3, 2), 7.0), padding_idx=0)
    assert loaded(torch.tensor([0])).tolist() == [[7, 7]]


def test_tying_gives_the_padding_row_a_gradient():
    layer = nn.Embedding(3, 2, padding_idx=0)
    scores = layer(torch.tensor([1])) @ layer.weight.T
    F.cross_entropy(scores, torch.tensor([2])).backward()
    assert layer.weight.grad[0].abs().max() > 1e-3


def test_max_norm_writes_into_the_table():
    E = torch.full((3, 4), 3.0)
    F.embedding(torch.tensor([1]), E, max_norm=1.0)
    torch.testing.assert_close(E.norm(dim=1), torch.tensor([6.0, 1.0, 6.0]))


@pytest.mark.filterwarnings("ignore:Sparse invariant checks:UserWarning")
def test_who_takes_a_sparse_gradient():
    def stepped(optimizer):
        layer = nn.Embedding(4, 2, sparse=True)
        layer(torch.tensor([1, 1])).sum().backward()
        assert layer.weight.grad.layout is torch.sparse_coo
        optimizer(layer.parameters(), lr=0.1).step()
        return layer

    for optimizer in (torch.optim.SGD, torch.optim.Adagrad, torch.optim.SparseAdam):
        stepped(optimizer)
    for optimizer in (torch.optim.Adam, torch.optim.AdamW):
        with pytest.raises(RuntimeError, match="sparse gradients"):
            stepped(optimizer)
    with pytest.raises(NotImplementedError, match="SparseCPU"):
        nn.utils.clip_grad_norm_(stepped(torch.optim.SGD).parameters(), 0.5)


def test_adam_moves_a_row_that_is_not_looked_up():
    E = nn.Parameter(torch.zeros(2, 1, dtype=torch.float64))
    optimizer, places = torch.optim.Adam([E], lr=1.0, eps=0.0), []
    for token in (0, 1):
        optimizer.zero_grad()
        F.embedding(torch.tensor([token]), E).sum().backward()
        E.grad[E.grad == 0] = 0.0
        optimizer.step()
        places.append(E[0].item())
    assert places[0] == pytest.approx(-1.0)
    assert places[1] - places[0] == pytest.approx(-0.6701, abs=1e-4)


def test_numbers_out_of_range():
    E = torch.zeros(4, 2)
    for number in (-1, 4):
        with pytest.raises(IndexError):
            F.embedding(torch.tensor([number]), E)


def test_numbers_out_of_range_in_jax():
    jnp = pytest.importorskip("jax.numpy")
    E = jnp.arange(4.0)
    assert [float(E[jnp.array(n)]) for n in (-1, -9, 4)] == [3, 0, 3]
    assert np.isnan([float(jnp.take(E, jnp.array(n))) for n in (-9, 4)]).all()


def test_plus_equals_counts_a_repeated_row_once():
    dE, g = np.zeros(3), np.array([1.0, 2.0, 4.0])
    dE[[1, 1, 1]] += g
    assert dE.tolist() == [0, 4, 0]
    np.add.at(dE, [1, 1, 1], g)
    assert dE.tolist() == [0, 11, 0]
