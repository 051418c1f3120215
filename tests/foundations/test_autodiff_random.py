"""A thousand random expression graphs: values, gradients and Hessian-vector products equal PyTorch's to 1e-12."""

import numpy as np
import pytest
import torch
from autodiff_calls import MASK
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.foundations.autodiff import grad, value_and_grad

# Every shape broadcasts against (2, 3), and every operation keeps values moderate.

SHAPES = ((2, 3), (3,), (1, 3), (2, 1), ())
MATRIX = [[0.5, -1.0, 0.3], [0.2, 0.7, -0.4], [-0.6, 0.1, 0.9]]


def full(xp, a):
    return xp.broadcast_to(a, (2, 3))


def constant(xp, value):
    return torch.tensor(value, dtype=torch.float64) if xp is torch else np.array(value)


def gram(xp, a):
    """A symmetric positive definite (2, 2) matrix, its eigenvalues apart."""
    b = xp.tanh(full(xp, a))
    return b @ xp.swapaxes(b, 0, 1) + constant(xp, [[2.0, 0.3], [0.3, 6.0]])


def spread(xp, a):
    """A (2, 3) matrix, its singular values apart."""
    return xp.tanh(full(xp, a)) + constant(xp, [[3.0, 0.0, 0.0], [0.0, 7.0, 0.0]])


OPERATIONS = [
    lambda xp, a, b: a + b,
    lambda xp, a, b: a - 2.0 * b,
    lambda xp, a, b: 1.5 - a,
    lambda xp, a, b: a * xp.sin(b),
    lambda xp, a, b: a / (1.0 + b * b),
    lambda xp, a, b: 1.0 / (1.0 + a**2),
    lambda xp, a, b: (1.0 + a * a) ** 0.7,
    lambda xp, a, b: xp.sin(a) ** 3,
    lambda xp, a, b: (1.0 + a * a) ** xp.tanh(b),
    lambda xp, a, b: 2.0 ** xp.sin(a),
    lambda xp, a, b: xp.exp(-a * a),
    lambda xp, a, b: xp.expm1(xp.sin(a)),
    lambda xp, a, b: xp.log(1.0 + a * a),
    lambda xp, a, b: xp.log1p(xp.square(a)),
    lambda xp, a, b: xp.cos(a) + xp.arctan(b),
    lambda xp, a, b: xp.tanh(a),
    lambda xp, a, b: xp.sqrt(1.0 + a * a),
    lambda xp, a, b: abs(a),
    lambda xp, a, b: xp.maximum(a, b),
    lambda xp, a, b: xp.minimum(a, b),
    lambda xp, a, b: xp.where(xp.broadcast_to(constant(xp, MASK), (2, 3)) > 0, a, b),
    lambda xp, a, b: xp.where(a > 0.1, a, xp.sin(b)),
    lambda xp, a, b: full(xp, a) @ constant(xp, MATRIX),
    lambda xp, a, b: xp.tanh(full(xp, a) @ xp.swapaxes(full(xp, b), 0, 1)) @ full(xp, b),
    lambda xp, a, b: xp.sin(constant(xp, MATRIX) @ full(xp, a)[0]),
    lambda xp, a, b: full(xp, a)[1] @ full(xp, b)[0],
    lambda xp, a, b: full(xp, a).sum(),
    lambda xp, a, b: full(xp, a).sum(0),
    lambda xp, a, b: xp.sum(full(xp, a), axis=-1, keepdims=True),
    lambda xp, a, b: xp.mean(full(xp, a), axis=0),
    lambda xp, a, b: xp.amax(full(xp, a), axis=1, keepdims=True),
    lambda xp, a, b: xp.amin(full(xp, a), axis=0),
    lambda xp, a, b: full(xp, a).reshape(3, 2).T,
    lambda xp, a, b: xp.reshape(full(xp, a), (6,))[1:4],
    lambda xp, a, b: full(xp, a)[[1, 0]] * 0.5,
    lambda xp, a, b: full(xp, a)[:, [2, 2, 0]],
    lambda xp, a, b: xp.concatenate([full(xp, a)[:1], full(xp, b)[1:]], axis=0),
    lambda xp, a, b: xp.stack([full(xp, a)[0], full(xp, b)[1]]),
    lambda xp, a, b: xp.ravel(full(xp, a))[::2],
    lambda xp, a, b: xp.cumsum(full(xp, a), 1),
    lambda xp, a, b: xp.prod(xp.tanh(full(xp, a)), 0),
    lambda xp, a, b: xp.where(full(xp, b) > 0, xp.sin(a), xp.cos(b)),
    lambda xp, a, b: xp.clip(a, -0.9, 0.8),
    lambda xp, a, b: np.sort(full(xp, a)) if xp is np else torch.sort(full(xp, a)).values,
    lambda xp, a, b: xp.flip(full(xp, a), (0, 1)),
    lambda xp, a, b: xp.roll(full(xp, a), 1, 1) * 0.5,
    lambda xp, a, b: xp.tril(full(xp, a), 0),
    lambda xp, a, b: xp.diagonal(full(xp, a), 1)[:, None],
    lambda xp, a, b: xp.hstack([full(xp, a)[:, 1:], full(xp, b)[:, :1]]),
    lambda xp, a, b: xp.moveaxis(full(xp, a)[None], 0, 1)[:, 0],
    lambda xp, a, b: full(xp, a)[constant(xp, MASK) > 0],
    lambda xp, a, b: full(xp, a)[[1, 0, 1], [2, 0, 2]],
    lambda xp, a, b: xp.einsum("ij,kj->ik", xp.tanh(full(xp, a)), constant(xp, MATRIX)),
    lambda xp, a, b: xp.einsum("...j,...j->...", xp.sin(full(xp, a)), full(xp, b))[:, None],
    lambda xp, a, b: xp.tensordot(xp.tanh(full(xp, a)), xp.tanh(full(xp, b)), ((0,), (0,)))[1:],
    lambda xp, a, b: xp.logaddexp(a, b) * 0.5,
    lambda xp, a, b: xp.arctan2(xp.sin(a), 2.0 + xp.sin(b)),
    lambda xp, a, b: xp.log(xp.sum(xp.exp(xp.tanh(full(xp, a))), axis=1, keepdims=True)),
    lambda xp, a, b: xp.linalg.solve(gram(xp, a), full(xp, b)),
    lambda xp, a, b: xp.linalg.inv(gram(xp, a)) @ xp.sin(full(xp, b)),
    lambda xp, a, b: xp.log(xp.linalg.det(gram(xp, a))),
    lambda xp, a, b: xp.linalg.slogdet(gram(xp, a))[1] * xp.sin(b),
    lambda xp, a, b: xp.linalg.cholesky(gram(xp, a)) @ xp.tanh(full(xp, b)),
    lambda xp, a, b: xp.sin(xp.linalg.eigvalsh(gram(xp, a)))[:, None],
    lambda xp, a, b: xp.tanh(xp.linalg.svd(spread(xp, a), full_matrices=False)[1])[:, None],
    lambda xp, a, b: xp.linalg.qr(spread(xp, a))[1] * 0.5,
]

