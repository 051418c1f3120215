"""The Kalman filter and smoother."""

from fractions import Fraction

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, raises, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _numpy(KalmanFilter, y, F, H, Q, R, m, P, missing=None):
    found = KalmanFilter(F, H, Q, R, m, P).smooth(y, missing=missing)
    seen = found.filtered
    return (seen.means, seen.covariances, found.means, found.covariances, found.lag_one_covariances) + (
        seen.innovations,
        seen.innovation_covariances,
        seen.log_likelihood,
    )


KALMAN = Concept(
    key="kalman",
    kind="algorithm",
    title="Kalman filter",
    summary="Where something is that moves and is only seen through noise. The filter carries a mean and a covariance from one "
    "observation to the next: move them by the model, then pull the mean towards what was seen, the more, the less certain it was. "
    "For linear motion, a normal start and normal noise this is Bayes' theorem without any approximation; the smoother goes back once and "
    "says the same given the whole series. Sensors whose noises are independent add up their precisions.",
    formulas=(
        r"x_0\sim N(m,P),\qquad x_{t+1}=F_tx_t+w_t,\qquad y_t=Hx_t+v_t,\qquad w_t\sim N(0,Q),\quad v_t\sim N(0,R)",
        r"e_t=y_t-Hm_{t|t-1},\quad S_t=HP_{t|t-1}H^{\mathsf T}+R,\quad K_t=P_{t|t-1}H^{\mathsf T}S_t^{-1},\quad "
        r"m_t=m_{t|t-1}+K_te_t,\quad P_t=(I-K_tH)P_{t|t-1}(I-K_tH)^{\mathsf T}+K_tRK_t^{\mathsf T}",
        r"m_{t+1|t}=F_tm_t,\qquad P_{t+1|t}=F_tP_tF_t^{\mathsf T}+Q,\qquad m_{0|-1}=m,\quad P_{0|-1}=P",
        r"G_t=P_tF_t^{\mathsf T}P_{t+1|t}^{-1},\qquad s_t=m_t+G_t(s_{t+1}-m_{t+1|t}),\qquad "
        r"V_t=P_t+G_t(V_{t+1}-P_{t+1|t})G_t^{\mathsf T},\qquad W_t=V_{t+1}G_t^{\mathsf T}",
        r"L=\sum_t\ln N(e_t;0,S_t)",
    ),
    symbols=(
        Symbol("y_t", "y", "T p", "observations"),
        Symbol("F_t", "F", "T n n", "what takes the state from t to t + 1; the last one leads nowhere", "other"),
        Symbol("H", "H", "p n", "what of the state is seen"),
        Symbol("Q", "Q", "n n", "covariance of what moves the state besides", "other"),
        Symbol("R", "R", "p p", "covariance of the noise of the sensors", "other"),
        Symbol("m", "m", "n", "mean of the first state, before its observation"),
        Symbol("P", "P", "n n", "its covariance", "other"),
        Symbol("M_t", "missing", "T p", "true where nothing was observed; nothing is missing if left out", "boolean"),
        Symbol("x_t", "", "n", "the state, which nobody sees"),
        Symbol("w_t,\\ v_t", "", "", "noise of the motion and of the sensors"),
        Symbol("m_{t|t-1},\\ P_{t|t-1}", "", "", "mean and covariance of the state given the observations before t"),
        Symbol("K_t", "", "n p", "gain"),
        Symbol("G_t", "", "n n", "gain of the smoother"),
        Symbol("T", "", "", "number of times", "natural"),
        Symbol("n,\\ p", "", "", "number of states, and of numbers that are observed at a time", "natural"),
    ),
    returns=(
        Result("m_t", "T n", "means given the observations until t"),
        Result("P_t", "T n n", "their covariances"),
        Result("s_t", "T n", "means given all observations"),
        Result("V_t", "T n n", "their covariances"),
        Result("W_t", "t n n", "covariance of the states t + 1 (rows) and t (columns) given all, T − 1 of them"),
        Result("e_t", "T p", "innovations: observed less predicted; 0 where missing"),
        Result("S_t", "T p p", "their covariances, of what is missing too"),
        Result("L", "", "ln of the density of what was observed"),
    ),
    needs=("multivariate-normal", "bayes"),
    source="kalman1960new",
    year=1960,
    people=(
        "Rudolf E. Kálmán",
        "Thorvald N. Thiele",
        "Peter Swerling",
        "Herbert E. Rauch",
        "F. Tung",
        "Charlotte T. Striebel",
    ),
    aliases="Kalman smoother, RTS smoother, sensor fusion, state estimation, linear Gaussian state-space model, innovations, "
    "卡尔曼滤波器, 卡尔曼平滑, 多传感器融合, 传感器融合, 状态估计",
    implementations=(
        Implementation(
            "gradus.inference:KalmanFilter",
            "numpy",
            _numpy,
            note="thousands of series at once; all matrices may change with time; a square-root form",
        ),
    ),
    readings="kalman1960new; rauch1965maximum; sarkka2013bayesian ch. 4, 8; anderson1979optimal; bucy1968filtering",
    hypotheses=(
        Hypothesis(
            "the start and the noises are normal, or else only linear estimates are compared", "best-of-the-linear-ones"
        ),
        Hypothesis(
            "the start, the noise of the motion and that of the sensors are independent of each other, and either noise from time to time",
            "an-error-that-stays",
        ),
        Hypothesis("the noises of several sensors are as correlated as $R$ says", "sensors-that-err-together"),
        Hypothesis("the covariances are those of the data", "innovations-are-white"),
        Hypothesis("what is missing is missing whatever its value", "missing-because-it-was-large"),
        Hypothesis(
            "for one steady state: the matrices stay, what does not decay by itself is seen, and every direction is moved by noise",
            "steady-state-of-riccati",
        ),
    ),
    conventions=(
        Convention(
            "what $P$ is the covariance of",
            "of the first state before its observation: statsmodels, simdkalman, pykalman",
            "of the state one step earlier, so that the first thing done is a prediction: filterpy's batch_filter",
        ),
        Convention(
            "the index of the transition",
            "$F_t$ leads from t to t + 1: statsmodels, pykalman",
            "$F_t$ leads from t − 1 to t: filterpy's batch_filter",
        ),
        Convention("lag-one covariance", "rows t + 1, columns t", "transposed, rows t and columns t + 1"),
        Convention(
            "missing observations",
            "declared; NaN without a word is refused",
            "NaN means missing (statsmodels, simdkalman); masked arrays (pykalman)",
        ),
    ),
    deviations=(
        "The definition conditions the joint normal distribution of all states at once on what was observed until t: the recursion is what is proved of it.",
        "The implementation takes one observed number after the other, and solves where an inverse is printed.",
        "With $Q=0$ and an $F_t$ that is almost singular $P_{t+1|t}$ is, too: the recursion knows $G_t$, and what the smoother says, to "
        "the condition of that matrix times ε only. The definition never inverts it.",
    ),
    longest_sum=400,
)


