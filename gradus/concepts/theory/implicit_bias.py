"""Implicit bias: which of the many solutions descent chooses, of separable classes and of equations with too many unknowns."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

BIAS = Concept(
    key="implicit-bias",
    kind="theorem",
    title="Implicit bias of gradient descent",
    summary="Where many weights fit the data, the method chooses. On separable classes the logistic loss sends the weights to infinity, "
    "but their direction tends to the one of largest margin, as slowly as $1/\\log t$. On equations with more unknowns than equations "
    "descent ends at the solution nearest to its start. Nobody asked for either: both come from plain gradients and from the parametrisation, and "
    "change with them.",
    formulas=(
        r"\dot\theta=-\nabla L(\theta),\qquad L(\theta)=\sum_{i=1}^n\log\bigl(1+e^{-z_i^{\mathsf T}\theta}\bigr),\qquad z_i=y_ix_i",
        r"\hat w=\arg\min\bigl\{\lVert w\rVert:\ z_i^{\mathsf T}w\ge1\ \text{for all}\ i\bigr\}=\sum_{i\in S}\alpha_iz_i,\quad\alpha_i>0,\qquad\gamma=\frac1{\lVert\hat w\rVert}=\max_{\lVert u\rVert=1}\min_iz_i^{\mathsf T}u",
        r"\theta(t)=\hat w\log t+O(1),\qquad\frac{\theta(t)}{\lVert\theta(t)\rVert}=\gamma\hat w+O\Bigl(\frac1{\log t}\Bigr),\qquad L(\theta(t))\sim\frac1{\gamma^2t}",
        r"L(\theta)=\tfrac12\lVert X\theta-y\rVert^2:\qquad\theta(t)\to\theta_0+X^+(y-X\theta_0)",
    ),
    symbols=(
        Symbol("X", "x", "n d", "samples, one row $x_i$ a sample; with an offset, a 1 behind each"),
        Symbol("y", "y", "n", "labels, −1 or 1", "other"),
        Symbol(r"\theta_0", "start", "d", "the start; 0 where none is given"),
        Symbol(r"z_i", "", "", "sample times label: classes are separated where all $z_i^{\\mathsf T}\\theta>0$"),
        Symbol(
            r"\theta(t),\ \dot\theta",
            "",
            "",
            "weights at time $t$ (steps of size $\\eta$: $t=\\eta k$), and their velocity",
        ),
        Symbol(r"\hat w,\ \gamma", "", "", "weights of largest margin, of functional margin 1; the margin"),
        Symbol(r"S,\ \alpha_i", "", "", "support vectors, and their multipliers"),
        Symbol("X^+", "", "", "pseudoinverse"),
        Symbol("L", "", "", "the loss, a sum over the samples"),
        Symbol("u", "", "", "a vector of length 1"),
        Symbol("n,\\ d,\\ i", "", "", "numbers of samples and of weights; a sample", "natural"),
    ),
    returns=(
        Result("direction", "d", r"$\gamma\hat w$, of length 1"),
        Result("margin", "", r"$\gamma$"),
        Result("at_margin", "n", "1 for samples whose margin is $\\gamma$"),
        Result("interpolant", "d", "the limit of the last formula"),
    ),
    needs=("logistic-regression", "svm", "gradient-descent"),
    source="soudry2018implicit",
    year=2018,
    people=("Daniel Soudry", "Nathan Srebro", "Suriya Gunasekar", "Ziwei Ji", "Matus Telgarsky", "Kaifeng Lyu"),
    aliases="implicit regularization, implicit regularisation, minimum-norm solution, max-margin direction, algorithmic regularization, "
    "隐式正则化, 最小范数解, 最大间隔方向",
    implementations=(
        Implementation(
            "gradus.theory:implicit_bias",
            "torch",
            note="the margin of a network on its way, over the norm of its weights: `gradus.theory.normalized_margin`",
        ),
    ),
    readings="soudry2018implicit; ji2019implicit; gunasekar2018characterizing; lyu2020gradient; woodworth2020kernel; nacson2019convergence; hsu2021proliferation; wolfe1976finding",
    hypotheses=(
        Hypothesis("direction: a hyperplane through 0 separates the classes", "classes-that-overlap-have-no-margin"),
        Hypothesis(
            "direction: the loss falls like $e^{-m}$ in the margin $m$", "a-loss-that-ends-leaves-the-margin-open"
        ),
        Hypothesis(
            r"rates: $\alpha_i>0$ for every sample at the margin (almost all data); else $\log\log t$ for $O(1)$",
            "a-sample-that-touches-and-does-not-pull",
        ),
        Hypothesis("both: plain gradients", "another-geometry-another-margin"),
        Hypothesis("both: the outputs are linear in the parameters that descend", "squared-weights-seek-few"),
        Hypothesis(r"direction, if there is an offset: it is a weight like the others", "an-offset-counts-as-a-weight"),
        Hypothesis(r"interpolant, with steps: $\eta<2/\lambda_{\max}(X^{\mathsf T}X)$", "nearest-to-the-start"),
    ),
    conventions=(
        Convention(
            "offset",
            "none, or a weight of a constant input, which lengthens $w$",
            "free of charge, as in the support vector machine: another direction",
        ),
        Convention("loss", "the sum over the samples, $t=\\eta k$", "the mean: the same path, $n$ times slower"),
    ),
    deviations=(
        "The definition tries all sets of support vectors; the implementation goes to the nearest point of the convex hull of the $z_i$ (Wolfe).",
    ),
    unverified="The direction is reached with fixed steps of any size, too, also where the loss rises at first, for data that their support vectors span, all with $\\alpha_i>0$ (Wu, Braverman and Lee 2023).",
    differentiable=False,
    carries_gradient=False,
    longest_sum=256,
)


@BIAS.definition
def implicit_bias(x, y, start=None):
    n, d = x.shape
    if len(y) != n or (np.abs(y) != 1).any():
        raise ValueError("y: −1 or 1 for each row of x")
    x, y = x.astype(float), y.astype(float)
    z = y[:, None] * x
    for size in range(1, min(n, d) + 1):
        for S in itertools.combinations(range(n), size):
            corners = z[list(S)]
            lengths = np.sqrt((corners**2).sum(1))
            units = corners / np.where(lengths > 0, lengths, 1)[:, None]
            K = units @ units.T
            if np.linalg.cond(K) > 1e12:  # dependent: fewer of them will do
                continue
            alpha = np.linalg.solve(K, 1 / lengths) / lengths
            w = alpha @ corners
            if (alpha > 0).all() and (z @ w >= 1 - 1e-9).all():  # no w does better, by duality
                margin = 1 / np.sqrt(w @ w)
                first = np.zeros(d) if start is None else start
                interpolant = first + np.linalg.pinv(x) @ (y - x @ first)
                return w * margin, margin, z @ w <= 1 + 1e-9, interpolant
    raise ValueError("no hyperplane through 0 separates the samples")


def slope(z, w):
    """Minus the gradient of the logistic loss."""
    return z.T @ np.exp(-np.logaddexp(0, z @ w))


def flow(z, s_end, w, h=0.04):
    """Weights at times e^s, s = 0 … s_end, each h apart, by Runge and Kutta's method in s: dw/ds = e^s (−∇L)."""

    def velocity(s, w):
        return z.T @ np.exp(s - np.logaddexp(0, z @ w))

    path = [np.asarray(w, float)]
    for k in range(round(s_end / h)):
        s, w = k * h, path[-1]
        a = velocity(s, w)
        b = velocity(s + h / 2, w + h / 2 * a)
        c = velocity(s + h / 2, w + h / 2 * b)
        path.append(w + h / 6 * (a + 2 * b + 2 * c + velocity(s + h, w + h * c)))
    return np.array(path)


