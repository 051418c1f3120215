"""RMSprop: the gradient over a running root mean square of itself."""

import inspect

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.divergence import divergence_threshold
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(RMSprop, gradient, theta0, steps, alpha, beta2, epsilon, centered):
    from gradus.optimization.trajectory import trajectory
    from gradus.page.not_applicable import no_argument

    options = dict(lr=alpha, alpha=beta2, eps=epsilon)
    if centered:
        if "centered" not in inspect.signature(RMSprop).parameters:
            raise no_argument(RMSprop.__name__, "centered")
        options["centered"] = True
    return trajectory(lambda p: RMSprop(p, **options), gradient, theta0, steps)


RMSPROP = Concept(
    key="rmsprop",
    kind="algorithm",
    title="RMSprop",
    summary="Each coordinate is moved by its gradient over the root of a running average of its squared gradient. Unlike AdaGrad's "
    r"sum the average forgets: a square that lies $k$ steps back counts with the weight $\beta_2^k$, and the steps need not die out.",
    formulas=(
        r"v_t=\beta_2v_{t-1}+(1-\beta_2)g_t^2,\qquad g_t=\nabla f(\theta_{t-1}),\qquad v_0=0",
        r"\theta_t=\theta_{t-1}-\alpha\,\frac{g_t}{\sqrt{v_t}+\varepsilon}",
        r"\lvert\theta_t-\theta_{t-1}\rvert\le\frac{\alpha}{\sqrt{1-\beta_2}}",
        r"g_1=g_2=\dots\ne0,\ \varepsilon=0:\qquad\lvert\theta_t-\theta_{t-1}\rvert=\frac{\alpha}{\sqrt{1-\beta_2^t}}",
        r"\bar g_t=\beta_2\bar g_{t-1}+(1-\beta_2)g_t,\qquad \theta_t=\theta_{t-1}-\alpha\,\frac{g_t}{\sqrt{v_t-\bar g_t^2}+\varepsilon}",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size (learning rate)", "positive"),
        Symbol(r"\beta_2", "beta2", "", "decay of the averaged squared gradient", "unit"),
        Symbol(r"\varepsilon", "epsilon", "", "added to the root, outside of it", "nonnegative"),
        Symbol(r"v_t-\bar g_t^2", "centered", "", "centred: the variance takes the place of $v_t$", "boolean"),
        Symbol("g_t", "", "d", "gradient at step t, counted from 1"),
        Symbol("v_t", "", "d", "averaged squared gradient, coordinate by coordinate"),
        Symbol(r"\bar g_t", "", "d", r"averaged gradient, for the centred form; $\bar g_0=0$"),
    ),
    needs=("sgd", "adagrad"),
    source="tieleman2012rmsprop",
    year=2012,
    people=("Tijmen Tieleman", "Geoffrey Hinton"),
    aliases="RMSProp, root mean square propagation, centered RMSprop, 均方根传播, RMSprop 优化器, 中心化 RMSprop",
    implementations=(Implementation("torch.optim:RMSprop", "torch", _torch, r"`alpha=β₂`"),),
    readings="tieleman2012rmsprop; graves2013generating §4.2, eq. 38–41; reddi2018convergence §3; goodfellow2016deep §8.5.2",
    hypotheses=(
        Hypothesis(r"the bound on the step: $v_t$ is not centred", "centred-steps-explode-on-a-constant-slope"),
        Hypothesis(
            r"the scale of the gradient does not matter: $\varepsilon$ is small beside it",
            "first-step-is-long, a-large-epsilon-settles",
        ),
        Hypothesis(r"it descends: $\beta_2$ is close enough to 1 for the problem", "it-can-climb"),
    ),
    conventions=(
        Convention(
            "where ε stands",
            r"beside the root, $\sqrt{v_t}+\varepsilon$: PyTorch",
            r"inside, $\sqrt{v_t+\varepsilon}$: Optax (unless `eps_in_sqrt=False`), Keras, Graves",
        ),
        Convention(
            r"the usual $\beta_2$",
            "0.99, PyTorch's `alpha`",
            "0.9 in the lecture, in Optax (`decay`) and Keras (`rho`); 0.95 in Graves",
        ),
        Convention(
            "the start of the average",
            "0, not corrected: the first steps are long",
            "Optax divides by the sum of the weights, $1-\\beta_2^t$, if told `bias_correction=True`, and starts where `initial_scale` says",
        ),
        Convention(
            "momentum, where it is added",
            "none here",
            r"PyTorch leaves the step size outside of the velocity, Optax and Keras put it inside: they part when $\alpha$ changes",
        ),
    ),
    differentiable=False,
    longest_sum=64,
)