Graph = tuple[list[tuple[int, ...]], list[tuple[int, int, int]]]


def evaluate(xp, graph: Graph, inputs):
    """The graph on the inputs: each step takes two earlier nodes; the result adds up the last three."""
    nodes = list(inputs)
    for operation, i, j in graph[1]:
        nodes.append(OPERATIONS[operation](xp, nodes[i % len(nodes)], nodes[-1 - j % len(nodes)]))
    return sum((xp.sin(full(xp, v) + k)).sum() for k, v in enumerate(nodes[-3:]))


graphs = st.tuples(
    st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3),
    st.lists(
        st.tuples(st.integers(0, len(OPERATIONS) - 1), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=10,
    ),
)


def agree(got, want, scale=0.0):
    size = max(scale, 1.0, *(np.abs(w).max() for w in want))
    assert max(np.abs(g - w).max() for g, w in zip(got, want, strict=True)) <= 1e-12 * size


def against_torch(graph: Graph, seed: int) -> None:
    """Value, gradient, and the Hessian times a random vector: the gradient of ⟨gradient, vector⟩, by both."""
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(s) for s in graph[0]]
    along = [rng.standard_normal(s) for s in graph[0]]
    wanted = tuple(range(len(inputs)))

    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    y = evaluate(torch, graph, tensors)
    first = torch.autograd.grad(y, tensors, create_graph=True, materialize_grads=True)
    slope = sum((g * torch.tensor(u)).sum() for g, u in zip(first, along, strict=True))
    second = [torch.zeros_like(t) for t in tensors]
    if slope.requires_grad:
        second = torch.autograd.grad(slope, tensors, materialize_grads=True)

    def slope_of(*x):
        gradient = grad(lambda *x: evaluate(np, graph, x), wanted)(*x)
        return sum((g * u).sum() for g, u in zip(gradient, along, strict=True))

    value, ours = value_and_grad(lambda *x: evaluate(np, graph, x), wanted)(*inputs)
    first = [g.detach().numpy() for g in first]
    assert abs(value - y.item()) <= 1e-12 * (1 + abs(y.item()))
    agree(ours, first)
    twice = grad(slope_of, wanted)(*inputs)
    agree(twice, [g.detach().numpy() for g in second], max(np.abs(g).max() for g in first))


def test_every_operation_by_itself():
    for k in range(len(OPERATIONS)):
        against_torch(([(2, 3), (1, 3)], [(k, 0, 0), (k, 1, 1)]), seed=k)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(graphs, st.integers(0, 2**31))
def test_random_graphs_equal_torch(graph, seed):
    against_torch(graph, seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, derandomize=True, database=None)
@given(graphs, st.integers(0, 2**31))
def test_a_thousand_random_graphs_equal_torch(graph, seed):
    against_torch(graph, seed)
