"""Adam, its bias correction, and how long its steps can be."""

import inspect

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.divergence import divergence_threshold
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, all_of, bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(Adam, gradient, theta0, steps, alpha, beta1, beta2, epsilon, amsgrad):
    from gradus.optimization.trajectory import trajectory
    from gradus.page.not_applicable import no_argument

    options = dict(lr=alpha, betas=(beta1, beta2), eps=epsilon)
    if amsgrad:
        if "amsgrad" not in inspect.signature(Adam).parameters:
            raise no_argument(Adam.__name__, "amsgrad")
        options["amsgrad"] = True
    return trajectory(lambda parameters: Adam(parameters, **options), gradient, theta0, steps)


ADAM = Concept(
    key="adam",
    kind="algorithm",
    title="Adam",
    summary="Each coordinate is moved by its averaged gradient over the root of its averaged squared gradient, so "
    r"that the step, but for ε, does not depend on the scale of the gradient. Both averages start at 0; dividing by $1-\beta^t$ "
    "undoes that.",
    formulas=(
        r"m_t=\beta_1m_{t-1}+(1-\beta_1)g_t,\qquad v_t=\beta_2v_{t-1}+(1-\beta_2)g_t^2,\qquad g_t=\nabla f(\theta_{t-1})",
        r"\hat m_t=\frac{m_t}{1-\beta_1^t},\qquad \hat v_t=\frac{v_t}{1-\beta_2^t},\qquad "
        r"\theta_t=\theta_{t-1}-\alpha\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon}",
        r"\lvert\theta_t-\theta_{t-1}\rvert\le\alpha B_t,\qquad B_t=\frac{1-\beta_1}{1-\beta_1^t}"
        r"\sqrt{\frac{1-\beta_2^t}{1-\beta_2}}\sqrt{\frac{1-r^t}{1-r}}\;\le\;\frac{1-\beta_1}{\sqrt{(1-\beta_2)(1-r)}},"
        r"\qquad r=\frac{\beta_1^2}{\beta_2}<1",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size (learning rate)", "positive"),
        Symbol(r"\beta_1", "beta1", "", "decay of the averaged gradient", "unit"),
        Symbol(r"\beta_2", "beta2", "", "decay of the averaged squared gradient", "unit"),
        Symbol(r"\varepsilon", "epsilon", "", "added to the root, outside of it", "nonnegative"),
        Symbol(r"\max", "amsgrad", "", "AMSGrad: the largest $v$ so far takes the place of $v_t$", "boolean"),
        Symbol("g_t", "", "d", "gradient at step t, counted from 1"),
        Symbol("m_t", "", "d", "averaged gradient; $m_0=0$"),
        Symbol("v_t", "", "d", "averaged squared gradient, coordinate by coordinate; $v_0=0$"),
        Symbol("B_t", "", "", "largest step in units of α"),
    ),
    needs=("gradient-descent", "momentum", "sgd"),
    source="kingma2015adam",
    year=2014,
    people=("Diederik P. Kingma", "Jimmy Ba"),
    aliases="Adam optimizer, adaptive moment estimation, AMSGrad, bias correction, 自适应矩估计, Adam 优化器, 偏差修正",
    implementations=(Implementation("torch.optim:Adam", "torch", _torch),),
    readings="kingma2015adam Algorithm 1, §2.1, §3; reddi2018convergence §3, Algorithm 2; goodfellow2016deep §8.5.3; "
    "murphy2022probabilistic §8.4.6",
    proof=Proof(
        r"(The bound on the step.) Write $m_t=(1-\beta_1)\sum_i\beta_1^{t-i}g_i$ and "
        r"$v_t=(1-\beta_2)\sum_i\beta_2^{t-i}g_i^2$. Split "
        r"$\beta_1^{t-i}g_i=(\beta_1/\sqrt{\beta_2})^{t-i}\cdot\sqrt{\beta_2}^{\,t-i}g_i$; by Cauchy–Schwarz $\lvert "
        r"m_t\rvert\le(1-\beta_1)\sqrt{\sum_i "
        r"r^{t-i}}\,\sqrt{\sum_i\beta_2^{t-i}g_i^2}=(1-\beta_1)\sqrt{\frac{1-r^t}{1-r}}\sqrt{\frac{v_t}{1-\beta_2}}$. Dividing both averages by their corrections gives $\lvert\hat "
        r"m_t\rvert\le B_t\sqrt{\hat "
        r"v_t}$, and $\varepsilon\ge0$ only shortens the step. Equality holds when $\sqrt{\beta_2}^{\,t-i}g_i$ is proportional to $(\beta_1/\sqrt{\beta_2})^{t-i}$, that is when $g$ grows by $\beta_2/\beta_1$ a step: one sequence for all $t$. With $a=\beta_2^t$, $b=r^t$, $ab=\beta_1^{2t}$: $(1-a)(1-b)\le(1-\sqrt{ab})^2$ because $a+b\ge2\sqrt{ab}$, hence $B_t\le(1-\beta_1)/\sqrt{(1-\beta_2)(1-r)}$, and $B_t$ "
        "tends to it."
    ),
    hypotheses=(
        Hypothesis(r"the bound for all $t$: $\beta_1<\sqrt{\beta_2}$", "no-bound-for-a-short-memory"),
        Hypothesis(
            r"the scale of the gradient does not matter: $\varepsilon$ is small beside it", "first-step-is-alpha-sign"
        ),
        Hypothesis(
            r"on slopes whose mean is constant it descends in the long run: $\beta_2$ is close enough to 1 for the problem",
            "adam-can-climb",
        ),
    ),
    conventions=(
        Convention(
            "where ε stands",
            r"beside the root of the corrected $\hat v_t$: the paper's Algorithm 1, PyTorch, Optax",
            r"the end of the paper's §2 draws the corrections into the step, with an ε of another meaning; so do TensorFlow "
            "and Keras",
        ),
        Convention(
            "what AMSGrad takes the largest of",
            "the raw $v_t$, corrected afterwards, as in PyTorch",
            r"Reddi et al.: $v_t$, and correct no bias; Optax: $\hat v_t$",
        ),
    ),
    unverified="Convergence for convex functions: the proof in the paper has a gap, which the example of Reddi et "
    "al. exploits.",
    differentiable=False,
    longest_sum=64,
)