@KALMAN.definition
def kalman(y, F, H, Q, R, m, P, missing=None):
    T, p = y.shape
    n = len(m)
    seen = np.ones((T, p), bool) if missing is None else ~missing
    y = np.where(seen, y, 0.0)
    if not np.isfinite(y).all():
        raise ValueError("what is not a number is declared as missing")
    for C in (Q, R, P):
        if np.abs(C - C.T).max() > 1e-8 * np.abs(C).max() or np.linalg.eigvalsh(C)[0] < -1e-8 * np.abs(C).max():
            raise ValueError("covariances are symmetric, and no eigenvalue is below 0")
    # the joint distribution of all states: mean mu, covariance X
    mu, X = np.zeros((T, n)), np.zeros((T, n, T, n))
    mu[0], X[0, :, 0] = m, P
    for t in range(1, T):
        mu[t] = F[t - 1] @ mu[t - 1]
        for s in range(t):
            X[t, :, s] = F[t - 1] @ X[t - 1, :, s]
            X[s, :, t] = X[t, :, s].T
        X[t, :, t] = F[t - 1] @ X[t - 1, :, t - 1] @ F[t - 1].T + Q
    X = X.reshape(T * n, T * n)
    # all observations are C x + v, v of covariance N
    C, N = np.kron(np.eye(T), H), np.kron(np.eye(T), R)

    def given(until):
        """Mean and covariance of all states, and the ln density, given what was observed before `until`."""
        k = np.flatnonzero((seen & (np.arange(T) < until)[:, None]).ravel())
        A, noise = C[k], N[np.ix_(k, k)]
        S = A @ X @ A.T + noise
        r = y.ravel()[k] - A @ mu.ravel()
        gain = np.linalg.solve(S, A @ X).T  # of the best estimate, mu + gain r
        left = np.eye(T * n) - gain @ A  # what is left of x in x − mu − gain r
        V = (left @ X @ left.T + gain @ noise @ gain.T).reshape(T, n, T, n)
        L = -(r @ np.linalg.solve(S, r) + np.linalg.slogdet(S)[1] + len(k) * np.log(2 * np.pi)) / 2
        return (mu.ravel() + gain @ r).reshape(T, n), V, L

    before = [given(t) for t in range(T + 1)]
    s, V, L = before[T]
    e = np.array([y[t] - H @ before[t][0][t] for t in range(T)]) * seen
    S = np.array([H @ before[t][1][t, :, t] @ H.T + R for t in range(T)])
    return (
        np.array([before[t + 1][0][t] for t in range(T)]),
        np.array([before[t + 1][1][t, :, t] for t in range(T)]),
        s,
        np.array([V[t, :, t] for t in range(T)]),
        np.array([V[t + 1, :, t] for t in range(T - 1)]).reshape(T - 1, n, n),
        e,
        S,
        L,
    )


def walk(T, q, r, p=1.0, f=1.0):
    """One number that moves and is seen: all but y."""
    one = np.eye(1)
    return dict(F=np.full((T, 1, 1), f), H=one, Q=q * one, R=r * one, m=np.zeros(1), P=p * one)


@KALMAN.example
def example():
    given = dict(y=np.array([[1.0], [3.0]])) | walk(2, 1.0, 2.0, 2.0)
    means, after, s, V, W, e, S, L = kalman(**given)
    two = walk(1, 0.0, 1.0, 1e9) | dict(H=np.ones((2, 1)), R=np.diag([2.0, 3.0]))
    fused = kalman(np.array([[1.0, 2.0]]), **two)
    ahead = after[0, 0, 0] + 1
    return (
        given
        | dict(means=means[:, 0], after=after[:, 0, 0], s=s[:, 0], V=V[:, 0, 0], W=W[0, 0, 0], e=e[:, 0], S=S[:, 0, 0])
        | dict(K=after[:, 0, 0] / 2.0, G=after[0, 0, 0] / ahead, ahead=ahead, L=L)
        | dict(fused=round(fused[1][0, 0, 0], 6), mean=round(fused[0][0, 0], 6))
    )


@KALMAN.exercise
def three_thermometers():
    """A fixed temperature, nothing known before, seen by sensors of variance 1, 1 and 2."""
    given = walk(1, 0.0, 1.0, 1e12) | dict(H=np.ones((3, 1)), R=np.diag([1.0, 1.0, 2.0]))
    return number(kalman(np.zeros((1, 3)), **given)[1][0, 0, 0], mean_of_variances=4 / 3, mean_of_three=4 / 9)


@KALMAN.exercise
def steady_gain():
    """A random walk with steps of variance 2 seen with noise of variance 1: the gain after a long time."""
    S = kalman(np.zeros((60, 1)), **walk(60, 2.0, 1.0))[6][-1, 0, 0]
    return number((S - 1) / S, noise_ratio=2 / 3, gain_one_half=0.5)


@KALMAN.exercise
def a_lost_track():
    """The same model fed with what it predicted, and with something else altogether."""
    quiet = kalman(np.zeros((10, 1)), **walk(10, 1.0, 1.0))
    wild = kalman(1e6 * np.arange(10.0)[:, None] ** 2, **walk(10, 1.0, 1.0))
    same = np.allclose(quiet[1], wild[1])
    return choice(
        grows=bool((wild[1] > quiet[1] * 1.01).any()), same=same, shrinks=bool((wild[1] < quiet[1] * 0.99).any())
    )


def covariance(rng, n):
    A = rng.normal(size=(n, n))
    return A @ A.T + 0.2 * np.eye(n)


