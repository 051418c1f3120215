"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.networks.activation_properties import ActivationProperties, activation_properties
    from gradus.networks.attention import online_attention
    from gradus.networks.convolution import fft_convolution, im2col_convolution
    from gradus.networks.gru import GRU, gru
    from gradus.networks.losses import Risk, constant_risk, hinge_loss
    from gradus.networks.peephole_lstm import PeepholeLSTM, peephole_lstm
    from gradus.networks.residual import Residual, residual_block, zero_last_

__all__ = [
    "GRU",
    "ActivationProperties",
    "PeepholeLSTM",
    "Residual",
    "Risk",
    "activation_properties",
    "constant_risk",
    "fft_convolution",
    "gru",
    "hinge_loss",
    "im2col_convolution",
    "online_attention",
    "peephole_lstm",
    "residual_block",
    "zero_last_",
]

export(
    __name__,
    {
        "activation_properties": ["ActivationProperties", "activation_properties"],
        "attention": ["online_attention"],
        "convolution": ["fft_convolution", "im2col_convolution"],
        "gru": ["GRU", "gru"],
        "losses": ["Risk", "constant_risk", "hinge_loss"],
        "peephole_lstm": ["PeepholeLSTM", "peephole_lstm"],
        "residual": ["Residual", "residual_block", "zero_last_"],
    },
)