@ADAM.definition
def adam(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    theta, m, v, v_max = theta0, 0 * theta0, 0 * theta0, 0 * theta0
    trajectory = [theta]
    for t in range(1, steps + 1):
        g = gradient(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        v_max = np.maximum(v_max, v)
        m_hat = m / (1 - beta1**t)
        v_hat = (v_max if amsgrad else v) / (1 - beta2**t)
        theta = theta - alpha * m_hat / (np.sqrt(v_hat) + epsilon)
        trajectory.append(theta)
    return np.stack(trajectory)  # (steps + 1, d)


@generic
def valley(theta):
    """Gradient of Rosenbrock's function, 100 (y − x²)² + (1 − x)²."""
    x, y = theta[..., 0], theta[..., 1]
    return namespace(theta).stack([400 * x * (x**2 - y) + 2 * (x - 1), 200 * (y - x**2)], -1)


@ADAM.example
def example():
    g = np.array([[4.0, 0.01], [2.0, 0.01], [-1.0, 0.01]])  # the gradients that are met, step by step
    gradient, theta0, steps, alpha = scripted(g), np.array([1.0, 1.0]), 3, 0.1
    theta = adam(gradient, theta0, steps, alpha)
    t = np.arange(1, 4)[:, None]
    m, v = np.zeros((3, 2)), np.zeros((3, 2))
    for i in range(3):
        m[i] = (0.9 * m[i - 1] if i else 0) + 0.1 * g[i]
        v[i] = (0.999 * v[i - 1] if i else 0) + 0.001 * g[i] ** 2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, g=g, m=m, v=v, beta1=0.9)
        | dict(beta2=0.999, m_hat=m_hat, root=np.sqrt(v_hat), step=theta[:-1] - theta[1:], theta=theta)
        | dict(raw_first=0.1 * m[0, 0] / np.sqrt(v[0, 0]), bound=0.1 / np.sqrt(0.001 * (1 - 0.81 / 0.999)))
    )


@ADAM.exercise
def rescaled():
    def steps(factor):
        return adam(lambda theta: factor * np.tanh(theta), np.array([2.0]), 5, 0.1)

    return choice(hundred=False, same=np.allclose(steps(100.0), steps(1.0), rtol=1e-6), hundredth=False)


