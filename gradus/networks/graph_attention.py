"""Graph attention: every node weighs its neighbours and itself by a softmax that it learns."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import Sizes, flag, number, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.networks.graphs import Graph, graph_of
from gradus.networks.sparse import SparseMatrix, require_features, uniform_dropout


def gat_layer(
    A: Float[Tensor, "*batch n n"] | Graph,
    H: Float[Tensor, "*batch n c"] | SparseMatrix,
    W: Float[Tensor, "k c d"],
    a: Float[Tensor, "k d"],
    a_neighbour: Float[Tensor, "k d"],
    slope: float = 0.2,
    dropout: float = 0.0,
) -> Float[Tensor, "*batch n k d"]:
    r"""Graph attention with k heads, without its activation.

    :math:`e_{ij}=\operatorname{LeakyReLU}(a^{\mathsf T}W^{\mathsf T}h_i+a'^{\mathsf T}W^{\mathsf T}h_j)`,
    :math:`\alpha_{ij}=\operatorname{softmax}_{j\in\mathcal N_i\cup\{i\}}e_{ij}`, :math:`y_i=\sum_j\alpha_{ij}W^{\mathsf T}h_j`.

    Args:
        A: adjacency matrix, dense or a `Graph`: node i sees itself and every j with A_ij ≠ 0; the weights' sizes do not count.
        H: features of the nodes; with a `Graph` they may be sparse.
        W: weights of each head (k, c, d).
        a: the half of each head's attention vector that meets the node itself (k, d).
        a_neighbour: the half that meets its neighbour (k, d).
        slope: of LeakyReLU below 0, from 0 to 1.
        dropout: probability with which a weight α is 0, the others being divided by 1−p.

    Raises:
        GradusError: shapes that do not fit.

    Cost: of a graph with m entries O(k·(n·c·d + m·d)); of a dense A O(k·n·(c·d + n·d)).

    Source: velickovic2018graph, eq. 1 to 5.

    Example:
        >>> import torch
        >>> A, H = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0], [0.0]])
        >>> one, zero = torch.ones(1, 1), torch.zeros(1, 1)
        >>> gat_layer(A, H, one[None], zero, zero).flatten().tolist()
        [0.5, 0.5]
    """
    sizes = Sizes()
    tensor("W", W, "k c d", sizes)
    tensor("a", a, "k d", sizes)
    tensor("a_neighbour", a_neighbour, "k d", sizes)
    slope, dropout = number("slope", slope, least=0, most=1), number("dropout", dropout, least=0, most=1)
    if isinstance(A, Graph) or isinstance(H, SparseMatrix):
        graph = graph_of("A", A, W)  # type: ignore[arg-type]
        same_kind(W=W, a=a, a_neighbour=a_neighbour)
        P = _projected(graph, H, W, sizes)
        return _along_edges(graph, P, a, a_neighbour, slope, dropout)
    tensor("A", A, "*#batch n n", sizes)
    tensor("H", H, "*#batch n c", sizes)
    same_kind(H=H, A=A, W=W, a=a, a_neighbour=a_neighbour)
    P = H[..., None, :, :] @ W  # (..., k, n, d)
    s, t = P @ a[..., None], P @ a_neighbour[..., None]
    scores = F.leaky_relu(s + t.mT, slope)
    own = torch.eye(A.shape[-1], dtype=torch.bool, device=A.device)
    scores = scores.masked_fill(~((A != 0) | own)[..., None, :, :], -torch.inf)
    return (uniform_dropout(scores.softmax(-1), dropout) @ P).transpose(-3, -2)


def _projected(graph: Graph, H: Tensor | SparseMatrix, W: Tensor, sizes: Sizes) -> Tensor:
    """The features of every node for every head (k, n, d)."""
    k, c, d = W.shape
    if isinstance(H, SparseMatrix):
        if H.shape != (graph.nodes, c):
            raise refusal("H", (f"{graph.nodes} rows and {c} columns", f" {graph.nodes} 行 {c} 列"), H)
        return H.product(W.transpose(0, 1).reshape(c, k * d)).view(graph.nodes, k, d).transpose(0, 1)
    tensor("H", H, "n c", sizes)
    same_kind(H=H, W=W)
    if H.shape[0] != graph.nodes:
        raise refusal("H", (f"{graph.nodes} rows, one a node", f" {graph.nodes} 行，每个节点一行"), H)
    return H @ W


def _along_edges(
    graph: Graph, P: Tensor, a: Tensor, a_neighbour: Tensor, slope: float, dropout: float
) -> Tensor:
    """Attention over the stored entries alone: all heads are blocks of one sparse matrix."""
    k, n, d = P.shape
    places = graph.heads(k)
    s, t = (P @ a[..., None]).flatten(), (P @ a_neighbour[..., None]).flatten()
    scores = F.leaky_relu(s.index_select(0, places.rows) + t.index_select(0, places.indices), slope)
    wide = scores.detach().to(torch.promote_types(scores.dtype, torch.float32))
    peak = torch.segment_reduce(wide, "max", offsets=places.indptr.long(), unsafe=True).to(scores.dtype)
    weight = (scores - peak.index_select(0, places.rows)).exp()
    P = P.reshape(k * n, d)
    total = places.product(P.new_ones(k * n, 1), weight)
    weight = uniform_dropout(weight, dropout)  # the sum is that of all weights: α itself is what is dropped
    return (places.product(P, weight) / total).view(k, n, d).transpose(0, 1)


class GATLayer(nn.Module):
    r"""Graph attention with its weights; the heads stand side by side (n, k·d), or their mean is taken (n, d).

    Args:
        inputs: c, features of a node before.
        outputs: d, features that each head gives.
        heads: k.
        concat: whether the heads stand side by side.
        dropout: of the weights α in training.
        slope: of LeakyReLU below 0, from 0 to 1.

    Raises:
        GradusError: sizes below 1, a probability outside of 0…1.

    Source: velickovic2018graph, eq. 5 and 6; weights from glorot2010understanding, the bias 0.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> GATLayer(3, 4, heads=2)(pair, torch.ones(2, 3)).shape
        torch.Size([2, 8])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        heads: int = 8,
        concat: bool = True,
        dropout: float = 0.0,
        slope: float = 0.2,
    ) -> None:
        inputs, outputs = whole("inputs", inputs, least=1), whole("outputs", outputs, least=1)
        heads, concat = whole("heads", heads, least=1), flag("concat", concat)
        dropout, slope = number("dropout", dropout, least=0, most=1), number("slope", slope, least=0, most=1)
        super().__init__()
        self.concat, self.dropout, self.slope = concat, dropout, slope
        weight = nn.init.xavier_uniform_(torch.empty(inputs, heads * outputs)).view(inputs, heads, outputs)
        self.weight = nn.Parameter(weight.transpose(0, 1).contiguous())
        self.attention = nn.Parameter(nn.init.xavier_uniform_(torch.empty(2, heads, outputs)))
        self.bias = nn.Parameter(torch.zeros(heads * outputs if concat else outputs))

    def forward(self, A: Tensor | Graph, H: Tensor | SparseMatrix) -> Tensor:
        """The features after the layer, without an activation.

        Raises:
            GradusError: shapes that do not fit.
        """
        p = self.dropout if self.training else 0.0
        heads = gat_layer(A, H, self.weight, self.attention[0], self.attention[1], self.slope, p)
        return (heads.flatten(-2) if self.concat else heads.mean(-2)) + self.bias


