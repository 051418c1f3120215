"""ADALINE and the least-mean-squares rule: where the mean converges, where the mean square does, and what noise remains."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

ADALINE = Concept(
    key="adaline",
    kind="algorithm",
    title="ADALINE and the LMS rule",
    summary="A linear unit that learns from its error before the threshold: each input, times the error, is added to "
    r"the weights. For independent inputs the mean of the weights converges for $\mu<2/\lambda_{\max}$, but for normal "
    "inputs their mean square needs a smaller step, and with a constant small step a noise floor about in proportion to it "
    "remains.",
    formulas=(
        r"e_t=y_t-w_t^{\mathsf T}x_t,\qquad w_{t+1}=w_t+\mu_t\,e_t\,x_t",
        r"\mathbb E\,v_{t+1}=(I-\mu R)\,\mathbb E\,v_t,\qquad v_t=w_t-R^{-1}\mathbb E\,yx,\quad R=\mathbb E\,xx^{\mathsf T},\qquad "
        r"\mathbb E\,v_t\to0\ \ \forall v_0\iff 0<\mu<\frac{2}{\lambda_{\max}(R)}",
        r"x\sim N(0,R):\quad \mathbb E\,v_{t+1}v_{t+1}^{\mathsf T}=C-\mu(RC+CR)+\mu^2\bigl(2RCR+R\operatorname{tr}RC\bigr)+\mu^2\sigma^2R,\qquad "
        r"0<\mu<\frac{2}{3\operatorname{tr}R}\ \Longrightarrow\ \sup_t\mathbb E\lVert v_t\rVert^2<\infty",
        r"x\sim N(0,R),\ p=1,\ 0<\mu<\frac2{3R}:\qquad \mathbb E\,v_t^2\to\frac{\mu\,\sigma^2}{2-3\mu R}",
    ),
    symbols=(
        Symbol("x_t", "X", "... T p", "inputs, one a row, in the order in which they come"),
        Symbol("y_t", "y", "... T", "desired responses"),
        Symbol(r"\mu_t", "mu", "", "step size: one for all steps, or T of them", "nonnegative"),
        Symbol("w_0", "w0", "p", "the start"),
        Symbol("w_t", "", "... T+1 p", "all weights on the way"),
        Symbol("e_t", "", "... T", "error, before the threshold"),
        Symbol("v_t", "", "p", "difference from the best weights"),
        Symbol("C", "", "p p", r"second moments of that difference, $\mathbb E\,v_tv_t^{\mathsf T}$"),
        Symbol("R", "", "p p", "second moments of the inputs"),
        Symbol(r"\lambda_{\max}", "", "", "its largest eigenvalue"),
        Symbol(r"\sigma^2", "", "", "variance of the noise in y, which has mean 0 and is independent of the inputs"),
        Symbol("p", "", "", "number of weights"),
    ),
    needs=("linear-regression", "expectation", "gradient", "perceptron"),
    source="widrow1960adaptive",
    year=1960,
    people=("Bernard Widrow", "Marcian Hoff"),
    aliases="LMS, least mean squares, Widrow-Hoff rule, delta rule, 最小均方, LMS 算法, 自适应线性神经元, 德尔塔规则",
    implementations=(
        Implementation("gradus.foundations.adaline:lms", "numpy", None, "also the estimator `Adaline`, a classifier"),
    ),
    readings="widrow1985adaptive; feuer1985convergence; bishop2006pattern §3.1.3",
    hypotheses=(
        Hypothesis(
            "the inputs (with their noise) are independent of one another and of one distribution",
            "a-kept-input-has-other-limits",
        ),
        Hypothesis(
            r"R is positive definite: $v_t\to0$ from every start needs input in every direction",
            "unseen-directions-are-never-learnt",
        ),
        Hypothesis("for the mean square: normal inputs of mean 0", "other-inputs-have-other-limits"),
    ),
    conventions=(
        Convention(
            "the factor 2 of the squared error's gradient",
            r"in $\mu$",
            r"Widrow writes $2\mu$ for this $\mu$: the limits are then $1/\lambda_{\max}$ and $1/(3\operatorname{tr}R)$",
        ),
        Convention(
            "normalisation of the step",
            "none",
            r"normalised LMS divides the step by $\lVert x_t\rVert^2$, and is then stable for every $0<\mu<2$",
        ),
    ),
    unverified="Successive inputs of a filter overlap, and are not independent: the limits then hold for small steps "
    "only.",
    differentiable=False,
)


@ADALINE.definition
def adaline(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - (w[-1] * x).sum(-1)
        w.append(w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)  # (..., T + 1, p)


@ADALINE.example
def example():
    X, y, mu, w0 = (
        np.array([[1.0, 2.0], [1.0, -1.0], [1.0, 1.0], [1.0, 0.0]]),
        np.array([5.0, 0.0, 3.0, 1.0]),
        0.1,
        np.zeros(2),
    )
    w = adaline(X, y, mu, w0)
    R = X.T @ X / 4
    steps = np.array([0.1, 0.2])  # in one dimension, R = σ² = 1
    return (
        dict(X=X, y=y, mu=mu, w0=w0, w=w, z=(w[:4] * X).sum(1), e=y - (w[:4] * X).sum(1))
        | dict(after=y[0] - w[1] @ X[0], square=X[0] @ X[0], best=np.linalg.lstsq(X, y, rcond=None)[0])
        | dict(late=adaline(np.tile(X, (60, 1)), np.tile(y, 60), mu, w0)[-1], R=R)
        | dict(top=np.linalg.eigvalsh(R)[1], trace=np.trace(R), mean_limit=2 / np.linalg.eigvalsh(R)[1])
        | dict(square_limit=2 / (3 * np.trace(R)), steps=steps, floor=steps / (2 - 3 * steps))
    )


@ADALINE.exercise
def on_the_right_side():
    w = adaline(np.array([[1.0]]), np.array([1.0]), 0.1, np.array([3.0]))[-1, 0]
    return choice(pulled_back=w < 3, nothing=w == 3, pushed_on=w > 3)


@ADALINE.exercise
def error_left():
    x = np.array([[3.0, 4.0]])
    w = adaline(x, np.array([1.0]), 0.02, np.zeros(2))[-1]
    return number(1 - x[0] @ w, length=1 - 0.02 * 5, sum_of_entries=1 - 0.02 * 7, factor_two=1 - 2 * 0.02 * 25)


@ADALINE.exercise
def largest_step():
    R = 2.0
    return number(2 / (3 * R), of_the_mean=2 / R, widrow=1 / (3 * R))


@ADALINE.cases
def cases(rng):
    X, w = rng.standard_normal((12, 3)), rng.standard_normal(3)
    yield "random", dict(X=X, y=X @ w + 0.1 * rng.standard_normal(12), mu=0.1, w0=np.zeros(3))
    yield "a step size for each step", dict(X=X, y=X @ w, mu=0.5 / np.arange(1.0, 13), w0=w + 1)
    yield (
        "two sequences",
        dict(X=rng.standard_normal((2, 6, 4)), y=rng.standard_normal((2, 6)), mu=0.05, w0=np.ones(4)),
    )
    yield "labels", dict(X=X, y=np.sign(X @ w), mu=0.05, w0=np.zeros(3))
    yield "one weight", dict(X=np.ones((5, 1)), y=np.arange(5.0), mu=0.25, w0=np.array([2.0]))
    yield "no step", dict(X=np.ones((0, 2)), y=np.ones(0), mu=0.1, w0=np.array([1.0, -1.0]))
    yield "a step of 0", dict(X=X, y=X @ w, mu=0.0, w0=w)
    yield "square", dict(X=rng.standard_normal((3, 3)), y=rng.standard_normal(3), mu=0.1, w0=np.ones(3))


@ADALINE.invalid
def invalid(rng):
    yield "fewer responses than inputs", dict(X=np.ones((5, 2)), y=np.ones(4), mu=0.1, w0=np.ones(2))
    yield "a start of another width", dict(X=np.ones((5, 2)), y=np.ones(5), mu=0.1, w0=np.ones(3))
    yield "fewer steps than inputs", dict(X=np.ones((5, 2)), y=np.ones(5), mu=np.ones(4), w0=np.ones(2))


NODES, WEIGHTS = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)]), np.array([1 / 6, 2 / 3, 1 / 6])


def normal_inputs(R):
    """Points and weights that integrate polynomials of degree 5 in x ~ N(0, R) exactly (Gauss–Hermite)."""
    L = np.linalg.cholesky(R)
    points = np.array(list(product(NODES, repeat=len(R)))) @ L.T
    return points, np.array([np.prod(c) for c in product(WEIGHTS, repeat=len(R))])


def correlated(rng, p):
    """A random matrix of second moments."""
    A = rng.standard_normal((p, p + 2))
    return A @ A.T / p


def growth(adaline, R, mu):
    """Factor by which E v vᵀ grows for normal inputs: spectral radius of the map that one step makes of it, exactly."""
    points, chance = normal_inputs(R)
    p = len(R)
    X = np.broadcast_to(points[:, None, None, :], (len(points), p, 1, p))
    # from each unit vector as the error: the step is linear in it
    steps = np.stack([adaline(X[:, j], np.zeros((len(points), 1)), mu, np.eye(p)[j])[:, 1] for j in range(p)], -1)
    return np.abs(np.linalg.eigvals(sum(c * np.kron(M, M) for c, M in zip(chance, steps, strict=True)))).max()


@ADALINE.claim
def mean_follows_the_matrix_power(adaline, rng):
    r"""For independent inputs the mean of $v_t$ is $(I-\mu R)^t v_0$ exactly: all sequences of 5 inputs out of 3
    enumerated"""
    points, best = rng.standard_normal((3, 2)), rng.standard_normal(2)
    R, mu, v0 = points.T @ points / 3, 0.3, rng.standard_normal(2)
    X = points[np.array(list(product(range(3), repeat=5)))]  # (243, 5, 2)
    mean = adaline(X, X @ best, mu, best + v0).mean(0) - best
    powers = [np.linalg.matrix_power(np.eye(2) - mu * R, t) @ v0 for t in range(6)]
    return roundoff(mean, np.array(powers), terms=243, scale=10.0)


@ADALINE.claim
def a_kept_input_has_other_limits(adaline, rng):
    r"""Independence is needed: if x is 0 or $\sqrt2$ by a coin ($R=1$), the mean error at $\mu=1$ is 0 after one step
    when the coin is tossed anew for each input; tossed once, it is 0 and 1 in turns"""
    tossed = np.array(list(product([0.0, np.sqrt(2)], repeat=4)))[..., None]  # (16, 4, 1)
    kept = np.sqrt(2) * np.array([np.zeros((4, 1)), np.ones((4, 1))])
    means = [adaline(X, np.zeros(X.shape[:-1]), 1.0, np.ones(1))[..., 0].mean(0) for X in (tossed, kept)]
    return roundoff(np.array(means), np.array([[1.0, 0, 0, 0, 0], [1, 0, 1, 0, 1]]), terms=32, scale=1.0)


@ADALINE.claim
def unseen_directions_are_never_learnt(adaline, rng):
    """In a direction without input (R singular) the weights never move"""
    u, w0 = rng.standard_normal(3), rng.standard_normal(3)
    u /= np.linalg.norm(u)
    X = rng.standard_normal((30, 3)) @ (np.eye(3) - np.outer(u, u))
    w = adaline(X, X @ rng.standard_normal(3) + 1, 0.1, w0)
    moved = Text("across it they do", "与之垂直的方向上权重在变")
    return all_of(
        roundoff(w @ u, np.full(31, w0 @ u), terms=90, scale=4.0), bound(np.linalg.norm(w[-1] - w0), 0.1, "≥", moved)
    )


@ADALINE.claim
def mean_limit_is_two_over_the_largest_eigenvalue(adaline, rng):
    r"""The mean converges below $2/\lambda_{\max}$ and not above: its part along the eigenvector of $\lambda_{\max}$
    shrinks at 0.99 of it, grows at 1.01, turns over at it"""
    R = correlated(rng, 3)
    points, chance = normal_inputs(R)
    value, vectors = np.linalg.eigh(R)
    v0 = vectors[:, -1]

    def after(part):
        w = adaline(points[:, None, :], np.zeros((len(points), 1)), part * 2 / value[-1], v0)[:, 1]
        return chance @ w

    sharp = [roundoff(after(c), (1 - 2 * c) * v0, terms=27, c=16, scale=20.0) for c in (0.5, 0.99, 1.0, 1.01)]
    why = Text("length of the mean error, from 1", "平均误差的长度，初始为 1")
    return all_of(
        *sharp, bound(np.linalg.norm(after(0.99)), 0.981, "≤", why), bound(np.linalg.norm(after(1.01)), 1.019, "≥", why)
    )


@ADALINE.claim
def mean_square_converges_below_the_trace_bound(adaline, rng):
    r"""Normal inputs: the mean square converges whenever $\mu<2/(3\operatorname{tr}R)$ (random $R$ in 1 to 3
    dimensions, moments integrated exactly)"""
    why = Text("growth of the mean square in one step at 0.99 of the limit", "取界的 0.99 倍时均方每步的增长")
    return all_of(
        *[
            bound(growth(adaline, R, 0.99 * 2 / (3 * np.trace(R))), 1.0, "≤", why)
            for p in (1, 2, 2, 3, 3)
            for R in [correlated(rng, p)]
        ]
    )


@ADALINE.claim
def sharp_in_one_dimension(adaline, rng):
    r"""In one dimension, for normal inputs, that limit is sharp: the growth is $1-2\mu R+3\mu^2R^2$, which is 1 at
    $\mu=2/(3R)$ and 2 at $\mu=1/R$"""
    for R in (0.25, 1.0, 7.0):
        for part in (0.5, 2 / 3, 1.0, 1.9):
            growing = growth(adaline, np.array([[R]]), part / R)
            yield roundoff(growing, 1 - 2 * part + 3 * part**2, terms=8)


@ADALINE.claim
def other_inputs_have_other_limits(adaline, rng):
    r"""The limit of the mean square belongs to normal inputs: inputs $\pm\sqrt R$ multiply it by $(1-\mu R)^2$ and
    allow steps up to $2/R$; heavier tails, $\mathbb E\,x^4=9R^2$, multiply it by $1-2\mu R+9\mu^2R^2$ and allow
    $2/(9R)$"""
    R = 4.0
    for values, chance, fourth in (([1.0, -1.0], [0.5, 0.5], 1), ([3.0, -3.0, 0.0], [1 / 18, 1 / 18, 8 / 9], 9)):
        X = np.sqrt(R) * np.array(values)[:, None, None]
        for part in (0.1, 2 / 9, 0.9, 1.9):
            v = adaline(X, np.zeros((len(values), 1)), part / R, np.ones(1))[:, 1, 0]
            yield roundoff(np.array(chance) @ v**2, 1 - 2 * part + fourth * part**2, terms=8, scale=40.0)


@ADALINE.claim
def mean_may_converge_while_the_mean_square_diverges(adaline, rng):
    r"""$\mu<2/\operatorname{tr}R$ is not enough: for one normal input, without noise, at $\mu=1/R$ the mean is right
    after one step, while the mean square doubles with every step"""
    steps = 6
    X = np.array(list(product(NODES, repeat=steps)))[..., None]  # (729, 6, 1): R = 1
    chance = np.prod(np.array(list(product(WEIGHTS, repeat=steps))), -1)
    v = adaline(X, np.zeros(X.shape[:-1]), 1.0, np.ones(1))[..., 0]  # (729, 7)
    mean = roundoff(chance @ v[:, 1:], np.zeros(steps), terms=729, scale=64.0)
    return all_of(mean, roundoff(chance @ v**2, 2.0 ** np.arange(steps + 1), terms=729))


def squared_errors(adaline, rng, mu, steps, runs, noise=1.0, R=1.0):
    """v² of independent runs in one dimension, x ~ N(0, R), from the best weight."""
    X, e = np.sqrt(R) * rng.standard_normal((runs, steps, 1)), noise * rng.standard_normal((runs, steps))
    return adaline(X, e, mu, np.zeros(1))[..., 0] ** 2


@ADALINE.claim
def noise_floor_is_proportional_to_the_step(adaline, rng):
    r"""With a constant step and one normal input a noise floor $\frac{\mu\sigma^2}{2-3\mu R}$ remains, for small steps
    in proportion to $\mu$ (slope 1); here $R=4$, $\sigma=\frac32$"""
    R, sigma, sizes, floors = 4.0, 1.5, (0.025, 0.0125, 0.00625, 0.003125), []
    for mu in sizes:
        a = mu * R
        steps = int(1.2 / a)
        squares = squared_errors(adaline, rng, mu, steps, 1500, sigma, R)[:, -1]
        reached = 1 - (1 - 2 * a + 3 * a**2) ** steps  # how near to the floor so many steps come, exactly
        yield statistical(squares, mu * sigma**2 / (2 - 3 * a) * reached)
        floors.append(squares.mean() / reached * (2 - 3 * a) / 2)
    yield rate(sizes, floors, 1.0, 0.2)


@ADALINE.claim
def decreasing_steps_remove_the_floor(adaline, rng):
    r"""With $\mu_t=c/(t+8)$ and $cR>\frac12$ the floor is gone: the mean square falls about as $1/t$ ($c=R=1$). With
    $cR=\frac14$ it falls more slowly: after 400 steps it is still above a third of what it is after 50"""
    steps, runs = 400, 800
    mu = 1 / (np.arange(steps) + 8.0)
    squares = squared_errors(adaline, rng, mu, steps, runs)
    exact = [0.0]
    for m in mu:
        exact.append(exact[-1] * (1 - 2 * m + 3 * m**2) + m**2)
    evidence = [statistical(squares[:, t], exact[t]) for t in (50, 100, 200, 400)]
    why = Text("eight times as many steps, about an eighth", "步数为八倍，均方约为八分之一")
    slow = squared_errors(adaline, rng, mu, steps, runs, R=0.25)
    root = Text("t^(−½) would leave 0.35, and the start lifts it", "按 t^(−½) 应为 0.35，起始阶段使其更高")
    return all_of(
        *evidence,
        bound(squares[:, 400].mean() / squares[:, 50].mean(), 0.2, "≤", why),
        bound(slow[:, 400].mean() / slow[:, 50].mean(), 1 / 3, "≥", root),
    )


@ADALINE.claim
def error_on_the_same_input(adaline, rng):
    r"""After a step, the error on the same input is $(1-\mu\lVert x\rVert^2)e$: it is 0 for $\mu=1/\lVert x\rVert^2$"""
    x, y, w0 = rng.standard_normal(4), 2.0, rng.standard_normal(4)
    for part in (0.3, 1.0, 2.0):
        w = adaline(x[None], np.array([y]), part / (x @ x), w0)[1]
        yield roundoff(y - w @ x, (1 - part) * (y - w0 @ x), terms=8, scale=8.0)


@ADALINE.claim
def descends_on_average(adaline, rng):
    r"""Averaged over the samples, a step is a step of descent on $\frac1{2n}\lVert Xw-y\rVert^2$"""
    X, y, w0 = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal(3)
    after = adaline(X[:, None], y[:, None], 0.2, w0)[:, 1].mean(0)
    return roundoff(after, w0 - 0.2 * X.T @ (X @ w0 - y) / 9, terms=9, scale=4.0)


@ADALINE.claim
def xor_gives_nothing(adaline, rng):
    """On XOR it settles, unlike the perceptron, and on nothing: with steps in proportion to 1/k the weights go to 0"""
    X = np.array([[1.0, -1, -1], [1, -1, 1], [1, 1, -1], [1, 1, 1]])  # with a column of ones
    y = np.array([-1.0, 1, 1, -1])
    passes = 160
    mu = np.repeat(1 / (4.0 + 4 * np.arange(passes)), 4)
    w = adaline(np.tile(X, (passes, 1)), np.tile(y, passes), mu, np.ones(3))
    # a pass multiplies w by about 1 − 1/(k + 1) and, the points coming one after another, adds a multiple of 1/k²
    why = Text("log k/k, the solution of that recursion; it began at 1", "该递推的解 log k/k；起初为 1")
    return all_of(*[bound(np.abs(w[4 * k]).max(), np.log(k) / k, "≤", why) for k in (20, 40, 80, 160)])


@ADALINE.mutant(
    caught_by="equals-definition, mean-follows-the-matrix-power, mean-limit-is-two-over-the-largest-eigenvalue, "
    "sharp-in-one-dimension, error-on-the-same-input, other-inputs-have-other-limits, a-kept-input-has-other-limits"
)
def factor_two(X, y, mu, w0):
    """Widrow's factor 2 kept, with the limits of this page"""
    return adaline(X, y, 2 * np.asarray(mu), w0)