def separable(rng, n, d, margin=0.6):
    """Normal samples, pushed apart along a direction, and their labels."""
    u = rng.standard_normal(d)
    u /= np.sqrt(u @ u)
    x = rng.standard_normal((n, d))
    y = np.where(x @ u > 0, 1.0, -1.0)
    return x + margin * y[:, None] * u, y


def unit(w):
    return w / np.sqrt(w @ w)


@BIAS.example
def example():
    x, y = np.array([[2.0, 0.0, 0.0], [0.0, -1.0, 0.0]]), np.array([1.0, -1.0])
    start = np.array([0.0, 0.0, 1.0])
    direction, margin, _, interpolant = implicit_bias(x, y, start)
    far = np.vstack([x, [3.0, 3.0, 0.0]]), np.append(y, 1.0)
    z = far[1][:, None] * far[0]
    later, _, mask, squares = implicit_bias(*far, start)
    path = flow(z, 40.0, start)
    errors = [np.sqrt(((unit(path[round(s / 0.04)]) - later) ** 2).sum()) for s in (10.0, 20.0, 40.0)]
    return (
        dict(x=x, y=y, start=start, direction=direction, margin=margin, interpolant=interpolant)
        | dict(
            what=direction / margin,
            square=1 / margin**2,
            alpha=np.linalg.solve((z @ z.T)[:2, :2], np.ones(2)),
            far_margin=z[2] @ later,
        )
        | dict(later=later, squares=squares, count=mask.sum(), errors=np.array(errors))
    )


@BIAS.exercise
def two_samples():
    """z₁ = (3, 0), z₂ = (0, 4): nearest point of the segment."""
    found = implicit_bias(np.array([[3.0, 0.0], [0.0, 4.0]]), np.ones(2))
    return number(found[1], smaller=3.0, middle=2.5, inverse=1 / found[1])


@BIAS.exercise
def digits_of_the_direction():
    """The error is about c/log t: how many times as long for half of it, from t = 10⁴."""
    return number(1e4, twice=2.0, four_times=4.0, one_over_t=1e8)


@BIAS.exercise
def nearest_solution():
    """θ₁ + θ₂ = 1 from (2, 1)."""
    found = implicit_bias(np.array([[1.0, 1.0]]), np.ones(1), np.array([2.0, 1.0]))[3]
    return number(found[0], from_zero=0.5, start=2.0, one_unknown=0.0)


@BIAS.exercise
def which_changes():
    x, y = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 3.0]]), np.ones(3)
    first = implicit_bias(x, y)[0]

    def moved(row, to):
        other = x.copy()
        other[row] = to
        return not np.allclose(implicit_bias(other, y)[0], first)

    return choice(
        support=moved(1, [0.0, 2.0]),
        far=moved(2, [30.0, 3.0]),
        start=not np.allclose(implicit_bias(x, y, np.array([5.0, -5.0]))[0], first),
    )


@BIAS.cases
def cases(rng):
    for n, d in ((8, 2), (7, 3), (6, 5)):
        x, y = separable(rng, n, d)
        yield f"{n} samples, {d} weights", dict(x=x, y=y, start=rng.standard_normal(d))
    x, y = separable(rng, 6, 40)
    yield "more weights than samples", dict(x=x, y=y)
    yield "one sample", dict(x=rng.standard_normal((1, 4)), y=np.array([-1.0]), start=np.ones(4))
    yield "one weight", dict(x=rng.uniform(1, 3, (5, 1)), y=np.ones(5))
    x, y = separable(rng, 4, 3)
    yield "each sample twice", dict(x=np.repeat(x, 2, 0), y=np.repeat(y, 2))
    x, y = separable(rng, 7, 3)
    yield "far from 1", dict(x=1e5 * x, y=y)
    yield "an offset", dict(x=np.hstack([separable(rng, 1, 2)[0] + [[3.0, 0.0]], np.ones((1, 1))]), y=np.ones(1))


