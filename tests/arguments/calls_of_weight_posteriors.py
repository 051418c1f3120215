"""Right calls of posteriors of a network's weights."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, new, of, shares, tensors
from torch import nn

from gradus import inference


def _layer() -> nn.Module:
    layer: nn.Module = model_of(nn.Linear)(in_features=3, out_features=2, dtype=torch.float64)
    with torch.no_grad():
        for k, p in enumerate(layer.parameters()):
            p.copy_(tensors(k, *p.shape))
    return layer


def _labels() -> torch.Tensor:
    return torch.tensor([0, 1, 1, 0, 1, 0])


def calls_of_weight_posteriors() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name = "gradus.inference."
    x = new(tensors, 0, 6, 3)
    net = inference.BayesByBackprop(_layer())
    found = inference.laplace(_layer(), (tensors(0, 6, 3), _labels()))
    model = Fresh(_layer)
    return {
        name + "BayesByBackprop": of(
            inference.BayesByBackprop,
            model=model,
            prior_deviation=0.5,
            deviation=0.1,
            names=["weight"],
            local=True,
        ),
        name + "BayesByBackprop.free_energy": of(
            net.free_energy,
            loss=nn.functional.cross_entropy,
            inputs=x,
            targets=Fresh(_labels),
            total=60,
            draws=2,
            reduction="mean",
            seed=0,
        ),
        name + "BayesByBackprop.sample": of(net.sample, inputs=x, draws=2, seed=0),
        name + "laplace": of(
            inference.laplace,
            model=model,
            data=Fresh(lambda: (tensors(0, 6, 3), _labels())),
            likelihood="categorical",
            kind="full",
            prior_precision=2.0,
            noise=1.0,
        ),
        name + "LaplacePosterior.with_prior": of(found.with_prior, prior_precision=2.0),
        name + "LaplacePosterior.outputs": of(found.outputs, inputs=x),
        name + "LaplacePosterior.sample": of(found.sample, inputs=x, draws=2, seed=0),
        name + "LaplacePosterior.probabilities": of(found.probabilities, inputs=x),
        name + "mc_dropout": of(
            inference.mc_dropout,
            model=Fresh(lambda: nn.Sequential(nn.Dropout(0.5), _layer())),
            inputs=x,
            draws=2,
            seed=0,
        ),
        name + "predictive_entropy": of(inference.predictive_entropy, probabilities=new(shares, 0, 2, 3, 4)),
        name + "predictive_information": of(
            inference.predictive_information, probabilities=new(shares, 0, 2, 3, 4)
        ),
    }