@ADALINE.mutant(
    caught_by="mean-square-converges-below-the-trace-bound, sharp-in-one-dimension, "
    "mean-may-converge-while-the-mean-square-diverges"
)
def trace_bound_without_the_three(X, y, mu, w0):
    """μ < 2/tr R sold as the limit of the mean square: a step three times as long"""
    return adaline(X, y, 3 * np.asarray(mu), w0)


@ADALINE.mutant(
    caught_by="equals-definition, descends-on-average, error-on-the-same-input, mean-follows-the-matrix-power"
)
def error_after_the_threshold(X, y, mu, w0):
    """learns from the error after the threshold, as the perceptron does"""
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - np.sign((w[-1] * x).sum(-1))
        w.append(w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)


@ADALINE.mutant(
    caught_by="equals-definition, mean-may-converge-while-the-mean-square-diverges, "
    "noise-floor-is-proportional-to-the-step, sharp-in-one-dimension"
)
def normalised(X, y, mu, w0):
    """the step divided by the length of the input (normalised LMS)"""
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - (w[-1] * x).sum(-1)
        w.append(w[-1] + step * e[..., None] * x / np.maximum((x**2).sum(-1, keepdims=True), 1e-12))
    return np.stack(w, -2)


@ADALINE.mutant(caught_by="equals-definition, unseen-directions-are-never-learnt")
def leaky(X, y, mu, w0):
    """the weights leak: a hundredth of them is lost with each step"""
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - (w[-1] * x).sum(-1)
        w.append(0.99 * w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)


