"""Nesterov's accelerated gradient descent."""

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.divergence import divergence_threshold
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _iterates(make_optimizer, gradient, theta0, steps, alpha):
    """θ of an optimiser whose parameters are y: one gradient step from each point at which it asks for a gradient."""
    import torch

    from gradus.optimization.trajectory import trajectory

    theta = [theta0]

    def recorded(y):
        g = gradient(y)
        if g.shape == y.shape:  # what has another shape is refused by the trajectory
            theta.append(y - alpha * g)
        return g

    trajectory(make_optimizer, recorded, theta0, steps)
    return torch.stack(theta)


def _ours(Nesterov, gradient, theta0, steps, alpha, beta):
    from gradus.optimization import Nesterov as own

    if beta is None and not issubclass(Nesterov, own):
        raise NotImplementedError("a constant momentum alone is asked of other classes")
    return _iterates(lambda p: Nesterov(p, lr=alpha, momentum=beta), gradient, theta0, steps, alpha)


def _torch(SGD, gradient, theta0, steps, alpha, beta):
    if beta is None:
        raise NotImplementedError("PyTorch's momentum is the same at every step")
    return _iterates(lambda p: SGD(p, lr=alpha, momentum=beta, nesterov=beta > 0), gradient, theta0, steps, alpha)


