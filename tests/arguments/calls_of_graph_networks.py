"""Right calls of graphs, sparse matrices and the layers of graph networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from example_calls import Example, Fresh, new, of, tensors, vector

from gradus import networks


def _seeded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which leaves PyTorch's generator as it was."""

    def call(**given: Any) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return function(**given)

    return call


def _ring() -> torch.Tensor:
    """Adjacency matrix of four nodes in a ring."""
    return torch.roll(torch.eye(4, dtype=torch.float64), 1, 0) + torch.roll(
        torch.eye(4, dtype=torch.float64), -1, 0
    )


def calls_of_graph_networks() -> dict[str, Example]:
    Graph, SparseMatrix = networks.Graph, networks.SparseMatrix
    graph, sparse = Graph.of_matrix(_ring()), SparseMatrix.of_dense(_ring())
    pairs = Fresh(lambda: torch.tensor([[0, 1, 2], [1, 2, 3]]))
    A, H = Fresh(_ring), new(tensors, 0, 4, 3)
    heads = dict(W=new(tensors, 1, 2, 3, 5), a=new(tensors, 2, 2, 5), a_neighbour=new(tensors, 3, 2, 5))
    examples = {
        "Graph.of_edges": of(
            Graph.of_edges, edges=pairs, nodes=4, weights=vector(1.0, 2.0, 1.0), undirected=True
        ),
        "Graph.of_matrix": of(Graph.of_matrix, A=A),
        "Graph.batch": of(Graph.batch, graphs=[graph, graph]),
        "Graph.heads": of(graph.heads, count=2),
        "SparseMatrix.of_entries": of(
            SparseMatrix.of_entries,
            rows=Fresh(lambda: torch.tensor([0, 1, 3])),
            columns=Fresh(lambda: torch.tensor([2, 1, 0])),
            values=vector(1.0, 2.0, 1.0),
            shape=(4, 3),
        ),
        "SparseMatrix.of_dense": of(SparseMatrix.of_dense, matrix=A),
        "SparseMatrix.product": of(sparse.product, dense=H, values=new(tensors, 1, 8)),
        "SparseMatrix.with_values": of(sparse.with_values, values=new(tensors, 0, 8)),
        "SparseMatrix.dropout": of(_seeded(sparse.dropout), p=0.5, training=True),
        "gcn_layer": of(networks.gcn_layer, A=A, H=H, W=new(tensors, 1, 3, 2), b=new(tensors, 2, 2)),
        "GCNLayer": of(_seeded(networks.GCNLayer), inputs=3, outputs=2, bias=True),
        "GCNLayer.forward": of(networks.GCNLayer(3, 2).double().forward, A=A, H=H),
        "GCN": of(_seeded(networks.GCN), inputs=3, hidden=4, classes=2, dropout=0.5),
        "GCN.forward": of(networks.GCN(3, 4, 2).double().eval().forward, A=A, X=H),
        "gin_layer": of(
            networks.gin_layer,
            A=A,
            H=H,
            W1=new(tensors, 1, 3, 5),
            b1=new(tensors, 2, 5),
            W2=new(tensors, 3, 5, 2),
            b2=new(tensors, 4, 2),
            epsilon=0.5,
        ),
        "GINLayer": of(_seeded(networks.GINLayer), inputs=3, hidden=4, outputs=2, learn_epsilon=True),
        "GINLayer.forward": of(networks.GINLayer(3, 4, 2).double().forward, A=A, H=H),
        "gat_layer": of(_seeded(networks.gat_layer), A=A, H=H, **heads, slope=0.2, dropout=0.0),
        "GATLayer": of(
            _seeded(networks.GATLayer), inputs=3, outputs=2, heads=2, concat=True, dropout=0.0, slope=0.2
        ),
        "GATLayer.forward": of(networks.GATLayer(3, 2, 2).double().forward, A=A, H=H),
        "GAT": of(_seeded(networks.GAT), inputs=3, hidden=4, classes=2, heads=2, last_heads=1, dropout=0.5),
        "GAT.forward": of(networks.GAT(3, 4, 2, 2).double().eval().forward, A=A, X=H),
    }
    return {f"gradus.networks.{name}": example for name, example in examples.items()}
