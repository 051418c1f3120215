"""Layers on graphs: along edges as on the whole matrix, their gradients, graphs that are malformed, other graphs beside them."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gradus.errors import GradusError
from gradus.networks import (
    GAT,
    GCN,
    GATLayer,
    GCNLayer,
    GINLayer,
    Graph,
    SparseMatrix,
    gat_layer,
    gcn_layer,
    gin_layer,
)

EDGES = torch.tensor([[0, 1, 2, 3, 0, 5], [1, 2, 3, 4, 4, 1]])
N, C, D, K = 7, 5, 3, 2


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def graph(dtype=torch.float64):
    return Graph.of_edges(EDGES, N).to(dtype)


def gcn_weights(dtype=torch.float64):
    return normal(C, D, seed=1, dtype=dtype), normal(D, seed=2, dtype=dtype)


def gat_weights(dtype=torch.float64):
    return [normal(*s, seed=i, dtype=dtype) for i, s in enumerate([(K, C, D), (K, D), (K, D)], start=1)]


def gin_weights(dtype=torch.float64):
    return [normal(*s, seed=i, dtype=dtype) for i, s in enumerate([(C, 4), (4,), (4, D), (D,), ()], start=1)]


LAYERS = {"gcn": (gcn_layer, gcn_weights), "gat": (gat_layer, gat_weights), "gin": (gin_layer, gin_weights)}
every_layer = pytest.mark.parametrize(("layer", "weights"), LAYERS.values(), ids=LAYERS)


@every_layer
def test_edges_and_whole_matrix_agree(layer, weights):
    g, H, w = graph(), normal(N, C), weights()
    whole = layer(g.adjacency.dense(), H, *w)
    torch.testing.assert_close(layer(g, H, *w), whole, rtol=1e-13, atol=1e-13)
    if layer is not gin_layer:  # its sums of neighbours come before the weights, and are dense
        torch.testing.assert_close(layer(g, SparseMatrix.of_dense(H), *w), whole, rtol=1e-13, atol=1e-13)


@every_layer
def test_gradients_of_first_and_second_order(layer, weights):
    given = [v.requires_grad_() for v in (normal(N, C), *weights())]
    assert torch.autograd.gradcheck(lambda *v: layer(graph(), *v), given)
    assert torch.autograd.gradgradcheck(lambda *v: layer(graph(), *v), given, fast_mode=True)


def test_gradient_by_the_adjacency_matrix():
    A = (graph().adjacency.dense() * 0.7).requires_grad_()
    assert torch.autograd.gradcheck(lambda A: gcn_layer(A + 0.1, normal(N, C), *gcn_weights()), [A])


def test_gradients_by_stored_values_and_features():
    S = SparseMatrix.of_dense(normal(4, 6) * (normal(4, 6, seed=3) > 0))
    given = [S.values.clone().requires_grad_(), normal(6, 2).requires_grad_()]
    assert torch.autograd.gradcheck(lambda v, X: S.product(X, v), given)
    assert torch.autograd.gradgradcheck(lambda v, X: S.product(X, v), given, fast_mode=True)
    assert torch.autograd.gradgradcheck(lambda v, X: S.with_values(v).product(X), given, fast_mode=True)


@every_layer
@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.filterwarnings(
    "ignore:.*should not be instantiated:DeprecationWarning"
)  # torch's own compiler does it
def test_compiles_without_graph_breaks(layer, weights, sparse):
    g, w = graph(torch.float32), weights(torch.float32)
    H = normal(N, C, dtype=torch.float32)
    if sparse and layer is gin_layer:
        pytest.skip("its sums of neighbours come before the weights, and are dense")
    H = SparseMatrix.of_dense(H) if sparse else H
    w = [v.requires_grad_() for v in w]
    compiled = torch.compile(lambda H, *w: layer(g, H, *w), fullgraph=True, backend="aot_eager")
    y = compiled(H, *w)
    torch.testing.assert_close(y, layer(g, H, *w))
    gradients = [torch.autograd.grad(f(H, *w).square().sum(), w) for f in (compiled, lambda *v: layer(g, *v))]
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs)


@every_layer
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_precision(layer, weights, dtype):
    exact = layer(graph(), normal(N, C), *weights())
    for A in (graph(dtype), graph(dtype).adjacency.dense()):
        y = layer(A, normal(N, C, dtype=dtype), *weights(dtype))
        assert y.dtype == dtype
        torch.testing.assert_close(y.double(), exact, rtol=0, atol=60 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("net", [GCN, GAT])
def test_networks_learn_and_do_not_see_other_graphs(net):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, other = net(C, 4, 2), Graph.of_edges(torch.tensor([[0, 1], [1, 2]]), 3)
        both = Graph.batch([other, graph(torch.float32), other])
        X = normal(N, C, dtype=torch.float32)
        junk = 100 * normal(3, C, seed=5, dtype=torch.float32)
        model.train()
        assert not torch.equal(model(graph(torch.float32), X), model(graph(torch.float32), X)), "no dropout"
        model.eval()
        alone = model(graph(torch.float32), X)
        torch.testing.assert_close(model(both, torch.cat([junk, X, -junk]))[3 : 3 + N], alone)
        torch.testing.assert_close(model(graph(torch.float32), SparseMatrix.of_dense(X)), alone)
        model(graph(torch.float32), X).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_heads_stand_side_by_side_or_are_averaged():
    with torch.random.fork_rng(devices=[]):
        layer = GATLayer(C, D, heads=4).double()
        mean = GATLayer(C, D, heads=4, concat=False).double()
        assert GCNLayer(C, D, bias=False).bias is None
    mean.load_state_dict({**layer.state_dict(), "bias": torch.zeros(D).double()})
    apart = layer(graph(), normal(N, C))
    torch.testing.assert_close(mean(graph(), normal(N, C)), apart.unflatten(-1, (4, D)).mean(-2))


def test_the_isomorphism_layer_learns_its_epsilon_or_not():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer, fixed = GINLayer(C, 4, D).double(), GINLayer(C, 4, D, learn_epsilon=False)
    layer(graph(), normal(N, C)).square().sum().backward()
    assert layer.epsilon.grad.abs() > 0 and not fixed.epsilon.requires_grad
    w = layer.first.weight.T, layer.first.bias, layer.second.weight.T, layer.second.bias
    torch.testing.assert_close(layer(graph(), normal(N, C)), gin_layer(graph(), normal(N, C), *w))


def test_edges_in_both_directions_once_and_self_edges():
    listed = torch.tensor([[0, 1, 0, 2], [1, 0, 1, 2]])  # an edge three times, and a self edge
    A = Graph.of_edges(listed, 3).adjacency.dense()
    assert A.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    one_way = Graph.of_edges(listed[:, :1], 3, undirected=False).adjacency.dense()
    assert one_way.nonzero().tolist() == [[1, 0]], "node 1 receives from node 0"
    weights = torch.tensor([1.0, 2.0, 4.0, 8.0])
    assert Graph.of_edges(listed, 3, weights).adjacency.dense().tolist() == [[0, 7, 0], [7, 0, 0], [0, 0, 8]]
    nothing = Graph.of_edges(listed, 3, torch.tensor([0.0, 0.0, 0.0, 1.0]))
    assert nothing.adjacency.values.tolist() == [0, 0, 1], "edges of weight 0 are none"
    degrees = Graph.of_edges(listed, 3).normalized.dense()
    torch.testing.assert_close(degrees, torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]))


def test_malformed_graphs_are_named():
    with pytest.raises(GradusError, match=r"edges: expected indices from 0 to 6, got 7 at \[1, 0\]"):
        Graph.of_edges(torch.tensor([[0], [7]]), N)
    with pytest.raises(GradusError, match=r"edges: expected indices from 0 to 6, got -1 at \[0, 1\]"):
        Graph.of_edges(torch.tensor([[0, -1], [1, 2]]), N)
    with pytest.raises(GradusError, match=r"edges: expected 2 rows.*transpose"):
        Graph.of_edges(EDGES.T, N)
    with pytest.raises(GradusError, match=r"weights: expected numbers ≥ 0, got -1.0 at \[1\]"):
        Graph.of_edges(EDGES[:, :2], N, torch.tensor([1.0, -1.0]))
    with pytest.raises(GradusError, match=r"weights: expected finite numbers, got nan"):
        Graph.of_edges(EDGES[:, :2], N, torch.tensor([1.0, float("nan")]))
    with pytest.raises(GradusError, match=r"A: expected numbers ≥ 0"):
        gcn_layer(-torch.ones(2, 2), torch.ones(2, 1), torch.ones(1, 1))
    with pytest.raises(GradusError, match=r"H: expected 7 rows, one a node"):
        gcn_layer(graph(), normal(4, C), *gcn_weights())
    with pytest.raises(GradusError, match=r"A: expected a graph of torch.float32.*A.to\(torch.float32\)"):
        gcn_layer(graph(), normal(N, C, dtype=torch.float32), *gcn_weights(torch.float32))
    with pytest.raises(GradusError, match=r"A: expected a Graph"):
        gcn_layer(torch.ones(2, 2), SparseMatrix.of_dense(torch.ones(2, 1)), torch.ones(1, 1))


def test_dropout_of_stored_features_is_dropout_of_all():
    S = SparseMatrix.of_dense(torch.ones(200, 300) * (normal(200, 300) > 1))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        dropped = S.dropout(0.4)
    assert set(dropped.values.unique().tolist()) == {0.0, float(torch.tensor(1 / 0.6))}
    n = len(S.values)
    assert abs((dropped.values > 0).double().mean() - 0.6) < 5 * np.sqrt(0.24 / n)
    torch.testing.assert_close(dropped.product(torch.eye(300)), dropped.dense())
    assert S.dropout(0.4, training=False) is S and S.dropout(0.0) is S
    assert S.dropout(1.0).values.abs().sum() == 0


@pytest.mark.parametrize("layer", LAYERS)
def test_memory_grows_with_edges_not_with_pairs(layer):
    n = 20_000  # a dense matrix of so many nodes would take 1.6 GB
    i = torch.arange(n - 1)
    path: Graph = Graph.of_edges(torch.stack([i, i + 1]), n)
    function, weights = LAYERS[layer]
    y: Tensor = function(path, normal(n, C, dtype=torch.float32), *weights(torch.float32))
    assert y.isfinite().all() and y.shape[0] == n


def test_of_large_graphs_a_gcn_holds_its_features_and_the_hidden_layer_twice():
    """The dropped features, the factors of the second dropout, and its result: nothing else that grows with the nodes."""
    n, features, hidden, classes = 500, 8, 16, 4
    graph = Graph.of_edges(torch.randint(0, n, (2, 2000), generator=torch.Generator().manual_seed(0)), n)
    held: dict[int, int] = {}

    def hold(tensor):
        if tensor.layout == torch.strided and len(tensor) == n:
            held[tensor.untyped_storage().data_ptr()] = tensor.numel()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(hold, lambda tensor: tensor):
        GCN(features, hidden, classes)(graph, torch.rand(n, features))
    assert sum(held.values()) == n * (features + 2 * hidden)