def random(rng, T, n, p):
    F = 0.6 * rng.normal(size=(T, n, n))
    return dict(
        y=rng.normal(size=(T, p)), F=F, H=rng.normal(size=(p, n)), Q=covariance(rng, n), R=covariance(rng, p)
    ) | dict(m=rng.normal(size=n), P=covariance(rng, n))


@KALMAN.cases
def cases(rng):
    yield "random", random(rng, 6, 3, 2)
    gaps = random(rng, 5, 2, 3) | dict(missing=np.zeros((5, 3), bool))
    gaps["missing"][[0, 2, 2, 2, 4], [1, 0, 1, 2, 2]] = True
    yield "with gaps", gaps
    yield "a walk", dict(y=np.array([[1.0], [3.0], [2.0]])) | walk(3, 1.0, 2.0, 2.0)
    yield "one time", random(rng, 1, 2, 2)
    yield "more seen than there is", random(rng, 4, 1, 3)
    alone = np.eye(2) + rng.uniform(-0.3, 0.3, (4, 2, 2))  # far from singular
    yield "moves by itself alone", random(rng, 4, 2, 1) | dict(Q=np.zeros((2, 2)), F=alone)
    yield "known at the start", random(rng, 4, 2, 2) | dict(P=np.zeros((2, 2)))
    yield "all missing", random(rng, 3, 2, 1) | dict(missing=np.ones((3, 1), bool))
    yield "longer", random(rng, 25, 2, 1)


@KALMAN.invalid
def invalid(rng):
    ok = random(rng, 4, 2, 1)
    yield "a gap that nobody declared", ok | dict(y=np.array([[1.0], [np.nan], [0.0], [1.0]]))
    yield "a covariance that is not symmetric", ok | dict(Q=np.array([[1.0, 0.5], [0.2, 1.0]]))
    yield "a negative variance", ok | dict(R=np.array([[-1.0]]))


def floats(found):
    return [np.asarray(part, float) for part in found]


@KALMAN.claim
def sensors_add_their_precisions(kalman, rng):
    r"""Sensors with independent noise add up their precisions: one fixed number with the prior mean $m$ and variance $P$, seen by sensors of variance $r_1,r_2$, has the variance
    $1/(1/P+1/r_1+1/r_2)$ and the mean of $m,y_1,y_2$ weighted by their precisions; of a start that says little, $P=10^6$, and of variances up to 4 the parallel sum $r_1r_2/(r_1+r_2)$ is left, to $10^{-5}$"""
    for P in (0.5, 1e6):
        r, y = rng.uniform(0.5, 4, 2), rng.normal(size=(1, 2))
        m = rng.normal(size=1)
        given = walk(1, 0.0, 1.0, P) | dict(H=np.ones((2, 1)), R=np.diag(r), m=m)
        mean, variance = (part.ravel()[0] for part in floats(kalman(y, **given))[:2])
        precision = 1 / P + (1 / r).sum()
        # the covariance of what is seen has the condition 1 + 2P/r
        weighted = (m[0] / P + (y[0] / r).sum()) / precision
        yield roundoff([variance, mean], [1 / precision, weighted], terms=16, scale=4 * (1 + 4 * P))
        if P > 1:
            small = Text("1/P times the squared variance, at most 4", "1/P 乘以方差的平方（至多 4）")
            yield near(variance, r.prod() / r.sum(), 1e-5, small)


@KALMAN.claim
def sensors_that_err_together(kalman, rng):
    r"""Precisions of sensors whose noises are correlated, by $\rho$, need not add up: two of variance 1 leave $\frac{1+\rho}2$ of a start that says nothing, so that two that err alike, $\rho=0.9$, are hardly better than one;
    with variances 1 and 4 and $\rho=0.9$ the second has a negative weight; at $\rho=0.8$ they leave $\frac45$, as if they did"""
    for r, rho in (((1.0, 1.0), 0.9), ((1.0, 4.0), 0.9), ((1.0, 4.0), 0.8), ((1.0, 1.0), -0.5)):
        R = np.diag(r) + rho * np.sqrt(r[0] * r[1]) * np.eye(2)[::-1]
        given = walk(1, 0.0, 1.0, 1e8) | dict(H=np.ones((2, 1)), R=R)
        mean, variance = (part.ravel()[0] for part in floats(kalman(np.array([[0.0, 1.0]]), **given))[:2])
        det = r[0] * r[1] * (1 - rho**2)
        total = r[0] + r[1] - 2 * R[0, 1]
        small = Text("1/P beside the precision, and rounding, εP", "1/P 与精度相比，以及舍入误差 εP")
        yield near(variance, det / total, 1e-7, small)
        yield near(mean, (r[0] - R[0, 1]) / total, 1e-7, small)
        if r[0] == 1 == r[1]:
            yield near(variance, (1 + rho) / 2, 1e-7, small)
        if rho == 0.8:
            yield near(variance, 1 / (1 / r[0] + 1 / r[1]), 1e-7, small)


@KALMAN.claim
def the_transition_leads_onwards(kalman, rng):
    r"""$F_t$ leads from t to t + 1, and the start is the first state before its observation: without noise of the motion and seen once, at time 0, the later states are $F_0x_0$, $F_1F_0x_0$, for the smoother too"""
    F = np.eye(2) + rng.uniform(-0.3, 0.3, (3, 2, 2))  # far from singular, for the smoother goes back through it
    P, R = covariance(rng, 2), covariance(rng, 2)
    y = np.vstack([rng.normal(size=2), np.zeros((2, 2))])
    missing = np.array([[False] * 2, [True] * 2, [True] * 2])
    means, covariances, s, V, W, e, S, _ = floats(
        kalman(y, F, np.eye(2), np.zeros((2, 2)), R, np.zeros(2), P, missing=missing)
    )
    first = np.linalg.inv(np.linalg.inv(P) + np.linalg.inv(R))
    mean = first @ np.linalg.solve(R, y[0])
    A = [np.eye(2), F[0], F[1] @ F[0]]
    size = max(np.abs(a).sum() for a in A)
    want = np.array([a @ mean for a in A])
    wide = np.array([a @ first @ a.T for a in A])
    for got in (means, s):
        yield roundoff(got, want, terms=200, scale=size * max(np.abs(mean).max(), 1))
    for got in (covariances, V):
        yield roundoff(got, wide, terms=200, scale=size**2 * np.abs(P).max())
    yield roundoff(W, [A[1] @ first, A[2] @ first @ A[1].T], terms=200, scale=size**2 * np.abs(P).max())
    yield roundoff(S[0], P + R, terms=8)
    yield identical(e[1:], np.zeros((2, 2)))


