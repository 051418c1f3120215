"""Right calls of the metrics of generated samples."""

from __future__ import annotations

from example_calls import Example, of, tensors

from gradus import generative


def calls_of_generation_metrics() -> dict[str, Example]:
    """Of every public function, by its full name."""
    return {
        "gradus.generative.frechet_distance": of(
            generative.frechet_distance, a=tensors(0, 6, 2), b=tensors(1, 7, 2)
        ),
        "gradus.generative.frechet_limit": of(
            generative.frechet_limit,
            a=tensors(0, 24, 2),
            b=tensors(1, 26, 2),
            parts=2,
            groups=3,
            confidence=0.9,
            seed=0,
        ),
        "gradus.generative.kernel_distance": of(
            generative.kernel_distance,
            a=tensors(0, 6, 2),
            b=tensors(1, 7, 2),
            kernel="polynomial",
            degree=3,
            scale=0.5,
            offset=1.0,
            bandwidth=1.0,
            permutations=9,
            level=0.05,
            seed=0,
        ),
        **{
            f"gradus.generative.{name}": of(
                getattr(generative, name), real=tensors(0, 8, 2), generated=tensors(1, 7, 2), k=2
            )
            for name in ("density_coverage", "precision_recall")
        },
    }