NESTEROV = Concept(
    key="nesterov",
    kind="algorithm",
    title="Nesterov's accelerated gradient",
    summary=r"Go on a little in the last direction, take the gradient there, and step. With a momentum that rises "
    r"towards 1 the error of a smooth convex function falls at least like $1/t^2$, descent's like $1/t$; with the constant one that "
    r"fits the condition number $\kappa$ about $\sqrt\kappa$ steps do what takes descent $\kappa$. In high dimensions no method "
    "that only combines gradients has a better order.",
    formulas=(
        r"\theta_{t+1}=y_t-\alpha\nabla f(y_t),\qquad y_{t+1}=\theta_{t+1}+\beta_{t+1}(\theta_{t+1}-\theta_t),\qquad y_0=\theta_0",
        r"\beta_{t+1}=\frac{a_t-1}{a_{t+1}},\qquad a_0=1,\qquad a_{t+1}=\frac{1+\sqrt{1+4a_t^2}}2:\qquad "
        r"f(\theta_t)-f^\star\le\frac{2R^2}{\alpha(t+1)^2}\qquad(t\ge1,\ \alpha\le\tfrac1L)",
        r"\beta=\frac{\sqrt\kappa-1}{\sqrt\kappa+1},\quad\alpha=\frac1L,\quad\kappa=\frac L\mu:\qquad "
        r"f(\theta_t)-f^\star\le\Bigl(1-\frac1{\sqrt\kappa}\Bigr)^t\Bigl(f(\theta_0)-f^\star+\frac\mu2R^2\Bigr)",
        r"\exists f:\qquad\theta_t-\theta_0,\ y_t-\theta_0\in\operatorname{span}\{\nabla f(y_0),\dots,\nabla f(y_{t-1})\},\quad t\le\frac{d-1}2\quad\Rightarrow\quad "
        r"f(\theta_t)-f^\star\ge\frac{3LR^2}{32(t+1)^2}",
        r"f=\tfrac\lambda2\theta^2,\ 0\le\beta<1:\qquad z^2-(1+\beta)(1-\alpha\lambda)z+\beta(1-\alpha\lambda)=0,\qquad "
        r"\lvert z\rvert<1\iff0<\alpha\lambda<\frac{2(1+\beta)}{1+2\beta}",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol(
            r"\beta",
            "beta",
            "",
            "momentum, the same at every step; unless given, the sequence of the second line",
            "unit",
        ),
        Symbol("y_t", "", "d", "the point ahead, where the gradient is taken"),
        Symbol("a_t", "", "", "the weight of the gradient of step $t$; $a_t^2-a_t=a_{t-1}^2$"),
        Symbol("L", "", "", r"Lipschitz constant of $\nabla f$"),
        Symbol(r"\mu", "", "", r"how strongly convex: $f-\frac\mu2\lVert\theta\rVert^2$ is still convex"),
        Symbol(r"\kappa", "", "", "condition number"),
        Symbol(r"\theta^\star,\ f^\star", "", "", "a minimiser, and the minimum"),
        Symbol("R", "", "", r"distance of the start from the minimiser, $\lVert\theta_0-\theta^\star\rVert$"),
        Symbol(r"\lambda", "", "", "curvature of a one-dimensional quadratic"),
        Symbol("z", "", "", "the two factors by which its error changes in a step"),
    ),
    needs=("momentum", "gradient-descent"),
    source="nesterov1983method",
    year=1983,
    people=("Yurii Nesterov",),
    aliases="NAG, Nesterov momentum, accelerated gradient descent, fast gradient method, AGD, FGM, "
    "Nesterov 加速梯度, Nesterov 动量, 加速梯度法, 加速梯度下降, 涅斯捷罗夫加速",
    implementations=(
        Implementation("gradus.optimization:Nesterov", "torch", _ours, "its parameters are $y_t$"),
        Implementation(
            "torch.optim:SGD", "torch", _torch, r"`nesterov=True, momentum=β`: a constant β; its parameters are $y_t$"
        ),
    ),
    readings="nesterov1983method; nesterov2018lectures §2.1.2, §2.2.1; beck2009fast §4; sutskever2013importance §2; "
    "lessard2016analysis §4",
    hypotheses=(
        Hypothesis("the order $1/t^2$: $f$ is convex and has a minimiser", "a-higher-valley-keeps-it"),
        Hypothesis(r"both bounds: $\nabla f$ is $L$-Lipschitz and $\alpha\le1/L$", "stability-threshold"),
        Hypothesis(r"the factor a step: $f$ is $\mu$-strongly convex, $\mu>0$", "no-curvature-no-factor"),
        Hypothesis("both bounds: exact gradients", "noise-is-amplified"),
        Hypothesis(
            "the lower bound: one gradient a step, and steps and points $y_t$ that only combine the gradients seen",
            "three-gradients-a-step",
        ),
    ),
    conventions=(
        Convention(
            "the momentum",
            r"the rising sequence of the paper, unless a constant β is given",
            r"`nesterov=True` of PyTorch, Keras and Optax: a constant β; others $\beta_{t+1}=\frac t{t+3}$, of the same order",
        ),
        Convention(
            "which points are the iterates",
            r"$\theta_t$, after the gradient's step",
            r"PyTorch, Keras, Optax: the parameters are $y_t$, the points ahead",
        ),
    ),
    proof=Proof(
        r"Let $g_t=\nabla f(y_t)$, $\delta_t=f(\theta_t)-f^\star$ and $z_t=a_ty_t-(a_t-1)\theta_t$. By the Lipschitz "
        r"condition $f(\theta_{t+1})\le f(y_t)-\frac\alpha2\lVert g_t\rVert^2$, by convexity $f(y_t)\le "
        r"f(u)+g_t^{\mathsf T}(y_t-u)$ for each $u$. Take $a_t(a_t-1)$ times the sum of both for $u=\theta_t$ and "
        r"$a_t$ times that for $u=\theta^\star$: $a_t^2\delta_{t+1}-(a_t^2-a_t)\delta_t\le a_tg_t^{\mathsf "
        r"T}(z_t-\theta^\star)-\frac\alpha2a_t^2\lVert g_t\rVert^2=\frac1{2\alpha}\bigl(\lVert z_t-\theta^\star\rVert^2-"
        r"\lVert z_t-\alpha a_tg_t-\theta^\star\rVert^2\bigr)$. The momentum is such that $z_{t+1}=z_t-\alpha a_tg_t$, "
        r"and the sequence such that $a_t^2-a_t=a_{t-1}^2$, with $a_{-1}=0$: so $a_{t-1}^2\delta_t+\frac1{2\alpha}\lVert "
        r"z_t-\theta^\star\rVert^2$ never rises. It begins at $\frac{R^2}{2\alpha}$, and $a_{t-1}\ge\frac{t+1}2$."
    ),
    unverified=r"No method that sees one noisy gradient a step can beat $1/\sqrt T$ on all convex Lipschitz problems "
    "(Nemirovski and Yudin).",
    differentiable=False,
    longest_sum=64,
)


