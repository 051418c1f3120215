"""Right calls of normalising flows."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, model_of, of, tensors

from gradus import inference


def calls_of_flows() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    name, kind = "gradus.inference.", {"dtype": torch.float64}
    state = torch.random.get_rng_state()
    layers = {
        "PlanarLayer": inference.PlanarLayer(2, **kind),
        "AffineCoupling": inference.AffineCoupling(2, hidden=(3,), **kind),
        "MaskedAutoregressiveLayer": inference.MaskedAutoregressiveLayer(2, hidden=(3,), **kind),
    }
    flow = inference.NormalizingFlow([inference.PlanarLayer(2, **kind)])
    torch.random.set_rng_state(state)
    x = Fresh(lambda: tensors(0, 3, 2))
    calls = {
        name + "PlanarLayer": of(model_of(inference.PlanarLayer), features=2),
        name + "AffineCoupling": of(
            model_of(inference.AffineCoupling), features=2, hidden=(3,), mask=[True, False], limit=2.0
        ),
        name + "MaskedAutoregressiveLayer": of(
            model_of(inference.MaskedAutoregressiveLayer), features=2, hidden=(3,), order=[1, 0], limit=2.0
        ),
        name + "NormalizingFlow": of(
            inference.NormalizingFlow,
            layers=Fresh(lambda: [inference.PlanarLayer(2), inference.PlanarLayer(2)]),
        ),
        name + "PlanarFlow": of(model_of(inference.PlanarFlow), features=2, layers=2),
        name + "RealNVP": of(model_of(inference.RealNVP), features=2, layers=2, hidden=(3,), limit=2.0),
        name + "MaskedAutoregressiveFlow": of(
            model_of(inference.MaskedAutoregressiveFlow), features=2, layers=2, hidden=(3,), limit=2.0
        ),
    }
    for owner, made in {**layers, "NormalizingFlow": flow}.items():
        calls[f"{name}{owner}.forward"] = of(made.forward, x=x)
        calls[f"{name}{owner}.inverse"] = of(made.inverse, z=x)
    calls[name + "NormalizingFlow.log_prob"] = of(flow.log_prob, x=x)
    calls[name + "NormalizingFlow.sample"] = of(flow.sample, draws=3, seed=0)
    calls[name + "NormalizingFlow.rsample"] = of(flow.rsample, draws=3, seed=0)
    return calls