@RMSPROP.definition
def rmsprop(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    theta, v, g_bar = [theta0], 0 * theta0, 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        v = beta2 * v + (1 - beta2) * g**2
        g_bar = beta2 * g_bar + (1 - beta2) * g
        variance = v - g_bar**2 if centered else v
        theta.append(theta[-1] - alpha * g / (np.sqrt(variance) + epsilon))
    return np.stack(theta)  # (steps + 1, d)


@RMSPROP.example
def example():
    g = np.array([[4.0, 0.02], [2.0, 0.02], [2.0, 0.02], [-6.0, 0.02]])  # the gradients that are met, step by step
    gradient, theta0, steps, alpha, beta2 = scripted(g), np.array([1.0, 1.0]), 4, 0.1, 0.75
    theta = rmsprop(gradient, theta0, steps, alpha, beta2)
    v, sums = np.zeros((4, 2)), np.cumsum(g**2, axis=0)
    for i in range(4):
        v[i] = (0.75 * v[i - 1] if i else 0) + 0.25 * g[i] ** 2
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, beta2=beta2, g=g, v=v, root=np.sqrt(v))
        | dict(step=theta[:-1] - theta[1:], theta=theta, adagrad=alpha * g / np.sqrt(sums))
        | dict(longest=alpha / np.sqrt(0.25), first_of_torch=1 / np.sqrt(1 - 0.99))
    )


@RMSPROP.exercise
def the_first_step():
    path = rmsprop(scripted([[7.0]]), np.zeros(1), 1, 0.01, 0.96)
    return number(abs(path[1, 0]), corrected=0.01, no_root=0.01 * 7 / (0.04 * 49), descent=0.07)


@RMSPROP.exercise
def the_swing():
    path = rmsprop(quadratic([3.0]), np.ones(1), 600, 0.1, 0.9)
    return number(abs(path[-1, 0]), whole_step=0.1, by_curvature=0.1 / 3)


@RMSPROP.exercise
def how_long_it_remembers():
    def half_way(beta2):
        rows = np.r_[1000.0, np.ones(20000)][:, None]
        steps = -np.diff(rmsprop(scripted(rows), np.zeros(1), 2000, 1.0, beta2)[:, 0])[1:]
        return 1 + int(np.argmax(steps >= 0.5)) if (steps >= 0.5).any() else 10**9

    n = half_way(0.9)
    return choice(ten=5 < n < 20, hundred=80 < n < 120, never=n > 2000)


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@RMSPROP.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=15, alpha=0.03125)
    yield "badly scaled", dict(gradient=quadratic([1e-4, 1.0, 1e4]), theta0=np.ones(3), steps=8, alpha=0.03125)
    yield (
        "short memory",
        dict(gradient=quadratic([1.0, 8.0]), theta0=np.array([2.0, -1.0]), steps=8, alpha=0.0625, beta2=0.5),
    )
    yield (
        "no memory",
        dict(gradient=quadratic([1.0, 2.0]), theta0=np.array([3.3, -2.2]), steps=6, alpha=0.25, beta2=0.0),
    )
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.5]), steps=10, alpha=0.0625)
    yield "gradients as small as ε", dict(gradient=quadratic([1e-8]), theta0=np.ones(1), steps=8, alpha=0.125)
    yield (
        "large ε",
        dict(gradient=quadratic([1.0, 0.25]), theta0=np.array([1.0, -3.0]), steps=10, alpha=0.25, epsilon=0.5),
    )
    yield (
        "centred",
        dict(
            gradient=quadratic([4.0, 1.0]),
            theta0=np.array([2.0, -1.0]),
            steps=8,
            alpha=0.0625,
            beta2=0.75,
            epsilon=0.25,
            centered=True,
        ),
    )
    yield "at the minimum", dict(gradient=quadratic([1.0, 2.0]), theta0=np.zeros(2), steps=5, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(2), steps=0, alpha=0.5)


