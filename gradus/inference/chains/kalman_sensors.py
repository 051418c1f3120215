"""A sensor more: its rows below those of the others, its noise independent of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import Sizes, refusal
from gradus.inference.chains.kalman_matrices import Matrices, argument
from gradus.text import Text

__all__ = ["joined"]


def joined(matrices: Matrices, observation: Any, measurement_covariance: Any) -> dict[str, Any]:
    """The arguments of the model with the sensor.

    Raises:
        GradusError: shapes that do not fit.
    """
    sizes = Sizes({"states": (matrices.transition.shape[-1], "transition")})
    H = argument("observation", observation, "observed states", sizes)
    R = argument("measurement_covariance", measurement_covariance, "observed observed", sizes)
    first, second, offset = matrices.observation, matrices.measurement_covariance, matrices.observation_offset
    p, q = first.shape[-2], H.shape[-2]
    try:
        noise = np.zeros(
            (*np.broadcast_shapes(second.shape[:-2], R.shape[:-2]), p + q, p + q), np.result_type(second, R)
        )
        lead = np.broadcast_shapes(first.shape[:-2], H.shape[:-2])
    except ValueError:
        axes = Text(f"{H.shape} and {R.shape}", f"{H.shape} 与 {R.shape}")
        raise refusal(
            "observation", ("the times and series of the model", "与模型相同的时刻与序列"), axes
        ) from None
    noise[..., :p, :p], noise[..., p:, p:] = second, R
    rows = np.concatenate([np.broadcast_to(M, (*lead, *M.shape[-2:])) for M in (first, H)], -2)
    return matrices._asdict() | dict(
        observation=rows,
        measurement_covariance=noise,
        observation_offset=np.concatenate([offset, np.zeros((*offset.shape[:-1], q), offset.dtype)], -1),
    )