@KALMAN.claim
def what_is_missing_says_nothing(kalman, rng):
    """What is missing changes nothing: without noise of the motion, two steps of which the time between was not seen are one step of the product; a sensor that is missing throughout might as well not
    be there; whatever stands in y there, NaN too"""
    given = random(rng, 3, 2, 2) | dict(Q=np.zeros((2, 2)), F=np.eye(2) + rng.uniform(-0.3, 0.3, (3, 2, 2)))
    missing = np.zeros((3, 2), bool)
    missing[1] = True
    given["y"][1] = (np.nan, 1e9)
    F = given["F"]
    short = given | dict(y=given["y"][[0, 2]], F=np.array([F[1] @ F[0], F[2]]))
    gap, without = floats(kalman(**given, missing=missing)), floats(kalman(**short))
    for k in (0, 1, 2, 3, 5, 6):
        yield roundoff(gap[k][[0, 2]], without[k], terms=200, scale=max(10.0, np.abs(without[k]).max()))
    yield roundoff(gap[7], without[7], terms=200, scale=10.0)
    blind = random(rng, 4, 2, 2)
    missing = np.tile([False, True], (4, 1))
    one = blind | dict(y=blind["y"][:, :1], H=blind["H"][:1], R=blind["R"][:1, :1])
    gap, without = floats(kalman(**blind, missing=missing)), floats(kalman(**one))
    for k in (0, 1, 2, 3, 4, 7):
        yield roundoff(gap[k], without[k], terms=200, scale=max(10.0, np.abs(without[k]).max()))
    yield roundoff(gap[5][:, 0], without[5][:, 0], terms=200, scale=10.0)
    y, missing = np.array([[1.0], [np.nan], [3.0]]), np.array([[False], [True], [False]])
    by_hand = floats(kalman(y, **walk(3, 1.0, 2.0, 2.0), missing=missing))
    yield roundoff([by_hand[0].ravel(), by_hand[1].ravel()], [[0.5, 0.5, 2.0], [1.0, 2.0, 1.2]], terms=50)


@KALMAN.claim
def missing_because_it_was_large(kalman, rng):
    r"""What is missing because of its value does say something: of a normal number with mean $m$ and variance $P$ that would be lost if it were above $m$, and is lost, the mean is $m+\sqrt{2P/\pi}$; the filter says mean $m$, variance $P$, as before"""
    m, P = rng.normal(size=1), rng.uniform(0.5, 2)
    given = walk(1, 0.0, 1e-6, P) | dict(m=m)
    found = floats(kalman(np.zeros((1, 1)), **given, missing=np.ones((1, 1), bool)))
    yield roundoff([found[0][0, 0], found[1][0, 0, 0]], [m[0], P], terms=4)
    lost = found[0][0, 0] + np.sqrt(2 / np.pi * found[1][0, 0, 0])
    x = (np.arange(20000) + 0.5) / 2500  # deviations above the mean
    density = np.exp(-x * x / 2)
    midpoint = Text("midpoint rule, h²/24 of the change of slope", "中点法，h²/24 乘以斜率之差")
    yield near(lost, m[0] + np.sqrt(P) * (x * density).sum() / density.sum(), 1e-7, midpoint)


@KALMAN.claim
def undeclared_gaps_are_refused(kalman, rng):
    r"""NaN that nobody declared is refused, and so is ∞. Declared, a gap takes its time, and left out it would make another series: for $y$ = 1, a gap, 2 and a walk
    with $Q=R=P=1$ $L=-\frac12(\frac12+\frac9{14}+\ln7)-\ln2\pi$, but $-\frac12(\frac12+\frac9{10}+\ln5)-\ln2\pi$ for 1, 2"""
    for bad in (np.nan, np.inf):
        y = np.array([[1.0], [bad], [2.0]])

        def attempt(y=y):
            with np.errstate(invalid="ignore"):
                return kalman(y, **walk(3, 1.0, 1.0))

        yield raises(attempt, ValueError)
    gap = np.array([[False], [True], [False]])
    declared = kalman(np.array([[1.0], [np.nan], [2.0]]), **walk(3, 1.0, 1.0), missing=gap)[7]
    left_out = kalman(np.array([[1.0], [2.0]]), **walk(2, 1.0, 1.0))[7]
    for L, square, det in ((declared, 9 / 14, 7), (left_out, 9 / 10, 5)):
        yield roundoff(L, -(0.5 + square + np.log(det)) / 2 - np.log(2 * np.pi), terms=16)


@KALMAN.claim
def steady_state_of_riccati(kalman, rng):
    r"""With matrices that stay, what does not decay by itself seen and every direction moved by noise, the covariance settles where Riccati's equation says, from any start: $S_t$ and $P_t$ of SciPy's `solve_discrete_are`; with a state that
    does not decay and is not seen, $F=\operatorname{diag}(f,0.5)$ with $f=1.2$ or $f=1$ and $H=(0\ 1)$, its variance $p$ becomes $f^2p$ and that of the noise more at each step; without noise of the motion
    a seen state with $F=1.5$ goes to $S=\frac94R$ from $P=R$, but from a start that is known, $P=0$, it stays at $S=R$: $P=10^{-30}$ does so for 20 steps"""
    from scipy.linalg import solve_discrete_are

    F, H, R = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]]), np.array([[2.0]])
    Q = np.diag([0.5, 1.0])
    X = solve_discrete_are(F.T, H.T, Q, R)
    for P in (np.zeros((2, 2)), np.eye(2), 50 * np.eye(2)):
        _, P_t, *_, S, _ = floats(kalman(np.zeros((22, 1)), np.tile(F, (22, 1, 1)), H, Q, R, np.zeros(2), P))
        settled = Text(
            "what is left of the start after 22 steps, ρ⁴⁴ with ρ = 0.53 the spectral radius of F(I − KH)",
            "22 步后起点的残余，ρ⁴⁴，其中 ρ = 0.53 是 F(I − KH) 的谱半径",
        )
        yield near(S[-1, 0, 0], (H @ X @ H.T + R)[0, 0], 1e-7, settled)
        yield near(np.abs(P_t[-1] - (X - X @ H.T @ H @ X / (H @ X @ H.T + R))).max(), 0.0, 1e-7, settled)
    for f in (1.2, 1.0):
        F, H = np.tile(np.diag([f, 0.5]), (12, 1, 1)), np.array([[0.0, 1.0]])
        P_t = floats(kalman(np.zeros((12, 1)), F, H, 1e-3 * np.eye(2), R, np.zeros(2), np.eye(2)))[1]
        yield roundoff(P_t[1:, 0, 0], f * f * P_t[:-1, 0, 0] + 1e-3, terms=50)
    rest = Text("(4/9)²⁰ of the start is left, at most 3 times", "残余为起点的 (4/9)²⁰，至多 3 倍")
    for P, settled in ((1.0, 2.25), (1e-30, 1.0)):
        S = floats(kalman(np.zeros((20, 1)), **walk(20, 0.0, 1.0, P, 1.5)))[6]
        yield near(S[-1, 0, 0], settled, 1e-6, rest)


