"""Gradient ascent: descent on −f."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(SGD, gradient, theta0, steps, alpha):
    from gradus.optimization.trajectory import trajectory

    return trajectory(lambda p: SGD(p, lr=alpha, maximize=True), gradient, theta0, steps)


ASCENT = Concept(
    key="gradient-ascent",
    kind="algorithm",
    title="Gradient ascent",
    summary="Step along the gradient to make $f$ larger: descent on $-f$, with the same bounds on the step. It "
    "climbs log-likelihoods and expected returns; it can stop at any stationary point, which need not be the highest.",
    formulas=(
        r"\theta_{t+1}=\theta_t+\alpha\,\nabla f(\theta_t)=\theta_t-\alpha\,\nabla(-f)(\theta_t)",
        r"f(\theta_{t+1})\ge f(\theta_t)+\alpha\left(1-\frac{\alpha L}{2}\right)\lVert\nabla f(\theta_t)\rVert^2",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be maximised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol("L", "", "", r"Lipschitz constant of $\nabla f$"),
    ),
    needs=("gradient-descent",),
    source="boyd2004convex",
    year=1847,
    people=("Augustin-Louis Cauchy",),
    aliases="hill climbing, steepest ascent, maximisation, maximize, 最大化, 梯度上升法, 爬山法, 最速上升",
    implementations=(Implementation("torch.optim:SGD", "torch", _torch, "`maximize=True`"),),
    readings="boyd2004convex §9.3; goodfellow2016deep §4.3; cs229",
    hypotheses=(
        Hypothesis(r"it ascends: $\nabla f$ is $L$-Lipschitz and $0<\alpha<2/L$", "step-is-limited"),
        Hypothesis("it converges: $f$ has a maximiser", "no-maximum-no-convergence"),
        Hypothesis("it converges to a maximum: $f$ is concave", "stops-on-a-lower-hill"),
    ),
    conventions=(
        Convention(
            "how it is asked for",
            "as an algorithm of its own",
            "`maximize=True` in PyTorch's optimisers; where there is none, hand over the negative function",
        ),
    ),
    differentiable=False,
    longest_sum=64,
)


@ASCENT.definition
def gradient_ascent(gradient, theta0, steps, alpha):
    theta = [theta0]
    for _ in range(steps):
        theta.append(theta[-1] + alpha * gradient(theta[-1]))
    return np.stack(theta)  # (steps + 1, d)


@generic
def cosine(theta):
    """Slope of sin θ: L = 1, with many maxima."""
    return namespace(theta).cos(theta)


def coin(heads, tosses):
    """Slope of the log-likelihood of a coin's log-odds: heads − tosses · σ(η)."""
    return generic(lambda eta: heads - tosses / (1 + namespace(eta).exp(-eta)))


@ASCENT.example
def example():
    gradient, theta0, steps, alpha = coin(3.0, 4.0), np.array([0.0]), 4, 1.0
    eta = gradient_ascent(gradient, theta0, steps, alpha)[:, 0]
    p = 1 / (1 + np.exp(-eta))
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, heads=3.0, tosses=4.0, eta=eta)
        | dict(p=p, slope=3 - 4 * p, ell=3 * eta - 4 * np.log1p(np.exp(eta)), L=4 / 4, best=np.log(3.0))
        | dict(best_p=3 / 4, limit=2 / (4 / 4), large=gradient_ascent(gradient, theta0, 3, 3.5)[:, 0])
    )


@ASCENT.exercise
def all_heads():
    path = gradient_ascent(coin(4.0, 4.0), np.zeros(1), 4000, 0.5)[:, 0]
    return choice(
        grows=path[-1] > path[2000] + 0.3, settles=abs(path[-1] - path[2000]) < 1e-3, jumps=path[-1] < path[2000]
    )


@ASCENT.exercise
def sign_of_the_step():
    path = gradient_ascent(lambda theta: 4 - 2 * theta, np.array([0.0]), 1, 0.25)
    return number(path[1, 0], descent=-1.0, whole_step=4.0)


@ASCENT.cases
def cases(rng):
    yield (
        "concave quadratic",
        dict(gradient=quadratic([[-2.0, 0.5], [0.5, -1.0]]), theta0=np.array([1.0, -3.0]), steps=12, alpha=0.25),
    )
    yield "sine", dict(gradient=cosine, theta0=np.array([3.0, -0.25, 6.0]), steps=9, alpha=0.5)
    yield "log-likelihood", dict(gradient=coin(3.0, 4.0), theta0=np.zeros(1), steps=9, alpha=0.25)
    yield ("at a stationary point", dict(gradient=quadratic([-1.0, 1.0]), theta0=np.zeros(2), steps=4, alpha=0.5))
    yield "no step", dict(gradient=cosine, theta0=np.ones(3), steps=0, alpha=0.5)