@BIAS.invalid
def invalid(rng):
    x, y = separable(rng, 5, 2)
    yield "a label of 0", dict(x=x, y=np.append(y[:-1], 0.0))
    yield "a label too few", dict(x=x, y=y[:-1])
    yield "classes that overlap", dict(x=np.vstack([x, x[:1]]), y=np.append(y, -y[0]))


@BIAS.claim
def no_direction_has_a_larger_margin(bias, rng):
    r"""The direction is a combination of the samples at the margin with $\alpha_i\ge0$, found by SciPy's non-negative least squares, and every sample has margin $\gamma$ or more: by duality no direction does better, nor does any of 2,000 random ones or of 2,000 near by"""
    from scipy.optimize import nnls

    for n, d in ((8, 2), (7, 3), (5, 12)):
        x, y = separable(rng, n, d)
        z = y[:, None] * x
        u, margin, mask, _ = bias(x, y)
        u, margin, mask = np.asarray(u, float), float(margin), np.asarray(mask).astype(bool)
        yield roundoff([u @ u, (z @ u).min()], [1.0, margin], terms=40, scale=np.abs(z).max())
        yield identical(mask, z @ u <= margin + 1e-8)
        alpha, residual = nnls((z * mask[:, None]).T, u / margin)
        why = Text("rounding of the solver, 64 ε in ŵ", "求解器的舍入，ŵ 的 64 ε 量级")
        yield near(residual * margin, 0.0, 1e-12, why)
        yield near(alpha.sum() * margin**2, 1.0, 1e-11, why)
        others = np.vstack([rng.standard_normal((2000, d)), u + 0.05 * rng.standard_normal((2000, d))])
        others /= np.sqrt((others**2).sum(1, keepdims=True))
        yield bound((others @ z.T).min(1).max(), margin)


THREE = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 3.0]])  # γŵ = (1, 2)/√5, γ = 2/√5, α = (¼, 1, 0)


def turned(rng):
    """THREE, rotated and in other units; how much longer."""
    angle, c = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.3)
    cos, sin = np.cos(angle), np.sin(angle)
    return c * THREE @ np.array([[cos, sin], [-sin, cos]]), c


@BIAS.claim
def direction_at_one_over_log(bias, rng):
    r"""The flow of the logistic loss on $z=(2,0),(0,1),(3,3)$, rotated, times 0.7 to 1.3, and from random starts in $[-1,1]^2$, followed to $t=e^{160}$: the distance of its direction from $\gamma\hat w$ falls as $1/\log t$, with the constant $\frac45\ln2=0.55$ in the end; what its margin lacks of $\gamma$ falls likewise, it never exceeds $\gamma$, and
    $\gamma\lVert\theta\rVert/\log t$ tends to 1"""
    z, _ = turned(rng)
    u, margin = (np.asarray(v, float) for v in bias(z, np.ones(3))[:2])
    path = flow(z, 160.0, rng.uniform(-1, 1, 2), h=0.1)
    logs = np.array([20, 40, 80, 160])
    w = path[np.round(logs / 0.1).astype(int)]
    lengths = np.sqrt((w**2).sum(1))
    apart = np.sqrt(((w / lengths[:, None] - u) ** 2).sum(1))
    yield rate(logs, apart, -1.0, 0.1)
    yield near(
        apart[-1] * 160, 0.8 * np.log(2), 0.05, Text("terms of order 1/160, and of log c", "1/160 量级的项，以及 log c")
    )
    lacking = 1 - (w @ z.T).min(1) / lengths / margin
    yield rate(logs, lacking, -1.0, 0.1)
    yield bound(lacking.min(), 0.0, "≥")
    yield near(lengths[-1] * margin / 160, 1.0, 0.02, Text("O(1/160)", "O(1/160)"))


@BIAS.claim
def a_sample_that_touches_and_does_not_pull(bias, rng):
    r"""The rates need $\alpha_i>0$ at the margin. Of $z=(1,0),(1,1)$ both have the margin 1 in the direction $(1,0)$, but the second has $\alpha=0$: across, $\theta_2$ grows for ever, like $\log\log t$, since $e^{\theta_2}+\theta_2-\theta_1$ settles; the direction is reached all the same, at $\frac{\log\log t}{\log t}$"""
    z = np.array([[1.0, 0.0], [1.0, 1.0]])
    u, margin, mask, _ = (np.asarray(v, float) for v in bias(z, np.ones(2)))
    yield roundoff(np.append(u, margin), np.array([1.0, 0.0, 1.0]), terms=8)
    yield identical(mask, np.ones(2))
    path = flow(z, 160.0, np.zeros(2), h=0.08)
    early, late = path[500], path[2000]
    held = [np.exp(w[1]) + w[1] - w[0] for w in (early, late)]
    yield near(held[1] - held[0], 0.0, 1e-9, Text("Runge–Kutta's h⁴ over 1,500 steps", "龙格–库塔法的 h⁴，共 1,500 步"))
    across = [160.0 * (unit(late) - u)[1], 40.0 * (unit(early) - u)[1]]
    yield near(
        across[0] - across[1], np.log(4), 0.2, Text("log log, to terms of order 1/40", "log log，至 1/40 量级的项")
    )


@BIAS.claim
def loss_at_one_over_t(bias, rng):
    r"""Meanwhile the loss is $\frac1{\gamma^2t}$: at $t=e^{40}$ on the same samples $t\gamma^2L$ is within $10^{-6}$ of 1. The margin can be read off the loss"""
    for _ in range(2):
        z, _ = turned(rng)
        margin = float(bias(z, np.ones(3))[1])
        log_losses = np.log(np.logaddexp(0, -z @ flow(z, 40.0, rng.uniform(-1, 1, 2))[-1]))
        yield near(
            np.exp(40.0 + log_losses).sum() * margin**2,
            1.0,
            1e-6,
            Text("Runge–Kutta's h⁴, h = 0.04", "龙格–库塔法的 h⁴，h = 0.04"),
        )