@RMSPROP.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


BETAS = (0.99, 0.9, 0.5)


@RMSPROP.claim
def first_step_is_long(rmsprop, rng):
    r"""The first step is $-\alpha g/(\sqrt{1-\beta_2}\lvert g\rvert+\varepsilon)$: of length $\alpha/\sqrt{1-\beta_2}$ for every gradient
    that is large beside $\varepsilon$, ten times $\alpha$ at $\beta_2=0.99$"""
    g = 10.0 ** rng.uniform(-6, 6, 50) * rng.choice([-1, 1], 50)
    for b in BETAS:
        exact = rmsprop(scripted([g]), np.zeros(50), 1, 0.25, b, 0.0)[1]
        yield roundoff(exact, -0.25 / np.sqrt(1 - b) * np.sign(g), terms=16)
        small = rmsprop(scripted([1e-3 * g]), np.zeros(50), 1, 0.25, b)[1]
        yield roundoff(small, -0.25 * 1e-3 * g / (np.sqrt(1 - b) * np.abs(1e-3 * g) + 1e-8), terms=16)
    yield roundoff(rmsprop(scripted([g]), np.zeros(50), 1, 0.25, epsilon=0.0)[1], -2.5 * np.sign(g), terms=64)


@RMSPROP.claim
def constant_gradient(rmsprop, rng):
    r"""Under a constant gradient step $t$ is $\alpha/\sqrt{1-\beta_2^t}$ ($\varepsilon=0$): it falls to $\alpha$, and no further"""
    g, t = np.array([1e-6, -0.3, 40.0]), np.arange(1, 301)[:, None]
    for b in BETAS:
        theta = rmsprop(scripted([g]), np.zeros(3), 300, 0.5, b, 0.0)
        # 1 − β^t loses up to 1/(1 − β) units in the last place, and θ, from which the step is read, one of its own
        yield roundoff(
            -np.diff(theta, axis=0), 0.5 * np.sign(g) / np.sqrt(1 - b**t), terms=100, scale=np.abs(theta).max()
        )


@RMSPROP.claim
def is_adam_without_its_average_and_correction(rmsprop, rng):
    r"""Times $\sqrt{1-\beta_2^t}$ each step is Adam's with $\beta_1=0$ ($\varepsilon=0$): $\alpha g_t$ over the root of the weighted mean
    $\sum_i\beta_2^{t-i}g_i^2\big/\sum_i\beta_2^{t-i}$"""
    rows, i = rng.standard_normal((60, 5)), np.arange(60)
    for b in BETAS:
        weights = np.tril(b ** np.maximum(i[:, None] - i, 0.0))
        mean = weights @ rows**2 / weights.sum(1, keepdims=True)
        theta = rmsprop(scripted(rows), np.zeros(5), 60, 0.5, b, 0.0)
        steps = -np.diff(theta, axis=0) * np.sqrt(1 - b ** (i[:, None] + 1))
        yield roundoff(steps, 0.5 * rows / np.sqrt(mean), terms=200, scale=np.abs(theta).max())


@RMSPROP.claim
def scale_of_the_gradient_does_not_matter(rmsprop, rng):
    r"""The same gradients, each coordinate multiplied by a positive factor of its own, give the same trajectory, centred or not
    ($\varepsilon=0$)"""
    rows = rng.standard_normal((30, 4))
    factors = np.array([1e-5, 0.1, 3.0, 1e7])
    plain, scaled = (rmsprop(scripted(r), np.zeros(4), 30, 0.5, 0.9, 0.0) for r in (rows, factors * rows))
    yield invariance(scaled, plain, terms=120, scale=15.0)
    plain, scaled = (
        rmsprop(scripted(r), np.zeros(4), 30, 0.5, 0.9, 0.0, centered=True) for r in (rows, factors * rows)
    )
    # at β = 0.9 the variance of the first step is 0.09 g², of noise never much smaller: the difference loses two digits
    yield invariance(scaled, plain, terms=12000, scale=15.0)