@ADAM.exercise
def without_correction():
    return number(0.1 * 4.0 / np.sqrt(0.001 * 16.0), corrected=1.0, first_moment_only=0.1)


@ADAM.exercise
def a_rare_feature():
    path = adam(scripted(np.eye(200, 1)), np.zeros(1), 200, 1.0)
    moved_after = abs(path[-1, 0] - path[1, 0])
    return choice(stops=moved_after < 1e-6, coasts=moved_after > 1, returns=False)


@ADAM.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=12, alpha=0.125)
    yield "Rosenbrock's valley", dict(gradient=valley, theta0=np.array([-1.5, 2.0]), steps=15, alpha=0.25)
    yield (
        "short memory",
        dict(gradient=quadratic([1.0, 8.0, 64.0]), theta0=np.ones(3), steps=8, alpha=0.0625, beta1=0.5, beta2=0.75),
    )
    yield ("gradients as small as ε", dict(gradient=quadratic([1e-8]), theta0=np.ones(1), steps=10, alpha=0.0625))
    yield (
        "large ε",
        dict(gradient=quadratic([1.0, 0.25]), theta0=np.array([1.0, -3.0]), steps=10, alpha=0.5, epsilon=0.5),
    )
    yield "at the minimum", dict(gradient=quadratic([1.0, 2.0]), theta0=np.zeros(2), steps=5, alpha=0.5)
    yield (
        "AMSGrad",
        dict(
            gradient=quadratic([4.0, 1.0]), theta0=np.array([2.0, -1.0]), steps=12, alpha=0.5, beta2=0.5, amsgrad=True
        ),
    )
    yield "no step", dict(gradient=quadratic([1.0]), theta0=np.ones(1), steps=0, alpha=0.5)


@ADAM.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


SETTINGS = ((0.9, 0.999), (0.9, 0.95), (0.5, 0.9), (0.0, 0.5), (0.8, 0.7))


def sharp(beta1, beta2, t=np.inf):
    """The bound B_t of the proof; its limit for t = ∞."""
    r = beta1**2 / beta2
    corrections = np.sqrt((1 - beta2**t) * (1 - r**t)) / (1 - beta1**t)
    return (1 - beta1) / np.sqrt((1 - beta2) * (1 - r)) * corrections


def circulated(beta1, beta2):
    return (1 - beta1) / np.sqrt(1 - beta2)


@ADAM.claim
def first_step_is_alpha_sign(adam, rng):
    r"""The first step is $-\alpha\,g/(\lvert g\rvert+\varepsilon)$: $-\alpha\operatorname{sign}(g)$ unless $g$ is as small as
    $\varepsilon$, where it is half of that"""
    g = 10.0 ** rng.uniform(-6, 6, 50) * rng.choice([-1, 1], 50)
    exact = adam(scripted([g]), np.zeros(50), 1, 0.25, epsilon=0.0)[1]
    usual = adam(scripted([g]), np.zeros(50), 1, 0.25)[1]
    yield roundoff(exact, -0.25 * np.sign(g), terms=8)
    yield roundoff(usual, -0.25 * g / (np.abs(g) + 1e-8), terms=8)
    yield roundoff(adam(scripted([np.array([1e-8, 0.0])]), np.zeros(2), 1, 0.25)[1], [-0.125, 0.0], terms=8)


@ADAM.claim
def correction_is_exact_for_a_constant_gradient(adam, rng):
    r"""For a constant gradient the correction is exact at every step: $\hat m_t=g$, $\hat v_t=g^2$, so
    $\theta_t=\theta_0-\alpha t\,g/(\lvert g\rvert+\varepsilon)$"""
    g = np.array([1e-9, -1e-8, 1e-7, -1e-3, 1.0, -1e6])
    t = np.arange(201)[:, None]
    want = -0.125 * t * g / (np.abs(g) + 1e-8)
    # 1 − β₂ᵗ loses up to 1/(1 − β₂) = 1000 units in the last place, of which the root passes on half
    return roundoff(adam(scripted([g]), np.zeros(6), 200, 0.125), want, terms=500)


