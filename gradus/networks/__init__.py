"""Layers and functions of neural networks that PyTorch lacks, and those that the atlas needs."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.networks.activation_properties import ActivationProperties, activation_properties
    from gradus.networks.additive_attention import AdditiveAttention, additive_attention
    from gradus.networks.attention import online_attention
    from gradus.networks.convolution import fft_convolution, im2col_convolution
    from gradus.networks.losses import Risk, constant_risk, hinge_loss
    from gradus.networks.positions import (
        RotaryEncoding,
        SinusoidalEncoding,
        rotary_encoding,
        sinusoidal_encoding,
    )
    from gradus.networks.residual import Residual, residual_block, zero_last_

__all__ = [
    "ActivationProperties",
    "AdditiveAttention",
    "Residual",
    "Risk",
    "RotaryEncoding",
    "SinusoidalEncoding",
    "activation_properties",
    "additive_attention",
    "constant_risk",
    "fft_convolution",
    "hinge_loss",
    "im2col_convolution",
    "online_attention",
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
        "losses": ["Risk", "constant_risk", "hinge_loss"],
        "positions": ["RotaryEncoding", "SinusoidalEncoding", "rotary_encoding", "sinusoidal_encoding"],
        "residual": ["Residual", "residual_block", "zero_last_"],
    },
)