@NESTEROV.definition
def nesterov(gradient, theta0, steps, alpha, beta=None):
    theta, y, a = [theta0], theta0, 1.0
    for _ in range(steps):
        theta.append(y - alpha * gradient(y))
        a_next = (1 + np.sqrt(1 + 4 * a**2)) / 2
        b = (a - 1) / a_next if beta is None else beta
        y, a = theta[-1] + b * (theta[-1] - theta[-2]), a_next
    return np.stack(theta)  # (steps + 1, d)


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


def weights(steps):
    """a₀ … of the sequence, and 0 before them: a₋₁."""
    a = [0.0, 1.0]
    while len(a) < steps + 1:
        a.append((1 + np.sqrt(1 + 4 * a[-1] ** 2)) / 2)
    return np.array(a)


@NESTEROV.example
def example():
    lam, theta0, steps, alpha, beta = np.array([1.0, 9.0]), np.array([1.0, 1.0]), 4, 0.1, 0.5
    gradient = quadratic(lam)
    theta = nesterov(gradient, theta0, steps, alpha, beta)
    y = np.concatenate([theta[:1], theta[1:-1] + beta * np.diff(theta[:-1], axis=0)])
    rising, ball = nesterov(gradient, theta0, steps, alpha), heavy_ball(gradient, theta0, steps, alpha, beta)
    a = weights(9)[1:]
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, beta=beta, theta=theta, y=y, ball=ball)
        | dict(g=gradient(y), a=a, betas=(a[:-1] - 1) / a[1:], f0=lam @ theta0**2 / 2)
        | dict(rising=rising, rising_f=lam @ rising[4] ** 2 / 2, promise=2 * (theta0 @ theta0) / (alpha * 25))
        | dict(step=beta * (theta[1] - theta[0]), largest=2 * 1.5 / (2 * 9), ball_largest=2 * 1.5 / 9)
    )


@NESTEROV.exercise
def largest_step():
    return number(2 * 1.5 / 2 / 2, heavy_ball=2 * 1.5 / 2, descent=2 / 2)


@NESTEROV.exercise
def second_step():
    theta = nesterov(quadratic(np.array([2.0])), np.array([1.0]), 2, 0.1, 0.5)
    return number(theta[2, 0], gradient_behind=0.8 - 0.1 * 1.6 - 0.5 * 0.2, no_memory=0.8 - 0.1 * 1.6)


@NESTEROV.exercise
def a_hundredth():
    def first(error):
        return int(np.argmax(2 / (np.arange(1, 10**5) + 1.0) ** 2 <= error))

    ratio = first(1e-6) / first(1e-4)
    return choice(ten=8 < ratio < 12, hundred=80 < ratio < 120, two=ratio < 4)


@NESTEROV.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=15, alpha=0.25)
    yield (
        "a constant momentum",
        dict(gradient=quadratic([1.0, 4.0, 0.5]), theta0=np.ones(3), steps=10, alpha=0.25, beta=0.5),
    )
    yield "no momentum", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=10, alpha=0.25, beta=0.0)
    yield ("badly scaled", dict(gradient=quadratic([1e-4, 4.0]), theta0=np.array([100.0, 0.01]), steps=30, alpha=0.25))
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.5]), steps=12, alpha=1.0)
    yield "a diverging step", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=6, alpha=0.5, beta=0.75)
    yield "at the minimum", dict(gradient=any_tanh, theta0=np.zeros(2), steps=4, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(2), steps=0, alpha=0.5)


@NESTEROV.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


def chain(d):
    """The function that is hardest for d = 2t + 1, L = 1: its gradient, its error, and its minimiser; from 0 each
    gradient tells of one coordinate more."""
    A = (2 * np.eye(d) - np.eye(d, k=1) - np.eye(d, k=-1)) / 4
    minimiser = 1 - np.arange(1, d + 1) / (d + 1)
    return quadratic(A, minimiser), lambda x: ((x - minimiser) @ A * (x - minimiser)).sum(-1) / 2, minimiser


