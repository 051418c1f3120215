"""Graphs of PyTorch's programs: modules, composite functions, writes in place and views; large ones by module."""

import copy

import numpy as np
import pytest
import torch
from simple_graph import node
from torch import nn

from gradus import explain
from gradus.explanation.graph import LEGIBLE, grouped


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.norm(self.second(self.relu(self.first(x))))
        y += x
        return self.relu(y)


class Deep(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.blocks = nn.Sequential(*[Residual(4) for _ in range(blocks)])
        self.head = nn.Linear(4, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def test_modules_are_differentiated_by_their_parameters():
    torch.manual_seed(0)
    net = Deep(3).double().eval()
    x, y = torch.randn(2, 1, 6, 6, dtype=torch.float64), torch.tensor([3, 1])

    def loss(x, y):
        return nn.functional.cross_entropy(net(x), y)

    e = explain(loss, x, y)
    want = torch.autograd.grad(loss(x, y), list(net.parameters()))
    for (name, _), g in zip(net.named_parameters(), want, strict=True):
        np.testing.assert_allclose(node(e, name).adjoint, g.numpy(), rtol=1e-10, atol=1e-14)
    assert e.nodes[-1].label == f"cross_entropy_loss({e.nodes[-2].name}, y)"
    assert all(p.grad is None for p in net.parameters())


def test_a_module_in_training_is_left_as_it_was():
    """Its gradient is that of one forward pass; its running means and the random generator do not move."""
    torch.manual_seed(0)
    net = Deep(2)
    twin = copy.deepcopy(net)
    x = torch.randn(3, 1, 6, 6)
    before = torch.get_rng_state()
    e = explain(net, x)
    assert torch.equal(before, torch.get_rng_state())
    for name, value in twin.state_dict().items():
        assert torch.equal(net.state_dict()[name], value), name
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(twin(leaf).sum(), leaf)
    np.testing.assert_array_equal(node(e, "x").adjoint, want.numpy())


def test_composite_functions_are_taken_apart_and_dropout_keeps_its_mask():
    torch.manual_seed(0)
    net, x = (
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).double(),
        torch.randn(2, 5, 8, dtype=torch.float64),
    )
    weights = torch.randn(2, 5, 8, dtype=torch.float64)  # the sum of normalised rows alone has no gradient
    torch.manual_seed(1)
    e = explain(lambda x: (weights * net(x)).sum(), x)
    labels = " ".join(n.label for n in e.nodes)
    assert "scaled_dot_product_attention" in labels or "softmax" in labels
    assert labels.count("dropout") >= 2
    torch.manual_seed(1)
    want = torch.autograd.grad((weights * net(x)).sum(), list(net.parameters()))
    for (name, _), g in zip(net.named_parameters(), want, strict=True):
        np.testing.assert_allclose(node(e, name).adjoint, g.numpy(), rtol=1e-9, atol=1e-12)


def test_in_place_writes_and_views():
    def f(x):
        y = x.clone()
        y[1:] = x[:-1] * 2
        y.mul_(3)
        return (y * y).sum().sqrt()

    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    e = explain(f, x)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_allclose(node(e, "x").adjoint, want.numpy(), rtol=1e-14)
    np.testing.assert_array_equal(node(e, "v1").value, [1, 2, 3])
    assert x.grad is None and not x.requires_grad


def test_a_part_is_changed_in_place():
    def f(x):
        y = x * 1
        y[1] += x[0] * x[2]
        return (y**2).sum()

    x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    e = explain(f, x)
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_allclose(node(e, "x").adjoint, want.numpy(), rtol=1e-14)


def test_what_changes_through_a_view():
    def f(x):
        y = x * 1
        y.view(-1).mul_(x.sum())
        return (y * x).sum()

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    leaf = x.clone().requires_grad_()
    (want,) = torch.autograd.grad(f(leaf), leaf)
    np.testing.assert_array_equal(node(explain(f, x), "x").adjoint, want.numpy())


def test_integers_are_constants_and_keep_their_names():
    table = nn.Embedding(7, 3)
    e = explain(lambda tokens: table(tokens).sum(), torch.tensor([1, 2, 2]))
    np.testing.assert_array_equal(node(e, "weight").adjoint.sum(axis=1), [0, 3, 6, 0, 0, 0, 0])
    assert "tokens" in e.nodes[1].label


@pytest.mark.parametrize("blocks", [30, 120])
def test_large_graphs_are_grouped_by_module(blocks):
    net = Deep(blocks).eval()
    e = explain(net, torch.randn(1, 1, 4, 4))
    assert len(e.nodes) > 8 * blocks
    shown = grouped(e.nodes)
    assert len(shown) <= LEGIBLE
    for i, n in enumerate(shown):
        assert all(j < i for j in n.inputs), "a group comes after what it is computed from"
    if blocks == 30:
        labels = [n.label for n in shown]
        assert all(f"blocks.{i} (Residual)" in labels for i in range(blocks))
    assert shown[-1].adjoint == 1
    assert sum(n.count for n in shown if not n.leaf) == sum(not n.leaf for n in e.nodes)
