"""Momentum: Polyak's heavy ball."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.divergence import divergence_threshold
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(SGD, gradient, theta0, steps, alpha, beta):
    from gradus.optimization.trajectory import trajectory

    return trajectory(lambda p: SGD(p, lr=alpha, momentum=beta), gradient, theta0, steps)


MOMENTUM = Concept(
    key="momentum",
    kind="algorithm",
    title="Momentum (heavy ball)",
    summary=r"The step follows a velocity, the sum of past gradients, each forgotten by a factor $\beta$ a step. "
    r"Along a narrow valley the pushes add up, across it they cancel: on quadratics about $\sqrt\kappa$ steps do the "
    r"work of $\kappa$, at the best step and $\beta$.",
    formulas=(
        r"v_{t+1}=\beta v_t+\nabla f(\theta_t),\qquad \theta_{t+1}=\theta_t-\alpha v_{t+1},\qquad v_0=0",
        r"\theta_{t+1}=\theta_t-\alpha\nabla f(\theta_t)+\beta(\theta_t-\theta_{t-1})",
        r"f=\tfrac{\lambda}{2}\theta^2:\qquad z^2-(1+\beta-\alpha\lambda)z+\beta=0,\qquad \lvert z\rvert<1\iff0<\alpha\lambda<2(1+\beta)\quad(0\le\beta<1)",
        r"f=\tfrac12\theta^{\mathsf T}H\theta:\qquad \alpha^\star=\frac{4}{(\sqrt L+\sqrt\mu)^2},\qquad \sqrt{\beta^\star}=\frac{\sqrt\kappa-1}{\sqrt\kappa+1},\qquad \kappa=\frac L\mu",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol(r"\beta", "beta", "", "how much of the velocity is kept in a step", "unit"),
        Symbol("v_t", "", "d", "velocity"),
        Symbol(r"\lambda", "", "", "an eigenvalue of the Hessian"),
        Symbol("H", "", "d d", "Hessian, symmetric positive definite"),
        Symbol("z", "", "", "the two factors by which an eigenmode changes in a step"),
        Symbol(r"\alpha^\star,\ \beta^\star", "", "", "best constant step and momentum"),
        Symbol(r"L,\ \mu", "", "", "largest and smallest eigenvalue of the Hessian"),
        Symbol(r"\kappa", "", "", "condition number"),
    ),
    needs=("gradient-descent",),
    source="polyak1964some",
    year=1964,
    people=("Boris T. Polyak",),
    aliases="heavy ball, heavy-ball method, Polyak momentum, SGD with momentum, velocity, inertia, "
    "动量, 动量法, 重球法, 带动量的 SGD, 惯性, 冲量",
    implementations=(Implementation("torch.optim:SGD", "torch", _torch, "`momentum=β`"),),
    readings="polyak1964some; goh2017momentum; sutskever2013importance §2; goodfellow2016deep §8.3.2",
    hypotheses=(
        Hypothesis("the best step and momentum, the factor: $f$ is quadratic", "circles-on-a-convex-function"),
        Hypothesis(r"stability: $0<\alpha<2(1+\beta)/L$", "stability-threshold"),
        Hypothesis(r"the gain from $\kappa$ to $\sqrt\kappa$: exact gradients", "noise-floor-is-not-lowered"),
    ),
    conventions=(
        Convention(
            "where the step stands",
            r"outside, as in PyTorch and Optax: $v\leftarrow\beta v+g$, $\theta\leftarrow\theta-\alpha v$",
            r"inside, $v\leftarrow\beta v-\alpha g$ (Sutskever et al., Keras): the same while $\alpha$ is constant, not "
            "under a schedule",
        ),
        Convention(
            "sum or average",
            "the sum of the gradients",
            r"an average, $v\leftarrow\beta v+(1-\beta)g$, takes steps shorter by the factor $1-\beta$",
        ),
    ),
    unverified=r"No method that sees one noisy gradient a step can beat $1/\sqrt T$ on all convex Lipschitz problems "
    "(Nemirovski and Yudin).",
    differentiable=False,
    longest_sum=64,
)


@MOMENTUM.definition
def momentum(gradient, theta0, steps, alpha, beta=0.9):
    theta, v = [theta0], 0 * theta0
    for _ in range(steps):
        v = beta * v + gradient(theta[-1])
        theta.append(theta[-1] - alpha * v)
    return np.stack(theta)  # (steps + 1, d)


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@MOMENTUM.example
def example():
    lam = np.array([1.0, 9.0])
    gradient, theta0, steps = quadratic(lam), np.array([1.0, 1.0]), 4
    alpha, beta = 4 / (1 + 3) ** 2, ((3 - 1) / (3 + 1)) ** 2
    theta = momentum(gradient, theta0, steps, alpha, beta)
    plain = momentum(gradient, theta0, steps, 2 / 10, 0.0)
    v = (theta[:-1] - theta[1:]) / alpha
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, beta=beta, mu=lam[0], L=lam[1])
        | dict(kappa=lam[1] / lam[0], theta=theta, v=v, root=np.sqrt(beta), plain=plain, plain_factor=8 / 10)
        | dict(step_plain=2 / 10, long_plain=np.abs(momentum(gradient, theta0, 30, 0.2, 0.0)[30]).max())
        | dict(long=np.abs(momentum(gradient, theta0, 30, alpha, beta)[30]).max())
    )


@MOMENTUM.exercise
def constant_slope():
    return number(0.01 / (1 - 0.9), no_memory=0.01, one_more=0.01 * (1 + 0.9))


@MOMENTUM.exercise
def too_large():
    def grows(alpha):
        path = momentum(quadratic(np.array([1.0])), np.array([1.0]), 400, alpha, 0.9)
        return abs(path[-1, 0]) > 1

    return choice(two=grows(2.1), four=not grows(3.7) and grows(3.9), never=not grows(3.9))


@MOMENTUM.exercise
def second_step():
    path = momentum(quadratic(np.array([2.0])), np.array([1.0]), 2, 0.1, 0.5)
    return number(path[2, 0], no_memory=0.8 - 0.1 * 1.6, averaged=0.9 - 0.1 * (0.5 * 1.0 + 0.5 * 1.8))


@MOMENTUM.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=15, alpha=0.125)
    yield ("light ball", dict(gradient=quadratic([1.0, 4.0, 0.5]), theta0=np.ones(3), steps=10, alpha=0.25, beta=0.5))
    yield ("no momentum", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=10, alpha=0.25, beta=0.0))
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.5]), steps=12, alpha=0.5)
    yield "at the minimum", dict(gradient=any_tanh, theta0=np.zeros(2), steps=4, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(2), steps=0, alpha=0.5)


@MOMENTUM.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


@MOMENTUM.claim
def two_forms_agree(momentum, rng):
    r"""Equals Polyak's form: $\theta_{t+1}=\theta_t-\alpha\nabla f(\theta_t)+\beta(\theta_t-\theta_{t-1})$, at every
    step"""
    theta = momentum(any_tanh, rng.standard_normal(4), 60, 0.3, 0.8)
    now, before = theta[1:-1], theta[:-2]
    return roundoff(theta[2:], now - 0.3 * np.tanh(now) + 0.8 * (now - before), terms=8)


@MOMENTUM.claim
def constant_gradient(momentum, rng):
    r"""Under a constant gradient the steps grow to $\alpha g/(1-\beta)$: step $t$ is
    $\alpha g\frac{1-\beta^t}{1-\beta}$"""
    g, t = rng.standard_normal(3), np.arange(1, 101)[:, None]
    theta = momentum(scripted([g]), np.zeros(3), 100, 0.5, 0.9)
    return roundoff(-np.diff(theta, axis=0), 0.5 * g * (1 - 0.9**t) / 0.1, terms=100, scale=np.abs(theta).max())


@MOMENTUM.claim
def stability_threshold(momentum, rng):
    r"""Stable on positive definite quadratics up to $\alpha=2(1+\beta)/L$, more than descent's $2/L$: the bisected threshold"""
    why = Text("twice the width of the last bracket, relative", "最后区间相对宽度的两倍")
    beta, bracket = rng.uniform(0.3, 0.8), dict(low=0.2, high=5.0, steps=200, tolerance=1e-3)
    edge = divergence_threshold(lambda g, start, T, a: momentum(g, start, T, a, beta), [0.5, 2.0], **bracket)
    return near(edge, (1 + beta) * 2 / 2.0, 2e-3 * edge, why)