@ADAM.claim
def scale_of_the_gradient_does_not_matter(adam, rng):
    r"""The same gradients, multiplied by any positive factor, give the same trajectory ($\varepsilon=0$)"""
    rows = rng.standard_normal((30, 4))
    factors = np.array([1e-5, 0.1, 3.0, 1e7])
    plain = adam(scripted(rows), np.zeros(4), 30, 0.5, epsilon=0.0)
    yield invariance(adam(scripted(factors * rows), np.zeros(4), 30, 0.5, epsilon=0.0), plain, terms=120, scale=15.0)
    yield roundoff(plain[1], -0.5 * np.sign(rows[0]), terms=4)  # its sign does


@ADAM.claim
def steps_scale_with_alpha(adam, rng):
    r"""On the same gradients every step is proportional to $\alpha$: Adam does not choose it"""
    rows = rng.standard_normal((40, 3))
    unit = adam(scripted(rows), np.zeros(3), 40, 1.0)
    for a in (1e-4, 0.03, 7.0):
        yield invariance(adam(scripted(rows), np.zeros(3), 40, a) / a, unit, terms=160, scale=40.0)


@generic
def sign(theta):
    return namespace(theta).sign(theta)


@ADAM.claim
def alpha_must_still_be_chosen(adam, rng):
    r"""On $\lvert\theta\rvert$ from 1, 300 steps: $\alpha=10^{-4}$ has hardly left, $\alpha=10$ is thrown about,
    $\alpha=0.03$ is near 0"""
    small, good, large = (adam(sign, np.ones(1), 300, a)[:, 0] for a in (1e-4, 0.03, 10.0))
    # slopes ±1 keep v̂ = 1 exactly, so that no step is longer than α, and the first is α
    yield bound(small[-1], 1 - 300e-4, "≥", Text("300 steps of α at most", "至多 300 步，每步 α"))
    yield bound(np.abs(good[-50:]).max(), 0.2, "≤", Text("a fifth of the start", "起点的五分之一"))
    yield bound(np.abs(large[-50:]).max(), 1.0, "≥", Text("farther than the start", "比起点更远"))


@ADAM.claim
def coordinates_are_independent(adam, rng):
    """Coordinates do not see each other, the gradients apart"""
    rows = rng.standard_normal((20, 3)) * [1.0, 100.0, 0.01]
    together = adam(scripted(rows), np.zeros(3), 20, 0.5)
    alone = [adam(scripted(rows[:, [j]]), np.zeros(1), 20, 0.5)[:, 0] for j in range(3)]
    return invariance(together, np.stack(alone, -1), terms=4, scale=10.0)


@ADAM.claim
def sharp_bound_is_never_exceeded(adam, rng):
    r"""If $\beta_1<\sqrt{\beta_2}$, no step exceeds $\alpha(1-\beta_1)/\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}$: tried on noise, on heavy tails,
    after silence, on growing gradients"""

    def one(beta1, beta2, n=150):
        t = np.arange(n)[:, None]
        growth = rng.uniform(0.9, 1.4, 12)
        rows = np.hstack(
            [
                rng.standard_normal((n, 8)),
                rng.standard_t(1.0, (n, 8)),
                rng.standard_normal((n, 8)) * (rng.random((n, 8)) < 0.03),
                t >= n - np.arange(1, 25),
                growth ** (t - n),
            ]
        )
        theta = adam(scripted(rows), np.zeros(rows.shape[1]), n, 1.0, beta1, beta2, 1e-30)
        rounding = n * EPSILON * np.abs(theta).max()  # of θ, from which the step is read
        return bound(np.abs(np.diff(theta, axis=0)).max() - rounding, sharp(beta1, beta2))

    return all_of(*[one(*betas) for betas in SETTINGS])


@ADAM.claim
def sharp_bound_is_attained(adam, rng):
    r"""Gradients that grow by $\beta_2/\beta_1$ a step attain $\alpha B_t$ at every step $t$: the bound is sharp"""

    def one(beta1, beta2, n=150):
        t = np.arange(1, n + 1)
        rows = (beta2 / beta1) ** (t[:, None] - n / 2)
        theta = adam(scripted(rows), np.zeros(1), n, 1.0, beta1, beta2, 0.0)[:, 0]
        return roundoff(-np.diff(theta), sharp(beta1, beta2, t), terms=n, scale=np.abs(theta).max())

    return all_of(*[one(*betas) for betas in SETTINGS if betas[0]])