@ASCENT.invalid
def invalid(rng):
    def four(theta):
        return as_like(np.ones(4), theta)

    yield "a gradient of another shape", dict(gradient=four, theta0=np.ones(3), steps=2, alpha=0.1)


@ASCENT.claim
def is_descent_on_minus_f(ascend, rng):
    """It is descent on $-f$: step by step the same points"""
    start = 3 * rng.standard_normal(5)
    theta = [start]
    for _ in range(40):
        theta.append(theta[-1] - 0.7 * -np.cos(theta[-1]))
    return roundoff(ascend(cosine, start, 40, 0.7), np.stack(theta), terms=40)


@ASCENT.claim
def it_ascends(ascend, rng):
    r"""It ascends: while $0<\alpha<2/L$ each step raises $f$ by at least
    $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2$, concave or not"""

    def least(alpha):
        theta = ascend(cosine, rng.uniform(-9, 9, 50), 20, alpha)
        gain = np.diff(np.sin(theta), axis=0)
        promised = alpha * (1 - alpha / 2) * np.cos(theta[:-1]) ** 2
        large = promised > 1e-6  # beyond, the difference of two values of f is all rounding
        why = Text("gain over the promise, the least of all steps", "实际升幅与保证之比，所有步中最小者")
        return bound((gain / promised)[large].min(), 1 - 1e-8, "≥", why)

    return all_of(*[least(a) for a in (0.3, 1.0, 1.8)])


@ASCENT.claim
def reaches_the_maximum_likelihood(ascend, rng):
    r"""On the log-likelihood of a coin with $0<k<n$ heads in n tosses it reaches, with $\alpha=1/n$, the
    maximum-likelihood log-odds, $\log\frac{k}{n-k}$"""

    def one(heads, tosses):
        p = heads / tosses
        # near the maximum the error shrinks by 1 − α n p(1 − p) a step: 0.84 or less here
        eta = ascend(coin(heads, tosses), np.zeros(1), 300, 1 / tosses)[-1, 0]
        return roundoff(eta, np.log(p / (1 - p)), terms=16, scale=1 / (p * (1 - p)))

    return all_of(one(7.0, 10.0), one(30.0, 40.0), one(2.0, 10.0))


@ASCENT.claim
def no_maximum_no_convergence(ascend, rng):
    r"""All heads: the likelihood has no maximum, and the log-odds grow for ever, $\eta+e^{\eta}\approx\alpha nt$"""
    eta = ascend(coin(10.0, 10.0), np.zeros(1), 1000, 0.1)[:, 0]
    t = np.arange(1001)
    # Δ = 1/(1 + e^η) adds 1 to η + e^η and, by second order, e^η Δ²/2 < 1/(2(t + 1)) and a little more
    ahead = (1 + np.log(1 + t)).max()
    error = np.abs(eta + np.exp(eta) - (1 + t)).max()
    why = Text("second order of the steps, summed: 1 + log(1 + T)", "各步的二阶项之和：1 + log(1 + T)")
    return all_of(bound(np.diff(eta).min(), 0.0, "≥", Text("it only grows", "只增不减")), near(error, 0.0, ahead, why))


@ASCENT.claim
def leaves_a_bowl(ascend, rng):
    r"""From the bottom of a bowl it runs away: on $\tfrac\lambda2\theta^2$, $\theta_t=(1+\alpha\lambda)^t\theta_0$"""
    curvature, start, t = np.array([0.5, 1.0, 4.0]), rng.standard_normal(3), np.arange(31)[:, None]
    theta = ascend(quadratic(curvature), start, 30, 0.25)
    want = start * (1 + 0.25 * curvature) ** t
    return roundoff(theta / want, np.ones_like(theta), terms=60)