@MOMENTUM.claim
def modes_shrink_by_root_beta(momentum, rng):
    r"""On quadratics, whatever the curvature, $\theta_t\theta_{t+2}-\theta_{t+1}^2$ shrinks by exactly $\beta$ a step: an oscillating
    mode by $\sqrt\beta$"""
    # the product of the two roots z of the characteristic polynomial is β; from θ₀ = 1 the first W is −βλ
    curvature = np.array([0.01, 0.1, 1.0, 3.0])
    theta = momentum(quadratic(curvature), np.ones(4), 40, 1.0, 0.81)
    W = theta[:-2] * theta[2:] - theta[1:-1] ** 2
    return roundoff(W, -curvature * 0.81 ** np.arange(1, 40)[:, None], terms=80, scale=1.0)


def iterations(momentum, kappa, alpha, beta, most):
    theta = momentum(quadratic([1.0, kappa]), np.ones(2), most, alpha, beta)
    return int(np.argmax(np.linalg.norm(theta, axis=1) < 1e-6)) or np.nan


@MOMENTUM.claim
def root_kappa_against_kappa(momentum, rng):
    r"""To $10^{-6}$ on quadratics it needs steps $\propto\sqrt\kappa$ at its best $\alpha$, $\beta$; without momentum
    $\propto\kappa$"""

    def heavy(k):
        r = np.sqrt(k)
        return iterations(momentum, k, 4 / (r + 1) ** 2, ((r - 1) / (r + 1)) ** 2, int(16 * r))

    with_it, without = [64, 256, 1024, 4096], [8, 16, 32, 64]
    yield rate(with_it, [heavy(k) for k in with_it], 0.5, 0.05)
    yield rate(without, [iterations(momentum, k, 2 / (k + 1), 0.0, 10 * k) for k in without], 1.0, 0.05)