@BIAS.claim
def steps_follow_the_flow(bias, rng):
    r"""Descent with a constant step does the same: on $z=(2,0),(0,1),(3,3)$ with $\eta=0.1$, $\theta-\hat w\log t$ moves by less than 0.05 from step 1,000 to 8,000, $\hat w\log t$ by more than 2, and the margin, less than 0.8 of $\gamma$ at step 10, is between 0.95 and 0.96 of it at the end"""
    z = THREE
    u, margin = (np.asarray(v, float) for v in bias(z, np.ones(3))[:2])
    w, kept = np.zeros(2), {}
    for k in range(1, 8001):
        w = w + 0.1 * slope(z, w)
        if k in (10, 1000, 8000):
            kept[k] = w
    rest = [kept[k] - u / margin * np.log(0.1 * k) for k in (1000, 8000)]
    yield bound(np.abs(rest[1] - rest[0]).max(), 0.05, "≤", Text("O(1), and settled", "O(1)，且已稳定"))
    yield bound(np.log(8) / margin, 2.0, "≥", Text("what ŵ log t grew by", "ŵ log t 的增量"))
    parts = [(z @ unit(kept[k])).min() / margin for k in (10, 8000)]
    yield bound(parts[0], 0.8)
    yield bound(parts[1], 0.95, "≥", Text("close to the largest", "接近最大值"))
    yield bound(parts[1], 0.96)


@BIAS.claim
def nearest_to_the_start(bias, rng):
    r"""On $\frac12\lVert X\theta-y\rVert^2$ with 4 normal samples, pushed apart by their labels, and 9 weights descent from a random start ends at the solution nearest to its start, within $10^{-9}$ after 5,000 steps of $1/\lambda_{\max}$: what it moves by is a combination of the samples, and any other solution is farther. From 0 it is the shortest. With
    steps of $2.05/\lambda_{\max}$ it ends nowhere. Where the equations contradict each other (each sample again, twice as long, with the same label) it ends at the least squares nearest to the start"""
    one, labels = separable(rng, 4, 9)
    start, free = rng.standard_normal(9), np.linalg.svd(one)[2][4:]
    for x, y in ((one, labels), (np.vstack([one, 2 * one]), np.append(labels, labels))):
        top = np.linalg.svd(x)[1].max() ** 2
        found = np.asarray(bias(x, y, start)[3], float)
        theta = start
        for _ in range(5000):
            theta = theta - x.T @ (x @ theta - y) / top
        yield near(
            np.abs(theta - found).max(),
            0.0,
            1e-9,
            Text("(1 − λ_min/λ_max)^5000 of the way, and rounding", "剩余路程的 (1 − λ_min/λ_max)^5000 与舍入"),
        )
        theta = start
        for _ in range(400):
            theta = theta - 2.05 / top * x.T @ (x @ theta - y)
        yield bound(np.abs(theta - found).max(), 1e3, "≥", Text("it grows by 1.05 a step", "每步增大为 1.05 倍"))
        yield near(np.abs(free @ (found - start)).max(), 0.0, 1e-12, Text("rounding of 9 terms", "9 项的舍入"))
        other = found + rng.standard_normal(5) @ free
        yield bound(((found - start) ** 2).sum(), ((other - start) ** 2).sum())
        shortest = np.asarray(bias(x, y)[3], float)
        yield roundoff(shortest, np.linalg.lstsq(x, y, rcond=None)[0], terms=100, scale=10.0)


@BIAS.claim
def one_forgets_the_other_remembers(bias, rng):
    r"""The direction forgets the start: on the same samples, turned in space, flows from three starts, up to 4 apart across the samples, are within 0.05 of it at $t=e^{160}$. The squared error remembers: where the samples do not reach, $\theta$ stays where it began"""
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    z, free, y = THREE @ Q[:2], Q[2], np.ones(3)
    for k in (-2.0, 0.0, 2.0):
        start = k * free
        u, _, _, interpolant = (np.asarray(v, float) for v in bias(z, y, start))
        yield bound(np.abs(unit(flow(z, 160.0, start, h=0.1)[-1]) - u).max(), 0.05, "≤", Text("O(1/160)", "O(1/160)"))
        yield roundoff(free @ interpolant, k, terms=40, scale=4.0)
        yield roundoff(u, np.asarray(bias(z, y)[0], float), terms=40, scale=1.0)


@BIAS.claim
def what_does_not_count(bias, rng):
    r"""Samples beyond the margin may move away or leave, samples may come twice or in another order, $(x,y)$ may be $(-x,-y)$: no change of the direction. Rotated samples turn it with them, $c$ times as long ones multiply the margin by $c$. But one of several support vectors that is stretched by itself can turn it: $(0,1)$ beside $(2,0)$ to $(0,4)$, from $(1,2)/\sqrt5$ to $(2,1)/\sqrt5$"""
    x, y = separable(rng, 8, 3)
    u, margin, mask, point = (np.asarray(v, float) for v in bias(x, y))
    support = mask > 0
    far = np.where(support[:, None], x, x + y[:, None] * u)
    order = rng.permutation(8)
    for other in (
        (far, y),
        (x[support], y[support]),
        (np.vstack([x, x]), np.append(y, y)),
        (x[order], y[order]),
        (-x, -y),
    ):
        found = bias(*other)
        yield invariance(np.append(found[0], found[1]), np.append(u, margin), terms=200, scale=1.0)
    yield identical(np.asarray(bias(x[order], y[order])[2], float), mask[order])
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    turned = [np.asarray(v, float) for v in bias(3 * x @ Q.T, y)]
    yield invariance(turned[0], Q @ u, terms=200, scale=1.0)
    yield invariance(turned[1], 3 * margin, terms=200)
    yield invariance(turned[3], Q @ point / 3, terms=400, scale=1.0)
    z = np.array([[2.0, 0.0], [0.0, 1.0]])
    yield roundoff(bias(z, np.ones(2))[0], np.array([1.0, 2.0]) / np.sqrt(5), terms=8)
    yield roundoff(bias(z * [[1.0], [4.0]], np.ones(2))[0], np.array([2.0, 1.0]) / np.sqrt(5), terms=8)