@KALMAN.claim
def smoother_is_never_wider(kalman, rng):
    r"""What comes later never makes a state less certain: $P_t-V_t$ has no eigenvalue below 0, at the last time $V_t=P_t$, and where $P$, $Q$ and $R$ are not singular, $F_t$ and $H$ are invertible and nothing is missing it is strictly less before; of a start that is known, $P=0$, nothing is learnt: $V_0=P_0=0$"""
    for given in (random(rng, 5, 2, 2), random(rng, 4, 3, 1)):
        means, P, s, V, *_ = floats(kalman(**given))
        lowest = np.linalg.eigvalsh(P - V)[:, 0].min()
        rounding = Text("rounding of P − V", "P − V 的舍入误差")
        yield near(min(lowest, 0.0), 0.0, 200 * 2.3e-16 * np.abs(P).max(), rounding)
        yield roundoff(V[-1], P[-1], terms=50)
        yield roundoff(s[-1], means[-1], terms=50, scale=10.0)
        if len(given["m"]) == 2:
            gained = np.linalg.eigvalsh(P[:-1] - V[:-1])[:, 0].min()
            yield bound(gained, 1e-9, "≥", Text("strictly less certain without it", "没有后来的观测则严格更不确定"))
            _, P, _, V, *_ = floats(kalman(**given | dict(P=np.zeros((2, 2)))))
            yield roundoff([P[0], V[0]], np.zeros((2, 2, 2)), terms=50, scale=1.0)


@KALMAN.claim
def innovations_are_white(kalman, rng):
    r"""If the model is that of the data the innovations are uncorrelated, with the variances $S_t$: of a walk, $m=0$, $e=Ay$ and $A\operatorname{Cov}(y)A^{\mathsf T}=\operatorname{diag}(S_0,\dots)$. So $e_t/\sqrt{S_t}$ is white: of three walks of 60 steps,
    $Q=R=P=1$, mean 0, mean square 1, mean product of neighbours 0; with a hundredth of that $Q$ in the model the neighbours' product is above ¼"""
    q, r, P = rng.uniform(0.5, 2, 3)
    A = np.array([floats(kalman(unit[:, None], **walk(6, q, r, P)))[5][:, 0] for unit in np.eye(6)]).T
    S = floats(kalman(np.zeros((6, 1)), **walk(6, q, r, P)))[6][:, 0, 0]
    t = np.arange(6)
    yield roundoff(A @ (P + q * np.minimum(t, t[:, None]) + r * np.eye(6)) @ A.T, np.diag(S), terms=200, scale=30.0)
    x = np.cumsum(rng.normal(size=(3, 60)), 1)
    y = x + rng.normal(size=(3, 60))
    z = []
    for series in y:
        *_, e, S, _ = floats(kalman(series[:, None], **walk(60, 1.0, 1.0)))
        z.append(e[:, 0] / np.sqrt(S[:, 0, 0]))
    z = np.array(z)
    yield statistical(z, 0.0, z.size**-0.5)
    yield statistical(z**2, 1.0, (2 / z.size) ** 0.5)
    yield statistical(z[:, 1:] * z[:, :-1], 0.0, z[:, 1:].size ** -0.5)
    products = []
    for series in y:
        *_, e, S, _ = floats(kalman(series[:, None], **walk(60, 0.01, 1.0)))
        wrong = e[:, 0] / np.sqrt(S[:, 0, 0])
        products.append((wrong[1:] * wrong[:-1]).mean())
    yield bound(np.mean(products), 0.25, "≥", Text("the filter lags behind", "滤波器跟不上"))


@KALMAN.claim
def density_is_that_of_the_innovations(kalman, rng):
    r"""$L$ is the sum of the innovations' normal log-densities, of what was observed"""
    for missing in (None, np.array([[False, False], [True, False], [True, True], [False, True]])):
        given = random(rng, 4, 2, 2)
        *_, e, S, L = floats(kalman(**given, missing=missing))
        total = 0.0
        for t in range(4):
            k = np.flatnonzero(np.ones(2, bool) if missing is None else ~missing[t])
            C, v = S[t][np.ix_(k, k)], e[t, k]
            total -= (
                (v @ np.linalg.solve(C, v) + np.linalg.slogdet(C)[1] + len(k) * np.log(2 * np.pi)) / 2 if len(k) else 0
            )
        yield roundoff(L, total, terms=100, scale=10 + abs(total))


@KALMAN.claim
def coordinates_do_not_matter(kalman, rng):
    r"""In other coordinates of the state, $z=Ax$ with an invertible $A$, means become $As_t$, covariances $AV_tA^{\mathsf T}$, and $L$ stays"""
    given = random(rng, 4, 2, 2)
    A = np.array([[2.0, 1.0], [0.5, 1.0]])
    B = np.linalg.inv(A)
    moved = given | dict(
        F=A @ given["F"] @ B, H=given["H"] @ B, Q=A @ given["Q"] @ A.T, m=A @ given["m"], P=A @ given["P"] @ A.T
    )
    a, b = floats(kalman(**given)), floats(kalman(**moved))
    size = 10 * max(np.abs(part).max() for part in b)
    for k in (0, 2):
        yield invariance(b[k], a[k] @ A.T, terms=200, scale=size)
    for k in (1, 3, 4):
        yield invariance(b[k], A @ a[k] @ A.T, terms=200, scale=size)
    yield invariance(b[7], a[7], terms=200, scale=size)
    yield bound(np.abs(a[2]).max(), 1e-3, "≥", Text("there is something to see", "确有可见之物"))