def half_log_cosh(rng):
    """log cosh of the coordinates, L = 1, and its start."""
    return any_tanh, lambda x: (np.logaddexp(x, -x) - np.log(2)).sum(-1), 3 * rng.standard_normal(4)


def huber(width):
    return generic(lambda x: namespace(x).clip(x, -width, width)), lambda x: np.where(
        np.abs(x) > width, width * np.abs(x) - width**2 / 2, x**2 / 2
    ).sum(-1)


def convex_problems(rng):
    """Gradient, error, start and distance R of convex functions with L = 1."""
    for d in (9, 41):
        gradient, error, minimiser = chain(d)
        yield gradient, error, np.zeros(d), np.linalg.norm(minimiser)
    gradient, error, start = half_log_cosh(rng)
    yield gradient, error, start, np.linalg.norm(start)
    for width in (0.5, 0.02):
        gradient, error = huber(width)
        yield gradient, error, np.array([2.0]), 2.0


@NESTEROV.claim
def bound_of_order_two(nesterov, rng):
    r"""With the sequence and $\alpha\le1/L$, $f(\theta_t)-f^\star\le\frac{2R^2}{\alpha(t+1)^2}$ for convex $f$ at every
    $t\ge1$"""
    t = np.arange(1, 121)
    for gradient, error, start, R in convex_problems(rng):
        for alpha in (1.0, 0.4):
            worst = (error(nesterov(gradient, start, 120, alpha)[1:]) * alpha * (t + 1) ** 2).max()
            yield bound(worst / (2 * R**2), 1.0, because=Text("error · α(t+1)²/2R²", "误差 · α(t+1)²/2R²"))


@NESTEROV.claim
def potential_never_rises(nesterov, rng):
    r"""Why: $a_{t-1}^2\bigl(f(\theta_t)-f^\star\bigr)+\frac1{2\alpha}\lVert z_t-\theta^\star\rVert^2$ with
    $z_t=\theta_{t-1}+a_{t-1}(\theta_t-\theta_{t-1})$ never rises"""
    a = weights(60)[1:, None]
    for gradient, error, start, R in convex_problems(rng):
        theta = nesterov(gradient, start, 60, 1.0)
        minimiser = chain(len(start))[2] if len(start) > 4 else 0.0
        z = theta[:-1] + a * np.diff(theta, axis=0)
        E = np.append(R**2 / 2, a[:, 0] ** 2 * error(theta[1:]) + ((z - minimiser) ** 2).sum(1) / 2)
        why = Text("no rise but that of rounding: 64·60·ε·E₀", "除舍入外不增大：64·60·ε·E₀")
        yield bound(np.diff(E).max(), 64 * 60 * EPSILON * E[0], "≤", why)


@NESTEROV.claim
def gradients_weigh_more_and_more(nesterov, rng):
    r"""With the sequence, whatever the gradients $g_0,g_1,\dots$ are, $\theta_{t-1}+a_{t-1}(\theta_t-\theta_{t-1})=\theta_0-\alpha\sum_{s<t}a_sg_s$"""
    g, a = rng.standard_normal((50, 3)), weights(50)[1:, None]
    theta = nesterov(scripted(g), np.ones(3), 50, 0.5)
    want = 1.0 - 0.5 * np.cumsum(a * g, axis=0)
    return roundoff(theta[:-1] + a * np.diff(theta, axis=0), want, terms=100, scale=np.abs(a * theta[1:]).max())


@NESTEROV.claim
def order_two_on_the_worst_quadratic(nesterov, rng):
    r"""On the worst quadratic of $d=2t+1$ dimensions, with the sequence and $\alpha=1/L$, the error over $LR^2$ falls like $(t+1)^{-2}$; without momentum only
    like $(t+1)^{-1.5}$"""
    for beta, order in ((None, -2.0), (0.0, -1.5)):
        errors = []
        for t in (32, 64, 128, 256):
            gradient, error, minimiser = chain(2 * t + 1)
            errors.append(error(nesterov(gradient, np.zeros(2 * t + 1), t, 1.0, beta)[-1]) / (minimiser @ minimiser))
        yield rate([33, 65, 129, 257], errors, order, 0.05)


