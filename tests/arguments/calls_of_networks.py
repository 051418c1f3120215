"""Right calls of the networks' functions and layers, but for those of graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from example_calls import Example, Fresh, model_of, new, of, shares, tensors, vector
from torch import nn

from gradus import networks


def _drawn(layer: Callable[..., nn.Module], **options: Any) -> nn.Module:
    """A layer in double precision, whose random weights leave the generator as it was."""
    with torch.random.fork_rng(devices=[]):
        return layer(**options).double()


def calls_of_networks() -> dict[str, Example]:
    absolute = lambda c, y: (c - y).abs()
    images = dict(
        x=new(tensors, 0, 2, 4, 5, 5),
        w=new(tensors, 1, 6, 2, 3, 3),
        b=new(tensors, 2, 6),
        stride=1,
        padding=1,
        dilation=1,
        groups=2,
    )
    block = dict(
        x=new(tensors, 0, 2, 3),
        W1=new(tensors, 1, 4, 3),
        b1=new(tensors, 2, 4),
        W2=new(tensors, 3, 5, 4),
        b2=new(tensors, 4, 5),
        W_s=new(tensors, 5, 5, 3),
        alpha=0.5,
    )
    asked = dict(
        S=new(tensors, 0, 2, 3, 4),
        H=new(tensors, 1, 2, 5, 3),
        pad=Fresh(lambda: torch.tensor([[False] * 5, [False] * 3 + [True] * 2])),
    )
    scored = dict(W=new(tensors, 2, 6, 4), U=new(tensors, 3, 6, 3), v=new(tensors, 4, 6))
    peephole = dict(
        x=new(tensors, 0, 2, 4, 3),
        W=new(tensors, 1, 4, 5, 3),
        U=new(tensors, 2, 4, 5, 5),
        P=new(tensors, 3, 3, 5),
        b=new(tensors, 4, 4, 5),
        h0=new(tensors, 5, 2, 5),
        c0=new(tensors, 6, 2, 5),
        lengths=Fresh(lambda: torch.tensor([4, 2])),
    )
    gated = dict(
        x=new(tensors, 0, 2, 4, 3),
        W=new(tensors, 1, 3, 5, 3),
        U=new(tensors, 2, 3, 5, 5),
        b=new(tensors, 3, 3, 5),
        c=new(tensors, 4, 3, 5),
        h0=new(tensors, 5, 2, 5),
        reset_after=False,
        lengths=Fresh(lambda: torch.tensor([4, 2])),
    )
    of_three = dict(x=new(tensors, 0, 2, 4, 3), lengths=Fresh(lambda: torch.tensor([4, 2])))
    examples = {
        "GRU": of(
            lambda **given: _drawn(networks.GRU, **given)(torch.ones(2, 4, 3).double()),
            input_size=3,
            hidden_size=5,
            batch_first=True,
            reset_after=False,
        ),
        "GRU.forward": of(
            _drawn(networks.GRU, input_size=3, hidden_size=5, batch_first=True).forward,
            x=of_three["x"],
            h0=new(tensors, 1, 1, 2, 5),
            lengths=of_three["lengths"],
        ),
        "PeepholeLSTM": of(
            lambda **given: _drawn(networks.PeepholeLSTM, **given)(torch.ones(2, 4, 3).double()),
            input_size=3,
            hidden_size=5,
            batch_first=True,
        ),
        "PeepholeLSTM.forward": of(
            _drawn(networks.PeepholeLSTM, input_size=3, hidden_size=5, batch_first=True).forward,
            x=of_three["x"],
            states=Fresh(lambda: (tensors(1, 1, 2, 5), tensors(2, 1, 2, 5))),
            lengths=of_three["lengths"],
        ),
        "gru": of(networks.gru, **gated),
        "peephole_lstm": of(networks.peephole_lstm, **peephole),
        "C4Convolution": of(
            model_of(networks.C4Convolution),
            inputs=1,
            outputs=2,
            kernel=3,
            padding=1,
            bias=True,
            lifting=True,
        ),
        "C4Convolution.forward": of(
            model_of(networks.C4Convolution)(inputs=1, outputs=2, kernel=3, lifting=True).double().forward,
            x=new(tensors, 0, 2, 1, 4, 4),
        ),
        "NeuralODE": of(
            lambda **given: networks.NeuralODE(**given)(torch.ones(2, 3)),
            field=torch.sin,
            time=0.5,
            steps=2,
            order=4,
        ),
        "NeuralODE.forward": of(networks.NeuralODE(torch.sin).forward, x=new(tensors, 0, 2, 3)),
        "AdditiveAttention": of(model_of(networks.AdditiveAttention), states=4, annotations=3, units=6),
        "AdditiveAttention.forward": of(_additive().forward, **asked),
        "additive_attention": of(networks.additive_attention, **asked, **scored),
        "Residual": of(
            lambda **given: networks.Residual(**given)(torch.ones(2, 3)),
            branch=torch.relu,
            shortcut=torch.sin,
            scale=0.5,
        ),
        "Residual.forward": of(networks.Residual(torch.sin).forward, x=new(tensors, 0, 2, 3)),
        "RotaryEncoding": of(
            lambda **given: networks.RotaryEncoding(**given)(torch.ones(2, 4)), base=100.0, pairs="halves"
        ),
        "RotaryEncoding.forward": of(
            networks.RotaryEncoding().forward, x=new(tensors, 0, 2, 4), t=new(tensors, 1, 2)
        ),
        "SinusoidalEncoding": of(
            lambda **given: networks.SinusoidalEncoding(**given)(torch.ones(2, 4)), d=4, base=100.0
        ),
        "SinusoidalEncoding.forward": of(
            networks.SinusoidalEncoding(4).forward, x=new(tensors, 0, 2, 4), t=new(tensors, 1, 2)
        ),
        "activation_properties": of(
            networks.activation_properties,
            function=torch.relu,
            x=Fresh(lambda: torch.linspace(-2, 2, 9, dtype=torch.float64)),
        ),
        "c4_convolution": of(
            networks.c4_convolution,
            x=new(tensors, 0, 2, 1, 4, 5, 5),
            w=new(tensors, 1, 2, 1, 4, 3, 3),
            b=new(tensors, 2, 2),
            padding=1,
        ),
        "constant_risk": of(
            networks.constant_risk,
            loss=absolute,
            y=new(tensors, 0, 3),
            p=new(shares, 1, 3),
            c=Fresh(lambda: torch.linspace(-1, 1, 5, dtype=torch.float64)),
        ),
        "fft_convolution": of(networks.fft_convolution, **images),
        "hinge_loss": of(networks.hinge_loss, s=new(tensors, 0, 4), y=vector(1.0, -1.0, 1.0, 1.0)),
        "im2col_convolution": of(networks.im2col_convolution, **images),
        "neural_ode": of(
            networks.neural_ode, field=torch.sin, x=new(tensors, 0, 2, 3), time=0.5, steps=2, order=1
        ),
        "online_attention": of(
            networks.online_attention,
            Q=new(tensors, 0, 2, 3, 4),
            K=new(tensors, 1, 2, 5, 4),
            V=new(tensors, 2, 2, 5, 3),
            causal=False,
            scale=0.5,
            block=2,
        ),
        "rotary_encoding": of(
            networks.rotary_encoding,
            x=new(tensors, 0, 2, 4),
            t=new(tensors, 1, 2),
            base=100.0,
            pairs="halves",
        ),
        "sinusoidal_encoding": of(
            networks.sinusoidal_encoding, t=new(tensors, 0, 2), d=4, base=100.0, dtype=torch.float32
        ),
        "residual_block": of(networks.residual_block, **block),
        "zero_last_": of(networks.zero_last_, branch=Fresh(lambda: nn.Sequential(nn.LayerNorm(2)))),
    }
    return {f"gradus.networks.{name}": example for name, example in examples.items()}


@cache
def _additive() -> networks.AdditiveAttention:
    with torch.random.fork_rng(devices=[]):
        return networks.AdditiveAttention(4, 3, 6).double()
