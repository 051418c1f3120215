"""Right calls of what draws by Monte Carlo, and of what tells how good the draws are."""

from __future__ import annotations

import numpy as np
from example_calls import Example, Fresh, of

from gradus import inference


def draws() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 8))


def calls_of_monte_carlo() -> dict[str, Example]:
    found = inference.diagnose(draws())
    name = "gradus.inference."
    return {
        name + "diagnose": of(
            inference.diagnose,
            draws=Fresh(draws),
            diverging=Fresh(lambda: np.zeros((2, 8), bool)),
            energy=Fresh(draws),
            probabilities=Fresh(lambda: [0.1, 0.9]),
        ),
        name + "Diagnosis.table": of(found.table, lang="en", most=3),
    }
