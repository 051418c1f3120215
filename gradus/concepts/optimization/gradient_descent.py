"""Gradient descent with a constant step."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(SGD, gradient, theta0, steps, alpha):
    from gradus.optimization.trajectory import trajectory

    return trajectory(lambda p: SGD(p, lr=alpha), gradient, theta0, steps)


DESCENT = Concept(
    key="gradient-descent",
    kind="algorithm",
    title="Gradient descent",
    summary="Step against the gradient, all partial derivatives taken at the old point. With an $L$-Lipschitz "
    r"gradient it converges for $0<\alpha<2/L$ when $f$ is convex and has a minimiser; how fast is decided by the "
    "condition number.",
    formulas=(
        r"\theta_{t+1}=\theta_t-\alpha\,\nabla f(\theta_t)",
        r"f(\theta)=\tfrac12\theta^{\mathsf T}A\theta:\qquad \lVert\theta_t\rVert\le\rho^{\,t}\lVert\theta_0\rVert,\qquad "
        r"\rho=\max_i\lvert1-\alpha\lambda_i\rvert,\qquad \alpha^\star=\frac{2}{\mu+L},\qquad \rho^\star=\frac{\kappa-1}{\kappa+1}",
        r"f(\theta_{t+1})\le f(\theta_t)-\alpha\left(1-\frac{\alpha L}{2}\right)\lVert\nabla f(\theta_t)\rVert^2",
        r"f(\theta_t)-f^\star\le\frac{\lVert\theta_0-\theta^\star\rVert^2}{2\alpha t}\qquad\Bigl(f\bigl((1-s)a+sb\bigr)\le(1-s)f(a)+sf(b),\ \alpha\le\tfrac1L\Bigr)",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol("A", "", "d d", "symmetric positive definite matrix"),
        Symbol("L", "", "", r"Lipschitz constant of $\nabla f$; the largest eigenvalue of A"),
        Symbol(r"\mu", "", "", "smallest eigenvalue of A"),
        Symbol(r"\lambda_i", "", "", "eigenvalues of A"),
        Symbol(r"\rho", "", "", "factor by which the error shrinks in a step, at least"),
        Symbol(r"\alpha^\star,\ \rho^\star", "", "", "best constant step, and its factor"),
        Symbol(r"\theta^\star,\ f^\star", "", "", "a minimiser, and the minimum"),
        Symbol(r"a,\ b,\ s", "", "", r"two points, and a share in [0, 1]: $f$ is convex"),
        Symbol(r"\kappa", "", "", r"condition number, $L/\mu$"),
    ),
    needs=("gradient", "norm"),
    source="cauchy1847methode",
    year=1847,
    people=("Augustin-Louis Cauchy",),
    aliases="GD, steepest descent, learning rate, step size, batch gradient descent, zigzag, oscillation, overshooting, "
    "学习率, 步长, 最速下降法, 梯度下降法, 批量梯度下降, 震荡",
    implementations=(Implementation("torch.optim:SGD", "torch", _torch, "with the full gradient"),),
    readings="boyd2004convex §9.3; nesterov2018lectures §2.1.5; drori2014performance §3; goodfellow2016deep §4.3",
    hypotheses=(
        Hypothesis(r"$\nabla f$ is $L$-Lipschitz", "absolute-value-never-converges"),
        Hypothesis(r"$0<\alpha<2/L$", "two-over-l-itself-oscillates, threshold-is-two-over-l"),
        Hypothesis("$f$ has a minimiser", "no-minimiser-no-convergence"),
        Hypothesis("$f$ is convex", "a-higher-valley-keeps-it"),
    ),
    conventions=(
        Convention(
            "the name", "gradient descent: the gradient is the full one", "PyTorch calls it SGD, stochastic or not"
        ),
    ),
    differentiable=False,
    longest_sum=64,
)


@DESCENT.definition
def gradient_descent(gradient, theta0, steps, alpha):
    theta = [theta0]
    for _ in range(steps):
        theta.append(theta[-1] - alpha * gradient(theta[-1]))
    return np.stack(theta)  # (steps + 1, d)


@DESCENT.example
def example():
    lam = np.array([1.0, 4.0])
    gradient, theta0, steps, alpha = quadratic(lam), np.array([4.0, 1.0]), 3, 0.4
    theta = gradient_descent(gradient, theta0, steps, alpha)
    f = (lam * theta**2).sum(1) / 2
    small, large = (gradient_descent(gradient, theta0, 3, a) for a in (0.1, 0.6))
    factor = 1 - alpha * lam
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, mu=lam[0], L=lam[1])
        | dict(g0=gradient(theta0), theta=theta, f=f, ratio=f[1] / f[0], factor=factor, best=2 / lam.sum())
        | dict(slow=small, over=large, slow_factor=1 - 0.1 * lam, over_factor=1 - 0.6 * lam)
        | dict(threshold=2 / lam[1])
        | dict(promised=alpha * (1 - alpha * lam[1] / 2) * (gradient(theta0) ** 2).sum(), fallen=f[0] - f[1])
        | dict(line=10.0 * (1 - 2 * np.array([0.05, 0.2, 1.1]))[:, None] ** np.arange(1, 4))
    )


@DESCENT.exercise
def largest_step():
    return number(2 / 50, one_over_l=1 / 50, of_the_smallest=2 / 0.5)


@DESCENT.exercise
def a_hundred_times():
    def steps(kappa):
        return np.log(1e-3) / np.log((kappa - 1) / (kappa + 1))

    ratio = steps(1000) / steps(10)
    return choice(root=8 < ratio < 12, same=ratio < 2, proportional=90 < ratio < 110, squared=ratio > 5000)


@DESCENT.exercise
def one_after_the_other():
    A = np.array([[2.0, 1.0], [1.0, 2.0]])
    right = gradient_descent(quadratic(A), np.array([1.0, 0.0]), 1, 0.4)[1]
    first = 1 - 0.4 * 2
    return array(right, sequential=[first, -0.4 * first], ascent=[1 + 0.4 * 2, 0.4 * 1])


def symmetric(eigenvalues, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    return (Q * np.asarray(eigenvalues, float)) @ Q.T


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@generic
def any_sign(theta):
    return namespace(theta).sign(theta)


@generic
def twice(theta):
    return 2 * theta


@DESCENT.cases
def cases(rng):
    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    yield "quadratic", dict(gradient=quadratic(A), theta0=np.array([1.0, -3.0]), steps=12, alpha=0.25)
    yield (
        "another minimiser",
        dict(gradient=quadratic([1.0, 2.0, 0.5], [1.0, 0.0, -2.0]), theta0=np.zeros(3), steps=9, alpha=0.5),
    )
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.25]), steps=9, alpha=1.0)
    yield "a diverging step", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=6, alpha=1.0)
    yield "at a stationary point", dict(gradient=any_tanh, theta0=np.zeros(3), steps=4, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(3), steps=0, alpha=0.5)


@DESCENT.invalid
def invalid(rng):
    def four(theta):
        return as_like(np.ones(4), theta)

    yield "a gradient of another shape", dict(gradient=four, theta0=np.ones(3), steps=2, alpha=0.1)


def bisect(below, low, high):
    """Where `below` turns from true to false, to a bracket of 2⁻²² of the first."""
    for _ in range(22):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


@DESCENT.claim
def threshold_is_two_over_l(descend, rng):
    r"""On a positive definite quadratic it converges from every start exactly for $0<\alpha<2/L$: the bisected threshold is
    $2/\lambda_{\max}$ to $10^{-6}$"""
    gradient, start = quadratic(symmetric([1.0, 2.0, 3.7], rng)), np.ones(3)

    def shrinks(alpha):
        size = np.linalg.norm(descend(gradient, start, 100, alpha), axis=1)
        return size[100] < size[50]

    why = Text("width 1.4/2²² of the last bracket, with room", "最后区间的宽度 1.4/2²²，留有余量")
    return near(bisect(shrinks, 0.1, 1.5), 2 / 3.7, 1e-6, why)


@DESCENT.claim
def rate_on_a_quadratic(descend, rng):
    r"""The error never shrinks by less than $\rho=\max_i\lvert1-\alpha\lambda_i\rvert$ a step, and in the long run by just
    that, if the start has a part in the slowest mode"""
    eigenvalues = np.array([0.2, 1.0, 3.0])
    gradient = quadratic(symmetric(eigenvalues, rng))
    for alpha in (0.1, 0.4, 0.65):
        size = np.linalg.norm(descend(gradient, rng.standard_normal(3), 161, alpha), axis=1)
        second, rho = np.sort(np.abs(1 - alpha * eigenvalues))[-2:]
        rest = 100 * (second / rho) ** 320 + 1e-12
        why = Text(
            "squared ratio of the second mode to the slowest after 160 steps", "160 步后次慢模态与最慢模态之比的平方"
        )
        yield near(size[161] / size[160], rho, rest, why, "rate")
        yield bound((size[1:] / size[:-1]).max(), rho * (1 + 1e-12), "≤", Text("ρ, of every step", "ρ，对每一步"))


@DESCENT.claim
def best_step(descend, rng):
    r"""The best constant step is $2/(\mu+L)$, with $\rho^\star=\frac{\kappa-1}{\kappa+1}$: there the slowest mode
    changes from $\mu$ to $L$"""
    mu, L = 0.3, 2.1
    gradient = quadratic([mu, L])

    def flat_mode_is_slower(alpha):
        end = np.abs(descend(gradient, np.ones(2), 12, alpha)[-1])
        return end[0] > end[1]

    best = bisect(flat_mode_is_slower, 0.5, 0.95)
    size = np.linalg.norm(descend(gradient, np.ones(2), 40, 2 / (mu + L)), axis=1)
    why = Text("width 0.45/2²² of the last bracket, with room", "最后区间的宽度 0.45/2²²，留有余量")
    return all_of(near(best, 2 / (mu + L), 1e-6, why), roundoff(size[40] / size[39], 0.75, terms=40))


@DESCENT.claim
def it_descends(descend, rng):
    r"""It descends: each step lowers $f$ by at least $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2>0$ while
    $0<\alpha<2/L$"""

    def least(alpha, gradient, f, start, L):
        theta = descend(gradient, start, 25, alpha)
        gain = f(theta[:-1]) - f(theta[1:])
        promised = alpha * (1 - alpha * L / 2) * (gradient(theta[:-1]) ** 2).sum(-1)
        large = promised > 1e-6 * promised[0]  # beyond, the difference of two values of f is all rounding
        why = Text("gain over the promise, the least of 25 steps", "实际降幅与保证之比，25 步中最小者")
        return bound((gain / promised)[large].min(), 1 - 1e-7, "≥", why)

    def log_cosh(theta):
        return np.logaddexp(theta, -theta).sum(-1)

    def half_square(theta):
        return (np.array([0.2, 1.0, 3.0]) * theta**2).sum(-1) / 2

    start = 2 * rng.standard_normal(3)
    return all_of(
        *[least(a, any_tanh, log_cosh, start, 1.0) for a in (0.5, 1.0, 1.9)],
        *[least(a, quadratic([0.2, 1.0, 3.0]), half_square, start, 3.0) for a in (0.1, 1 / 3, 0.6)],
    )


@generic
def clipped(theta):
    return namespace(theta).clip(theta, -1, 1)


@DESCENT.claim
def convex_bound(descend, rng):
    r"""For convex $f$ and $\alpha\le1/L$, $f(\theta_t)-f^\star\le\lVert\theta_0-\theta^\star\rVert^2/(2\alpha t)$ at
    every $t$"""
    t = np.arange(1, 151)

    def huber(x):
        return np.where(np.abs(x) <= 1, x**2 / 2, np.abs(x) - 0.5)

    def worst(gradient, f, start, alpha):
        error = f(descend(gradient, np.array([start]), 150, alpha)[1:, 0])
        return bound(
            (error * 2 * alpha * t).max() / start**2,
            1.0,
            because=Text("error · 2αt/R², the largest", "误差 · 2αt/R²，取最大者"),
        )

    for a in (1.0, 0.3):
        yield worst(clipped, huber, 30.0, a)
    yield worst(twice, np.square, 4.0, 0.5)
    yield worst(lambda x: x, lambda x: x**2 / 2, 2.0, 0.01)


@DESCENT.claim
def sharp_bound_is_attained(descend, rng):
    r"""The best bound for convex $f$ and $\alpha=1/L$, $\frac{LR^2}{4T+2}$ with $R=\lVert\theta_0-\theta^\star\rVert$, is
    attained by a function that is linear but within $R/(2T+1)$ of its minimiser"""

    def one(T, R=8.0):
        e = R / (2 * T + 1)
        end = descend(generic(lambda x: namespace(x).clip(x, -e, e)), np.array([R]), T, 1.0)[-1, 0]
        value = e * abs(end) - e**2 / 2 if abs(end) > e else end**2 / 2
        return roundoff(value, R**2 / (4 * T + 2), terms=4 * T)

    return all_of(*[one(T) for T in (1, 2, 10, 60)])


@generic
def two_valleys(x):
    """Slope of x⁴/4 − x²/2 + x/10, whose right valley is the higher one."""
    return x * x * x - x + 0.1


@DESCENT.claim
def a_higher_valley_keeps_it(descend, rng):
    r"""Without convexity it may end elsewhere: on $\frac{x^4}4-\frac{x^2}2+\frac x{10}$ from 1.5 it ends in the right valley,
    0.20 above the minimum"""

    def f(x):
        return x**4 / 4 - x**2 / 2 + x / 10

    left, _, right = np.sort(np.roots([1, 0, -1, 0.1]).real)
    end = descend(two_valleys, np.array([1.5]), 300, 0.2)[-1, 0]
    gap = Text("digits printed", "所写的位数")
    return all_of(roundoff(end, right, terms=16), near(f(end) - f(left), 0.20, 0.005, gap))


@DESCENT.claim
def update_is_simultaneous(descend, rng):
    """All partial derivatives are taken at the old point: from (1, 0) to (.2, −.76), not to (.2, −.152)"""
    A = np.array([[2.0, 1.9], [1.9, 2.0]])
    return roundoff(descend(quadratic(A), np.array([1.0, 0.0]), 1, 0.4)[1], [0.2, -0.76], terms=3)


@DESCENT.claim
def absolute_value_never_converges(descend, rng):
    r"""A Lipschitz $f$ is not enough: on $\lvert x\rvert$ from 1 with $\alpha=0.3<2/L=2$ the point is 0.1 after 1001
    steps, and −0.2, 0.1, −0.2, … for ever"""
    x = descend(any_sign, np.array([1.0]), 1001, 0.3)[:, 0]
    return roundoff(x[4:], np.resize([-0.2, 0.1], 998), terms=5, scale=1.0)


@DESCENT.claim
def two_over_l_itself_oscillates(descend, rng):
    r"""At $\alpha=2/L$ it oscillates for ever: 1, −1, 1, … on $x^2$"""
    return identical(descend(twice, np.array([1.0]), 7, 1.0)[:, 0], [1, -1, 1, -1, 1, -1, 1, -1])


@generic
def softplus_slope(x):
    """Slope of log(1 + e⁻ˣ), which has no minimiser."""
    return -1 / (1 + namespace(x).exp(x))


def runaway(descend, steps):
    """After so many steps on log(1 + e⁻ˣ), α = 4, x beside the continuous path, x + eˣ = 4t + 1."""
    x = descend(softplus_slope, np.array([0.0]), steps, 4.0)[:, 0]
    # a step Δ = 4/(1 + eˣ) adds 4 to the sum and, by second order, eˣΔ²/2 ≈ 8/(1 + eˣ) ≈ 2/t; the first adds 4.4
    ahead = 2 * np.log(steps) + 12
    exact = near(
        x[-1] + np.exp(x[-1]), 4.0 * steps + 1, ahead, Text("second order of the steps, summed", "各步的二阶项之和")
    )
    return all_of(bound(np.diff(x).min(), 0.0, "≥", Text("it only grows", "只增不减")), exact)


@DESCENT.claim
def no_minimiser_no_convergence(descend, rng):
    r"""Without a minimiser the iterates run away: $\log(1+e^{-x})$, $\alpha=4$: $x+e^x\approx4t+1$, growing like
    $\log t$"""
    return runaway(descend, 1500)


@DESCENT.claim(cost="slow")
def a_hundred_thousand_steps_away(descend, rng):
    """There $x=12.9$ after $10^5$ steps, and still growing"""
    x = descend(softplus_slope, np.array([0.0]), 100_000, 4.0)[-1, 0]
    return near(x, 12.9, 0.05, Text("three digits", "三位数字"))


def stepping(rule):
    """Descent by another rule for one step."""

    def descend(gradient, theta0, steps, alpha):
        theta = [theta0]
        for t in range(steps):
            theta.append(rule(gradient, theta[-1], alpha, t))
        return np.stack(theta)

    return descend


@DESCENT.mutant(
    caught_by="equals-definition, threshold-is-two-over-l, it-descends, convex-bound, a-higher-valley-keeps-it"
)
def ascent(gradient, theta0, steps, alpha):
    """ascent: the sign of the step"""
    return stepping(lambda g, theta, a, t: theta + a * g(theta))(gradient, theta0, steps, alpha)


def one_by_one(gradient, theta, alpha, t):
    theta = theta.copy()
    for j in range(theta.size):
        theta[j] -= alpha * gradient(theta)[j]
    return theta


@DESCENT.mutant(caught_by="update-is-simultaneous, equals-definition")
def sequential_update(gradient, theta0, steps, alpha):
    """coordinates one after the other: Gauss–Seidel"""
    return stepping(one_by_one)(gradient, theta0, steps, alpha)


@DESCENT.mutant(
    caught_by="rate-on-a-quadratic, best-step, it-descends, two-over-l-itself-oscillates, sharp-bound-is-attained"
)
def half_step(gradient, theta0, steps, alpha):
    """half the step"""
    return gradient_descent(gradient, theta0, steps, alpha / 2)


@DESCENT.mutant(caught_by="absolute-value-never-converges, no-minimiser-no-convergence, a-hundred-thousand-steps-away")
def shrinking_step(gradient, theta0, steps, alpha):
    """a step that shrinks with t"""
    return stepping(lambda g, theta, a, t: theta - a / np.sqrt(t + 1) * g(theta))(gradient, theta0, steps, alpha)


@DESCENT.mutant(caught_by="equals-definition, convex-bound, rate-on-a-quadratic")
def normalised(gradient, theta0, steps, alpha):
    """the gradient's direction only"""

    def rule(g, theta, a, t):
        return theta - a * g(theta) / (np.linalg.norm(g(theta)) + EPSILON)

    return stepping(rule)(gradient, theta0, steps, alpha)