@KALMAN.claim
def best_of_the_linear_ones(kalman, rng):
    r"""Of noises that are not normal it is the best linear estimate (its error is uncorrelated with what was seen), with the mean square error that it states, and not the best of all: a state ±2, both alike
    probable, seen with noise ±1 has the sign of what is seen, and is known without error; the filter states $\frac45$, and has it"""
    squares, with_seen = [], []
    for x, y in [(x, x + v) for x in (-2.0, 2.0) for v in (-1.0, 1.0)]:
        mean, variance, *_ = floats(kalman(np.array([[y]]), **walk(1, 0.0, 1.0, 4.0)))
        squares.append((mean[0, 0] - x) ** 2)
        with_seen.append((mean[0, 0] - x) * y)
        yield roundoff([mean[0, 0], variance[0, 0, 0]], [0.8 * y, 0.8], terms=8)
    yield roundoff(np.mean(squares), 0.8, terms=8)
    yield roundoff(np.mean(with_seen), 0.0, terms=8, scale=6.0)
    yield identical([np.sign(x + v) for x in (-2, 2) for v in (-1, 1)], [-1, -1, 1, 1])


@KALMAN.claim
def an_error_that_stays(kalman, rng):
    r"""A sensor's error that stays is not noise: one fixed number of which little is known, $P=10^4$, seen twelve times. For independent noise of variance $r=2$ the error of the mean has the variance that $P_t$ states; if all twelve err alike it is more than ten times as large, nearly $r$"""
    given = walk(12, 0.0, 2.0, 1e4)
    weights = np.array([floats(kalman(np.eye(12)[:, [t]], **given))[0][-1, 0] for t in range(12)])
    stated = floats(kalman(np.zeros((12, 1)), **given))[1][-1, 0, 0]
    rest = (1 - weights.sum()) ** 2 * 1e4
    yield roundoff(2 * (weights**2).sum() + rest, stated, terms=200)
    alike = 2 * weights.sum() ** 2 + rest
    yield bound(alike / stated, 10, "≥", Text("twelve times, but for the start", "若不计起点则为十二倍"))
    yield near(alike, 2.0, 1e-3, Text("r²/P, which the start takes off", "起点使其减少约 r²/P"))


def updated(P, h, r, joseph):
    """The covariance after one number was observed, by the short form or by Joseph's."""
    K = P @ h / (h @ P @ h + r)
    A = np.eye(len(h)) - np.outer(K, h)
    return A @ P @ A.T + r * np.outer(K, K) if joseph else A @ P


@KALMAN.claim
def a_precise_sensor_after_a_vague_start(kalman, rng):
    r"""A sensor of variance 1 after a start of variance $P=10^k$ leaves $P/(P+1)$, to rounding for every $k\le16$; $(1-K)P$, the short form of the update, is off by more than $5\cdot10^{-4}$ at $k=14$, and is 0 from 16 on (of a sensor of variance 3 after $3\cdot10^{16}$ it leaves more than it has, 3.33)"""
    for k in (0, 4, 8, 12, 16):
        found = floats(kalman(np.zeros((1, 1)), **walk(1, 0.0, 1.0, 10.0**k)))[1][0, 0, 0]
        yield roundoff(found, 10.0**k / (10.0**k + 1), terms=4)
    one = np.ones(1)
    for k, least in ((14, 5e-4), (16, 1.0), (17, 1.0)):
        yield bound(
            abs(updated(10.0**k * np.eye(1), one, 1.0, False)[0, 0] - 1),
            least,
            "≥",
            Text("1 − K is cancelled away", "1 − K 被相消掉"),
        )
    yield near(
        updated(3e16 * np.eye(1), one, 3.0, False)[0, 0],
        10 / 3,
        0.005,
        Text("half a unit of the last digit", "末位的半个单位"),
    )


@KALMAN.claim
def neither_form_is_proof(kalman, rng):
    r"""Three sensors that look aslant at once: with $P=10^6r$ the covariances are those of exact fractions, to $10^{-6}$ of the largest; with $P=10^{16}r$ and six in drawn directions one after the other a variance falls below 0 by the short form in more than 30 of 100 trials, and by Joseph's in more than 5, if in fewer"""
    H = rng.integers(-4, 5, (3, 3)) + 6 * np.eye(3, dtype=int)
    exact = [[Fraction(10**6 * (i == j)) for j in range(3)] for i in range(3)]
    for h in H.tolist():
        g = [sum(row[j] * h[j] for j in range(3)) for row in exact]
        s = sum(g[i] * h[i] for i in range(3)) + 1
        exact = [[exact[i][j] - g[i] * g[j] / s for j in range(3)] for i in range(3)]
    given = dict(
        F=np.tile(np.eye(3), (1, 1, 1)),
        H=H.astype(float),
        Q=np.zeros((3, 3)),
        R=np.eye(3),
        m=np.zeros(3),
        P=1e6 * np.eye(3),
    )
    found = floats(kalman(np.zeros((1, 3)), **given))[1][0]
    want = np.array([[float(x) for x in row] for row in exact])
    rounding = Text("ε · P/r with the condition of the rows, at most 10³", "ε · P/r 乘以各行的条件数（至多 10³）")
    yield near(np.abs(found - want).max() / np.abs(want).max(), 0.0, 1e-6, rounding)
    below = {True: 0, False: 0}
    for _ in range(100):
        rows = rng.normal(size=(6, 3))
        for joseph in below:
            P, low = 1e6 * np.eye(3), 1.0
            for h in rows:
                P = updated(P, h, 1e-10, joseph)
                low = min(low, P.diagonal().min())
            below[joseph] += low < 0
    yield bound(below[False], 30, "≥", Text("measured; about 60", "测得；约 60"))
    yield bound(below[True], 5, "≥", Text("measured; about 25", "测得；约 25"))
    yield bound(below[True], below[False], "≤", Text("measured", "测得"))