@BIAS.claim
def all_support_vectors_in_high_dimensions(bias, rng):
    r"""Two ways, one end: of 7 normal samples in 400 dimensions all are support vectors, and the direction of largest margin is that of the shortest interpolant, with $\gamma=1/\lVert\theta\rVert$. In 2 dimensions, of $z=(2,0),(0,1),(3,3)$, least squares has another direction, more than 0.1 away, and does not meet all labels"""
    x, y = rng.standard_normal((7, 400)), np.where(rng.random(7) < 0.5, -1.0, 1.0)
    u, margin, mask, point = (np.asarray(v, float) for v in bias(x, y))
    yield identical(mask > 0, np.ones(7, bool))
    yield roundoff(u, unit(point), terms=400, scale=1.0)
    yield roundoff(margin, 1 / np.sqrt(point @ point), terms=400)
    low = THREE
    u, _, mask, point = (np.asarray(v, float) for v in bias(low, np.ones(3)))
    yield identical(mask > 0, np.array([True, True, False]))
    yield bound(np.abs(u - unit(point)).max(), 0.1, "≥", Text("not the same", "不相同"))
    yield roundoff(point, np.linalg.solve(low.T @ low, low.sum(0)), terms=40)
    yield bound(np.abs(low @ point - 1).max(), 0.1, "≥", Text("a label that is not met", "未满足的标签"))


@BIAS.claim
def normalized_steps_are_quick(bias, rng):
    r"""Steps divided by the loss, $\eta_k=\frac1{4L}$, undo the slowdown: after 2,000 steps on $z=(2,0),(0,1),(3,3)$ from $(3,0)$ the direction is within 0.002, after plain steps of $\frac14$ thirty times as far; it falls as $1/k$, not as $1/\log k$"""
    z = THREE
    u = np.asarray(bias(z, np.ones(3))[0], float)
    start, sizes = np.array([3.0, 0.0]), [250, 500, 1000, 2000]
    ends = []
    for normalized in (True, False):
        w, errors = start, []
        for k in range(1, 2001):
            loss = np.logaddexp(0, -z @ w).sum() if normalized else 1.0
            w = w + 0.25 / loss * slope(z, w)
            if k in sizes:
                errors.append(np.sqrt(((unit(w) - u) ** 2).sum()))
        ends.append(errors)
    yield rate(sizes, ends[0], -1.0, 0.1)
    yield bound(ends[0][-1], 2e-3)
    yield bound(ends[1][-1] / ends[0][-1], 30.0, "≥", Text("plain steps", "普通的步"))


@BIAS.claim
def classes_that_overlap_have_no_margin(bias, rng):
    r"""Where no hyperplane through 0 separates, there is no margin, and the question is refused. With $(1,0)$ and $(0,1)$ each in both classes the loss has a minimum at 0, and descent ends there. With only $(1,0)$ in both it has none: $\theta_1\to0$, and $\theta_2$ grows like $\log t$ for the other. Samples with a planted margin of 0.6 are refused, too, if the first comes again with the wrong label"""
    x, y = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]), np.array([1.0, -1.0, 1.0, -1.0])
    z, w = y[:, None] * x, np.array([1.0, -2.0])
    for _ in range(400):
        w = w + 0.5 * slope(z, w)
    yield near(np.abs(w).max(), 0.0, 1e-9, Text("0.75^400 of the way", "剩余路程的 0.75^400"))
    yield raises(lambda: bias(x, y), ValueError)
    z, w = z[:3], np.array([1.0, 0.0])
    for _ in range(1000):
        w = w + 0.5 * slope(z, w)
    yield near(w[0], 0.0, 1e-9, Text("0.75^1000 of the way", "剩余路程的 0.75^1000"))
    yield near(w[1], np.log(500), 0.01, Text("O(log t/t)", "O(log t/t)"))
    yield raises(lambda: bias(x[:3], y[:3]), ValueError)
    x, y = separable(rng, 6, 2)
    yield raises(lambda: bias(np.vstack([x, -x[:1]]), np.append(y, y[0])), ValueError)
    theta, margin = (np.asarray(v, float) for v in bias(x, y)[:2])
    yield bound(float(margin), 0.6, "≥", Text("the planted margin", "设定的间隔"))
    yield roundoff(float(margin), (y * (x @ theta)).min() / np.linalg.norm(theta), terms=1000)


@BIAS.claim
def a_loss_that_ends_leaves_the_margin_open(bias, rng):
    r"""The squared hinge loss $\frac12\sum\max(0,1-m_i)^2$ ends where all margins $m_i$ are 1 or more, and so does descent: on $z=(2,0),(0,1),(3,3)$ from $(3,0)$ it stops in a direction 0.76 away from that of largest margin, with a loss below $10^{-20}$"""
    z = THREE
    w = np.array([3.0, 0.0])
    for _ in range(200):
        w = w + 0.25 * z.T @ np.maximum(0, 1 - z @ w)
    yield bound((np.maximum(0, 1 - z @ w) ** 2).sum() / 2, 1e-20)
    u = np.asarray(bias(z, np.ones(3))[0], float)
    yield bound(np.sqrt(((unit(w) - u) ** 2).sum()), 0.76, "≥", Text("it depends on the start", "取决于起点"))
    yield bound((z @ unit(w)).min(), 0.4 * float(bias(z, np.ones(3))[1]))