DESCENT.erratum(
    "E1",
    common="If f is convex and Lipschitz continuous, it converges to the global optimum (a common slip)",
    why=r"$\lvert x\rvert$ is convex and Lipschitz, and a constant step never settles; $\log(1+e^{-x})$ has no "
    "minimiser, and the iterates run to infinity.",
    right=r"$f$ convex, $\nabla f$ $L$-Lipschitz, a minimiser exists, $0<\alpha<2/L$",
    claims="absolute-value-never-converges, no-minimiser-no-convergence, a-hundred-thousand-steps-away",
)
DESCENT.erratum(
    "E2",
    common=r"The step must satisfy $\alpha\le\frac{2}{L}$, with $L$ the Lipschitz constant of $f$ (a common slip)",
    why=r"At $\alpha=2/L$ the iterates on $x^2$ are 1, −1, 1, −1, …; and $L$ is the constant of $\nabla f$.",
    right=r"$0<\alpha<2/L$, $L$ the Lipschitz constant of $\nabla f$",
    claims="two-over-l-itself-oscillates, threshold-is-two-over-l",
)
DESCENT.erratum(
    "E8",
    common=r"For each $j$: $\theta_j:=\theta_j-\alpha\,\partial f/\partial\theta_j$ (a common slip)",
    why="Run as code, “:=” one coordinate after the other is another algorithm, Gauss–Seidel: (.2, −.152) instead of "
    "(.2, −.76).",
    right=r"all partial derivatives at the old $\theta$, then assign",
    claims="update-is-simultaneous",
)
DESCENT.erratum(
    "E10",
    common="Gradient descent is an algorithm that maximises a function (a common slip)",
    why=r"A step of $-\alpha\nabla f$ lowers $f$, by at least $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2$; the "
    r"mutant that steps along $+\nabla f$ fails this.",
    right=r"$\theta-\alpha\nabla f$ descends, $\theta+\alpha\nabla f$ ascends",
    claims="it-descends",
)


