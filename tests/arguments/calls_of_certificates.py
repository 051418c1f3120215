"""Right calls of PAC-Bayes bounds and certificates."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, of, tensors

from gradus import theory


def calls_of_certificates() -> dict[str, Example]:
    law = Fresh(lambda: theory.Certificate(None, {"weight": torch.ones(2)}, {"weight": torch.ones(2)}, {}))
    return {
        "gradus.theory.Certificate.draw": of(law.make().draw, generator=Fresh(torch.Generator)),
        "gradus.theory.binary_kl_inverse": of(
            theory.binary_kl_inverse, risk=Fresh(lambda: tensors(0, 3).abs() / 9), budget=0.1
        ),
        "gradus.theory.pac_bayes_bound": of(
            theory.pac_bayes_bound,
            risk=Fresh(lambda: tensors(0, 3).abs() / 9),
            divergence=2.0,
            samples=100,
            delta=0.05,
            draws=10,
            delta_draws=0.01,
            prior=1,
        ),
        "gradus.theory.certify": of(
            theory.certify,
            model=Fresh(lambda: torch.nn.Linear(3, 2)),
            loss=torch.nn.functional.cross_entropy,
            data=Fresh(lambda: (tensors(0, 6, 3).float(), torch.tensor([0, 1, 0, 1, 0, 1]))),
            risk=lambda outputs, targets: (outputs.argmax(-1) != targets).float(),
            delta=0.05,
            prior_share=0.5,
            deviation=0.1,
            epochs=1,
            step=0.01,
            batch_size=2,
            rounds=1,
            seed=0,
        ),
    }