@KALMAN.claim
def covariances_do_not_look(kalman, rng):
    r"""No covariance looks at the observations: with others, a million times as large, $P_t$, $V_t$, $W_t$ and $S_t$ are the same to the last bit, and the means are linear in $(y,m)$"""
    given = random(rng, 5, 2, 1)
    other = given | dict(y=1e6 * rng.normal(size=(5, 1)))
    a, b = floats(kalman(**given)), floats(kalman(**other))
    for k in (1, 3, 4, 6):
        yield identical(a[k], b[k])
    both = floats(kalman(**given | dict(y=given["y"] + other["y"], m=2 * given["m"])))
    for k in (0, 2, 5):
        yield roundoff(both[k], a[k] + b[k], terms=200, scale=1e7)
    yield bound(np.abs(b[2]).max(), 1.0, "≥", Text("the means do", "均值则随之改变"))


def recursion(
    y,
    F,
    H,
    Q,
    R,
    m,
    P,
    missing=None,
    index=0,
    early=False,
    short=False,
    smooth=True,
    zero=False,
    gain=0,
    unseen=False,
    logs=True,
):
    """The printed recursion, and its faults by name: what the mutants are made of."""
    T, n = len(y), len(m)
    gone = np.zeros(y.shape, bool) if missing is None else np.asarray(missing)
    y = np.where(gone, 0.0, y)
    means, P_t, ahead, e, S_t, L = [], [], [], [], [], 0.0
    for t in range(T):
        if t or early:
            A = F[min(max(t - 1 + index, 0), T - 1)]
            m, P = A @ m, A @ P @ A.T + Q
        ahead.append((m, P))
        S = H @ P @ H.T + R
        k = np.arange(y.shape[1]) if zero else np.flatnonzero(~gone[t])
        h, C, v = H[k], S[np.ix_(k, k)], y[t] - H @ m
        if not zero:
            v = v * ~gone[t]
        K = P @ h.T @ np.linalg.inv(C - gain * R[np.ix_(k, k)]) if len(k) else np.zeros((n, 0))
        if len(k):
            L -= (v[k] @ np.linalg.solve(C, v[k]) + logs * np.linalg.slogdet(C)[1] + len(k) * np.log(2 * np.pi)) / 2
        m = m + K @ v[k]
        left = np.eye(n) - K @ h
        P = left @ P if short else left @ P @ left.T + K @ R[np.ix_(k, k)] @ K.T
        means.append(m), P_t.append(P), e.append(v), S_t.append(S - R if unseen else S)
    s, V, W = [means[-1]], [P_t[-1]], []
    for t in range(T - 2, -1, -1):
        A = F[min(t + index, T - 1)]
        G = P_t[t] @ A.T @ np.linalg.pinv(ahead[t + 1][1]) if smooth else np.zeros((n, n))
        W.insert(0, V[0] @ G.T)
        s.insert(0, means[t] + G @ (s[0] - ahead[t + 1][0]))
        V.insert(0, P_t[t] + G @ (V[0] - ahead[t + 1][1]) @ G.T)
    W = np.array(W).reshape(T - 1, n, n)
    return tuple(map(np.array, (means, P_t, s, V))) + (W, np.array(e), np.array(S_t), L)


@KALMAN.mutant(caught_by="the-transition-leads-onwards, equals-definition, what-is-missing-says-nothing")
def transition_one_late(y, F, H, Q, R, m, P, missing=None):
    """the transition with the index one too late: F_{t+1} from t to t + 1"""
    return recursion(y, F, H, Q, R, m, P, missing, index=1)


@KALMAN.mutant(caught_by="the-transition-leads-onwards, equals-definition")
def start_one_step_early(y, F, H, Q, R, m, P, missing=None):
    """the start taken for the state one step earlier: a prediction first"""
    return recursion(y, F, H, Q, R, m, P, missing, early=True)


@KALMAN.mutant(caught_by="a-precise-sensor-after-a-vague-start")
def short_form(y, F, H, Q, R, m, P, missing=None):
    """the update (I − KH)P, which cancels"""
    return recursion(y, F, H, Q, R, m, P, missing, short=True)


@KALMAN.mutant(caught_by="smoother-is-never-wider, the-transition-leads-onwards, equals-definition")
def filtered_for_smoothed(y, F, H, Q, R, m, P, missing=None):
    """the filter's answer given out as the smoother's"""
    return recursion(y, F, H, Q, R, m, P, missing, smooth=False)


@KALMAN.mutant(caught_by="what-is-missing-says-nothing, the-transition-leads-onwards, missing-because-it-was-large")
def missing_is_zero(y, F, H, Q, R, m, P, missing=None):
    """0 observed where nothing was"""
    return recursion(y, F, H, Q, R, m, P, missing, zero=True)


@KALMAN.mutant(caught_by="undeclared-gaps-are-refused")
def gaps_found_in_silence(y, F, H, Q, R, m, P, missing=None):
    """what is not finite is taken for missing, without a word"""
    gone = ~np.isfinite(y)
    return recursion(y, F, H, Q, R, m, P, gone if missing is None else missing | gone)


@KALMAN.mutant(
    caught_by="sensors-add-their-precisions, best-of-the-linear-ones, an-error-that-stays, a-precise-sensor-after-a-vague-start, "
    "neither-form-is-proof, steady-state-of-riccati, equals-definition"
)
def noise_twice(y, F, H, Q, R, m, P, missing=None):
    """the noise of the sensors counted twice"""
    return recursion(y, F, H, Q, 2 * R, m, P, missing)


@KALMAN.mutant(caught_by="innovations-are-white, steady-state-of-riccati, equals-definition")
def moves_without_noise(y, F, H, Q, R, m, P, missing=None):
    """the prediction without the noise of the motion"""
    return recursion(y, F, H, 0 * Q, R, m, P, missing)


@KALMAN.mutant(caught_by="sensors-that-err-together, equals-definition")
def sensors_as_independent(y, F, H, Q, R, m, P, missing=None):
    """the correlation of the sensors left out"""
    return recursion(y, F, H, Q, np.diag(R.diagonal()), m, P, missing)


@KALMAN.mutant(caught_by="density-is-that-of-the-innovations, steady-state-of-riccati")
def noise_left_out_of_S(y, F, H, Q, R, m, P, missing=None):
    """the covariance of the innovations without that of the sensors"""
    return recursion(y, F, H, Q, R, m, P, missing, unseen=True)


