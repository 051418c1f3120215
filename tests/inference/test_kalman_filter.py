"""Filter, smoother and prediction beside the joint normal law of the whole course, conditioned as a dense matrix."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from gradus.errors import GradusError
from gradus.inference import KalmanFilter

FORMS = ("covariance", "square-root")


def covariance(rng, n):
    a = rng.normal(size=(n, n))
    return a @ a.T + 0.1 * np.eye(n)


def model(rng, n=3, p=2, time=(), series=(), form="covariance", **more):
    lead = (*series, *(time or ((1,) if series else ())))
    shape = np.prod(lead, dtype=int)

    def many(size):
        return np.array([covariance(rng, size) for _ in range(shape)]).reshape(*lead, size, size)

    return KalmanFilter(
        0.5 * rng.normal(size=(*lead, n, n)), rng.normal(size=(*lead, p, n)), many(n), many(p),
        rng.normal(size=(*series, n)), covariance(rng, n),
        offset=rng.normal(size=(*lead, n)), observation_offset=rng.normal(size=(*lead, p)), form=form, **more,
    )  # fmt: skip


def dense(k, y, missing, until, inputs=None, series=()):
    """Mean and covariance of all states and the ln density of what was observed before `until`, from the joint law."""
    T, p, n = len(y), k.observed, k.states
    m = k.matrices

    def at(M, *shape):
        one = M[series] if series and M.ndim > len(shape) else M
        return np.broadcast_to(one, (T, *shape))

    F, H, Q, R = (
        at(m.transition, n, n),
        at(m.observation, p, n),
        at(m.process_covariance, n, n),
        at(m.measurement_covariance, p, p),
    )
    c, d = at(m.offset, n), at(m.observation_offset, p)
    mean = [m.start_mean[series]]
    X = np.zeros((T, n, T, n))
    X[0, :, 0] = m.start_covariance[series] if m.start_covariance.ndim > 2 else m.start_covariance
    for t in range(1, T):
        mean.append(F[t - 1] @ mean[-1] + c[t - 1] + (0 if inputs is None else inputs[t - 1]))
        for s in range(t):
            X[t, :, s] = F[t - 1] @ X[t - 1, :, s]
            X[s, :, t] = X[t, :, s].T
        X[t, :, t] = F[t - 1] @ X[t - 1, :, t - 1] @ F[t - 1].T + Q[t - 1]
    X, mean = X.reshape(T * n, T * n), np.array(mean)
    C, noise = np.zeros((T, p, T, n)), np.zeros((T, p, T, p))
    for t in range(T):
        C[t, :, t], noise[t, :, t] = H[t], R[t]
    seen = [t * p + j for t in range(until) for j in range(p) if not missing[t, j]]
    C = C.reshape(T * p, T * n)[seen]
    S = C @ X @ C.T + noise.reshape(T * p, T * p)[np.ix_(seen, seen)]
    r = y.ravel()[seen] - C @ mean.ravel() - d.ravel()[seen]
    G = np.linalg.solve(S, C @ X).T if seen else np.zeros((T * n, 0))
    density = (
        -(r @ np.linalg.solve(S, r) + np.linalg.slogdet(S)[1] + len(seen) * np.log(2 * np.pi)) / 2
        if seen
        else 0.0
    )
    return mean + (G @ r).reshape(T, n), (X - G @ C @ X).reshape(T, n, T, n), density


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("time", [(), (5,)])
@pytest.mark.parametrize("series", [(), (3,)])
@pytest.mark.parametrize("gaps", [False, True])
def test_everything_is_the_dense_conditional_law(form, time, series, gaps):
    rng = np.random.default_rng(1)
    k = model(rng, time=time, series=series, form=form)
    y = rng.normal(size=(3, 5, 2))
    missing = rng.random(y.shape) < 0.4 if gaps else np.zeros(y.shape, bool)
    found = k.smooth(np.where(missing, np.nan, y), missing="nan" if gaps else None)
    for i in range(3):
        own = (i,) if series else ()
        mean, X, density = dense(k, y[i], missing[i], 5, series=own)
        assert_allclose(found.means[i], mean, atol=1e-11)
        assert_allclose(found.covariances[i], [X[t, :, t] for t in range(5)], atol=1e-11)
        assert_allclose(found.lag_one_covariances[i], [X[t + 1, :, t] for t in range(4)], atol=1e-11)
        assert_allclose(found.log_likelihood[i], density, rtol=1e-11)
        for t in range(5):
            mean, X, density = dense(k, y[i], missing[i], t + 1, series=own)
            assert_allclose(found.filtered.means[i, t], mean[t], atol=1e-11)
            assert_allclose(found.filtered.covariances[i, t], X[t, :, t], atol=1e-11)
            assert_allclose(found.filtered.log_densities[i, : t + 1].sum(), density, atol=1e-11)
            if t < 4:
                assert_allclose(found.filtered.predicted_means[i, t + 1], mean[t + 1], atol=1e-11)
                assert_allclose(
                    found.filtered.predicted_covariances[i, t + 1], X[t + 1, :, t + 1], atol=1e-11
                )


def test_groups_of_equal_gaps_change_nothing():
    rng = np.random.default_rng(2)
    k, y = model(rng), rng.normal(size=(12, 6, 2))
    missing = (rng.random((3, 6, 2)) < 0.4)[[0, 1, 2, 0, 0, 1, 2, 2, 1, 0, 0, 1]]
    together = k.smooth(y, missing=missing)
    for i in range(12):
        alone = k.smooth(y[i], missing=missing[i])
        for of in ("means", "covariances", "lag_one_covariances", "log_likelihood"):
            assert_allclose(getattr(together, of)[i], getattr(alone, of), rtol=0, atol=1e-12)
        assert_allclose(
            together.filtered.standardized_innovations[i], alone.filtered.standardized_innovations, atol=1e-12
        )


def test_a_steady_covariance_is_the_one_that_goes_on():
    rng = np.random.default_rng(3)
    k, y = model(rng), rng.normal(size=(300, 2))
    each = KalmanFilter(*(np.broadcast_to(M, (300, *M.shape)) for M in k.matrices[:4]), *k.matrices[4:6],
                        offset=k.matrices.offset, observation_offset=k.matrices.observation_offset)  # fmt: skip
    one, other = k.smooth(y), each.smooth(y)
    assert np.array_equal(one.covariances, other.covariances)
    assert np.array_equal(one.means, other.means)


@pytest.mark.parametrize("form", FORMS)
def test_predictions_and_controls(form):
    rng = np.random.default_rng(4)
    k = model(rng, time=(7,), form=form, control=rng.normal(size=(3, 2)))
    y, u = rng.normal(size=(4, 2)), rng.normal(size=(7, 2))
    found = k.predict(y, 3, controls=u)
    inputs = u @ k.matrices.control.T
    mean, X, _ = dense(k, np.concatenate([y, np.zeros((3, 2))]), np.zeros((7, 2), bool), 4, inputs)
    H, R = k.matrices.observation, k.matrices.measurement_covariance
    for t in range(3):
        assert_allclose(found.means[t], mean[4 + t], atol=1e-11)
        assert_allclose(found.covariances[t], X[4 + t, :, 4 + t], atol=1e-11)
        assert_allclose(
            found.observation_means[t],
            H[4 + t] @ mean[4 + t] + k.matrices.observation_offset[4 + t],
            atol=1e-11,
        )
        assert_allclose(
            found.observation_covariances[t],
            H[4 + t] @ X[4 + t, :, 4 + t] @ H[4 + t].T + R[4 + t],
            atol=1e-11,
        )


@pytest.mark.parametrize("form", FORMS)
def test_singular_covariances(form):
    """A constant level without noise, and a speed that is known: the smoother meets a singular prediction."""
    k = KalmanFilter(
        [[1.0, 1], [0, 1]], [[1.0, 0]], np.zeros((2, 2)), [[2.0]], [0.0, 1], [[3.0, 0], [0, 0]], form=form
    )
    found = k.smooth(np.array([[1.0], [2.5], [2.0]]))
    variance = 1 / (1 / 3 + 3 / 2)
    level = variance * (1 / 2 + 1.5 / 2 + 0 / 2)
    assert_allclose(found.covariances[:, 0, 0], variance, rtol=1e-12)
    assert_allclose(found.means, [[level + t, 1] for t in range(3)], rtol=1e-12)


def test_square_roots_keep_what_covariances_lose():
    """Two sensors along nearly one line after a vague start: exact in fractions."""
    k = {form: KalmanFilter(np.eye(2), [[1.0, 1], [1, 1 + 1e-6]], np.zeros((2, 2)), 1e-6 * np.eye(2), [0.0, 0], 1e6 * np.eye(2), form=form)
         for form in FORMS}  # fmt: skip
    H = np.array([[1.0, 1], [1, 1 + 1e-6]])
    e = H[1, 1] - 1
    precision = 1e6 * np.array([[2.0, 2 + e], [2 + e, 2 + 2 * e + e * e]]) + 1e-6 * np.eye(2)
    # the determinant without cancellation
    det = 1e12 * e * e + 1.0 * (4 + 2 * e + e * e) + 1e-12
    exact = np.array([[precision[1, 1], -precision[0, 1]], [-precision[1, 0], precision[0, 0]]]) / det
    error = {
        form: np.abs(k[form].filter(np.zeros((1, 2))).covariances[0] / exact - 1).max() for form in FORMS
    }
    assert error["square-root"] < 1e-4
    assert error["square-root"] < error["covariance"]
    assert np.linalg.eigvalsh(k["square-root"].filter(np.zeros((1, 2))).covariances[0]).min() > 0


@pytest.mark.parametrize("form", FORMS)
def test_float32_stays_float32(form):
    rng = np.random.default_rng(5)
    k = model(rng)
    single = KalmanFilter(*(M.astype(np.float32) for M in k.matrices[:6]), form=form)
    double = KalmanFilter(*(M.astype(np.float32).astype(float) for M in k.matrices[:6]))
    y = rng.normal(size=(2, 20, 2)).astype(np.float32)
    one, other = single.smooth(y), double.smooth(y)
    for a, b in (
        (one.means, other.means),
        (one.covariances, other.covariances),
        (one.log_likelihood, other.log_likelihood),
    ):
        assert a.dtype == np.float32 and b.dtype == np.float64
        assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_samples_follow_the_model():
    """By the model itself: standardised innovations of what it draws are white."""
    k = model(np.random.default_rng(6), time=(4,))
    white = k.filter(k.sample(4, series=20_000, seed=1).observations).standardized_innovations.reshape(
        20_000, -1
    )
    second = white.T @ white / 20_000
    assert np.abs(white.mean(0)).max() < 5 / np.sqrt(20_000)
    assert np.abs(second - np.eye(8)).max() < 5 * np.sqrt(2 / 20_000)
    assert np.array_equal(k.sample(4, seed=3).states, k.sample(4, seed=3).states)


def test_sensors_add_up():
    one = KalmanFilter([[1.0]], [[1.0]], [[0.5]], [[2.0]], [0.0], [[4.0]], observation_offset=[1.0])
    two = one.with_sensor([[1.0]], [[3.0]])
    assert two.observed == 2
    assert_allclose(two.filter([[1.0, 2.0]]).covariances, [[[1 / (1 / 4 + 1 / 2 + 1 / 3)]]])
    assert_allclose(
        two.filter([[5.0, 2.0]], missing=[[True, False]]).means, [[2 * (1 / 3) / (1 / 4 + 1 / 3)]]
    )


GOOD = dict(transition=[[1.0]], observation=[[1.0]], process_covariance=[[1.0]], measurement_covariance=[[1.0]],
            start_mean=[0.0], start_covariance=[[1.0]])  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(process_covariance=[[-1.0]]), "process_covariance: expected a covariance without an eigenvalue below 0, got one of -1"),
        (dict(transition=np.eye(2), observation=[[1.0, 0]], start_mean=[0.0, 0], process_covariance=[[1.0, 0.5], [0.4, 1]],
              start_covariance=np.eye(2)), "process_covariance: expected a symmetric covariance, got 0.5 at"),
        (dict(observation=[[1.0, 2.0]]), "states is 1 in transition"),
        (dict(transition=np.ones((3, 1, 1)), observation=np.ones((4, 1, 1))), "observation: expected 3 times, as transition has, got 4"),
        (dict(transition=np.ones((2, 1, 1, 1)), start_mean=np.zeros((3, 1))), "start_mean: expected axes of the series"),
        (dict(form="information"), "form: expected one of covariance, square-root"),
    ],
)  # fmt: skip
def test_models_that_are_none(change, words):
    with pytest.raises(GradusError, match=words.replace("(", r"\(")):
        KalmanFilter(**(GOOD | change))


@pytest.mark.parametrize(
    ("y", "options", "words"),
    [
        ([[1.0], [np.nan]], {}, r"nan at y\[1, 0\]; if it means that none was made, say missing='nan'"),
        ([[1.0], [np.inf]], dict(missing="nan"), r"inf at y\[1, 0\]"),
        ([[1.0, 2.0]], {}, "observed is 1 in observation"),
        (np.zeros((0, 1)), {}, "time ≥ 1"),
        ([[1.0]], dict(missing=[[True, False]]), "missing: expected the shape"),
        ([[1.0]], dict(missing=[0]), "missing: expected None, 'nan', or an array"),
        ([[1.0]], dict(controls=[[1.0]]), "controls: expected None"),
    ],
)
def test_observations_that_are_none(y, options, words):
    with pytest.raises(GradusError, match=words):
        KalmanFilter(**GOOD).filter(y, **options)


@pytest.mark.parametrize("form", FORMS)
def test_what_leaves_no_doubt_is_refused(form):
    sure = KalmanFilter(**(GOOD | dict(measurement_covariance=[[0.0]], start_covariance=[[0.0]])), form=form)
    with pytest.raises(GradusError, match="an observation at time 0 whose variance is 0"):
        sure.filter([[1.0]])


def test_times_of_the_model_bind():
    k = KalmanFilter(**(GOOD | dict(transition=np.ones((3, 1, 1)))))
    with pytest.raises(GradusError, match="expected 3 times"):
        k.filter(np.zeros((4, 1)))
    with pytest.raises(GradusError, match="expected 3 times"):
        k.predict(np.zeros((3, 1)), 1)
    with pytest.raises(GradusError, match="series"):
        KalmanFilter(**(GOOD | dict(start_mean=np.zeros((2, 1))))).filter(np.zeros((3, 4, 1)))
