"""Graph isomorphism layers: every node adds up its neighbours, and a small network maps the sum."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import Sizes, flag, refusal, whole
from gradus.arguments.tensors import factor, same_kind, tensor
from gradus.networks.graphs import Graph, graph_of


def gin_layer(
    A: Float[Tensor, "*batch n n"] | Graph,
    H: Float[Tensor, "*batch n c"],
    W1: Float[Tensor, "c h"],
    b1: Float[Tensor, " h"],
    W2: Float[Tensor, "h d"],
    b2: Float[Tensor, " d"],
    epsilon: float | Tensor = 0.0,
) -> Float[Tensor, "*batch n d"]:
    r"""Sum over neighbours and a network of two layers: :math:`\operatorname{ReLU}(((1+\varepsilon)H+AH)W_1+b_1)W_2+b_2`.

    Args:
        A: adjacency matrix, dense or a `Graph`.
        H: features of the nodes.
        W1: weights of the first layer.
        b1: its bias.
        W2: weights of the second layer.
        b2: its bias.
        epsilon: ε, a number or a tensor of one, which may be learnt.

    Raises:
        GradusError: shapes that do not fit.

    Cost: of a graph with m entries O(m·c + n·h·(c+d)); of a dense A O(n²·c + n·h·(c+d)).

    Source: xu2019powerful, eq. 4.1.

    Example:
        >>> import torch
        >>> A, H, one, zero = 1 - torch.eye(3), torch.ones(3, 1), torch.ones(1, 1), torch.zeros(1)
        >>> gin_layer(A, H, one, zero, one, zero).flatten().tolist()
        [3.0, 3.0, 3.0]
    """
    sizes = Sizes()
    tensor("W1", W1, "c h", sizes)
    tensor("b1", b1, "h", sizes)
    tensor("W2", W2, "h d", sizes)
    tensor("b2", b2, "d", sizes)
    epsilon = factor("epsilon", epsilon, most=1e18)
    if isinstance(A, Tensor):
        tensor("A", A, "*#batch n n", sizes)
        tensor("H", H, "*#batch n c", sizes)
        same_kind(H=H, A=A, W1=W1, b1=b1, W2=W2, b2=b2)
        neighbours = A @ H
    else:
        tensor("H", H, "n c", sizes)
        same_kind(H=H, W1=W1, b1=b1, W2=W2, b2=b2)
        graph = graph_of("A", A, H)
        if H.shape[0] != graph.nodes:
            raise refusal("H", (f"{graph.nodes} rows, one a node", f" {graph.nodes} 行，每个节点一行"), H)
        neighbours = graph.adjacency.product(H)
    total = (1 + epsilon) * H + neighbours
    return F.relu(total @ W1 + b1) @ W2 + b2


class GINLayer(nn.Module):
    r"""A graph isomorphism layer with its weights.

    Args:
        inputs: c, features of a node before.
        hidden: h, width of its network.
        outputs: d, features of a node after.
        learn_epsilon: whether ε is learnt; else it stays 0.

    Raises:
        GradusError: sizes below 1.

    Source: xu2019powerful, eq. 4.1; weights as PyTorch draws them for a linear layer.

    Example:
        >>> import torch
        >>> pair = Graph.of_edges(torch.tensor([[0], [1]]), nodes=2)
        >>> GINLayer(3, 8, 4)(pair, torch.ones(2, 3)).shape
        torch.Size([2, 4])
    """

    def __init__(self, inputs: int, hidden: int, outputs: int, learn_epsilon: bool = True) -> None:
        inputs, hidden, outputs = (
            whole(n, v, least=1) for n, v in (("inputs", inputs), ("hidden", hidden), ("outputs", outputs))
        )
        learn_epsilon = flag("learn_epsilon", learn_epsilon)
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
        self.epsilon = nn.Parameter(torch.zeros(()), requires_grad=learn_epsilon)

    def forward(self, A: Tensor | Graph, H: Tensor) -> Tensor:
        """The features after the layer, without an activation behind it.

        Raises:
            GradusError: shapes that do not fit.
        """
        weights = self.first.weight.T, self.first.bias, self.second.weight.T, self.second.bias
        return gin_layer(A, H, *weights, self.epsilon)