@RMSPROP.claim
def coordinates_are_independent(rmsprop, rng):
    """Coordinates do not see each other, the gradients apart"""
    rows = rng.standard_normal((20, 3)) * [1.0, 100.0, 0.01]
    together = rmsprop(scripted(rows), np.zeros(3), 20, 0.5)
    alone = [rmsprop(scripted(rows[:, [j]]), np.zeros(1), 20, 0.5)[:, 0] for j in range(3)]
    return invariance(together, np.stack(alone, -1), terms=4, scale=50.0)


@RMSPROP.claim
def sharp_bound_on_the_step(rmsprop, rng):
    r"""No step is longer than $\alpha/\sqrt{1-\beta_2}$, tried on noise, heavy tails, growing gradients; the first gradient after silence
    from the start on is met with a step of just that ($\varepsilon=0$)"""
    n, t = 150, np.arange(150)[:, None]
    rows = np.hstack(
        [rng.standard_normal((n, 8)), rng.standard_t(1.0, (n, 8)), 1.3**t, 0.9**t, 1e3 * (t >= n - 3) + 0.0]
    )
    for b in BETAS:
        theta = rmsprop(scripted(rows), np.zeros(19), n, 1.0, b, 1e-30)
        steps, most = np.abs(np.diff(theta, axis=0)), 1 / np.sqrt(1 - b)
        yield bound(steps.max() - 100 * EPSILON * np.abs(theta).max(), most)
        yield roundoff(steps[n - 3, -1], most, terms=64)


@RMSPROP.claim
def a_large_gradient_is_forgotten(rmsprop, rng):
    r"""One gradient of 1000, then gradients of 1, $\beta_2=0.9$: $k$ steps later the step is
    $\alpha/\sqrt{1+(10^5-1)\,0.9^k}$, after 160 steps $\alpha$ again to 1%"""
    rows, k = np.r_[1000.0, np.ones(160)][:, None], np.arange(1, 161)
    theta = rmsprop(scripted(rows), np.zeros(1), 161, 1.0, 0.9, 0.0)[:, 0]
    steps = -np.diff(theta)[1:]
    # v = 0.9^k · 0.1 · 10⁶ + 1 − 0.9^k
    yield roundoff(steps, 1 / np.sqrt(1 + (1e5 - 1) * 0.9**k), terms=400, scale=np.abs(theta).max())
    yield bound(steps[-1], 0.99, "≥", Text("1%", "1%"))
    yield bound(steps[0], 0.004, "≤", Text("at first a thousandth or so", "起初只有千分之几"))


@RMSPROP.claim
def it_never_settles(rmsprop, rng):
    r"""With a constant $\alpha$ it does not converge: on $\tfrac\lambda2\theta^2$ from 1 it ends swinging between
    $\pm(\alpha/2-\varepsilon/\lambda)$, whatever the curvature
    ($\beta_2>0$, $\varepsilon<\alpha\lambda/2$; tried at $\beta_2=0.5$ and 0.9)"""
    curvature = np.array([1.0, 100.0, 1e-3])
    for b, steps in ((0.9, 700), (0.5, 300)):
        ends = rmsprop(quadratic(curvature), np.ones(3), steps, 0.1, b)[-2:]
        yield roundoff(np.abs(ends), np.tile(0.05 - 1e-8 / curvature, (2, 1)), terms=steps, scale=1.0)
        yield roundoff(ends[0], -ends[1], terms=steps, scale=1.0)


@RMSPROP.claim
def a_large_epsilon_settles(rmsprop, rng):
    r"""From $\varepsilon>\alpha\lambda/2$ on it converges there, as descent with the step $\alpha/\varepsilon$: at
    $\varepsilon=\alpha\lambda$ the error ends below $10^{-9}$"""
    end = np.abs(rmsprop(quadratic([1.0, 4.0]), np.ones(2), 500, 0.1, 0.9, 0.4)[-1])
    # λ = 4: αλ = ε; λ = 1: a fourth of it: near the minimum the factors are 0 and 3/4 a step
    return bound(end.max(), 1e-9, "≤", Text("a quarter less each step, in the end", "最终每步减少四分之一"))


