"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.networks.activation_properties import ActivationProperties, activation_properties
    from gradus.networks.attention import online_attention
    from gradus.networks.convolution import fft_convolution, im2col_convolution
    from gradus.networks.group_convolution import C4Convolution, c4_convolution
    from gradus.networks.losses import Risk, constant_risk, hinge_loss
    from gradus.networks.neural_ode import NeuralODE, neural_ode
    from gradus.networks.residual import Residual, residual_block, zero_last_

__all__ = [
    "ActivationProperties",
    "C4Convolution",
    "NeuralODE",
    "Residual",
    "Risk",
    "activation_properties",
    "c4_convolution",
    "constant_risk",
    "fft_convolution",
    "hinge_loss",
    "im2col_convolution",
    "neural_ode",
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
        "group_convolution": ["C4Convolution", "c4_convolution"],
        "losses": ["Risk", "constant_risk", "hinge_loss"],
        "neural_ode": ["NeuralODE", "neural_ode"],
        "residual": ["Residual", "residual_block", "zero_last_"],
    },
)