@BIAS.claim
def another_geometry_another_margin(bias, rng):
    r"""Steps along the sign of the gradient, as Adam's are at first, tend to the largest margin in another geometry, $\max_{\lVert u\rVert_\infty\le1}\min_iz_i^{\mathsf T}u$: on $z=(5,1),(7,2)$ from 0 they go along $(1,1)$ exactly, with a margin 0.83 times that of the direction of descent; on $z=(2,-1),(\frac12,1)$ to $(1,\frac34)$, where both margins are $\frac54$. On the one equation $\theta_1+2\theta_2=1$ they end at $(\frac13,\frac13)$ from 0, not at the nearest solution $(\frac15,\frac25)$. The direction depends on units, too: features times
    $(1,3)$, weights divided by it, is the same function, but another direction"""
    from scipy.optimize import linprog

    z = np.array([[5.0, 1.0], [7.0, 2.0]])
    u, margin = (np.asarray(v, float) for v in bias(z, np.ones(2))[:2])
    w = np.zeros(2)
    for _ in range(50):
        w = w + 0.1 * np.sign(slope(z, w))
    yield roundoff(unit(w), np.array([1.0, 1.0]) / np.sqrt(2), terms=50)
    w, other = np.zeros(2), np.array([[2.0, -1.0], [0.5, 1.0]])
    for _ in range(1000):
        w = w + 0.1 * np.sign(slope(other, w))
    why = Text("a step or two of 1,000", "1,000 步中的一两步")
    yield near(np.abs(w / np.abs(w).max() - [1.0, 0.75]).max(), 0.0, 0.01, why)
    rows = np.hstack([-other, np.ones((2, 1))])
    best = linprog([0, 0, -1], A_ub=rows, b_ub=[0, 0], bounds=[(-1, 1), (-1, 1), (None, None)])
    yield near(np.abs(best.x - [1.0, 0.75, 1.25]).max(), 0.0, 1e-7, Text("tolerance of the solver", "求解器的容差"))
    row, w = np.array([[1.0, 2.0]]), np.zeros(2)
    for _ in range(256):
        w = w + np.sign(row.T @ (1 - row @ w)) / 768
    yield roundoff(w, np.full(2, 1 / 3), terms=256)
    yield roundoff(bias(row, np.ones(1))[3], np.array([0.2, 0.4]), terms=8)
    w = np.zeros(2)
    for _ in range(2000):
        w = w + 0.1 * slope(z, w)
    yield bound((z @ unit(w)).min(), margin)
    yield roundoff((z @ unit(np.ones(2))).min() / margin, 6 / np.sqrt(52), terms=8)
    scaled = np.asarray(bias(z * [1.0, 3.0], np.ones(2))[0], float) * [1.0, 3.0]
    yield bound(np.abs(unit(scaled) - u).max(), 0.1, "≥", Text("another function", "另一个函数"))


@BIAS.claim
def an_offset_counts_as_a_weight(bias, rng):
    r"""With a 1 behind each sample the offset lengthens $w$: descent on $(1,0),(0,3)$ against $(-1,-1)$ then tends to another direction than that of the support vector machine, whose offset is free: that of the nearest points of the two classes. Moved together by $(2,2)$ the samples get another direction, which of a free offset they would not"""
    x, y = np.array([[1.0, 0.0], [0.0, 3.0], [-1.0, -1.0]]), np.array([1.0, 1.0, -1.0])
    free = np.asarray(bias(np.array([p - q for p in x[:2] for q in x[2:]]), np.ones(2))[0], float)
    whole = [np.asarray(bias(np.hstack([x + c, np.ones((3, 1))]), y)[0], float) for c in (0.0, 2.0)]
    found = [unit(u[:2]) for u in whole]
    z, w = y[:, None] * np.hstack([x, np.ones((3, 1))]), np.zeros(3)
    for _ in range(600):
        w = w + 0.25 / np.logaddexp(0, -z @ w).sum() * slope(z, w)
    yield near(
        np.abs(unit(w) - whole[0]).max(), 0.0, 0.02, Text("1/k of steps divided by the loss", "除以损失的步长的 1/k")
    )
    yield bound(
        np.abs(found[0] - found[1]).max(), 0.05, "≥", Text("moved samples, another direction", "平移样本，方向不同")
    )
    yield bound(
        max(np.abs(f - free).max() for f in found), 0.05, "≥", Text("not the free offset's", "与自由偏置的方向不同")
    )