@RMSPROP.claim
def stability_threshold(rmsprop, rng):
    r"""Where ε dwarfs $\sqrt v$ it is stable on positive definite quadratics up to $\alpha=2\varepsilon/L$, whatever $\beta_2$ is; the
    bisected threshold"""
    why = Text("twice the width of the last bracket, relative", "最后区间相对宽度的两倍")
    beta2, bracket = rng.uniform(0.5, 0.99), dict(low=0.2, high=5.0, steps=200, tolerance=1e-3)

    def path(gradient, start, steps, alpha):
        return rmsprop(gradient, start, steps, alpha * 1e100, beta2, 1e100)

    return near(divergence_threshold(path, [0.5, 2.0], **bracket), 1.0, 2e-3, why)


@RMSPROP.claim
def it_can_climb(rmsprop, rng):
    r"""Slopes 3, −1, −1 in turn (mean ⅓ > 0): with $\beta_2=\tfrac1{10}$ the function rises for ever (Reddi et al.), with
    $\beta_2=0.99$ it falls"""

    def moved(b):
        return rmsprop(scripted(np.resize([3.0, -1.0, -1.0], 300)[:, None]), np.zeros(1), 300, 0.01, b)[-1, 0]

    # in the cycle's steady state v is 8.21, 1.72, 1.07: −3/√8.21 + 1/√1.72 + 1/√1.07 > ⅔ a cycle of three steps
    yield bound(moved(0.1), 0.01 * 100 * 2 / 3, "≥", Text("⅔ α a cycle", "每个周期 ⅔ α"))
    # v tends to 11/3, and (3 − 1 − 1)/√(11/3) = 0.52 a cycle
    yield bound(moved(0.99), -0.5, "≤", Text("half an α a cycle", "每个周期 ½ α"))


@RMSPROP.claim
def centred_steps_explode_on_a_constant_slope(rmsprop, rng):
    r"""Centred, under a constant gradient step $t$ is $\alpha/\sqrt{\beta_2^t(1-\beta_2^t)}$ ($\varepsilon=0$): $14\,\alpha$ at step 50 of
    $\beta_2=0.9$, and growing like $\beta_2^{-t/2}$: where there is no variance nothing bounds it but ε"""
    t = np.arange(1, 51)
    theta = rmsprop(scripted([[2.0]]), np.zeros(1), 50, 1.0, 0.9, 0.0, centered=True)[:, 0]
    want = 1 / np.sqrt(0.9**t * (1 - 0.9**t))
    # the variance is 0.9^t of the square: of its digits 1/0.9^50 = 194 units are lost, and each average adds its own
    yield roundoff(-np.diff(theta), want, terms=50 * 194, scale=np.abs(theta).max())
    yield near(want[-1], 14, 0.1, Text("two digits", "两位数字"))


@RMSPROP.claim
def centring_takes_out_the_mean(rmsprop, rng):
    r"""Centred, a gradient that wavers by $\pm d$ about a mean $m$ is divided by $d$, whatever the mean: at $\beta_2=0.99$ with $m=10$,
    $d=1$ the steps come to 9 and $11\,\alpha$ to 1%, uncentred to 0.9 and $1.1\,\alpha$"""
    rows = np.resize([9.0, 11.0], 2000)[:, None]
    for centered, size in ((True, 1.0), (False, np.sqrt(101.0))):
        steps = -np.diff(rmsprop(scripted(rows), np.zeros(1), 2000, 1.0, 0.99, centered=centered)[:, 0])[-2:]
        # ḡ wavers about 10 by d(1 − β)/(1 + β) = 0.005; what is left of the start is 100 · 0.99^2000 < 1e-6
        yield near(steps[0] * size / 9, 1.0, 0.01, Text("ḡ wavers by 0.005", "ḡ 的摆动为 0.005"))
        yield near(steps[1] * size / 11, 1.0, 0.01, Text("ḡ wavers by 0.005", "ḡ 的摆动为 0.005"))


@RMSPROP.claim
def steps_scale_with_alpha(rmsprop, rng):
    r"""On the same gradients every step is proportional to $\alpha$: RMSprop does not choose it"""
    rows = rng.standard_normal((40, 3))
    unit = rmsprop(scripted(rows), np.zeros(3), 40, 1.0)
    for a in (1e-4, 0.03, 7.0):
        yield invariance(rmsprop(scripted(rows), np.zeros(3), 40, a) / a, unit, terms=160, scale=60.0)