@ADALINE.mutant(caught_by="equals-definition, decreasing-steps-remove-the-floor, xor-gives-nothing")
def schedule_ignored(X, y, mu, w0):
    """the first step size for ever: the schedule is ignored"""
    return adaline(X, y, np.ravel(mu)[0] if X.shape[-2] else mu, w0)


@ADALINE.mutant(
    caught_by="equals-definition, descends-on-average, xor-gives-nothing, mean-limit-is-two-over-the-largest-eigenvalue"
)
def wrong_sign(X, y, mu, w0):
    """away from the error"""
    return adaline(X, y, -np.asarray(mu), w0)


@ADALINE.figure(
    mu=Slider(0.01, 1.2, 0.2, "step size μ (inputs of variance 1)", log=True),
    noise=Slider(0.0, 1.0, 0.3, "standard deviation of the noise σ"),
)
def figure(mu, noise):
    rng = np.random.default_rng(1)
    steps, runs = 80, 400
    X, e = rng.standard_normal((runs, steps, 1)), noise * rng.standard_normal((runs, steps))
    with np.errstate(over="ignore"):
        v = adaline(X, e, mu, np.ones(1))[..., 0]
        settled = adaline(X, e, 1 / (1 / mu + np.arange(steps)), np.ones(1))[..., 0]
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    t = np.arange(steps + 1)
    left.plot(t, v[:12].T, color=COLOURS[0], lw=0.6, alpha=0.5)
    left.plot(t, (1 - mu) ** t, color="0.1", lw=1.6, label=r"mean $(1-\mu)^t$")
    left.set(xlabel="step", ylabel="error of the weight", ylim=(-2.2, 2.2))
    left.legend(frameon=False, fontsize=9.5)
    factor = 1 - 2 * mu + 3 * mu**2
    exact = [1.0]
    for _ in range(steps):
        exact.append(min(exact[-1] * factor + mu**2 * noise**2, 1e30))
    right.plot(t, (v**2).mean(0), lw=1.4, label=f"μ = {mu:.2g}, {runs} runs")
    right.plot(t, exact, "--", color="0.2", lw=1.2, label="theory")
    right.plot(t, (settled**2).mean(0), color=COLOURS[1], lw=1.4, label=r"$\mu_t$ falling as 1/t")
    right.set(yscale="log", ylim=(1e-5, 1e4), xlabel="step", ylabel=r"mean square $\mathrm{E}\,v_t^2$")
    right.legend(frameon=False, fontsize=9.5, loc="upper right")
    grows = factor >= 1
    floor = np.inf if grows else mu * noise**2 / (2 - 3 * mu)
    verdict = (
        ("it grows for ever: μ is above 2/3", "会无限增长：μ 大于 2/3")
        if grows
        else (f"it settles on {floor:.2g}", f"稳定在 {floor:.2g}")
    )
    words = Text(
        f"μ = {mu:.2g}, σ = {noise:.2g}. Each step multiplies the mean error by {1 - mu:.2g} and the mean square by {factor:.2g}; {verdict[0]}. "
        f"After {steps} steps {runs} runs have {(v[:, -1] ** 2).mean():.2g}, with a falling step {(settled[:, -1] ** 2).mean():.2g}.",
        f"μ = {mu:.2g}，σ = {noise:.2g}。每一步把平均误差乘以 {1 - mu:.2g}，把均方乘以 {factor:.2g}；均方{verdict[1]}。"
        f"{steps} 步之后，{runs} 次运行的均方为 {(v[:, -1] ** 2).mean():.2g}，步长递减时为 {(settled[:, -1] ** 2).mean():.2g}。",
    )
    return Drawing(fig, words)