def noisy(noise):
    """Gradients of ½θ² with a row of noise, a new one at each call."""
    row = scripted(noise)
    return generic(lambda theta: theta + row(theta))


def floor(alpha, beta):
    """Stationary variance on ½θ² with gradient noise of variance 1."""
    return alpha * (1 + beta) / ((1 - beta) * (2 * (1 + beta) - alpha))


@MOMENTUM.claim
def noise_floor_is_not_lowered(momentum, rng):
    r"""At an equal effective step $\frac\alpha{1-\beta}$, small beside $1/L$, momentum leaves the noise floor almost as it is: with noise of variance 1 on $\tfrac12\theta^2$, $\mathbb E\,\theta^2$
    is 0.0526 for $\alpha=0.1$, 0.0501 for $\alpha=0.01,\beta=0.9$, and 0.514 for
    $\alpha=0.1,\beta=0.9$"""

    def one(alpha, beta):
        noise = rng.standard_normal((160, 3000))
        return statistical(momentum(noisy(noise), np.zeros(3000), 160, alpha, beta)[-1] ** 2, floor(alpha, beta))

    return all_of(one(0.1, 0.0), one(0.01, 0.9), one(0.1, 0.9))


@MOMENTUM.claim
def function_may_rise(momentum, rng):
    r"""It is no descent method: on $\tfrac12\theta^2$ with $\alpha=0.1<1/L$ and $\beta=0.9$ the function rises again and
    again"""
    f = momentum(quadratic([1.0]), np.ones(1), 100, 0.1, 0.9)[:, 0] ** 2 / 2
    why = Text("a third of the steps or more go up", "至少三分之一的步是上升的")
    return bound((np.diff(f) > 0).mean(), 1 / 3, "≥", why)


@generic
def bent(theta):
    """Slopes 25 θ below 1, θ + 24 up to 2, 25 θ − 24 above: strongly convex, μ = 1, L = 25."""
    where = namespace(theta).where
    return where(theta < 1, 25 * theta, where(theta < 2, theta + 24, 25 * theta - 24))


@MOMENTUM.claim
def circles_on_a_convex_function(momentum, rng):
    r"""Beyond quadratics the best $\alpha$, $\beta$ of quadratics may fail: on a strongly convex function with
    $\kappa=25$ it circles for ever from 3.3 (Lessard et al.)"""
    theta = momentum(bent, np.array([3.3]), 400, 1 / 9, 4 / 9)[:, 0]
    period = roundoff(theta[-60:], theta[-63:-3], terms=8)
    yield period
    yield bound(np.abs(theta[-60:]).min(), 0.5, "≥", Text("never nearer to the minimum, 0", "始终不更接近极小点 0"))


@MOMENTUM.mutant(caught_by="two-forms-agree, modes-shrink-by-root-beta, root-kappa-against-kappa, function-may-rise")
def beta_on_the_step_only(gradient, theta0, steps, alpha, beta=0.9):
    """β lengthens the step only: nothing is remembered"""
    return momentum(gradient, theta0, steps, alpha / (1 - beta), 0.0)


@MOMENTUM.mutant(caught_by="equals-definition, constant-gradient, stability-threshold, noise-floor-is-not-lowered")
def averaged(gradient, theta0, steps, alpha, beta=0.9):
    """an average, (1 − β) g, sold as the sum"""
    return momentum(gradient, theta0, steps, alpha * (1 - beta), beta)