def variant(gradient, theta0, steps, alpha, beta2, divisor, average=lambda v, g, b: b * v + (1 - b) * g**2):
    """RMSprop with its divisor or its averaging replaced."""
    theta, v = [theta0], 0 * theta0
    for t in range(1, steps + 1):
        g = gradient(theta[-1])
        before, v = v, average(v, g, beta2)
        theta.append(theta[-1] - alpha * g / divisor(v, before, t))
    return np.stack(theta)


@RMSPROP.mutant(
    caught_by="equals-definition, constant-gradient, a-large-gradient-is-forgotten, it-never-settles, it-can-climb"
)
def never_forgets(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """a sum in place of the average: AdaGrad"""
    return variant(
        gradient, theta0, steps, alpha, beta2, lambda v, *_: np.sqrt(v) + epsilon, average=lambda v, g, b: v + g**2
    )


@RMSPROP.mutant(caught_by="first-step-is-long, constant-gradient, sharp-bound-on-the-step")
def corrected(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """the bias corrected, as in Adam"""
    return variant(gradient, theta0, steps, alpha, beta2, lambda v, before, t: np.sqrt(v / (1 - beta2**t)) + epsilon)


@RMSPROP.mutant(caught_by="equals-definition, first-step-is-long, it-never-settles")
def epsilon_inside(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """ε inside the root, as in Optax and Keras"""
    return variant(gradient, theta0, steps, alpha, beta2, lambda v, *_: np.sqrt(v + epsilon))


@RMSPROP.mutant(caught_by="a-large-epsilon-settles, stability-threshold, equals-definition")
def no_epsilon(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """no ε"""
    return variant(gradient, theta0, steps, alpha, beta2, lambda v, *_: np.sqrt(v) + 1e-30)


@RMSPROP.mutant(caught_by="scale-of-the-gradient-does-not-matter, first-step-is-long, sharp-bound-on-the-step")
def no_root(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """the root is forgotten: divided by $v$"""
    return variant(gradient, theta0, steps, alpha, beta2, lambda v, *_: v + epsilon)


@RMSPROP.mutant(caught_by="first-step-is-long, sharp-bound-on-the-step, is-adam-without-its-average-and-correction")
def mean_of_sizes(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """the mean of the sizes in place of the root of the mean square"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta2,
        lambda v, *_: v + epsilon,
        average=lambda v, g, b: b * v + (1 - b) * np.abs(g),
    )


@RMSPROP.mutant(caught_by="coordinates-are-independent, equals-definition")
def one_v_for_all(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """one $v$ for all coordinates"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta2,
        lambda v, *_: np.sqrt(v) + epsilon,
        average=lambda v, g, b: b * v + (1 - b) * np.full_like(g, (g**2).mean()),
    )


@RMSPROP.mutant(caught_by="first-step-is-long, equals-definition, a-large-gradient-is-forgotten")
def weights_exchanged(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    r"""$\beta_2$ and $1-\beta_2$ exchanged"""
    return rmsprop(gradient, theta0, steps, alpha, 1 - beta2, epsilon, centered)


@RMSPROP.mutant(caught_by="centred-steps-explode-on-a-constant-slope, centring-takes-out-the-mean, equals-definition")
def never_centred(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """centring asked for, and forgotten"""
    return rmsprop(gradient, theta0, steps, alpha, beta2, epsilon, False)


@RMSPROP.mutant(caught_by="centring-takes-out-the-mean, constant-gradient, sharp-bound-on-the-step")
def always_centred(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """always centred"""
    return rmsprop(gradient, theta0, steps, alpha, beta2, epsilon, True)


@RMSPROP.mutant(caught_by="steps-scale-with-alpha, it-never-settles")
def alpha_ignored(gradient, theta0, steps, alpha, beta2=0.99, epsilon=1e-8, centered=False):
    """α taken for irrelevant: always 0.001"""
    return rmsprop(gradient, theta0, steps, 0.001, beta2, epsilon, centered)


RMSPROP.erratum(
    "E7e",
    common="RMSprop adapts the learning rate, so that it need not be lowered in the end (a common slip)",
    why=r"Near a minimum the gradients fade, and with them the number by which they are divided. On $\tfrac\lambda2\theta^2$ with "
    r"$\alpha=0.1$ it ends swinging between $\pm0.05$ for every $\lambda$, where descent with a short step converges.",
    right=r"On $\tfrac\lambda2\theta^2$ RMSprop with a constant $\alpha$ stays $\alpha/2$ from the minimum: lower $\alpha$ in the end",
    claims="it-never-settles, steps-scale-with-alpha",
)
RMSPROP.erratum(
    "E7f",
    common=r"A step of RMSprop is at most about $\alpha$ long (a common slip)",
    why=r"The average starts at 0 and is not corrected. The first step is $\alpha/\sqrt{1-\beta_2}$: $10\,\alpha$ at PyTorch's "
    r"$\beta_2=0.99$, $3.2\,\alpha$ at 0.9; and so is the first after a long silence.",
    right=r"$\lvert\theta_t-\theta_{t-1}\rvert\le\alpha/\sqrt{1-\beta_2}$, attained; $\alpha$ only while the gradient stays the same for long",
    claims="first-step-is-long, sharp-bound-on-the-step, constant-gradient",
)


@RMSPROP.figure(
    forgetting=Slider(0.003, 0.5, 0.05, "1 − β₂", log=True),
    burst=Slider(1, 1000, 100, "size of the large gradient", log=True),
    alpha=Slider(0.01, 0.3, 0.1, "step size α", log=True),
)
def figure(forgetting, burst, alpha):
    beta2, T, at, long = 1 - forgetting, 200, 40, 500
    rows = np.ones((T, 1))
    rows[at] = burst
    steps = -np.diff(rmsprop(scripted(rows), np.zeros(1), T, 1.0, beta2)[:, 0])
    summed = rows[:, 0] / np.sqrt(np.cumsum(rows[:, 0] ** 2))
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    t = np.arange(1, T + 1)
    left.semilogy(t, steps, color=COLOURS[1], lw=1.6, label="RMSprop")
    left.semilogy(t, summed, color=COLOURS[0], lw=1.4, label="AdaGrad")
    left.axvline(at + 1, color="0.5", lw=0.9, ls=":")
    left.set(xlabel="t", ylabel=r"step / $\alpha$")
    left.legend(frameon=False, fontsize=9.5, loc="upper right")
    path = rmsprop(quadratic([1.0]), np.ones(1), long, alpha, beta2)[:, 0]
    s, theta = 0.0, [1.0]
    for _ in range(long):
        s += theta[-1] ** 2
        theta.append(theta[-1] - alpha * theta[-1] / np.sqrt(s))
    right.semilogy(np.maximum(np.abs(path), 1e-8), color=COLOURS[1], lw=1.4)
    right.semilogy(np.maximum(np.abs(theta), 1e-8), color=COLOURS[0], lw=1.4)
    right.axhline(alpha / 2, color="0.35", lw=1, ls="--")
    right.annotate(
        r"$\alpha/2$",
        (long, alpha / 2),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=9.5,
        color="0.35",
    )
    right.set(xlabel="t", ylabel=r"$|\theta_t|$", ylim=(1e-6, 3))
    words = Text(
        f"Gradients of 1, and one of {burst:.3g} at step {at + 1}; β₂ = {beta2:.3g}. {T - at - 1} steps later RMSprop's step is "
        f"{steps[-1]:.2g} α, AdaGrad's {summed[-1]:.2g} α. After {long} steps on ½θ² with α = {alpha:.2g} RMSprop ends {abs(path[-1]):.2g} from the minimum "
        f"(α/2 = {alpha / 2:.2g}), AdaGrad {abs(theta[-1]):.2g}.",
        f"梯度均为 1，只有第 {at + 1} 步为 {burst:.3g}；β₂ = {beta2:.3g}。{T - at - 1} 步之后，RMSprop 的步长为 {steps[-1]:.2g} α，"
        f"AdaGrad 为 {summed[-1]:.2g} α。在 ½θ² 上取 α = {alpha:.2g} 走 {long} 步，RMSprop 停在距极小点 {abs(path[-1]):.2g} 处（α/2 = {alpha / 2:.2g}），AdaGrad 为 {abs(theta[-1]):.2g}。",
    )
    return Drawing(fig, words)