@DESCENT.figure(
    step=Slider(0.02, 1.05, 0.93, "step size α (× 2/L)"), condition=Slider(1, 100, 12, "condition number κ", log=True)
)
def figure(step, condition):
    T, H, start = 60, np.array([1 / condition, 1.0]), np.array([-4.0, 1.6])
    theta = gradient_descent(quadratic(H), start, T, 2 * step)
    best = gradient_descent(quadratic(H), start, T, 2 / H.sum())
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda x, y: (H[0] * x**2 + y**2) / 2, (-4.6, 3.0), (-2.0, 2.2))
    path(left, theta, COLOURS[1])
    steps = np.linspace(0.01, 2.2, 200)
    for h, colour, name in zip(H, (COLOURS[2], COLOURS[0]), (r"$|1-\alpha\mu|$", r"$|1-\alpha L|$"), strict=True):
        right.plot(steps, np.abs(1 - steps * h), color=colour, lw=1.1, ls="--", label=name)
    right.plot(steps, np.abs(1 - steps[:, None] * H).max(1), color="0.2", lw=1.8, label=r"$\rho(\alpha)$")
    rho = float(np.abs(1 - 2 * step * H).max())
    right.plot(2 * step, rho, "o", color=COLOURS[1], ms=8, mec="white", zorder=5)
    right.axhline(1, color="0.6", lw=0.8)
    right.set(xlabel=r"$\alpha L$", ylabel="factor a step", xlim=(0, 2.2), ylim=(0, 1.25))
    right.legend(frameon=False, fontsize=9.5, loc="lower left")
    ends = [float(np.linalg.norm(p[-1])) for p in (theta, best)]
    words = Text(
        f"κ = {condition:.3g}, α = {2 * step:.3g}/L: the error changes by ρ = {rho:.4f} a step, at best by {(condition - 1) / (condition + 1):.4f}. "
        f"After {T} steps the distance is {ends[0]:.2e}; with the best constant step {ends[1]:.2e}.",
        f"κ = {condition:.3g}，α = {2 * step:.3g}/L：误差每步乘以 ρ = {rho:.4f}，最佳为 {(condition - 1) / (condition + 1):.4f}。"
        f"{T} 步后的距离为 {ends[0]:.2e}；用最佳常数步长则为 {ends[1]:.2e}。",
    )
    return Drawing(fig, words)