@ADAM.claim
def no_bound_for_a_short_memory(adam, rng):
    r"""If $\beta_1>\sqrt{\beta_2}$ there is no bound: with 0.9 and 0.5, gradients that shrink by $\beta_2/\beta_1$ a step attain
    $\alpha B_t$ with $r=1.62$, $2800\,\alpha$ at step 40"""
    t = np.arange(1, 41)
    theta = adam(scripted((0.5 / 0.9) ** t[:, None]), np.zeros(1), 40, 1.0, 0.9, 0.5, 0.0)[:, 0]
    r = 0.81 / 0.5
    want = 0.1 / (1 - 0.9**t) * np.sqrt((1 - 0.5**t) / 0.5) * np.sqrt((r**t - 1) / (r - 1))
    size = near(want[-1], 2800, 50, Text("two digits", "两位数字"))
    return all_of(roundoff(-np.diff(theta), want, terms=160, scale=np.abs(theta).max()), size)


@ADAM.claim
def circulated_bound_is_exceeded(adam, rng):
    r"""With the usual settings, 1000 zeros and then 12 ones make a step longer than
    $\alpha(1-\beta_1)/\sqrt{1-\beta_2}=3.16\,\alpha$"""
    n, k = 1000, 12
    rows = np.r_[np.zeros(n), np.ones(k)][:, None]
    step = -np.diff(adam(scripted(rows), np.zeros(1), n + k, 1.0)[:, 0])[-1]
    t = n + k
    m, v = (1 - 0.9**k) / (1 - 0.9**t), (1 - 0.999**k) / (1 - 0.999**t)
    exact = roundoff(step, m / (np.sqrt(v) + 1e-8), terms=t)
    return all_of(exact, bound(step, circulated(0.9, 0.999), "≥", Text("the bound in circulation", "流传的界")))


@ADAM.claim(cost="slow")
def ten_thousand_zeros_then_twelve_ones(adam, rng):
    r"""$10^4$ zeros and then 12 ones: $6.57\,\alpha$, twice the bound in circulation"""
    rows = np.r_[np.zeros(10000), np.ones(12)][:, None]
    steps = -np.diff(adam(scripted(rows), np.zeros(1), 10012, 1.0)[:, 0])
    want = (1 - 0.9**12) / np.sqrt(1 - 0.999**12) * np.sqrt(1 - 0.999**10012)  # 6.5685 · 0.99998
    why = Text("ε beside the root, which is 0.109", "ε 与平方根 0.109 之比")
    yield bound(steps.max(), 2 * circulated(0.9, 0.999), "≥", Text("twice the bound in circulation", "流传的界的两倍"))
    yield near(steps.max(), want, 1e-6 * want, why)


@ADAM.claim(cost="slow")
def limit_of_the_sharp_bound_is_reached(adam, rng):
    r"""$10^4$ zeros and then 300 gradients that grow by $\beta_2/\beta_1=1.11$ a step reach the limit
    $7.2703\,\alpha$"""
    rows = np.r_[np.zeros(10000), (0.999 / 0.9) ** np.arange(-299.0, 1.0)][:, None]
    last = -np.diff(adam(scripted(rows), np.zeros(1), 10300, 1.0)[:, 0])[-1]
    limit = sharp(0.9, 0.999)
    why = Text(
        "the correction still missing, 0.999^10300/2, with half as much again", "尚缺的修正 0.999^10300/2，再放宽一半"
    )
    return all_of(bound(last, limit), near(last, limit, limit * 0.75 * 0.999**10300, why))


def online_slopes(adam, **options):
    """Reddi's example: slopes 3, −1, −1, 3, …, whose mean is 1/3, with β₁ = 0 and β₂ = 1/(1 + 3²)."""
    rows = np.resize([3.0, -1.0, -1.0], 300)[:, None]
    theta = adam(scripted(rows), np.zeros(1), 300, 0.01, 0.0, 0.1, **options)[:, 0]
    return theta[-1] - theta[0]