@NESTEROV.claim
def lower_bound(nesterov, rng):
    r"""No step of a method that only combines the gradients seen is better there: from 0, $f(\theta_t)-f^\star\ge\frac
    L{16(t+1)}\ge\frac{3LR^2}{32(t+1)^2}$ for $d=2t+1$; this one, with the sequence and $\alpha=1/L$, is within a factor of 3.3 of the first at $t=4$,
    12 and 40"""
    for t in (4, 12, 40):
        gradient, error, minimiser = chain(2 * t + 1)
        reached = error(nesterov(gradient, np.zeros(2 * t + 1), t, 1.0)[-1]) * 16 * (t + 1)
        yield bound(reached, 1.0, "≥", Text("error · 16(t+1)/L", "误差 · 16(t+1)/L"))
        yield bound(reached, 3.3, "≤", Text("error · 16(t+1)/L", "误差 · 16(t+1)/L"))
        yield bound(1.5 * (minimiser @ minimiser) / (t + 1), 1.0, "≤", Text("R² ≤ (d+1)/3", "R² ≤ (d+1)/3"))


@generic
def bent(theta):
    """Slopes 25 θ below 1, θ + 24 up to 2, 25 θ − 24 above: strongly convex, μ = 1, L = 25."""
    where = namespace(theta).where
    return where(theta < 1, 25 * theta, where(theta < 2, theta + 24, 25 * theta - 24))


def bent_error(x):
    x = x[:, 0]
    return np.where(x < 1, 12.5 * x**2, np.where(x < 2, x**2 / 2 + 24 * x - 12, 12.5 * x**2 - 24 * x + 36))


@NESTEROV.claim
def factor_of_the_root(nesterov, rng):
    r"""On $\mu$-strongly convex $f$, with $\alpha=1/L$ and $\beta=\frac{\sqrt\kappa-1}{\sqrt\kappa+1}$,
    $f(\theta_t)-f^\star\le(1-1/\sqrt\kappa)^t\bigl(f(\theta_0)-f^\star+\frac\mu2R^2\bigr)$ at every $t$"""
    problems = [(bent, bent_error, np.array([3.3]), 1.0, 25.0)]
    for kappa in (9.0, 100.0):
        lam = np.geomspace(1, kappa, 6)
        half = lambda x, lam=lam: (lam * x**2).sum(1) / 2
        problems.append((quadratic(lam), half, rng.standard_normal(6), 1.0, kappa))
    for gradient, error, start, mu, L in problems:
        root = np.sqrt(L / mu)
        f = error(nesterov(gradient, start, int(8 * root), 1 / L, (root - 1) / (root + 1)))
        promise = (1 - 1 / root) ** np.arange(len(f)) * (f[0] + mu * (start @ start) / 2)
        yield bound((f / promise).max(), 1.0, because=Text("error over the promise", "误差与保证值之比"))


def iterations(nesterov, kappa):
    root = np.sqrt(kappa)
    theta = nesterov(quadratic([1.0, kappa]), np.ones(2), int(24 * root), 1 / kappa, (root - 1) / (root + 1))
    return int(np.argmax(np.linalg.norm(theta, axis=1) < 1e-6)) or np.nan


@NESTEROV.claim
def root_of_the_condition_number(nesterov, rng):
    r"""With $\alpha=1/L$ and $\beta=\frac{\sqrt\kappa-1}{\sqrt\kappa+1}$ it needs steps $\propto\sqrt\kappa$ to $10^{-6}$ on quadratics"""
    sizes = [64, 160, 400, 1000]
    return rate(sizes, [iterations(nesterov, k) for k in sizes], 0.5, 0.05)