@MOMENTUM.mutant(caught_by="equals-definition, stability-threshold, circles-on-a-convex-function")
def nesterov(gradient, theta0, steps, alpha, beta=0.9):
    """Nesterov's step, gradient taken ahead"""
    theta, v = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        v = beta * v + g
        theta.append(theta[-1] - alpha * (g + beta * v))
    return np.stack(theta)


@MOMENTUM.mutant(caught_by="two-forms-agree, constant-gradient, noise-floor-is-not-lowered")
def one_gradient_back(gradient, theta0, steps, alpha, beta=0.9):
    """remembers one gradient only"""
    theta, old = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        theta.append(theta[-1] - alpha * (g + beta * old))
        old = g
    return np.stack(theta)


MOMENTUM.erratum(
    "E6",
    common="Acceleration: momentum and adaptive step sizes speed up SGD (a common slip)",
    why=r"With noise of variance 1 on $\tfrac12\theta^2$: $\alpha=0.1$ alone ends at $\mathbb E\theta^2=0.0526$; with "
    r"$\beta=0.9$ the same $\alpha$ ends at 0.514, and an equal effective step $\alpha/(1-\beta)$ at 0.0501: "
    "against noise a twentieth is gained, not a rate.",
    right=r"Momentum accelerates the deterministic part, $\kappa\to\sqrt\kappa$ on quadratics; the stochastic rate "
    r"$1/\sqrt T$ stays",
    claims="noise-floor-is-not-lowered, root-kappa-against-kappa",
)


@MOMENTUM.figure(
    beta=Slider(0.0, 0.98, 0.75, "momentum β"),
    step=Slider(0.02, 1.02, 0.3, "step size α (× its limit 2(1+β)/L)"),
    condition=Slider(1, 200, 40, "condition number κ", log=True),
)
def figure(beta, step, condition):
    T, H, start = 80, np.array([1.0 / condition, 1.0]), np.array([-4.0, 1.6])
    alpha = step * 2 * (1 + beta)
    ball = momentum(quadratic(H), start, T, alpha, beta)
    plain = momentum(quadratic(H), start, T, 2 / (1 + 1 / condition), 0.0)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda x, y: (H[0] * x**2 + y**2) / 2, (-4.6, 3.0), (-2.0, 2.2))
    path(left, plain, COLOURS[6], r"descent, best $\alpha$", width=0.8)
    path(left, ball, COLOURS[1], "momentum")
    left.legend(fontsize=9.5, loc="lower right")
    sizes = [np.maximum(np.linalg.norm(p, axis=1), 1e-16) for p in (plain, ball)]
    right.semilogy(sizes[0], color=COLOURS[6], lw=1.4)
    right.semilogy(sizes[1], color=COLOURS[1], lw=1.6)
    factors = [max(abs(np.roots([1, -(1 + beta - alpha * h), beta]))) for h in H]
    rho, plain_rho = max(factors), (condition - 1) / (condition + 1)
    r = np.sqrt(condition)
    best = (r - 1) / (r + 1)
    right.semilogy(sizes[1][0] * np.maximum(best, 1e-3) ** np.arange(T + 1), ":", color="0.35", lw=1.2)
    right.annotate(
        "best momentum",
        (T / 2, sizes[1][0] * max(best, 1e-3) ** (T / 2)),
        xytext=(-6, 0),
        textcoords="offset points",
        fontsize=9.5,
        color="0.35",
        ha="right",
        va="top",
    )
    right.set(xlabel="t", ylabel=r"$\|\theta_t-\theta^\star\|$", ylim=(1e-7, 30))
    words = Text(
        f"κ = {condition:.3g}, β = {beta:.2f}, α = {alpha:.3g}/L. The slowest mode changes by {rho:.3f} a step; descent at its best by {plain_rho:.3f}, "
        f"momentum at its best by {best:.3f}. After {T} steps momentum is {sizes[1][-1]:.1e} from the minimum, descent {sizes[0][-1]:.1e}.",
        f"κ = {condition:.3g}，β = {beta:.2f}，α = {alpha:.3g}/L。最慢的模态每步乘以 {rho:.3f}；梯度下降最佳为 {plain_rho:.3f}，动量最佳为 {best:.3f}。"
        f"{T} 步后，动量法距极小点 {sizes[1][-1]:.1e}，梯度下降为 {sizes[0][-1]:.1e}。",
    )
    return Drawing(fig, words)
