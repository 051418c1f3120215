"""AdaGrad: each coordinate's step divided by the root of all its squared gradients."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, invariance, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(Adagrad, gradient, theta0, steps, alpha, epsilon):
    from gradus.optimization.trajectory import trajectory

    return trajectory(lambda p: Adagrad(p, lr=alpha, eps=epsilon), gradient, theta0, steps)


ADAGRAD = Concept(
    key="adagrad",
    kind="algorithm",
    title="AdaGrad",
    summary="Each coordinate's step is divided by the root of the sum of all its squared gradients so far. What is met "
    r"for the $k$-th time with the same size moves by $\alpha/\sqrt k$, be it rare or common, large or small.",
    formulas=(
        r"s_t=s_{t-1}+g_t^2,\qquad g_t=\nabla f(\theta_{t-1}),\qquad s_0=0",
        r"\theta_t=\theta_{t-1}-\alpha\,\frac{g_t}{\sqrt{s_t}+\varepsilon}",
        r"\varepsilon=0:\qquad \sum_{t=1}^T g_t^{\mathsf T}(\theta_{t-1}-u)\;\le\;\sum_i\Bigl(\frac{D_i^2}{2\alpha}+\alpha\Bigr)"
        r"\sqrt{s_{T,i}},\qquad D_i=\max_{1\le t\le T}\lvert\theta_{t-1,i}-u_i\rvert",
        r"f(\theta)=\sum_if_i(\theta_i),\ f_i\bigl((1-c)a+cb\bigr)\le(1-c)f_i(a)+cf_i(b):\qquad "
        r"\lvert\theta_{t,i}-\theta^\star_i\rvert\le\max\bigl(\lvert\theta_{0,i}-\theta^\star_i\rvert,\alpha\bigr)",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size (learning rate)", "positive"),
        Symbol(r"\varepsilon", "epsilon", "", "added to the root, outside of it", "nonnegative"),
        Symbol("g_t", "", "d", "gradient at step t, counted from 1"),
        Symbol("s_t", "", "d", "sum of the squared gradients, coordinate by coordinate"),
        Symbol("u", "", "d", "any point, with which the iterates are compared"),
        Symbol("D_i", "", "", "largest distance of an iterate from u in coordinate i"),
        Symbol(
            r"f_i,\ a,\ b,\ c", "", "", "a function of one coordinate; two numbers and a share in [0, 1]: it is convex"
        ),
        Symbol(r"\theta^\star", "", "d", "a minimiser of $f$"),
    ),
    needs=("gradient-descent", "sgd"),
    source="duchi2011adaptive",
    year=2010,
    people=("John Duchi", "Elad Hazan", "Yoram Singer", "H. Brendan McMahan", "Matthew Streeter"),
    aliases="adaptive gradient, adaptive subgradient method, adaptive learning rate, per-coordinate learning rate, "
    "自适应梯度, 自适应学习率, 自适应步长, AdaGrad 优化器",
    implementations=(Implementation("torch.optim:Adagrad", "torch", _torch),),
    readings="duchi2011adaptive §1.1, Figure 1, Theorem 5; mcmahan2010adaptive; ward2020adagrad; goodfellow2016deep §8.5.1",
    hypotheses=(
        Hypothesis(
            r"steps of equal size whatever the scale: $\varepsilon$ is small beside the gradients",
            "first-step-is-alpha-sign",
        ),
        Hypothesis(
            "the shape of a valley does not matter: its axes are those of the coordinates",
            "a-narrow-valley-along-the-axes-costs-nothing",
        ),
        Hypothesis("the step size need not die out: the squared gradients have a finite sum", "constant-gradient"),
    ),
    conventions=(
        Convention(
            "where ε stands",
            r"beside the root, $\sqrt{s_t}+\varepsilon$: the paper, PyTorch",
            r"inside, $\sqrt{s_t+\varepsilon}$: Optax, Keras",
        ),
        Convention(
            "from what the sum starts",
            "0, as in the paper and PyTorch",
            r"0.1 in Optax and Keras: the first step is $\alpha g/\sqrt{0.1+g^2}$, and the scale of the gradient matters",
        ),
        Convention(
            "diagonal or full",
            "the diagonal alone, as every library has it",
            r"the paper also treats the full matrix $\bigl(\sum_kg_kg_k^{\mathsf T}\bigr)^{1/2}$, which turns with the coordinates",
        ),
    ),
    differentiable=False,
    longest_sum=64,
)


@ADAGRAD.definition
def adagrad(gradient, theta0, steps, alpha, epsilon=1e-10):
    theta, s = [theta0], 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        s = s + g**2
        theta.append(theta[-1] - alpha * g / (np.sqrt(s) + epsilon))
    return np.stack(theta)  # (steps + 1, d)


@ADAGRAD.example
def example():
    g = np.array([[3.0, 0.0], [4.0, 0.0], [12.0, 0.5], [84.0, 0.0]])  # the gradients that are met, step by step
    gradient, theta0, steps, alpha = scripted(g), np.array([1.0, 1.0]), 4, 0.1
    theta = adagrad(gradient, theta0, steps, alpha)
    s = np.cumsum(g**2, axis=0)
    valley = np.array([1.0, 100.0])
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, g=g, s=s, root=np.sqrt(s))
        | dict(step=theta[:-1] - theta[1:], theta=theta, by_descent=alpha * g[:, 0])
        | dict(far=adagrad(quadratic(valley), np.array([3.0, 3.0]), 5, 1.0)[5])
        | dict(start_of_keras=0.5 / np.sqrt(0.1 + 0.25))
    )


@ADAGRAD.exercise
def hundredth_step():
    path = adagrad(scripted([[5.0]]), np.zeros(1), 100, 0.5)[:, 0]
    return number(path[99] - path[100], no_root=0.5 * 5 / (100 * 25), averaged=0.5, by_count=0.5 / 100)


@ADAGRAD.exercise
def second_gradient():
    path = adagrad(scripted([[6.0], [8.0]]), np.zeros(1), 2, 1.0)[:, 0]
    return number(path[1] - path[2], last_only=1.0, before=8 / 6, sum_of_sizes=8 / 14)


@ADAGRAD.exercise
def a_rare_word():
    rows = np.zeros((101, 1))
    rows[[0, 100]] = 2.0
    path = adagrad(scripted(rows), np.zeros(1), 101, 1.0)[:, 0]
    last = path[100] - path[101]
    return choice(
        by_time=abs(last - 1 / np.sqrt(101)) < 0.01,
        by_count=abs(last - 1 / np.sqrt(2)) < 0.01,
        as_new=abs(last - 1) < 0.01,
    )


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@ADAGRAD.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=15, alpha=0.5)
    yield "badly scaled", dict(gradient=quadratic([1e-4, 1.0, 1e4]), theta0=np.ones(3), steps=10, alpha=0.25)
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.5]), steps=12, alpha=1.0)
    yield "a step that is far too long", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=8, alpha=64.0)
    yield "gradients as small as ε", dict(gradient=quadratic([1e-10]), theta0=np.ones(1), steps=8, alpha=0.125)
    yield (
        "large ε",
        dict(gradient=quadratic([1.0, 0.25]), theta0=np.array([1.0, -3.0]), steps=10, alpha=0.5, epsilon=0.5),
    )
    yield "at the minimum", dict(gradient=quadratic([1.0, 2.0]), theta0=np.zeros(2), steps=5, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(2), steps=0, alpha=0.5)


@ADAGRAD.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


def gradients(rng, n):
    """Noise, heavy tails, long silences, growth, decay: gradients (n, 29) that do not look at θ."""
    t = np.arange(n)[:, None]
    return np.hstack(
        [
            rng.standard_normal((n, 8)),
            rng.standard_t(1.0, (n, 8)),
            rng.standard_normal((n, 8)) * (rng.random((n, 8)) < 0.05),
            1.2**t,
            0.9**t,
            -np.ones((n, 1)),
            (t == n - 1) * 1.0,
            (t == 0) * 1e6 + 1.0,
        ]
    )


@ADAGRAD.claim
def first_step_is_alpha_sign(adagrad, rng):
    r"""The first step is $-\alpha\,g/(\lvert g\rvert+\varepsilon)$: $-\alpha\operatorname{sign}(g)$ unless $g$ is as small as
    $\varepsilon$, where it is half of that"""
    g = 10.0 ** rng.uniform(-5, 6, 50) * rng.choice([-1, 1], 50)
    yield roundoff(adagrad(scripted([g]), np.zeros(50), 1, 0.25, epsilon=0.0)[1], -0.25 * np.sign(g), terms=4)
    yield roundoff(adagrad(scripted([g]), np.zeros(50), 1, 0.25)[1], -0.25 * g / (np.abs(g) + 1e-10), terms=8)
    yield roundoff(adagrad(scripted([np.array([1e-10, 0.0])]), np.zeros(2), 1, 0.25)[1], [-0.125, 0.0], terms=8)


@ADAGRAD.claim
def constant_gradient(adagrad, rng):
    r"""Under a constant gradient step $t$ is $\alpha/\sqrt t$ ($\varepsilon=0$): ever shorter, and the way is $2\alpha\sqrt T$
    to within $2\alpha$, beyond every limit"""
    g, t = rng.uniform(0.1, 10, 3) * [1, -1, 1], np.arange(1, 401)[:, None]
    theta = adagrad(scripted([g]), np.zeros(3), 400, 0.5, epsilon=0.0)
    way = np.abs(theta[1:]) / 0.5 - 2 * np.sqrt(t)
    yield roundoff(-np.diff(theta, axis=0), 0.5 * np.sign(g) / np.sqrt(t), terms=400, scale=1.0)
    # 2√(T + 1) − 2 < Σ 1/√t ≤ 2√T − 1, by the integral of 1/√t
    yield bound(way.max(), -1.0 + 1e-12, "≤", Text("2√T − 1, an integral", "2√T − 1，由积分"))
    yield bound(way.min(), -2.0, "≥", Text("2√T − 2, an integral", "2√T − 2，由积分"))


@ADAGRAD.claim
def scale_of_the_gradient_does_not_matter(adagrad, rng):
    r"""The same gradients, each coordinate multiplied by a positive factor of its own, give the same trajectory
    ($\varepsilon=0$)"""
    rows = rng.standard_normal((30, 4))
    factors = np.array([1e-5, 0.1, 3.0, 1e7])
    plain = adagrad(scripted(rows), np.zeros(4), 30, 0.5, epsilon=0.0)
    return invariance(adagrad(scripted(factors * rows), np.zeros(4), 30, 0.5, epsilon=0.0), plain, terms=60, scale=5.0)


@ADAGRAD.claim
def coordinates_are_independent(adagrad, rng):
    """Coordinates do not see each other, the gradients apart"""
    rows = rng.standard_normal((20, 3)) * [1.0, 100.0, 0.01]
    together = adagrad(scripted(rows), np.zeros(3), 20, 0.5)
    alone = [adagrad(scripted(rows[:, [j]]), np.zeros(1), 20, 0.5)[:, 0] for j in range(3)]
    return invariance(together, np.stack(alone, -1), terms=4, scale=5.0)


@ADAGRAD.claim
def silence_leaves_no_trace(adagrad, rng):
    r"""A gradient of 0 moves nothing and is not remembered: with zeros in between the points are the same, and the $k$-th step
    of a rare feature is as long as the $k$-th of a common one"""
    rows, seen = rng.standard_normal((40, 3)), rng.random(200) < 0.2
    rows = rows[: seen.sum()]
    sparse = np.zeros((200, 3))
    sparse[np.flatnonzero(seen)[: len(rows)]] = rows
    dense = adagrad(scripted(rows), np.zeros(3), len(rows), 0.5)
    count = np.cumsum((sparse != 0).any(1))
    # compiled or not, an implementation may round a step otherwise: as many roundings as there are steps
    return roundoff(adagrad(scripted(sparse), np.zeros(3), 200, 0.5)[1:], dense[count], terms=40, scale=5.0)


@ADAGRAD.claim
def no_step_is_longer_than_alpha(adagrad, rng):
    r"""No step is longer than $\alpha$ in any coordinate, whatever the gradients: noise, heavy tails, after silence,
    growing"""
    theta = adagrad(scripted(gradients(rng, 200)), np.zeros(29), 200, 1.0)
    rounding = 4 * EPSILON * np.abs(theta).max()  # of θ, from which the step is read
    return bound(np.abs(np.diff(theta, axis=0)).max() - rounding, 1.0)


@ADAGRAD.claim
def regret_bound(adagrad, rng):
    r"""Against every fixed point $u$ the regret in coordinate $i$ is at most
    $\bigl(D_i^2/2\alpha+\alpha\bigr)\sqrt{s_{T,i}}$, whatever the gradients ($\varepsilon=0$)"""
    rows, share = gradients(rng, 200), 0.0
    size = np.sqrt((rows**2).sum(0))
    for alpha in (0.1, 1.0):
        theta = adagrad(scripted(rows), np.zeros(29), 200, alpha, epsilon=1e-300)[:-1]
        for u in np.linspace(-20, 20, 161):
            regret = (rows / size * (theta - u)).sum(0)
            allowed = np.abs(theta - u).max(0) ** 2 / (2 * alpha) + alpha
            share = np.maximum(share, regret / allowed)
    return bound(share.max(), 1.0, "≤", Text("regret over the bound, the largest", "遗憾与界之比，取最大者"))


@generic
def slope_to_a_third(theta):
    """The slope of |θ − 1/3|."""
    return namespace(theta).sign(theta - 1 / 3)


@ADAGRAD.claim
def error_falls_like_one_over_root_t(adagrad, rng):
    r"""On $\lvert\theta-\tfrac13\rvert$ from 2 with $\alpha=1$ the mean of $f(\theta_0),\dots,f(\theta_{T-1})$ falls like
    $1/\sqrt T$, though $T$ is told to nobody"""
    sizes = [64, 128, 256, 512, 1024]
    values = np.abs(adagrad(slope_to_a_third, np.full(1, 2.0), 1024, 1.0)[:-1, 0] - 1 / 3)
    return rate(sizes, [values[:T].mean() for T in sizes], -0.5, 0.1)


@ADAGRAD.claim
def one_large_gradient_slows_it_for_ever(adagrad, rng):
    r"""What was met is never forgotten: after one gradient of 1000, a thousand gradients of 1 together move it by less than one
    step $\alpha$; without it by $62\,\alpha$"""
    ones = np.ones((1000, 1))
    hit = adagrad(scripted(np.vstack([[[1000.0]], ones])), np.zeros(1), 1001, 1.0)[1:, 0]
    free = adagrad(scripted(ones), np.zeros(1), 1000, 1.0)[:, 0]
    k = np.arange(1, 1001)
    yield roundoff(hit[0] - hit[-1], (1 / np.sqrt(1e6 + k)).sum(), terms=1000, scale=2.0)
    yield bound(hit[0] - hit[-1], 1.0, "≤", Text("1000 steps of α/1000 at most", "1000 步，每步至多 α/1000"))
    yield bound(-free[-1], 2 * np.sqrt(1001) - 2, "≥", Text("an integral of 1/√t", "1/√t 的积分"))


@ADAGRAD.claim
def no_step_size_diverges(adagrad, rng):
    r"""On separable convex functions no $\alpha$ diverges: no coordinate is ever farther from its minimiser than at the start or
    $\alpha$; on $\tfrac12\theta^2$ even $\alpha=1000$ ends at the minimum"""
    start = np.array([2.0, -0.1, 30.0])

    def farthest(gradient, alpha):
        away = np.abs(adagrad(gradient, start, 300, alpha)).max(0) / np.maximum(np.abs(start), alpha)
        return bound(away.max(), 1.0 + 4 * EPSILON)

    for alpha in (0.01, 1.0, 30.0, 1000.0):
        yield farthest(quadratic([0.01, 1.0, 50.0]), alpha)
        yield farthest(any_tanh, alpha)
    left = np.abs(adagrad(quadratic([1.0]), np.ones(1), 300, 1000.0)[-1, 0])
    # after the first step √s is at least λ times the distance, so that the point no longer overshoots and halves or better
    yield bound(
        left, 1e-12, "≤", Text("two long steps, then halved or better each time", "先走两大步，此后每步至少减半")
    )


@ADAGRAD.claim
def rate_need_not_die(adagrad, rng):
    r"""The step size need not die out: on $\tfrac12\theta^2$ from 1 with $\alpha=0.1$ the root of the sum stays below
    $1/0.19=5.3$, and the error shrinks by 1.9% a step or more to the end"""
    theta = adagrad(quadratic([1.0]), np.ones(1), 400, 0.1)[:, 0]
    # θ shrinks by 1 − α/√s ≥ 0.9: θ²ₜ₋₁ − θ²ₜ ≥ 1.9 α g²/√s ≥ 0.19 (√sₜ − √sₜ₋₁), whose sum is at most θ₀² = 1
    why = Text("1 − α/√s, where 0.19 √s ≤ θ₀²", "1 − α/√s，其中 0.19 √s ≤ θ₀²")
    return bound((theta[1:] / theta[:-1]).max(), 1 - 0.1 * 0.19, "≤", why)


@ADAGRAD.claim
def steps_scale_with_alpha(adagrad, rng):
    r"""On the same gradients every step is proportional to $\alpha$: AdaGrad does not choose it"""
    rows = rng.standard_normal((40, 3))
    unit = adagrad(scripted(rows), np.zeros(3), 40, 1.0)
    for a in (1e-4, 0.03, 7.0):
        yield invariance(adagrad(scripted(rows), np.zeros(3), 40, a) / a, unit, terms=80, scale=12.0)


@generic
def sign(theta):
    return namespace(theta).sign(theta)


@ADAGRAD.claim
def alpha_must_still_be_chosen(adagrad, rng):
    r"""On $\lvert\theta\rvert$ from 1, 300 steps: $\alpha=10^{-3}$ has hardly left, $\alpha=10$ is still thrown about,
    $\alpha=0.1$ is near 0"""
    small, good, large = (adagrad(sign, np.ones(1), 300, a)[:, 0] for a in (1e-3, 0.1, 10.0))
    yield bound(small[-1], 1 - 2e-3 * np.sqrt(300), "≥", Text("1 − 2α√T", "1 − 2α√T"))
    last = Text("α/√t, the step that crosses 0", "α/√t，越过 0 的一步")
    yield bound(np.abs(good[-50:]).max(), 0.1 / np.sqrt(250), "≤", last)
    yield bound(np.abs(large[-50:]).max(), 0.25, "≥", Text("a quarter of the start", "起点的四分之一"))


def along_the_floor(adagrad, kappa):
    """What is left along the floor of a valley at 45° to the axes, from 3 up its wall and 1 along it, after 200 steps of 1."""
    c = np.sqrt(0.5)
    R = np.array([[c, -c], [c, c]])
    path = adagrad(quadratic(R @ np.diag([1.0, 1 / kappa]) @ R.T), R @ np.array([3.0, 1.0]), 200, 1.0)
    return np.abs(path[-1] @ R[:, 1])


@ADAGRAD.claim
def a_narrow_valley_along_the_axes_costs_nothing(adagrad, rng):
    r"""On $\tfrac12\sum_i\lambda_i\theta_i^2$ the path is the same for all $\lambda_i>0$ ($\varepsilon=0$). In a valley at
    45° to the axes it is not: from 3 up its wall and 1 along its floor, 200 steps of $\alpha=1$ leave more than half of the way along
    the floor for $\kappa=1000$, and nothing for $\kappa=1$"""
    start = rng.standard_normal(3)
    for lam in ([1e-3, 1.0, 1e5], [7.0, 0.2, 1.0]):
        narrow, round_ = (adagrad(quadratic(h), start, 40, 0.5, epsilon=0.0) for h in (lam, np.ones(3)))
        # each step passes the rounding on, at most doubled while it overshoots
        yield invariance(narrow, round_, terms=400, scale=3.0)
    yield bound(along_the_floor(adagrad, 1.0), 1e-6, "≤", Text("nothing is left", "已无剩余"))
    yield bound(along_the_floor(adagrad, 1000.0), 0.5, "≥", Text("half of the way", "路程的一半"))


def variant(gradient, theta0, steps, alpha, epsilon, divisor, first=0.0, add=lambda s, g: s + g**2):
    """AdaGrad with its divisor, its first sum or its adding replaced."""
    theta, s = [theta0], 0 * theta0 + first
    for t in range(1, steps + 1):
        g = gradient(theta[-1])
        before, s = s, add(s, g)
        theta.append(theta[-1] - alpha * g / divisor(s, epsilon, before, t))
    return np.stack(theta)


@ADAGRAD.mutant(
    caught_by="equals-definition, constant-gradient, silence-leaves-no-trace, one-large-gradient-slows-it-for-ever, "
    "no-step-is-longer-than-alpha, error-falls-like-one-over-root-t"
)
def forgets(gradient, theta0, steps, alpha, epsilon=1e-10):
    """a running average in place of the sum: RMSprop"""
    return variant(
        gradient, theta0, steps, alpha, epsilon, lambda s, e, *_: np.sqrt(s) + e, add=lambda s, g: 0.9 * s + 0.1 * g**2
    )


@ADAGRAD.mutant(caught_by="equals-definition, first-step-is-alpha-sign")
def epsilon_inside(gradient, theta0, steps, alpha, epsilon=1e-10):
    """ε inside the root"""
    return variant(gradient, theta0, steps, alpha, epsilon, lambda s, e, *_: np.sqrt(s + e))


@ADAGRAD.mutant(
    caught_by="first-step-is-alpha-sign, scale-of-the-gradient-does-not-matter, a-narrow-valley-along-the-axes-costs-nothing"
)
def starts_at_a_tenth(gradient, theta0, steps, alpha, epsilon=1e-10):
    """the sum starts at 0.1, as in Optax and Keras"""
    return variant(gradient, theta0, steps, alpha, epsilon, lambda s, e, *_: np.sqrt(s) + e, first=0.1)


@ADAGRAD.mutant(
    caught_by="scale-of-the-gradient-does-not-matter, first-step-is-alpha-sign, constant-gradient, no-step-size-diverges"
)
def no_root(gradient, theta0, steps, alpha, epsilon=1e-10):
    """the root is forgotten: divided by $s$"""
    return variant(gradient, theta0, steps, alpha, epsilon, lambda s, e, *_: s + e)


@ADAGRAD.mutant(caught_by="coordinates-are-independent, equals-definition, regret-bound")
def one_sum_for_all(gradient, theta0, steps, alpha, epsilon=1e-10):
    """one sum for all coordinates: the step of AdaGrad-Norm"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        epsilon,
        lambda s, e, *_: np.sqrt(s) + e,
        add=lambda s, g: s + np.full_like(g, (g**2).sum()),
    )