@NESTEROV.claim
def settles_where_the_heavy_ball_circles(nesterov, rng):
    r"""On the strongly convex function on which the heavy ball, with its best choice for quadratics, circles for ever from
    3.3, it arrives ($\kappa=25$, $\alpha=1/L$, $\beta=\frac23$)"""
    end = nesterov(bent, np.array([3.3]), 60, 1 / 25, 2 / 3)[1:]
    # (1 − 1/5)⁶⁰ of f₀ + μR²/2, and f ≥ x²/2
    largest = np.sqrt(2 * 0.8**60 * (bent_error(np.array([[3.3]]))[0] + 3.3**2 / 2))
    yield bound(abs(end[-1, 0]), largest, "≤", Text("by the bound of the factor", "由每步因子的界"))
    yield bound(end[0, 0], 0.5, "≥", Text("after one step it is still away", "一步之后仍未到达"))


@NESTEROV.claim
def stability_threshold(nesterov, rng):
    r"""With a constant β it is stable on positive definite quadratics up to $\alpha=\frac{2(1+\beta)}{(1+2\beta)L}$: less than
    descent's $2/L$, and down to $\frac4{3L}$ as $\beta\to1$; the bisected threshold"""
    why = Text("twice the width of the last bracket, relative", "最后区间相对宽度的两倍")
    beta, bracket = rng.uniform(0.3, 0.8), dict(low=0.2, high=5.0, steps=200, tolerance=1e-3)
    edge = divergence_threshold(lambda g, start, T, a: nesterov(g, start, T, a, beta), [0.5, 2.0], **bracket)
    return near(edge, 2 * (1 + beta) / (1 + 2 * beta) / 2.0, 2e-3 * edge, why)


@NESTEROV.claim
def steep_directions_are_damped_more(nesterov, rng):
    r"""On quadratics, with a constant β, $\theta_t\theta_{t+2}-\theta_{t+1}^2$ shrinks by exactly $\beta(1-\alpha\lambda)$ a step:
    up to $\alpha\lambda=1$ the faster, the steeper the direction; the heavy ball has β for all"""
    curvature, beta = np.array([0.01, 0.1, 0.5, 0.9]), 0.81
    theta = nesterov(quadratic(curvature), np.ones(4), 40, 1.0, beta)
    W = theta[:-2] * theta[2:] - theta[1:-1] ** 2
    factor = beta * (1 - curvature)
    return roundoff(W, -curvature * factor * factor ** np.arange(39)[:, None], terms=80, scale=1.0)


@NESTEROV.claim
def function_may_rise(nesterov, rng):
    r"""It is no descent method: with the sequence, on $\tfrac12\theta^2$ with $\alpha=0.01$, $f$ rises in 42.5 % of the first
    400 steps, in waves"""
    f = nesterov(quadratic([1.0]), np.ones(1), 400, 0.01)[:, 0] ** 2 / 2
    return identical((np.diff(f) > 0).sum(), 170)


def noisy(noise):
    """Gradients of ½θ² with a row of noise, a new one at each call."""
    row = scripted(noise)
    return generic(lambda theta: theta + row(theta))


def floor(alpha, beta):
    """Stationary variance on ½θ² with gradient noise of variance 1: of the autoregression θ′ = pθ + qθ₋ − α·noise."""
    p, q = (1 + beta) * (1 - alpha), -beta * (1 - alpha)
    return alpha**2 * (1 - q) / ((1 + q) * ((1 - q) ** 2 - p**2))


@NESTEROV.claim
def noise_is_amplified(nesterov, rng):
    r"""Noise of variance 1 in the gradients of $\tfrac12\theta^2$ leaves $\mathbb E\,\theta^2=0.0526$ for $\alpha=0.1$, $\beta=0$ and
    0.2706 for $\beta=0.9$"""

    def one(beta):
        noise = rng.standard_normal((160, 3000))
        return statistical(nesterov(noisy(noise), np.zeros(3000), 160, 0.1, beta)[-1] ** 2, floor(0.1, beta))

    digits = Text("digits printed", "所写的位数")
    yield from (one(0.0), one(0.9))
    yield from (near(floor(0.1, b), printed, 5e-5, digits) for b, printed in ((0.0, 0.0526), (0.9, 0.2706)))


@generic
def cube(theta):
    return theta * theta * theta