@BIAS.claim
def squared_weights_seek_few(bias, rng):
    r"""The bias is the parametrisation's: $\theta_1+\theta_3+\theta_4=1$, $\theta_2+\theta_3-\theta_4=1$, the unknowns in any order and with any signs, $\theta=u\odot u-v\odot v$, descent in $u$ and $v$ from $10^{-4}$: it ends within 0.001 of $(0,0,1,0)$, whose sum of $\lvert\theta_j\rvert$ is the least that linear programming finds, 1. The shortest solution, $\frac13(1,1,2,0)$, has the sum $\frac43$. On the logistic loss of the two rows, both of class 1, with steps divided by the loss, its direction is within 0.01 of $(0,0,1,0)$ after 220, too, where plain descent tends to that of $(1,1,2,0)$"""
    from scipy.optimize import linprog

    order, signs = rng.permutation(4), rng.choice([-1.0, 1.0], 4)
    x, y = np.array([[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, -1.0]])[:, order] * signs, np.ones(2)
    u, v = np.full(4, 1e-4), np.full(4, 1e-4)
    for _ in range(2000):
        g = x.T @ (x @ (u * u - v * v) - y)
        u, v = u - 0.05 * u * g, v + 0.05 * v * g
    theta = u * u - v * v
    yield near(np.abs(x @ theta - y).max(), 0.0, 1e-9, Text("0.8^1900 of the way", "剩余路程的 0.8^1900"))
    few = np.array([0.0, 0.0, 1.0, 0.0])[order] * signs
    yield near(
        np.abs(theta - few).max(), 0.0, 1e-3, Text("the start's 10⁻⁴, grown by the others", "起点的 10⁻⁴ 及其增长")
    )
    least = linprog(np.ones(8), A_eq=np.hstack([x, -x]), b_eq=y).fun
    yield near(least, np.abs(few).sum(), 1e-7, Text("tolerance of the solver", "求解器的容差"))
    u_hat, _, _, found = (np.asarray(v, float) for v in bias(x, y))
    yield roundoff(found, np.array([1.0, 1.0, 2.0, 0.0])[order] * signs / 3, terms=40, scale=1.0)
    yield roundoff(u_hat, np.array([1.0, 1.0, 2.0, 0.0])[order] * signs / np.sqrt(6), terms=40, scale=1.0)
    u, v = np.full(4, 1e-4), np.full(4, 1e-4)
    for _ in range(220):
        m = x @ (u * u - v * v)
        g = 0.05 * x.T @ np.exp(-m - np.logaddexp(0, -m)) / np.logaddexp(0, -m).sum()
        u, v = u + u * g, v - v * g
    near_it = Text("what the others have grown by", "其余各项的增长")
    yield near(np.abs(unit(u * u - v * v) - few).max(), 0.0, 0.01, near_it)


def changed(x, y, start, **other):
    """The definition's results, some of them replaced."""
    found = dict(zip(("direction", "margin", "at_margin", "interpolant"), implicit_bias(x, y, start), strict=True))
    return tuple((found | other).values())


def along(x, y, start, w):
    """The results for a direction of one's own."""
    u = unit(w)
    margins = y * (x @ u)
    return changed(x, y, start, direction=u, margin=margins.min(), at_margin=margins <= margins.min() + 1e-9)


@BIAS.mutant(
    caught_by="no-direction-has-a-larger-margin, direction-at-one-over-log, steps-follow-the-flow, one-forgets-the-other-remembers"
)
def shortest_interpolant(x, y, start=None):
    """the shortest interpolant's direction for that of largest margin"""
    return along(x, y, start, np.linalg.pinv(x) @ y)


@BIAS.mutant(
    caught_by="what-does-not-count, no-direction-has-a-larger-margin, a-loss-that-ends-leaves-the-margin-open, a-sample-that-touches-and-does-not-pull"
)
def mean_of_the_classes(x, y, start=None):
    """the mean of all $z_i$, towards which only the first step goes"""
    return along(x, y, start, y @ x)


@BIAS.mutant(caught_by="what-does-not-count, direction-at-one-over-log, steps-follow-the-flow")
def samples_of_length_one(x, y, start=None):
    """samples normalised to length 1 first"""
    found = implicit_bias(x / np.sqrt((x**2).sum(1, keepdims=True)), y)[0]
    return along(x, y, start, found)


@BIAS.mutant(caught_by="an-offset-counts-as-a-weight")
def offset_free(x, y, start=None):
    """the support vector machine's offset, free of charge where there is a constant input"""
    if x.shape[1] < 2 or np.ptp(x[:, -1]) > 0 or len(set(y)) < 2:
        return changed(x, y, start)
    pairs = np.array([p - q for p in x[y > 0] for q in x[y < 0]])[:, :-1]
    w = implicit_bias(pairs, np.ones(len(pairs)))[0]
    offset = -((x[y > 0, :-1] @ w).min() + (x[y < 0, :-1] @ w).max()) / 2
    return along(x, y, start, np.append(w, offset))


@BIAS.mutant(caught_by="another-geometry-another-margin, no-direction-has-a-larger-margin, direction-at-one-over-log")
def corners_of_a_cube(x, y, start=None):
    """the sign of the direction, as steps along signs would have it"""
    return along(x, y, start, np.sign(implicit_bias(x, y)[0].round(12)))


@BIAS.mutant(caught_by="loss-at-one-over-t, no-direction-has-a-larger-margin, all-support-vectors-in-high-dimensions")
def width_of_the_street(x, y, start=None):
    """2/‖w‖, the width of the street, for the margin"""
    return changed(x, y, start, margin=2 * implicit_bias(x, y)[1])


@BIAS.mutant(caught_by="loss-at-one-over-t, what-does-not-count")
def relative_margin(x, y, start=None):
    """the margin over the length of the longest sample"""
    return changed(x, y, start, margin=implicit_bias(x, y)[1] / np.sqrt((x**2).sum(1).max()))


@BIAS.mutant(caught_by="nearest-to-the-start, one-forgets-the-other-remembers")
def start_forgotten(x, y, start=None):
    """the shortest interpolant from every start"""
    return implicit_bias(x, y)


@BIAS.mutant(caught_by="nearest-to-the-start, equals-definition")
def start_added(x, y, start=None):
    """the start added to the shortest interpolant, so that it solves nothing any more"""
    *rest, point = implicit_bias(x, y)
    return *rest, point + (0 if start is None else start)


@BIAS.mutant(caught_by="one-forgets-the-other-remembers, equals-definition")
def direction_remembers(x, y, start=None):
    """the direction seen from the start: a thousand times the limit, and the start"""
    if start is None:
        return implicit_bias(x, y)
    return changed(x, y, start, direction=unit(1e3 * implicit_bias(x, y)[0] + start))


@BIAS.mutant(caught_by="what-does-not-count, no-direction-has-a-larger-margin, all-support-vectors-in-high-dimensions")
def only_the_nearest(x, y, start=None):
    """one support vector, the shortest sample"""
    z = y[:, None] * x
    return along(x, y, start, z[(z**2).sum(1).argmin()])