@ADAGRAD.mutant(caught_by="first-step-is-alpha-sign, no-step-is-longer-than-alpha, no-step-size-diverges")
def without_the_last(gradient, theta0, steps, alpha, epsilon=1e-10):
    """divided by the sum before the present gradient is added"""
    return variant(gradient, theta0, steps, alpha, epsilon, lambda s, e, before, t: np.sqrt(before) + e)


@ADAGRAD.mutant(caught_by="rate-need-not-die, constant-gradient, silence-leaves-no-trace")
def decays_twice(gradient, theta0, steps, alpha, epsilon=1e-10):
    r"""a schedule $1/\sqrt t$ on top of the sum"""
    return variant(gradient, theta0, steps, alpha, epsilon, lambda s, e, before, t: (np.sqrt(s) + e) * np.sqrt(t))


@ADAGRAD.mutant(caught_by="steps-scale-with-alpha, alpha-must-still-be-chosen")
def alpha_ignored(gradient, theta0, steps, alpha, epsilon=1e-10):
    """α taken for irrelevant: always 0.01"""
    return adagrad(gradient, theta0, steps, 0.01, epsilon)


ADAGRAD.erratum(
    "E7c",
    common="AdaGrad's learning rate shrinks until it can learn no more (a common slip)",
    why=r"Under a constant gradient the step falls like $1/\sqrt t$, but the way grows like $2\alpha\sqrt T$ beyond every limit. "
    r"Where gradients vanish at the minimum the sum stays finite: on $\tfrac12\theta^2$ from 1 with $\alpha=0.1$ the error shrinks "
    "by at least 1.9% a step to the end.",
    right="The step of a coordinate falls as fast as its squared gradients add up. It is too short too soon where large gradients "
    "came early, and where the noise never ends",
    claims="rate-need-not-die, constant-gradient, one-large-gradient-slows-it-for-ever",
)
ADAGRAD.erratum(
    "E7d",
    common="With AdaGrad the learning rate need not be tuned (a common slip)",
    why=r"On $\lvert\theta\rvert$ from 1 with 300 steps $\alpha=10^{-3}$ has moved by less than 0.035, and $\alpha=10$ still "
    r"swings by a quarter of the start or more. It only cannot diverge: separable convex functions keep it within "
    r"$\max(\lvert\theta_0-\theta^\star\rvert,\alpha)$.",
    right=r"AdaGrad chooses the ratios between the coordinates; the common factor $\alpha$ must still be chosen",
    claims="steps-scale-with-alpha, alpha-must-still-be-chosen, no-step-size-diverges",
)