@NESTEROV.claim
def no_curvature_no_factor(nesterov, rng):
    r"""Without strong convexity a constant β has no factor a step: on $\theta^4/4$ with $\beta=\frac12$ the error falls like
    $t^{-2}$"""
    x, t = nesterov(cube, np.ones(1), 1600, 0.1, 0.5)[:, 0], np.array([200, 400, 800, 1600])
    return rate(t, x[t] ** 4 / 4, -2.0, 0.05)


@generic
def two_valleys(x):
    """Slope of x⁴/4 − x²/2 + x/10, whose right valley is the higher one."""
    return x * x * x - x + 0.1


@NESTEROV.claim
def a_higher_valley_keeps_it(nesterov, rng):
    r"""Without convexity it may end elsewhere: on $\frac{x^4}4-\frac{x^2}2+\frac x{10}$ from 1.5 it ends in the right valley,
    0.20 above the minimum"""

    def f(x):
        return x**4 / 4 - x**2 / 2 + x / 10

    left, _, right = np.sort(np.roots([1, 0, -1, 0.1]).real)
    end = nesterov(two_valleys, np.array([1.5]), 300, 0.2, 0.5)[-1, 0]
    return all_of(
        roundoff(end, right, terms=16), near(f(end) - f(left), 0.20, 0.005, Text("digits printed", "所写的位数"))
    )


@NESTEROV.mutant(
    caught_by="equals-definition, gradients-weigh-more-and-more, potential-never-rises, "
    "stability-threshold, steep-directions-are-damped-more, function-may-rise, noise-is-amplified"
)
def heavy_ball(gradient, theta0, steps, alpha, beta=None):
    """the gradient is taken behind, at θ: the heavy ball"""
    theta, a = [theta0, theta0], 1.0
    for _ in range(steps):
        a_next = (1 + np.sqrt(1 + 4 * a**2)) / 2
        b = (a - 1) / a_next if beta is None else beta
        theta.append(theta[-1] - alpha * gradient(theta[-1]) + b * (theta[-1] - theta[-2]))
        a = a_next
    return np.stack(theta[1:])


@NESTEROV.mutant(
    caught_by="equals-definition, bound-of-order-two, order-two-on-the-worst-quadratic, lower-bound, factor-of-the-root, "
    "root-of-the-condition-number"
)
def no_momentum(gradient, theta0, steps, alpha, beta=None):
    """plain gradient descent"""
    return nesterov(gradient, theta0, steps, alpha, 0.0)


@NESTEROV.mutant(caught_by="equals-definition, gradients-weigh-more-and-more")
def points_ahead(gradient, theta0, steps, alpha, beta=None):
    """the points ahead, y, sold as the iterates: PyTorch's parameters"""
    theta = nesterov(gradient, theta0, steps, alpha, beta)
    a = weights(steps + 2)[1:]
    b = (a[:-1] - 1) / a[1:] if beta is None else np.full(steps, beta)
    return np.concatenate([theta[:1], theta[1:] + b[:steps, None] * np.diff(theta, axis=0)])


@NESTEROV.mutant(caught_by="equals-definition, lower-bound")
def three_gradients_a_step(gradient, theta0, steps, alpha, beta=None):
    """three gradients a step, one of them counted"""
    return nesterov(gradient, theta0, 3 * steps, alpha, beta)[::3]


@NESTEROV.mutant(caught_by="equals-definition, gradients-weigh-more-and-more, order-two-on-the-worst-quadratic")
def constant_nine_tenths(gradient, theta0, steps, alpha, beta=None):
    """0.9 where the sequence is asked for, as the frameworks have it"""
    return nesterov(gradient, theta0, steps, alpha, 0.9 if beta is None else beta)


@NESTEROV.mutant(caught_by="equals-definition, gradients-weigh-more-and-more, potential-never-rises")
def one_weight_late(gradient, theta0, steps, alpha, beta=None):
    """the momentum of the step before: (a − 1)/a"""
    theta, y, a = [theta0], theta0, 1.0
    for _ in range(steps):
        theta.append(y - alpha * gradient(y))
        b = (a - 1) / a if beta is None else beta
        y, a = theta[-1] + b * (theta[-1] - theta[-2]), (1 + np.sqrt(1 + 4 * a**2)) / 2
    return np.stack(theta)


