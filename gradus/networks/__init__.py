"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.networks.activation_properties import ActivationProperties, activation_properties
    from gradus.networks.attention import online_attention
    from gradus.networks.convolution import fft_convolution, im2col_convolution
    from gradus.networks.graph_attention import GAT, GATLayer, gat_layer
    from gradus.networks.graph_convolution import GCN, GCNLayer, gcn_layer
    from gradus.networks.graph_isomorphism import GINLayer, gin_layer
    from gradus.networks.graphs import Graph
    from gradus.networks.losses import Risk, constant_risk, hinge_loss
    from gradus.networks.residual import Residual, residual_block, zero_last_
    from gradus.networks.sparse import SparseMatrix

__all__ = [
    "GAT",
    "GCN",
    "ActivationProperties",
    "GATLayer",
    "GCNLayer",
    "GINLayer",
    "Graph",
    "Residual",
    "Risk",
    "SparseMatrix",
    "activation_properties",
    "constant_risk",
    "fft_convolution",
    "gat_layer",
    "gcn_layer",
    "gin_layer",
    "hinge_loss",
    "im2col_convolution",
    "online_attention",
    "residual_block",
    "zero_last_",
]

export(
    __name__,
    {
        "activation_properties": ["ActivationProperties", "activation_properties"],
        "attention": ["online_attention"],
        "convolution": ["fft_convolution", "im2col_convolution"],
        "graph_attention": ["GAT", "GATLayer", "gat_layer"],
        "graph_convolution": ["GCN", "GCNLayer", "gcn_layer"],
        "graph_isomorphism": ["GINLayer", "gin_layer"],
        "graphs": ["Graph"],
        "losses": ["Risk", "constant_risk", "hinge_loss"],
        "residual": ["Residual", "residual_block", "zero_last_"],
        "sparse": ["SparseMatrix"],
    },
)
