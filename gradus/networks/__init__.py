"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.networks.activation_properties import ActivationProperties, activation_properties
    from gradus.networks.additive_attention import AdditiveAttention, additive_attention
    from gradus.networks.attention import online_attention
    from gradus.networks.convolution import fft_convolution, im2col_convolution
    from gradus.networks.graph_attention import GAT, GATLayer, gat_layer
    from gradus.networks.graph_convolution import GCN, GCNLayer, gcn_layer
    from gradus.networks.graph_isomorphism import GINLayer, gin_layer
    from gradus.networks.graphs import Graph
    from gradus.networks.group_convolution import C4Convolution, c4_convolution
    from gradus.networks.gru import GRU, gru
    from gradus.networks.losses import Risk, constant_risk, hinge_loss
    from gradus.networks.neural_ode import NeuralODE, neural_ode
    from gradus.networks.peephole_lstm import PeepholeLSTM, peephole_lstm
    from gradus.networks.positions import (
        RotaryEncoding,
        SinusoidalEncoding,
        rotary_encoding,
        sinusoidal_encoding,
    )
    from gradus.networks.residual import Residual, residual_block, zero_last_
    from gradus.networks.sparse import SparseMatrix

__all__ = [
    "GAT",
    "GCN",
    "GRU",
    "ActivationProperties",
    "AdditiveAttention",
    "C4Convolution",
    "GATLayer",
    "GCNLayer",
    "GINLayer",
    "Graph",
    "NeuralODE",
    "PeepholeLSTM",
    "Residual",
    "Risk",
    "RotaryEncoding",
    "SinusoidalEncoding",
    "SparseMatrix",
    "activation_properties",
    "additive_attention",
    "c4_convolution",
    "constant_risk",
    "fft_convolution",
    "gat_layer",
    "gcn_layer",
    "gin_layer",
    "gru",
    "hinge_loss",
    "im2col_convolution",
    "neural_ode",
    "online_attention",
    "peephole_lstm",
    "residual_block",
    "rotary_encoding",
    "sinusoidal_encoding",
    "zero_last_",
]

export(
    __name__,
    {
        "activation_properties": ["ActivationProperties", "activation_properties"],
        "additive_attention": ["AdditiveAttention", "additive_attention"],
        "attention": ["online_attention"],
        "convolution": ["fft_convolution", "im2col_convolution"],
        "graph_attention": ["GAT", "GATLayer", "gat_layer"],
        "graph_convolution": ["GCN", "GCNLayer", "gcn_layer"],
        "graph_isomorphism": ["GINLayer", "gin_layer"],
        "graphs": ["Graph"],
        "losses": ["Risk", "constant_risk", "hinge_loss"],
        "positions": ["RotaryEncoding", "SinusoidalEncoding", "rotary_encoding", "sinusoidal_encoding"],
        "group_convolution": ["C4Convolution", "c4_convolution"],
        "neural_ode": ["NeuralODE", "neural_ode"],
        "gru": ["GRU", "gru"],
        "peephole_lstm": ["PeepholeLSTM", "peephole_lstm"],
        "residual": ["Residual", "residual_block", "zero_last_"],
        "sparse": ["SparseMatrix"],
    },
)
