"""Linear Gaussian state-space models: filter, smoother, prediction, likelihood, samples, for many series at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import Sizes, choice, refusal, whole
from gradus.inference.chains.kalman_matrices import Matrices, argument, covariance, laid_out, leading
from gradus.inference.chains.kalman_results import (
    FilteredStates,
    PredictedStates,
    SampledStates,
    SmoothedStates,
)
from gradus.inference.chains.kalman_run import Run, filtered, smoothed
from gradus.inference.chains.kalman_sample import drawn
from gradus.inference.chains.kalman_sensors import joined
from gradus.inference.chains.series import added_by_controls, observed_series, series_last
from gradus.text import Text

__all__ = ["KalmanFilter"]

Array = np.ndarray[Any, np.dtype[Any]]


class KalmanFilter:
    r"""A state that moves linearly with normal noise, seen through linear measurements with normal noise.

    .. math:: x_0\sim N(m,P),\quad x_{t+1}=F_tx_t+B_tu_t+c_t+w_t,\quad y_t=H_tx_t+d_t+v_t,\quad w_t\sim N(0,Q_t),\ v_t\sim N(0,R_t)

    Times are 0 … T − 1; $F_t$, $Q_t$, $B_t$, $u_t$ and $c_t$ take the state from t to t + 1, and the start is the distribution of the first state *before*
    its observation. A matrix of two axes is the same always; with a third axis before them it is one a time, (time, rows, columns), and
    further axes in front are of series that have models of their own: a model each that does not change is (series, 1, rows, columns).
    Offsets alike: (states), (time, states), (series, time, states).

    Args:
        transition: $F$ (…, states, states).
        observation: $H$ (…, observed, states).
        process_covariance: $Q$ (…, states, states); it may be singular.
        measurement_covariance: $R$ (…, observed, observed).
        start_mean: $m$ (…, states); the axes in front are those of the series.
        start_covariance: $P$ (…, states, states).
        offset: $c$; 0 if left out.
        observation_offset: $d$; 0 if left out.
        control: $B$ (…, states, controls).
        form: "covariance": Joseph's form of the update; "square-root": on square roots of the covariances by QR, which stands start
            variances and precisions further apart, and takes longer.

    Raises:
        GradusError: shapes that do not fit together; a covariance that is not symmetric or has an eigenvalue below 0.

    Cost: covariances and gains are computed once for all series whose models and gaps are alike, $O(T(n^3+n^2p))$, then $O(T(n^2+np))$ a series;
    with models of their own, all of it a series. Float32 if all matrices and observations are, else float64.

    Source: Kalman 1960; Rauch, Tung and Striebel 1965.

    Example:
        >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
        >>> walk.filter([[1.0], [3.0]]).means.round(3).tolist()
        [[0.5], [1.75]]
        >>> walk.smooth([[1.0], [3.0]])
        SmoothedStates(2 steps, 1 states)
    """

    def __init__(
        self,
        transition: Any,
        observation: Any,
        process_covariance: Any,
        measurement_covariance: Any,
        start_mean: Any,
        start_covariance: Any,
        *,
        offset: Any = None,
        observation_offset: Any = None,
        control: Any = None,
        form: str = "covariance",
    ) -> None:
        sizes = Sizes()
        given: dict[str, Any] = dict(
            transition=argument("transition", transition, "states states", sizes),
            observation=argument("observation", observation, "observed states", sizes),
            process_covariance=argument("process_covariance", process_covariance, "states states", sizes),
            measurement_covariance=argument("measurement_covariance", measurement_covariance, "observed observed", sizes),
            start_mean=argument("start_mean", start_mean, "states", sizes),
            start_covariance=argument("start_covariance", start_covariance, "states states", sizes),
        )  # fmt: skip
        n, p = given["transition"].shape[-1], given["observation"].shape[-2]
        kind = np.result_type(*given.values())
        given["offset"] = np.zeros(n, kind) if offset is None else argument("offset", offset, "states", sizes)
        given["observation_offset"] = (
            np.zeros(p, kind)
            if observation_offset is None
            else argument("observation_offset", observation_offset, "observed", sizes)
        )
        given["control"] = None if control is None else argument("control", control, "states controls", sizes)
        for name in ("process_covariance", "measurement_covariance", "start_covariance"):
            given[name] = covariance(name, given[name])
        self.matrices = Matrices(**given)
        self.form = choice("form", form, ("covariance", "square-root"))
        self.dtype = np.result_type(*(M for M in self.matrices if M is not None))
        self.series, self.times = leading(
            (name, M, 1 if name.endswith(("mean", "offset")) else 2)
            for name, M in given.items()
            if M is not None
        )

    @property
    def states(self) -> int:
        """Number of states, n."""
        return int(self.matrices.transition.shape[-1])

    @property
    def observed(self) -> int:
        """How many numbers are observed at a time, p."""
        return int(self.matrices.observation.shape[-2])

    def with_sensor(self, observation: Any, measurement_covariance: Any) -> KalmanFilter:
        """The model with another sensor, whose noise is independent of the others': its numbers come after theirs in y.

        Args:
            observation: $H$ of the sensor (…, its numbers, states).
            measurement_covariance: $R$ of the sensor (…, its numbers, its numbers).

        Raises:
            GradusError: as the class.

        Example:
            >>> one = KalmanFilter([[1.0]], [[1.0]], [[0.0]], [[2.0]], [0.0], [[1e6]])
            >>> two = one.with_sensor([[1.0]], [[3.0]])
            >>> float(two.filter([[1.0, 2.0]]).covariances[0, 0, 0].round(3))
            1.2
        """
        return KalmanFilter(**joined(self.matrices, observation, measurement_covariance), form=self.form)

    def filter(self, y: Any, *, missing: Any = None, controls: Any = None) -> FilteredStates:
        """The states at each time given the observations until then.

        Args:
            y: observations (…, time, observed).
            missing: what was not observed: None if nothing; "nan" where y is NaN; or an array that is true there, of the shape of y or
                (…, time). NaN without such a word is refused. What is missing changes nothing.
            controls: $u$ (…, time, controls), of a model with `control`.

        Raises:
            GradusError: NaN that is not declared; shapes that do not fit the model's; an observation whose variance is 0.

        Example:
            >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
            >>> walk.filter([[1.0], [float("nan")], [3.0]], missing="nan").means.round(3).ravel().tolist()
            [0.5, 0.5, 2.0]
        """
        return FilteredStates(self._run(y, missing, controls, 0))

    def smooth(self, y: Any, *, missing: Any = None, controls: Any = None) -> SmoothedStates:
        """The states at each time given the whole series, by Rauch, Tung and Striebel.

        Args:
            y: as `filter`.
            missing: as `filter`.
            controls: as `filter`.

        Raises:
            GradusError: as `filter`.

        Example:
            >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
            >>> walk.smooth([[1.0], [3.0]]).means.round(3).tolist()
            [[1.125], [1.75]]
        """
        run = self._run(y, missing, controls, 0)
        means, V, G = smoothed(run, self.form == "square-root")
        return SmoothedStates(
            run.means_of(means), run.covariances(V), FilteredStates(run), run.covariances(G)
        )

    def log_likelihood(self, y: Any, *, missing: Any = None, controls: Any = None) -> Any:
        r"""$\ln p(y_0,\dots,y_{T-1})$ of each series, of what was observed of it.

        Args:
            y: as `filter`.
            missing: as `filter`.
            controls: as `filter`.

        Raises:
            GradusError: as `filter`.

        Example:
            >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
            >>> round(float(walk.log_likelihood([[1.0], [3.0]])), 3)
            -4.13
        """
        return self.filter(y, missing=missing, controls=controls).log_likelihood

    def predict(self, y: Any, steps: int, *, missing: Any = None, controls: Any = None) -> PredictedStates:
        """The states and observations of the times after the series.

        Args:
            y: as `filter`.
            steps: how many times.
            missing: as `filter`.
            controls: $u$ of the series and of the times after it (…, time + steps, controls).

        Raises:
            GradusError: as `filter`; matrices that change with time must reach as far as the prediction.

        Example:
            >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
            >>> walk.predict([[1.0], [3.0]], 3).covariances.ravel().tolist()
            [2.0, 3.0, 4.0]
        """
        ahead = whole("steps", steps, least=1)
        run, after = self._run(y, missing, controls, ahead), slice(-ahead, None)
        found, m = FilteredStates(run), self.matrices
        H = (
            m.observation[..., after, :, :]
            if m.observation.ndim > 2 and m.observation.shape[-3] > 1
            else m.observation
        )
        d = m.observation_offset
        d = d[..., after, :] if d.ndim > 1 and d.shape[-2] > 1 else d
        means = found.predicted_means[..., after, :]
        return PredictedStates(
            means, found.predicted_covariances[..., after, :, :],
            (H @ means[..., None])[..., 0] + d, found.innovation_covariances[..., after, :, :],
        )  # fmt: skip

    def sample(self, steps: int, *, series: Any = (), seed: int = 0, controls: Any = None) -> SampledStates:
        """Courses of the states and what is observed of them.

        Args:
            steps: how many times.
            series: the leading axes of what is drawn, a number or several; a model with series of its own has theirs in addition.
            seed: of the random numbers.
            controls: $u$ (…, steps, controls).

        Raises:
            GradusError: controls that do not fit; matrices that change along another number of times.

        Example:
            >>> walk = KalmanFilter([[1.0]], [[1.0]], [[1.0]], [[2.0]], [0.0], [[2.0]])
            >>> walk.sample(5, series=3, seed=0).observations.shape
            (3, 5, 1)
        """
        whole("steps", steps, least=1)
        whole("seed", seed, least=0)
        lead = (series,) if not isinstance(series, tuple) else series
        lead = tuple(whole("series", k, least=1) for k in lead)
        self._reaches(steps)
        shape = (*lead, *self.series)
        inputs = added_by_controls(self.matrices.control, controls, shape, steps, self.dtype)
        states, seen = drawn(laid_out(self.matrices, shape, self.dtype), steps, shape, inputs, seed)
        return SampledStates(states, seen)

    def _reaches(self, steps: int) -> None:
        if self.times not in (1, steps):
            raise refusal(
                "y",
                (
                    f"{self.times} times, as the model's matrices have",
                    f"与模型矩阵相同的 {self.times} 个时刻",
                ),
                Text(str(steps), f"{steps} 个"),
            )

    def _run(self, y: Any, missing: Any, controls: Any, ahead: int) -> Run:
        values, gone = observed_series(y, missing, self.observed)
        try:
            series = np.broadcast_shapes(values.shape[:-2], self.series)
        except ValueError:
            raise refusal(
                "y",
                (
                    f"axes of the series that broadcast against {self.series}",
                    f"可与 {self.series} 广播的序列轴",
                ),
                Text(str(values.shape), str(values.shape)),
            ) from None
        dtype = np.result_type(values, self.dtype)
        steps = values.shape[-2] + ahead
        self._reaches(steps)
        if ahead:
            gone = np.zeros(values.shape, bool) if gone is None else gone
            room = (*values.shape[:-2], ahead, self.observed)
            values, gone = (
                np.concatenate([values, np.zeros(room)], -2),
                np.concatenate([gone, np.ones(room, bool)], -2),
            )
        laid = laid_out(self.matrices, series, dtype)
        inputs = added_by_controls(self.matrices.control, controls, series, steps, dtype)
        return filtered(
            laid, series_last(values.astype(dtype, copy=False), series), None if gone is None else series_last(gone, series),
            inputs, series, self.form == "square-root",
        )  # fmt: skip

    def __repr__(self) -> str:
        many = f", {int(np.prod(self.series))} models" if self.series else ""
        return f"KalmanFilter({self.states} states, {self.observed} observed{many})"
