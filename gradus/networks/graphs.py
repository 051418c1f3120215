"""Graphs for graph networks: edges in compressed rows, each node's own place among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gradus.arguments import Sizes, flag, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.networks.sparse import SparseMatrix, in_range
from gradus.text import Text


@dataclass(frozen=True, eq=False)
class Graph:
    r"""A graph of n nodes: its adjacency matrix A, and :math:`\hat A=\tilde D^{-1/2}(A+I)\tilde D^{-1/2}` beside it.

    Both have a place for every node's own entry, which in A is 0 unless the graph has that self edge.

    Attributes:
        adjacency: :math:`A_{ij}`, the weight of the edge from j to i.
        normalized: :math:`\hat A_{ij}`, in the same places, with :math:`\tilde D_{ii}=1+\sum_jA_{ij}`.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> pair.normalized.dense().round(decimals=6).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """

    adjacency: SparseMatrix
    normalized: SparseMatrix

    @property
    def nodes(self) -> int:
        """The number n of nodes."""
        return self.adjacency.shape[0]

    @classmethod
    def of_edges(
        cls,
        edges: Int[Tensor, "2 m"],
        nodes: int,
        weights: Float[Tensor, " m"] | None = None,
        undirected: bool = True,
    ) -> Graph:
        """From a list of edges, sources above and targets below.

        Without weights an edge that is listed twice is one edge, of weight 1; with weights those at one place are added up, and
        edges of weight 0 are none. A self edge counts as any other; layers that look at the node itself add that on top.

        Args:
            edges: pairs of node numbers from 0 (2, m).
            nodes: n; isolated nodes have no edge.
            weights: of the edges, not negative.
            undirected: every edge counts in both directions, a self edge once; a list that holds both directions is False.

        Raises:
            GradusError: a node number out of range; a negative or infinite weight.

        Cost: O(m log m).

        Source: kipf2017semi, §2.

        Example:
            >>> import torch
            >>> path = Graph.of_edges(torch.tensor([[0, 1], [1, 2]]), nodes=3)
            >>> path.adjacency.dense().sum(1).tolist()
            [1.0, 2.0, 1.0]
        """
        nodes, undirected = whole("nodes", nodes, least=0), flag("undirected", undirected)
        sizes = Sizes()
        tensor("edges", edges, "k m", sizes, dtype="integer", meta=False)
        if edges.shape[0] != 2:
            mend = ("transpose a list of pairs with .T", "成对的列表请用 .T 转置")
            raise refusal("edges", ("2 rows, sources and targets", " 2 行：起点与终点"), edges, mend)
        in_range("edges", edges, nodes)
        if weights is not None:
            tensor("weights", weights, "m", sizes, finite=True, meta=False)
            _refuse_negative("weights", weights)
            edges, weights = edges[:, weights > 0], weights[weights > 0]
        given = torch.ones(edges.shape[1], device=edges.device) if weights is None else weights
        source, target = edges.long()
        if undirected:
            other = source != target
            source, target = torch.cat([source, target[other]]), torch.cat([target, source[other]])
            given = torch.cat([given, given[other]])
        graph = _of_entries(target, source, given, nodes)
        return graph if weights is not None else _of_matrix(_ones(graph.adjacency))

    @classmethod
    def of_matrix(cls, A: Float[Tensor, "n n"]) -> Graph:
        """From a dense adjacency matrix: an edge from j to i where A_ij is not 0.

        Raises:
            GradusError: no square matrix; an entry that is negative or not finite.

        Example:
            >>> import torch
            >>> Graph.of_matrix(torch.tensor([[0.0, 1.0], [1.0, 0.0]])).nodes
            2
        """
        tensor("A", A, "n n", Sizes(), finite=True, meta=False)
        _refuse_negative("A", A)
        target, source = A.nonzero(as_tuple=True)
        return _of_entries(target, source, A[target, source], A.shape[0])

    @classmethod
    def batch(cls, graphs: Sequence[Graph]) -> Graph:
        """Several graphs as one, whose parts are not joined: no node sees one of another part.

        Raises:
            GradusError: no graph, or something else than graphs.

        Example:
            >>> import torch
            >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
            >>> Graph.batch([pair, pair]).nodes
            4
        """
        if not isinstance(graphs, (list, tuple)) or not all(isinstance(g, Graph) for g in graphs):
            raise refusal("graphs", ("a list of Graph", " Graph 的列表"), graphs, kind=True)
        if not graphs:
            raise refusal("graphs", ("at least one graph", "至少一个图"), Text("none", "空列表"))
        parts = [g.adjacency for g in graphs]
        first = [sum(p.shape[0] for p in parts[:k]) for k in range(len(parts))]
        rows = torch.cat([p.rows + k for p, k in zip(parts, first, strict=True)])
        columns = torch.cat([p.indices.long() + k for p, k in zip(parts, first, strict=True)])
        return _of_entries(
            rows, columns, torch.cat([p.values for p in parts]), first[-1] + parts[-1].shape[0]
        )

    def heads(self, count: int) -> SparseMatrix:
        """The places of A and of its diagonal once for each head, block by block, with values 1: node i of head h is row h·n+i.

        Raises:
            GradusError: a count below 1.

        Example:
            >>> import torch
            >>> Graph.of_edges(torch.tensor([[0], [1]]), nodes=2).heads(3).shape
            (6, 6)
        """
        count, own = whole("count", count, least=1), self.adjacency
        head = torch.arange(count, device=own.rows.device)[:, None]

        def blocks(places: Tensor, step: int) -> Tensor:
            return (places + (head * step).to(places.dtype)).flatten()

        def starts(indptr: Tensor) -> Tensor:
            return torch.cat([blocks(indptr[:-1], m), indptr[-1:] * count])

        n, m = self.nodes, own.values.shape[0]
        ones = own.values.new_ones(count * m)
        return SparseMatrix(
            values=ones, indptr=starts(own.indptr), indices=blocks(own.indices, n), indptr_t=starts(own.indptr_t),
            indices_t=blocks(own.indices_t, n), order_t=blocks(own.order_t, m), rows=blocks(own.rows, n), values_t=ones,
        )  # fmt: skip

    def to(self, *target: Any) -> Graph:
        """On another device, or with weights of another precision.

        Example:
            >>> import torch
            >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
            >>> pair.to(torch.float64).normalized.values.dtype
            torch.float64
        """
        adjacency = self.adjacency.to(*target)
        return replace(self, adjacency=adjacency, normalized=_normalized(adjacency))


def graph_of(name: str, graph: Graph, like: Tensor) -> Graph:
    """The argument, which is a graph of the precision and on the device of a tensor.

    Raises:
        GradusError: it is none, or is of another precision or on another device.
    """
    if not isinstance(graph, Graph):
        mend = ("make one with Graph.of_edges(edges, nodes)", "请用 Graph.of_edges(edges, nodes) 构造")
        raise refusal(name, ("a Graph", " Graph"), graph, mend, kind=True)
    values = graph.adjacency.values
    for mine, theirs in ((values.dtype, like.dtype), (values.device, like.device)):
        if mine != theirs:
            mend = (f"give {name}.to({theirs!s})", f"请用 {name}.to({theirs!s})")
            raise refusal(name, (f"a graph of {theirs}", f" {theirs} 的图"), Text(str(mine), str(mine)), mend)
    return graph


def _of_entries(rows: Tensor, columns: Tensor, values: Tensor, nodes: int) -> Graph:
    own = torch.arange(nodes, device=rows.device)
    rows, columns = torch.cat([rows, own]), torch.cat([columns, own])
    values = torch.cat([values, values.new_zeros(nodes)])
    return _of_matrix(SparseMatrix.of_entries(rows, columns, values, (nodes, nodes)))


def _of_matrix(adjacency: SparseMatrix) -> Graph:
    return Graph(adjacency, _normalized(adjacency))


def _ones(matrix: SparseMatrix) -> SparseMatrix:
    return matrix.with_values((matrix.values > 0).to(matrix.values.dtype))


def _normalized(adjacency: SparseMatrix) -> SparseMatrix:
    rows, columns = adjacency.rows, adjacency.indices.long()
    values = adjacency.values + (rows == columns).to(adjacency.values.dtype)
    wide = values.double() if values.dtype == torch.float64 else values.float()
    scale = wide.new_zeros(adjacency.shape[0]).index_add(0, rows, wide).rsqrt()
    return adjacency.with_values((scale[rows] * wide * scale[columns]).to(values.dtype))


def _refuse_negative(name: str, values: Tensor) -> None:
    if values.numel() and bool((values < 0).any()):
        place = (values < 0).nonzero()[0].tolist()
        bad = values[tuple(place)].item()
        raise GradusError(
            Text(
                f"{name}: expected numbers ≥ 0, got {bad} at {place}; a degree of 0 or less has no root",
                f"{name}：应为 ≥ 0 的数，{place} 处为 {bad}；度数不大于 0 时无法开方",
            )
        )