@NESTEROV.mutant(
    caught_by="equals-definition, no-curvature-no-factor, a-higher-valley-keeps-it, root-of-the-condition-number, "
    "bound-of-order-two, factor-of-the-root, settles-where-the-heavy-ball-circles"
)
def uphill(gradient, theta0, steps, alpha, beta=None):
    """steps along the gradient, not against it"""
    return nesterov(lambda y: -gradient(y), theta0, steps, alpha, beta)


def factors(s, beta, ahead):
    """The largest |z| at αλ = s: of Nesterov's method, or of the heavy ball."""
    sums, products = ((1 + beta) * (1 - s), beta * (1 - s)) if ahead else (1 + beta - s, beta + 0 * s)
    root = np.sqrt(sums**2 - 4 * products + 0j)
    return np.maximum(abs(sums + root), abs(sums - root)) / 2


@NESTEROV.figure(
    beta=Slider(0.0, 0.98, 0.8, "momentum β"),
    reach=Slider(4, 128, 32, "steps t; the worst quadratic has 2t + 1 dimensions", integer=True, log=True),
)
def figure(beta, reach):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    s, t = np.linspace(0, 4, 801), int(reach)
    curves = {"descent": abs(1 - s), "heavy ball": factors(s, beta, False), "accelerated": factors(s, beta, True)}
    for (name, factor), colour in zip(curves.items(), (COLOURS[6], COLOURS[1], COLOURS[0]), strict=True):
        left.plot(s, factor, color=colour, lw=1.7, label=name)
    limit = 2 * (1 + beta) / (1 + 2 * beta)
    left.axhline(1, color="0.35", lw=0.8, ls=":")
    left.plot(limit, 1, "o", color=COLOURS[0], ms=6, mec="white")
    left.set(xlabel=r"$\alpha\lambda$", ylabel=r"$\max\,|z|$", ylim=(0, 1.3), xlim=(0, 4))
    left.legend(fontsize=9, loc="lower right")
    gradient, error, minimiser = chain(2 * t + 1)
    R2, steps = minimiser @ minimiser, np.arange(1, t + 1)
    runs = {b: error(nesterov(gradient, np.zeros(2 * t + 1), t, 1.0, b))[1:] / R2 for b in (0.0, None)}
    right.loglog(steps, runs[0.0], color=COLOURS[6], lw=1.7)
    right.loglog(steps, runs[None], color=COLOURS[0], lw=1.9)
    right.loglog(steps, 2 / (steps + 1.0) ** 2, "--", color="0.35", lw=1, label=r"$2/(t+1)^2$")
    right.plot(t, 1 / (16 * (t + 1) * R2), "v", color=COLOURS[1], ms=7, mec="white", label="no method below")
    right.set(xlabel="t", ylabel=r"$(f(\theta_t)-f^\star)/LR^2$")
    right.legend(fontsize=9, loc="lower left")
    words = Text(
        f"β = {beta:.2f}: Nesterov's method is stable up to αλ = {limit:.3f}, the heavy ball up to {2 * (1 + beta):.2f}, descent up to 2. "
        f"On the worst quadratic of {2 * t + 1} dimensions, after {t} steps, the error over LR² is {runs[None][-1]:.5f}; "
        f"descent has {runs[0.0][-1]:.5f}, and no method that only combines gradients is below {1 / (16 * (t + 1) * R2):.5f}.",
        f"β = {beta:.2f}：Nesterov 方法在 αλ 小于 {limit:.3f} 时稳定，重球法到 {2 * (1 + beta):.2f}，梯度下降到 2。"
        f"在 {2 * t + 1} 维的最坏二次函数上走 {t} 步后，误差与 LR² 之比为 {runs[None][-1]:.5f}；"
        f"梯度下降为 {runs[0.0][-1]:.5f}，任何只组合梯度的方法都不低于 {1 / (16 * (t + 1) * R2):.5f}。",
    )
    return Drawing(fig, words)