@KALMAN.mutant(caught_by="density-is-that-of-the-innovations, equals-definition")
def no_determinant(y, F, H, Q, R, m, P, missing=None):
    """the likelihood without the determinant of S"""
    return recursion(y, F, H, Q, R, m, P, missing, logs=False)


@KALMAN.mutant(caught_by="the-transition-leads-onwards, equals-definition")
def lag_one_transposed(y, F, H, Q, R, m, P, missing=None):
    """the lag-one covariance with rows t and columns t + 1"""
    found = list(recursion(y, F, H, Q, R, m, P, missing))
    found[4] = found[4].swapaxes(1, 2)
    return tuple(found)


@KALMAN.mutant(caught_by="covariances-do-not-look")
def covariance_of_the_data(y, F, H, Q, R, m, P, missing=None):
    """the covariances stretched by how large the innovations came out"""
    found = list(recursion(y, F, H, Q, R, m, P, missing))
    stretch = 1 + np.mean(found[5] ** 2)
    found[1], found[3] = found[1] * stretch, found[3] * stretch
    return tuple(found)


@KALMAN.mutant(caught_by="coordinates-do-not-matter, equals-definition")
def gain_by_the_diagonal(y, F, H, Q, R, m, P, missing=None):
    """correlations of the states' noise and start left out"""
    return recursion(y, F, H, np.diag(Q.diagonal()), R, m, np.diag(P.diagonal()), missing)


KALMAN.erratum(
    "E310",
    common="The covariance of the filter shows when the track is lost (a common slip)",
    why="It is computed from the model alone and never looks at the observations: on a series that has nothing to do with the model it is the same, to the last bit.",
    right="Look at the standardised innovations: mean 0, mean square 1, no correlation between neighbours",
    claims="covariances-do-not-look, innovations-are-white",
)
KALMAN.erratum(
    "E311",
    common="Joseph's form keeps the covariance positive (a common slip)",
    why="In exact arithmetic it does for every gain, and in floating point for longer than the short form. But it is a sum of rounded products: with a start sixteen powers of ten less precise than the sensors it, too, comes to variances below 0.",
    right="Joseph's form is more robust; a form that carries square roots of the covariances, or their factors U and D, cannot fall below 0",
    claims="neither-form-is-proof, a-precise-sensor-after-a-vague-start",
)
KALMAN.erratum(
    "E312",
    common="The Kalman filter is the best estimator, whatever the noise (a common slip)",
    why="Its mean is the best among the estimates that are linear in the observations. A state ±2 seen with noise ±1 has the sign of what is seen, and is known without error; the filter has, and states, a mean square error of $\\frac45$.",
    right="The best linear estimate for all noises with these covariances; the best of all if they are normal",
    claims="best-of-the-linear-ones",
)


@KALMAN.figure(
    noise=Slider(0.3, 10.0, 4.0, "noise of the first sensor", log=True),
    second=Slider(0.3, 10.0, 1.0, "noise of the second sensor", log=True),
)
def figure(noise, second):
    T = 24
    rng = np.random.default_rng(8)
    F, Q = np.array([[1.0, 1.0], [0.0, 0.8]]), np.diag([0.05, 0.4])
    x = np.zeros((T, 2))
    for t in range(1, T):
        x[t] = F @ x[t - 1] + rng.normal(size=2) * np.sqrt(Q.diagonal())
    H, R = np.array([[1.0, 0.0], [1.0, 0.0]]), np.diag([noise**2, second**2])
    y = x[:, :1] + rng.normal(size=(T, 2)) * [noise, second]
    gone = np.zeros((T, 2), bool)
    gone[9:15, 1] = True
    _, P, s, V, *_ = kalman(y, np.tile(F, (T, 1, 1)), H, Q, R, np.zeros(2), 25 * np.eye(2), missing=gone)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    time = np.arange(T)
    left.fill_between(
        time, s[:, 0] - 2 * np.sqrt(V[:, 0, 0]), s[:, 0] + 2 * np.sqrt(V[:, 0, 0]), color=COLOURS[2], alpha=0.25, lw=0
    )
    left.plot(time, x[:, 0], color="0.45", lw=1.2, ls="--", label="true place")
    left.plot(time, y[:, 0], "o", ms=3.5, mfc="none", color=COLOURS[0], label="first sensor")
    left.plot(time, np.where(gone[:, 1], np.nan, y[:, 1]), "s", ms=3.5, color=COLOURS[1], label="second sensor")
    left.plot(time, s[:, 0], color=COLOURS[2], label="smoothed, ±2 deviations")
    left.set(xlabel="time", ylabel="place")
    left.legend(fontsize=9, frameon=False, loc="best")
    right.axvspan(8.5, 14.5, color="0.5", alpha=0.15, lw=0)
    right.plot(time, np.sqrt(P[:, 0, 0]), color=COLOURS[0], label="filter")
    right.plot(time, np.sqrt(V[:, 0, 0]), color=COLOURS[2], label="smoother")
    right.axhline(1 / np.sqrt(1 / noise**2 + 1 / second**2), color="0.45", lw=1, ls=":", label="one look of both")
    right.set(xlabel="time", ylabel="deviation of the place", ylim=(0, None))
    right.legend(fontsize=9, frameon=False, loc="best")
    words = Text(
        f"Sensors of deviations {noise:.3g} and {second:.3g}; the second is silent from time 9 to 14. At time 8 the filter's deviation is {np.sqrt(P[8, 0, 0]):.3g}, in the gap up to "
        f"{np.sqrt(P[9:15, 0, 0]).max():.3g}; the smoother's {np.sqrt(V[8, 0, 0]):.3g} and {np.sqrt(V[9:15, 0, 0]).max():.3g}. One look of both alone would leave {1 / np.sqrt(1 / noise**2 + 1 / second**2):.3g}.",
        f"两个传感器的标准差为 {noise:.3g} 与 {second:.3g}；第二个在时刻 9 到 14 没有读数。时刻 8 滤波的标准差为 {np.sqrt(P[8, 0, 0]):.3g}，空缺期间最大为 "
        f"{np.sqrt(P[9:15, 0, 0]).max():.3g}；平滑分别为 {np.sqrt(V[8, 0, 0]):.3g} 与 {np.sqrt(V[9:15, 0, 0]).max():.3g}。两者各看一次为 {1 / np.sqrt(1 / noise**2 + 1 / second**2):.3g}。",
    )
    return Drawing(fig, words)