@ADAGRAD.figure(
    condition=Slider(1, 1000, 60, "condition number κ", log=True),
    angle=Slider(0, 45, 0, "angle of the valley to the axes (degrees)"),
    alpha=Slider(0.05, 3.0, 0.8, "step size α", log=True),
)
def figure(condition, angle, alpha):
    T, a = 60, np.deg2rad(angle)
    R = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    H, start = R @ np.diag([1 / condition, 1.0]) @ R.T, R @ np.array([-3.6, 1.3])
    ours = adagrad(quadratic(H), start, T, alpha)
    plain = [start]
    for _ in range(T):
        plain.append(plain[-1] - 2 / (1 + 1 / condition) * H @ plain[-1])
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    level_sets(left, lambda x, y: (H[0, 0] * x**2 + 2 * H[0, 1] * x * y + H[1, 1] * y**2) / 2, (-4.6, 2.6), (-3.2, 2.6))
    path(left, plain, COLOURS[6], r"descent, best $\alpha$", width=0.8)
    path(left, ours, COLOURS[1], "AdaGrad")
    left.legend(fontsize=9.5, loc="lower right")
    g = ours[:-1] @ H
    rates = alpha / (np.sqrt(np.cumsum(g**2, axis=0)) + 1e-300)
    for i, colour in enumerate((COLOURS[0], COLOURS[2])):
        right.loglog(np.arange(1, T + 1), rates[:, i], color=colour, lw=1.6, label=rf"$\theta_{i + 1}$")
    right.legend(frameon=False, fontsize=9.5)
    right.set(xlabel="t", ylabel=r"$\alpha/\sqrt{s_t}$")
    distances = [float(np.linalg.norm(p[-1])) for p in (ours, plain)]
    words = Text(
        f"A valley of condition number {condition:.3g} at {angle:.0f}° to the axes, α = {alpha:.2g}. After {T} steps AdaGrad is {distances[0]:.2g} "
        f"from the minimum, descent at its best step {distances[1]:.2g}. Along the axes AdaGrad's path is the same for every κ. "
        f"Its step sizes of the two coordinates are {rates[-1, 0]:.2g} and {rates[-1, 1]:.2g} in the end.",
        f"条件数为 {condition:.3g} 的山谷，与坐标轴夹角 {angle:.0f}°，α = {alpha:.2g}。{T} 步后 AdaGrad 距极小点 {distances[0]:.2g}，"
        f"取最佳步长的梯度下降为 {distances[1]:.2g}。山谷与坐标轴平行时，AdaGrad 的路径与 κ 无关。两个坐标的步长最终为 {rates[-1, 0]:.2g} 与 {rates[-1, 1]:.2g}。",
    )
    return Drawing(fig, words)