class GAT(nn.Module):
    r"""The network of Veličković and others: two attention layers, ELU between them, the heads of the second averaged.

    Args:
        inputs: features of a node.
        hidden: width of each head of the first layer.
        classes: numbers that come out of a node.
        heads: of the first layer.
        last_heads: of the second.
        dropout: of both layers' inputs and of their weights α.

    Raises:
        GradusError: sizes below 1, a probability outside of 0…1.

    Source: velickovic2018graph, §3.3.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> GAT(3, 8, 5)(pair, torch.ones(2, 3)).shape
        torch.Size([2, 5])
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        classes: int,
        heads: int = 8,
        last_heads: int = 1,
        dropout: float = 0.6,
    ) -> None:
        inputs, hidden, classes = (
            whole(name, size, least=1)
            for name, size in (("inputs", inputs), ("hidden", hidden), ("classes", classes))
        )
        heads, last_heads = whole("heads", heads, least=1), whole("last_heads", last_heads, least=1)
        dropout = number("dropout", dropout, least=0, most=1)
        super().__init__()
        self.dropout = dropout
        self.first = GATLayer(inputs, hidden, heads, dropout=dropout)
        self.second = GATLayer(hidden * heads, classes, last_heads, concat=False, dropout=dropout)

    def forward(self, A: Tensor | Graph, X: Tensor | SparseMatrix) -> Tensor:
        """The logits of all nodes.

        Raises:
            GradusError: shapes that do not fit.
        """
        require_features("X", X, self.first.weight.shape[1])
        p, training = self.dropout, self.training
        X = X.dropout(p, training) if isinstance(X, SparseMatrix) else uniform_dropout(X, p, training)
        logits: Tensor = self.second(A, uniform_dropout(F.elu(self.first(A, X)), p, training))
        return logits