@ASCENT.claim
def stops_on_a_lower_hill(ascend, rng):
    r"""Where $f$ is not concave it may stop on a lower hill: on $\sin\theta-\frac{\theta^2}{50}$ from −5 it stays at −4.53,
    0.38 below the top"""
    slope = generic(lambda theta: namespace(theta).cos(theta) - theta / 25)
    low, high = (ascend(slope, np.array([t]), 200, 0.5)[-1, 0] for t in (-5.0, 2.0))
    flat = roundoff(np.cos([low, high]), np.array([low, high]) / 25, terms=8, scale=1.0)
    gap = np.sin(high) - high**2 / 50 - np.sin(low) + low**2 / 50
    digits = Text("digits printed", "所写的位数")
    return all_of(flat, near(low, -4.53, 0.005, digits), near(gap, 0.38, 0.005, digits))


@ASCENT.claim
def step_is_limited(ascend, rng):
    r"""Like descent it needs $\alpha<2/L$: on $-x^2$, $L=2$, it halves at $\alpha=\tfrac14$, oscillates at 1 and
    diverges beyond"""
    t = np.arange(13)
    for a in (0.25, 1.0, 1.25):
        yield roundoff(ascend(quadratic([-2.0]), np.ones(1), 12, a)[:, 0], (1 - 2 * a) ** t, terms=24)


@ASCENT.mutant(
    caught_by="equals-definition, is-descent-on-minus-f, it-ascends, reaches-the-maximum-likelihood, leaves-a-bowl, "
    "stops-on-a-lower-hill"
)
def descent(gradient, theta0, steps, alpha):
    """descent: the sign of the step"""
    return gradient_ascent(gradient, theta0, steps, -alpha)


@ASCENT.mutant(caught_by="no-maximum-no-convergence, step-is-limited, is-descent-on-minus-f")
def shrinking_step(gradient, theta0, steps, alpha):
    """a step that shrinks with t"""
    theta = [theta0]
    for t in range(steps):
        theta.append(theta[-1] + alpha / np.sqrt(t + 1) * gradient(theta[-1]))
    return np.stack(theta)


@ASCENT.mutant(caught_by="equals-definition")
def sequential_update(gradient, theta0, steps, alpha):
    """coordinates one after the other"""
    theta = [theta0]
    for _ in range(steps):
        new = theta[-1].copy()
        for j in range(new.size):
            new[j] += alpha * gradient(new)[j]
        theta.append(new)
    return np.stack(theta)


def hills(x, y):
    """Two hills, the right one higher."""
    return np.exp(-((x + 1.3) ** 2 + y**2)) + 1.6 * np.exp(-((x - 1.2) ** 2 + (y - 0.3) ** 2) / 0.9)


def uphill(p):
    x, y = p
    left = np.exp(-((x + 1.3) ** 2 + y**2))
    right = 1.6 / 0.9 * np.exp(-((x - 1.2) ** 2 + (y - 0.3) ** 2) / 0.9)
    return -2 * np.array([(x + 1.3) * left + (x - 1.2) * right, y * left + (y - 0.3) * right])


@ASCENT.figure(
    alpha=Slider(0.02, 0.9, 0.2, "step size α", log=True), start=Slider(-2.4, 2.4, -0.2, "where it starts, θ₁")
)
def figure(alpha, start):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda x, y: 1.7 - hills(x, y), (-2.9, 2.9), (-1.9, 1.9), lowest=0.0, spacing=1.0)
    faint = [gradient_ascent(uphill, np.array([x, -1.5]), 80, alpha) for x in np.linspace(-2.4, 2.4, 9)]
    for theta in faint:
        left.plot(*theta.T, "-", color="0.45", lw=0.7, alpha=0.7)
    theta = gradient_ascent(uphill, np.array([start, -1.5]), 80, alpha)
    path(left, theta, COLOURS[1])
    for other in faint:
        right.plot(hills(*other.T), color="0.6", lw=0.7)
    right.plot(hills(*theta.T), color=COLOURS[1], lw=1.8)
    right.set(xlabel="t", ylabel=r"$f(\theta_t)$", ylim=(0, 1.7))
    top, end = float(hills(1.2, 0.3)), float(hills(*theta[-1]))
    highest = sum(hills(*o[-1]) > 0.97 * top for o in faint)
    words = Text(
        f"Two hills; from θ₁ = {start:.2g} with α = {alpha:.2g} the ascent ends at height {end:.2f}, the highest top being {top:.2f}. "
        f"Of {len(faint)} starts along the lower edge (grey) {highest} reach it.",
        f"两座山丘；从 θ₁ = {start:.2g} 出发，α = {alpha:.2g}，上升终止于高度 {end:.2f}，最高峰为 {top:.2f}。下边缘的 {len(faint)} 个起点（灰色）中有 {highest} 个到达最高峰。",
    )
    return Drawing(fig, words)
