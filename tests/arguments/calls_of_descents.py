"""Right calls of the risk of ridge regression, of random features and of scaling laws."""

from __future__ import annotations

import numpy as np
from example_calls import Example, Fresh, new, of, tensors

from gradus import theory

SIZES = np.geomspace(1e5, 1e8, 6)
BOTH = np.array([[n, d] for n in (1e6, 1e7, 1e8) for d in (1e8, 1e9, 1e10)])


def law() -> theory.ScalingLaw:
    return theory.ScalingLaw(1.8, (482.0, 2085.0), (0.35, 0.37))


def fitted() -> theory.ScalingLaw:
    return theory.fit_scaling_law(SIZES, 2 + 100 * SIZES**-0.3)


def calls_of_descents() -> dict[str, Example]:
    """Of every public function and method, by its full name."""
    pair = Fresh(lambda: (tensors(0, 6, 3), tensors(1, 6)))
    return {
        "gradus.theory.ridge_risk": of(
            theory.ridge_risk,
            values=Fresh(lambda: tensors(0, 5).abs()),
            weights=Fresh(lambda: tensors(1, 5).abs()),
            samples=3,
            features=4,
            noise=0.5,
            ridge=0.1,
        ),
        "gradus.theory.minimum_norm_risk": of(
            theory.minimum_norm_risk, samples=5, features=9, signal=1.0, missed=0.5, noise=0.2
        ),
        "gradus.theory.RandomFeatures": of(
            theory.RandomFeatures, inputs=3, features=5, activation="relu", seed=0
        ),
        "gradus.theory.RandomFeatures.forward": of(
            theory.RandomFeatures(3, 5).double(), x=new(tensors, 0, 4, 3)
        ),
        "gradus.theory.minimum_norm_fit": of(
            theory.minimum_norm_fit, features=new(tensors, 0, 6, 4), targets=new(tensors, 1, 6), ridge=0.1
        ),
        "gradus.theory.descent_curve": of(
            theory.descent_curve, train=pair, test=pair, counts=[2, 4], activation="relu", ridge=0.0, seed=0
        ),
        "gradus.theory.kernel_spectrum": of(
            theory.kernel_spectrum,
            kernel=Fresh(lambda: tensors(0, 4, 6) @ tensors(0, 4, 6).mT),
            targets=new(tensors, 1, 4),
        ),
        "gradus.theory.fit_scaling_law": of(
            theory.fit_scaling_law, sizes=SIZES, losses=2 + 100 * SIZES**-0.3, delta=0.01, confidence=0.9
        ),
        "gradus.theory.ScalingLaw": of(
            theory.ScalingLaw, irreducible=1.8, coefficients=(482.0, 2085.0), exponents=(0.35, 0.37)
        ),
        "gradus.theory.ScalingLaw.predict": of(law().predict, sizes=BOTH),
        "gradus.theory.ScalingLaw.extrapolate": of(fitted().extrapolate, sizes=SIZES[:2], confidence=0.9),
        "gradus.theory.compute_optimal_split": of(
            theory.compute_optimal_split, law=Fresh(law), compute=1e21, flops=6.0, confidence=0.9
        ),
    }