@ADAM.claim
def adam_can_climb(adam, rng):
    r"""Slopes 3, −1, −1 in turn (mean ⅓ > 0; $\beta_1=0$, $\beta_2=\tfrac1{10}$): Adam makes the function rise for ever
    (Reddi et al.)"""
    # in the cycle's steady state v is 8.21, 1.72, 1.07: −3/√8.21 + 1/√1.72 + 1/√1.07 > ⅔ a cycle of three steps
    return bound(online_slopes(adam), 0.01 * 100 * 2 / 3, "≥", Text("⅔ α a cycle", "每个周期 ⅔ α"))


@ADAM.claim
def amsgrad_descends(adam, rng):
    """AMSGrad, which never lets $v$ shrink, makes it fall there"""
    # v never falls below (1 − β₂)3²: each cycle moves by −α(3 − 1 − 1)/√v, with v ≤ 9
    start = 0.01 * 3  # the first cycle, before v is known
    why = Text("−α(3 − 2)/√9 a cycle, after the first", "首个周期之后每周期 −α(3 − 2)/√9")
    return bound(online_slopes(adam, amsgrad=True), start - 0.01 * 99 / 3, "≤", why)


HUGE = 1e100  # an ε beside which √v̂ is nothing: the preconditioner stays as it is


@ADAM.claim
def stability_threshold(adam, rng):
    r"""Where ε dwarfs $\sqrt{\hat v}$ nothing adapts, and on positive definite quadratics it is stable up to
    $\alpha=\frac{2(1+\beta_1)}{1-\beta_1}\cdot\frac\varepsilon L$, 38 times ε over the curvature at $\beta_1=0.9$; the bisected threshold"""
    why = Text("twice the width of the last bracket, relative", "最后区间相对宽度的两倍")
    beta1, bracket = rng.uniform(0.3, 0.9), dict(low=0.5, high=50.0, steps=300, tolerance=1e-3)

    def path(gradient, start, steps, alpha):
        return adam(gradient, start, steps, alpha * HUGE, beta1, 0.999, HUGE)

    edge = divergence_threshold(path, [0.5, 2.0], **bracket)
    return near(edge, (1 + beta1) / (1 - beta1), 2e-3 * edge, why)


@ADAM.claim
def hovers_at_its_threshold(adam, rng):
    r"""Where it adapts, with a constant α, it goes to that edge by itself: on $\tfrac\lambda2\theta^2$ with $\beta_2=0.99$, $\hat v$ forgets until
    $\alpha\lambda/\sqrt{\hat v}$ is past $\frac{2(1+\beta_1)}{1-\beta_1}=38$, the steps grow, $\hat v$ with them, and so on: from step 2001 to 4000 it
    stays within 0.6 to 1.3 of that and crosses it 20 times or more"""
    for alpha, lam in ((0.01, 3.0), (0.1, 1.0)):
        g = lam * adam(lambda x, c=lam: c * x, np.ones(1), 4000, alpha, 0.9, 0.99, 0.0)[:-1, 0]
        weights = 0.99 ** np.arange(2000.0)  # what lies farther back weighs 1e-9
        v = 0.01 * np.convolve(g**2, weights)[2000:4000]
        over = alpha * lam / np.sqrt(v) / 38
        yield bound(over.min(), 0.6, "≥", Text("of the threshold", "与阈值之比"))
        yield bound(over.max(), 1.3, "≤", Text("of the threshold", "与阈值之比"))
        yield bound((np.diff(over > 1) != 0).sum(), 20, "≥", Text("crossings", "穿越次数"))


