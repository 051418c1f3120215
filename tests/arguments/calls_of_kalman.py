"""Right calls of the Kalman filter."""

from __future__ import annotations

import numpy as np
from example_calls import Example, new, of, rows

from gradus import inference

F, H, Q, R = np.array([[1.0, 1], [0, 1]]), np.array([[1.0, 0]]), 0.1 * np.eye(2), np.array([[0.5]])


def calls_of_kalman() -> dict[str, Example]:
    made = inference.KalmanFilter(F, H, Q, R, [0.0, 0.0], np.eye(2), control=[[0.0], [1.0]])
    name, y, u = "gradus.inference.KalmanFilter", new(rows, 1, 5, 1), new(rows, 2, 5, 1)
    return {
        name: of(
            inference.KalmanFilter, transition=new(F.copy), observation=new(H.copy), process_covariance=new(Q.copy),
            measurement_covariance=new(R.copy), start_mean=new(rows, 0, 2), start_covariance=new(np.eye, 2),
            offset=new(rows, 3, 2), observation_offset=new(rows, 4, 1), control=new(rows, 5, 2, 1), form="covariance",
        ),
        name + ".filter": of(made.filter, y=y, controls=u),
        name + ".smooth": of(made.smooth, y=y, controls=u),
        name + ".log_likelihood": of(made.log_likelihood, y=y, controls=u),
        name + ".predict": of(made.predict, y=y, steps=2, controls=new(rows, 2, 7, 1)),
        name + ".sample": of(made.sample, steps=4, series=3, seed=0, controls=new(rows, 6, 4, 1)),
        name + ".with_sensor": of(made.with_sensor, observation=new(rows, 7, 2, 2), measurement_covariance=new(np.eye, 2)),
    }  # fmt: skip
