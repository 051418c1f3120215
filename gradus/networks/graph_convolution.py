"""Graph convolution: every node takes the normalised mean of its neighbours and itself, mapped by one matrix."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import Sizes, flag, number, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.networks.graphs import Graph, graph_of
from gradus.networks.sparse import SparseMatrix, require_features, uniform_dropout


def gcn_layer(
    A: Float[Tensor, "*batch n n"] | Graph,
    H: Float[Tensor, "*batch n c"] | SparseMatrix,
    W: Float[Tensor, "c d"],
    b: Float[Tensor, " d"] | None = None,
) -> Float[Tensor, "*batch n d"]:
    r"""Graph convolution without its activation: :math:`\tilde D^{-1/2}(A+I)\tilde D^{-1/2}HW+b`, :math:`\tilde D_{ii}=1+\sum_jA_{ij}`.

    Args:
        A: adjacency matrix, symmetric and not negative; dense, or a `Graph`.
        H: features of the nodes; with a `Graph` they may be sparse.
        W: weights (c, d).
        b: bias (d,).

    Raises:
        GradusError: shapes that do not fit; a negative entry of A.

    Cost: of a graph with m entries O(m·min(c, d) + n·c·d), where the narrower side is averaged; of a dense A O(n²·d + n·c·d).

    Source: kipf2017semi, eq. 2.

    Example:
        >>> import torch
        >>> A, H = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[1.0], [0.0]])
        >>> gcn_layer(A.double(), H.double(), torch.ones(1, 1).double()).round(decimals=6).tolist()
        [[0.5], [0.5]]
    """
    sizes = Sizes()
    tensor("W", W, "c d", sizes)
    if b is not None:
        tensor("b", b, "d", sizes)
    if isinstance(A, Graph) or isinstance(H, SparseMatrix):
        result = _sparse(graph_of("A", A, W), H, W, sizes)  # type: ignore[arg-type]
    else:
        tensor("A", A, "*#batch n n", sizes)
        tensor("H", H, "*#batch n c", sizes)
        same_kind(H=H, A=A, W=W, b=b)
        if concrete(A) and A.numel() and not bool((A.detach() >= 0).all()):
            raise refusal("A", ("numbers ≥ 0", " ≥ 0 的数"), A.detach().amin().item())
        near = A + torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
        scale = near.sum(-1, keepdim=True).rsqrt()
        result = scale * (near @ (scale * (H @ W)))
    return result if b is None else result + b


def _sparse(graph: Graph, H: Tensor | SparseMatrix, W: Tensor, sizes: Sizes) -> Tensor:
    if isinstance(H, SparseMatrix):
        if H.shape != (graph.nodes, W.shape[0]):
            raise refusal(
                "H",
                (f"{graph.nodes} rows and {W.shape[0]} columns", f" {graph.nodes} 行 {W.shape[0]} 列"),
                H,
            )
        return graph.normalized.product(H.product(W))
    tensor("H", H, "n c", sizes)
    same_kind(H=H, W=W)
    if H.shape[0] != graph.nodes:
        raise refusal("H", (f"{graph.nodes} rows, one a node", f" {graph.nodes} 行，每个节点一行"), H)
    if W.shape[0] < W.shape[1]:  # average where the features are narrower
        return graph.normalized.product(H) @ W
    return graph.normalized.product(H @ W)


class GCNLayer(nn.Module):
    r"""A graph convolution with its weights: :math:`\hat AHW+b`.

    Args:
        inputs: c, features of a node before.
        outputs: d, features of a node after.
        bias: whether b is added.

    Raises:
        GradusError: sizes below 1.

    Source: kipf2017semi, eq. 2; weights as there from glorot2010understanding, the bias 0.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> GCNLayer(3, 4)(pair, torch.ones(2, 3)).shape
        torch.Size([2, 4])
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        inputs, outputs = whole("inputs", inputs, least=1), whole("outputs", outputs, least=1)
        bias = flag("bias", bias)
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, A: Tensor | Graph, H: Tensor | SparseMatrix) -> Tensor:
        """The features after the layer, without an activation.

        Raises:
            GradusError: shapes that do not fit.
        """
        return gcn_layer(A, H, self.weight, self.bias)


class GCN(nn.Module):
    r"""The network of Kipf and Welling: :math:`\hat A\,\operatorname{ReLU}(\hat AXW_1+b_1)\,W_2+b_2`, dropout before both layers.

    Args:
        inputs: features of a node.
        hidden: width of the hidden layer.
        classes: numbers that come out of a node.
        dropout: probability with which a feature is 0 in training; of sparse features only what is stored is drawn.

    Raises:
        GradusError: sizes below 1, a probability outside of 0…1.

    Source: kipf2017semi, eq. 9.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> GCN(3, 16, 5)(pair, torch.ones(2, 3)).shape
        torch.Size([2, 5])
    """

    def __init__(self, inputs: int, hidden: int, classes: int, dropout: float = 0.5) -> None:
        inputs, hidden, classes = (
            whole(name, size, least=1)
            for name, size in (("inputs", inputs), ("hidden", hidden), ("classes", classes))
        )
        dropout = number("dropout", dropout, least=0, most=1)
        super().__init__()
        self.first, self.second, self.dropout = GCNLayer(inputs, hidden), GCNLayer(hidden, classes), dropout

    def forward(self, A: Tensor | Graph, X: Tensor | SparseMatrix) -> Tensor:
        """The logits of all nodes.

        Raises:
            GradusError: shapes that do not fit.
        """
        require_features("X", X, self.first.weight.shape[0])
        p, training = self.dropout, self.training
        X = X.dropout(p, training) if isinstance(X, SparseMatrix) else uniform_dropout(X, p, training)
        # as factors are never negative, dropout may come before the ReLU, whose result alone is then held for the way back
        logits: Tensor = self.second(A, F.relu(uniform_dropout(self.first(A, X), p, training)))
        return logits