@ADAM.mutant(
    caught_by="first-step-is-alpha-sign, correction-is-exact-for-a-constant-gradient, equals-definition, "
    "sharp-bound-is-attained"
)
def no_bias_correction(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """no bias correction"""
    theta, m, v = [theta0], 0 * theta0, 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        theta.append(theta[-1] - alpha * m / (np.sqrt(v) + epsilon))
    return np.stack(theta)


def variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, divide, first=1, average=lambda g: g**2):
    """Adam with its last line, the first count of t or the averaged square replaced."""
    theta, m, v = [theta0], 0 * theta0, 0 * theta0
    for t in range(first, steps + first):
        g = gradient(theta[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * average(g)
        theta.append(theta[-1] - alpha * divide(m / (1 - beta1**t), v / (1 - beta2**t), epsilon))
    return np.stack(theta)


@ADAM.mutant(
    caught_by="stability-threshold, hovers-at-its-threshold, equals-definition, correction-is-exact-for-a-constant-gradient, "
    "sharp-bound-is-never-exceeded"
)
def heavy_ball_inside(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    r"""the sum $m\leftarrow\beta_1m+g$ of the heavy ball in place of the average"""
    return variant(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda m, v, e: m / (1 - beta1) / (np.sqrt(v) + e)
    )


@ADAM.mutant(caught_by="equals-definition, correction-is-exact-for-a-constant-gradient")
def epsilon_inside(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """ε inside the root"""
    return variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda m, v, e: m / np.sqrt(v + e))


@ADAM.mutant(caught_by="equals-definition, first-step-is-alpha-sign, correction-is-exact-for-a-constant-gradient")
def correction_from_zero(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """t counted from 0"""
    return variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda m, v, e: m / (np.sqrt(v) + e), first=0)


@ADAM.mutant(caught_by="circulated-bound-is-exceeded, ten-thousand-zeros-then-twelve-ones, sharp-bound-is-attained")
def clipped_to_the_circulated_bound(
    gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False
):
    """every step clipped to the bound in circulation"""
    most = max(1.0, circulated(beta1, beta2))

    def divide(m, v, e):
        return np.clip(m / (np.sqrt(v) + e), -most, most)

    return variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, divide)


@ADAM.mutant(
    caught_by="limit-of-the-sharp-bound-is-reached, sharp-bound-is-attained, sharp-bound-is-never-exceeded, "
    "no-bound-for-a-short-memory"
)
def one_percent_too_long(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """steps 1% too long"""
    return theta0 + 1.01 * (adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, amsgrad) - theta0)


@ADAM.mutant(caught_by="scale-of-the-gradient-does-not-matter, sharp-bound-is-never-exceeded")
def no_root(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """the root is forgotten: divided by $v$"""
    return variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda m, v, e: m / (v + e))


@ADAM.mutant(caught_by="coordinates-are-independent, equals-definition")
def one_v_for_all(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """one $v$ for all coordinates"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta1,
        beta2,
        epsilon,
        lambda m, v, e: m / (np.sqrt(v) + e),
        average=lambda g: np.full_like(g, (g**2).mean()),
    )


@ADAM.mutant(caught_by="steps-scale-with-alpha, alpha-must-still-be-chosen")
def alpha_ignored(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """α taken for irrelevant: always 0.001"""
    return adam(gradient, theta0, steps, 0.001, beta1, beta2, epsilon, amsgrad)


@ADAM.mutant(caught_by="adam-can-climb")
def always_amsgrad(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """always AMSGrad"""
    return adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, True)


@ADAM.mutant(caught_by="amsgrad-descends")
def never_amsgrad(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, amsgrad=False):
    """AMSGrad asked for, Adam given"""
    return adam(gradient, theta0, steps, alpha, beta1, beta2, epsilon, False)


ADAM.erratum(
    "E7",
    common="Adam adjusts the learning rate by itself (a common slip)",
    why=r"It rescales the coordinates against each other. The common factor $\alpha$ stays: with the same gradients "
    r"every step is proportional to it, the first is $-\alpha\operatorname{sign}(g)$ but for ε, and a poor $\alpha$ "
    "still fails.",
    right=r"Adam rescales the gradient coordinate by coordinate; $\alpha$ must still be chosen, or scheduled",
    claims="steps-scale-with-alpha, alpha-must-still-be-chosen",
)
ADAM.erratum(
    "E7a",
    common=r"$\lvert\Delta_t\rvert\le\alpha(1-\beta_1)/\sqrt{1-\beta_2}$ if $1-\beta_1>\sqrt{1-\beta_2}$, reached "
    "only when a single gradient follows nothing but zeros (Kingma and Ba 2015, §2.1)",
    why=r"A single gradient after zeros is not the worst case: with $\beta_1=0.9$, $\beta_2=0.999$ it gives "
    r"$3.16\,\alpha$, but twelve equal ones give $6.57\,\alpha$, because $m$ fills faster than $\sqrt v$.",
    right=r"$\lvert\Delta_t\rvert\le\alpha(1-\beta_1)/\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}$ for $\beta_1<\sqrt{\beta_2}$: $7.2703\,\alpha$, approached when $g$ grows by $\beta_2/\beta_1$ "
    "a step",
    claims="circulated-bound-is-exceeded, sharp-bound-is-never-exceeded, sharp-bound-is-attained, "
    "ten-thousand-zeros-then-twelve-ones, limit-of-the-sharp-bound-is-reached",
)
ADAM.erratum(
    "E7b",
    common="Adam converges on every convex problem (a common slip)",
    why="The rare steep slope is divided by its own size and then forgotten: slopes 3, −1, −1 in turn, whose mean is "
    r"⅓, drive it upwards ($\beta_1=0$, $\beta_2=\tfrac1{10}$).",
    right=r"Guarantees hold for AMSGrad, and for Adam when $\beta_2$ is close enough to 1 for the problem",
    claims="adam-can-climb, amsgrad-descends",
)


@ADAM.figure(
    alpha=Slider(0.01, 1.0, 0.15, "step size α", log=True),
    beta1=Slider(0.0, 0.95, 0.9, "decay β₁ of the averaged gradient"),
    forgetting=Slider(0.001, 0.09, 0.001, "1 − β₂", log=True),
)
def figure(alpha, beta1, forgetting):
    beta2 = 1 - forgetting
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    H = np.array([[1.0, 0.0], [0.0, 30.0]])
    start = np.array([-3.6, 1.6])
    level_sets(left, lambda x, y: x**2 / 2 + 15 * y**2, (-4, 1.5), (-1.6, 2.1))
    plain = [start]
    for _ in range(60):
        plain.append(plain[-1] - 1.9 / 30 * H @ plain[-1])
    ours = adam(quadratic(H), start, 60, alpha, beta1, beta2)
    path(left, plain, COLOURS[6], r"descent, $\alpha=1.9/L$")
    path(left, ours, COLOURS[1], "Adam")
    left.legend(loc="upper right", fontsize=9.5)

    silence, k = int(8 / forgetting), 40
    ones = np.r_[np.zeros(silence), np.ones(k)]
    growth = beta2 / max(beta1, 1e-3)  # at β₁ = 0 any growth attains the bound, α
    grown = np.r_[np.zeros(silence), growth ** np.arange(1.0 - k, 1.0)]
    theta = adam(scripted(np.stack([ones, grown], 1)), np.zeros(2), silence + k, 1.0, beta1, beta2, 1e-300)
    steps = -np.diff(theta, axis=0)[-k:]
    right.plot(np.arange(1, k + 1), steps[:, 0], "o-", ms=3, color=COLOURS[0], label="ones")
    right.plot(np.arange(1, k + 1), steps[:, 1], "o-", ms=3, color=COLOURS[2], label=r"growing by $\beta_2/\beta_1$")
    limit, wrong = sharp(beta1, beta2), circulated(beta1, beta2)
    right.axhline(limit, color="0.25", lw=1)
    right.axhline(wrong, color="0.45", lw=1, ls="--")
    right.annotate("sharp", (k, limit), (0, 4), textcoords="offset points", ha="right", va="bottom", fontsize=9.5)
    right.annotate(
        "in circulation",
        (k, wrong),
        (0, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=9.5,
        color="0.35",
    )
    right.set(xlabel="gradients after a long silence", ylabel=r"step / $\alpha$", ylim=(0, 1.15 * limit))
    right.legend(frameon=False, fontsize=9.5, loc="center right")
    left_over = float(np.linalg.norm(ours[-1]))
    words = Text(
        f"60 steps on a valley of condition number 30; Adam ends {left_over:.2g} from the minimum. After a long silence "
        f"the step reaches {steps[:, 0].max():.2f} α on equal gradients and {steps[:, 1].max():.2f} α on growing ones; the bound in "
        f"circulation is {wrong:.2f} α, the sharp one {limit:.2f} α.",
        f"在条件数为 30 的山谷中走 60 步，Adam 停在离极小点 {left_over:.2g} 处。长时间为零之后，相同的梯度使步长达到 {steps[:, 0].max():.2f} α，"
        f"不断增大的梯度达到 {steps[:, 1].max():.2f} α；流传的界为 {wrong:.2f} α，紧的界为 {limit:.2f} α。",
    )
    return Drawing(fig, words)