@BIAS.mutant(caught_by="classes-that-overlap-have-no-margin")
def overlap_let_pass(x, y, start=None):
    """an answer where no hyperplane separates"""
    try:
        return implicit_bias(x, y, start)
    except ValueError:
        return along_any(x, y, start)


def along_any(x, y, start):
    u = unit(y @ x + 1e-12)
    return u, (y * (x @ u)).min(), np.ones(len(y), bool), np.linalg.pinv(x) @ y


@BIAS.mutant(caught_by="squared-weights-seek-few, nearest-to-the-start, all-support-vectors-in-high-dimensions")
def ridge(x, y, start=None):
    """a little weight decay: the ridge solution with λ = 0.1"""
    first = np.zeros(x.shape[1]) if start is None else start
    point = first + np.linalg.solve(x.T @ x + 0.1 * np.eye(x.shape[1]), x.T @ (y - x @ first))
    return changed(x, y, start, interpolant=point)


@BIAS.mutant(caught_by="normalized-steps-are-quick, direction-at-one-over-log")
def stopped_early(x, y, start=None):
    """the direction after 10,000 steps of 0.1, as if it had arrived"""
    z = y[:, None] * x
    w = flow(z, np.log(1e3), np.zeros(x.shape[1]), h=0.02 / max(1.0, (z**2).sum(1).max() / 20))
    return along(x, y, start, w[-1])


BIAS.erratum(
    "E265",
    common="Once the training loss is practically 0, training on changes nothing (a common slip)",
    why=r"The direction of the weights still moves: on $z=(2,0),(0,1),(3,3)$ the margin lacks more than 4 % of the largest after 8,000 steps, and what it lacks is halved only when $\log t$ doubles.",
    right=r"The loss falls as $1/t$, the direction turns towards the largest margin as $1/\log t$; steps divided by the loss do it in $1/k$",
    claims="direction-at-one-over-log, steps-follow-the-flow, normalized-steps-are-quick",
)
BIAS.erratum(
    "E266",
    common="Unregularised logistic regression on separable data becomes the support vector machine (a common slip)",
    why="The support vector machine's offset is free of charge; here it is a weight, and lengthens $w$: another direction, and samples moved together turn it.",
    right="It becomes the machine without offset, of largest margin through 0, on samples with a 1 behind them",
    claims="an-offset-counts-as-a-weight, direction-at-one-over-log",
)
BIAS.erratum(
    "E267",
    common="Gradient descent finds the minimum-norm solution (a common slip)",
    why=r"It finds the one nearest to its start; only from 0, or within the span of the samples, is that the shortest. In other parameters it is another: with $\theta=u\odot u-v\odot v$ from near 0 the sum of $\lvert\theta_j\rvert$ is about the least.",
    right=r"Linear in the parameters: $\theta_0+X^+(y-X\theta_0)$",
    claims="nearest-to-the-start, squared-weights-seek-few",
)


@BIAS.figure(s=Slider(0.5, 60, 3, "log t"), stretch=Slider(0.5, 4, 1, "second support vector, stretched", log=True))
def figure(s, stretch):
    z = THREE * [[1.0], [stretch], [1.0]]
    u, margin, _, _ = implicit_bias(z, np.ones(3))
    path = flow(z, 60.0, np.array([1.0, -1.5]), h=0.02)
    now = round(s / 0.02)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    left.scatter(*z.T, color="0.25", s=30, zorder=4)
    reach = np.array([-6.0, 6.0])
    w = unit(path[now])
    for v, colour, name in (
        (u, COLOURS[0], "largest margin"),
        (w, COLOURS[1], "at time t"),
        (unit(np.linalg.pinv(z) @ np.ones(3)), COLOURS[2], "least squares"),
    ):
        left.plot(-v[1] * reach, v[0] * reach, color=colour, lw=1.6, label=name)
    left.plot(-u[1] * reach + margin * u[0], u[0] * reach + margin * u[1], color=COLOURS[0], lw=1, ls=":")
    left.set(xlim=(-2, 4), ylim=(-2, 4), aspect="equal")
    left.legend(fontsize=9.5, frameon=False, loc="lower left")
    times = np.arange(0.5, 60.0, 0.25)
    w = path[np.round(times / 0.02).astype(int)]
    lengths = np.sqrt((w**2).sum(1, keepdims=True))
    apart = np.sqrt(((w / lengths - u) ** 2).sum(1))
    losses = np.logaddexp(0, -w @ z.T).sum(1)
    right.semilogy(times, apart, color=COLOURS[0], label="direction")
    right.semilogy(times, 1 - (w / lengths @ z.T).min(1) / margin, color=COLOURS[1], label="margin")
    right.semilogy(times, losses, color="0.5", label="loss")
    right.axvline(s, color="0.5", lw=1, ls=":")
    right.set(xlabel="log t", ylabel="what is left", ylim=(1e-6, 5), xlim=(0, 60))
    right.legend(fontsize=9.5, frameon=False, loc="lower right")
    gap = float(np.sqrt(((unit(path[now]) - u) ** 2).sum()))
    part = float((z @ unit(path[now])).min() / margin)
    words = Text(
        f"Three samples times labels, log t = {s:.3g}: the loss is {np.logaddexp(0, -z @ path[now]).sum():.2g}, the direction {gap:.2g} away from that of largest margin "
        f"({u[0]:.2f}, {u[1]:.2f}), the margin {100 * part:.0f} % of the largest, {margin:.3f}.",
        f"三个样本乘以标签，log t = {s:.3g}：损失为 {np.logaddexp(0, -z @ path[now]).sum():.2g}，方向与最大间隔方向（{u[0]:.2f}, {u[1]:.2f}）相距 {gap:.2g}，"
        f"间隔为最大值 {margin:.3f} 的 {100 * part:.0f}%。",
    )
    return Drawing(fig, words)
