"""The p-norms and the sup norm."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(vector_norm, x, p):
    return vector_norm(x, ord=p, dim=-1)


NORM = Concept(
    key="norm",
    kind="definition",
    title="p-norms and the sup norm",
    summary=r"How long a vector is. $p=2$ is the Euclidean length, $p=1$ the sum of the sizes, $p=\infty$ the largest "
    "size. The choice decides what “small” means: the ball of $p=1$ has corners on the axes, which is why an $L^1$ "
    "penalty makes zeros.",
    formulas=(
        r"\lVert x\rVert_p=\Big(\sum_{i=1}^{n}\lvert x_i\rvert^p\Big)^{1/p},\qquad \lVert x\rVert_\infty=\max_i\lvert x_i\rvert",
        r"\lVert x\rVert=0\Leftrightarrow x=0,\qquad \lVert cx\rVert=\lvert c\rvert\,\lVert x\rVert,\qquad "
        r"\lVert x+y\rVert\le\lVert x\rVert+\lVert y\rVert",
        r"p\le q\;\Rightarrow\;\lVert x\rVert_q\le\lVert x\rVert_p\le n^{1/p-1/q}\,\lVert x\rVert_q",
    ),
    symbols=(
        Symbol("x", "x", "... n", "vector"),
        Symbol("p", "p", "", r"order, $1\le p\le\infty$; below 1 it is no norm", "positive"),
        Symbol("n", "", "", "dimension"),
        Symbol("q", "", "", "another order"),
        Symbol("c", "", "", "a number"),
        Symbol("y", "", "n", "another vector"),
    ),
    needs=(),
    source="minkowski1896geometrie",
    year=1896,
    people=("Hermann Minkowski",),
    aliases="vector norm, L1 norm, L2 norm, Euclidean norm, Lp norm, 范数, 向量范数, 欧几里得范数, 模长",
    implementations=(Implementation("torch.linalg:vector_norm", "torch", _torch),),
    readings="boyd2004convex A.1; golub2013matrix §2.2; goodfellow2016deep §2.5",
    hypotheses=(Hypothesis(r"For the triangle inequality: $p\ge1$", "below-one-is-no-norm, half-the-order"),),
    conventions=(
        Convention(
            "norm of a matrix",
            "x holds vectors along its last axis",
            "`numpy.linalg.norm(A, 2)` is the spectral norm of the matrix, not the p-norm of its entries; "
            "`torch.linalg.vector_norm` takes the entries",
        ),
    ),
    deviations=(
        "The squares of $p=2$ overflow for entries above about 10¹⁵⁴ in NumPy and PyTorch; `math.hypot` and "
        "`scipy.linalg.norm` scale first.",
        "Libraries accept $p<1$ and $p=0$ (the count of nonzero entries); neither is a norm.",
    ),
    nonfinite="all",
)


@NORM.definition
def norm(x, p=2.0):
    if p == np.inf:
        return np.abs(x).max(axis=-1)
    return (np.abs(x) ** p).sum(axis=-1) ** (1 / p)


@NORM.example
def example():
    x, y, p = np.array([3.0, -4.0, 1.0]), np.array([-1.0, 2.0, 2.0]), 3.0
    e = np.eye(2)
    return (
        dict(x=x, y=y, p=p, size=np.abs(x), one=norm(x, 1.0), squares=(x**2).sum(), two=norm(x))
        | dict(cubes=(np.abs(x) ** 3).sum(), three=norm(x, p), top=norm(x, np.inf), y_one=norm(y, 1.0))
        | dict(y_two=norm(y), y_top=norm(y, np.inf), sum=x + y, sum_one=norm(x + y, 1.0), sum_two=norm(x + y))
        | dict(sum_top=norm(x + y, np.inf), most=np.sqrt(3) * norm(x), half=norm(e[0] + e[1], 0.5))
        | dict(halves=norm(e[0], 0.5) + norm(e[1], 0.5))
    )


@NORM.exercise
def clipped():
    g, most = np.array([6.0, 8.0]), 5.0
    return array(g * most / norm(g), entries_clipped=np.clip(g, -most, most), by_the_sum=g * most / norm(g, 1.0))


@NORM.exercise
def sparsest():
    t = np.linspace(-1, 3, 40001)
    line = np.stack([2 - 2 * t, t], axis=-1)  # x₁ + 2x₂ = 2
    x = line[norm(line, 1.0).argmin()]
    candidates = dict(corner=[0.0, 1.0], foot=[0.4, 0.8], diagonal=[2 / 3, 2 / 3])
    return choice(**{name: bool(np.abs(x - point).max() < 1e-3) for name, point in candidates.items()})


@NORM.exercise
def how_far_apart():
    n = 100
    worst = norm(np.ones(n), 1.0) / norm(np.ones(n))
    return number(worst, dimension=n, one_entry=norm(np.eye(n)[0], 1.0) / norm(np.eye(n)[0]))


@NORM.cases
def cases(rng):
    x = rng.standard_normal(7)
    for p in (1.0, 1.5, 2.0, 3.0, np.inf):
        yield f"p = {p:g}", dict(x=x, p=p)
    yield "batch", dict(x=rng.standard_normal((3, 4)))
    yield "one entry", dict(x=np.array([-2.5]), p=3.0)
    yield "zero", dict(x=np.zeros(3))
    yield "a zero among others", dict(x=np.array([0.0, 1.0, -1.0]), p=1.0)
    yield "p below 1", dict(x=x, p=0.5)
    yield "long", dict(x=rng.standard_normal(1500))
    yield "square", dict(x=rng.standard_normal((4, 4)))


@NORM.invalid
def invalid(rng):
    yield "a word for p", dict(x=np.ones(3), p="two")


ORDERS = (1.0, 1.3, 2.0, 4.0, 16.0, np.inf)


@NORM.claim
def zero_only_for_zero(norm, rng):
    """A norm is 0 for the zero vector only, and positive else"""
    tiny = np.zeros(5)
    tiny[3] = -1e-9
    evidence = [roundoff(norm(np.zeros(5), p=p), 0.0) for p in ORDERS]
    evidence += [roundoff(norm(tiny, p=p), 1e-9, terms=5) for p in ORDERS]
    return all_of(*evidence)


@NORM.claim
def homogeneous(norm, rng):
    r"""$\lVert cx\rVert=\lvert c\rvert\,\lVert x\rVert$, also for negative c"""
    x = rng.standard_normal(9)
    # |x|^p multiplies a relative rounding error by p, the root divides it again
    return all_of(*[roundoff(norm(c * x, p=p), abs(c) * norm(x, p=p), terms=9) for c in (-3.7, 0.1) for p in ORDERS])


@NORM.claim
def triangle_inequality(norm, rng):
    r"""Triangle inequality: $\lVert x+y\rVert\le\lVert x\rVert+\lVert y\rVert$ for every $p\ge1$"""
    x, y = rng.standard_normal((200, 4)), rng.standard_normal((200, 4))
    y[0] = 2 * x[0]  # equality: parallel vectors
    for p in ORDERS:
        ratio = norm(x + y, p=p) / (norm(x, p=p) + norm(y, p=p))
        yield bound(
            ratio.max(),
            1 + 4 * 2.0**-52,
            "≤",
            Text("Minkowski's inequality, and rounding", "闵可夫斯基不等式，以及舍入"),
        )
        yield roundoff(ratio[0], 1.0, terms=4)


@NORM.claim
def below_one_is_no_norm(norm, rng):
    r"""For $p=\tfrac12$ the triangle inequality breaks: $\lVert e_1+e_2\rVert=4>2$"""
    e = np.eye(2)
    whole = norm(e[0] + e[1], p=0.5)
    parts = norm(e[0], p=0.5) + norm(e[1], p=0.5)
    return all_of(roundoff(whole, 4.0, terms=2), roundoff(parts, 2.0, terms=2), bound(whole - parts, 0.0, "≥"))


@NORM.claim
def decreases_with_p(norm, rng):
    r"""$\lVert x\rVert_p$ does not grow with p, and for $p\le q$ is at most $n^{1/p-1/q}\lVert x\rVert_q$, which
    $(1,\dots,1)$ reaches"""
    x = rng.standard_normal((50, 6))
    orders = (0.7, 1.0, 1.5, 2.0, 3.0, 8.0, 60.0, np.inf)
    values = np.stack([norm(x, p=p) for p in orders])  # (orders, 50)
    yield bound((values[1:] / values[:-1]).max(), 1 + 16 * 2.0**-52, "≤", Text("1, and rounding", "1，以及舍入"))
    equal, fewer = np.array([norm(np.ones(6), p=p) for p in orders]), 1 / np.array(orders)
    for i in range(len(orders)):
        most = 6.0 ** (fewer[i] - fewer[i:])
        yield bound(
            (values[i] / values[i:] / most[:, None]).max(), 1 + 64 * 2.0**-52, "≤", Text("n^{1/p−1/q}", "n^{1/p−1/q}")
        )
        yield roundoff(equal[i] / equal[i:], most, terms=6)


@NORM.claim
def tends_to_the_sup_norm(norm, rng):
    r"""$\lVert x\rVert_p\to\lVert x\rVert_\infty$: the ratio lies between 1 and $n^{1/p}$, and both ends are reached"""
    n = 6
    for p in (1.0, 4.0, 32.0, 256.0):
        x = rng.standard_normal((50, n))
        ratio = norm(x, p=p) / norm(x, p=np.inf)
        yield bound(ratio.min(), 1.0, "≥")
        yield bound(ratio.max(), n ** (1 / p), "≤")
        yield roundoff(norm(np.ones(n), p=p), n ** (1 / p), terms=n)
        yield roundoff(norm(np.eye(n)[0], p=p), 1.0)


@NORM.claim
def holder(norm, rng):
    r"""Hölder: $\lvert x^{\mathsf T}y\rvert\le\lVert x\rVert_p\lVert y\rVert_q$ with $1/p+1/q=1$, for $1<p<\infty$ with equality
    for $y=\operatorname{sign}(x)\lvert x\rvert^{p-1}$"""
    x, y = rng.standard_normal((100, 5)), rng.standard_normal((100, 5))
    for p, q in ((1.5, 3.0), (2.0, 2.0), (4.0, 4 / 3)):
        ratio = np.abs((x * y).sum(-1)) / (norm(x, p=p) * norm(y, p=q))
        best = np.sign(x) * np.abs(x) ** (p - 1)
        yield bound(ratio.max(), 1.0, "≤", Text("Hölder's inequality", "赫尔德不等式"))
        yield roundoff((x * best).sum(-1), norm(x, p=p) * norm(best, p=q), terms=10)


@NORM.mutant(caught_by="homogeneous, equals-definition, below-one-is-no-norm, decreases-with-p, tends-to-the-sup-norm")
def no_root(x, p=2.0):
    """the root is left out"""
    return np.abs(x).max(axis=-1) if p == np.inf else (np.abs(x) ** p).sum(axis=-1)


@NORM.mutant(caught_by="decreases-with-p, tends-to-the-sup-norm, zero-only-for-zero, holder")
def mean_of_powers(x, p=2.0):
    """the mean of the powers, not their sum"""
    return norm(x, p) if p == np.inf else norm(x, p) / x.shape[-1] ** (1 / p)


@NORM.mutant(caught_by="homogeneous, equals-definition, zero-only-for-zero")
def no_absolute_value(x, p=2.0):
    """no absolute values"""
    return x.max(axis=-1) if p == np.inf else (x**p).sum(axis=-1) ** (1 / p)


@NORM.mutant(caught_by="triangle-inequality, equals-definition")
def half_the_order(x, p=2.0):
    """half the order: below 1 where p < 2"""
    return norm(x, p / 2)


NORM.erratum(
    "E102",
    common="In Chinese texts “norm” appears as 'rule', 'standard' (a machine's translation)",
    why=r"What is meant is a function with three axioms; a “standard” has none, and already $p=\tfrac12$, which looks "
    "the same, breaks one of them.",
    right="the mathematical term for norm, checked by its axioms; likewise those for determinant, plane, product, "
    "gradient",
    claims="zero-only-for-zero, homogeneous, triangle-inequality, below-one-is-no-norm",
)


@NORM.figure(p=Slider(0.4, 12, 3.0, "order p", log=True), angle=Slider(0, 90, 30, "angle of x in degrees"))
def figure(p, angle):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.6)
    t = np.linspace(0, 2 * np.pi, 721)
    circle = np.stack([np.cos(t), np.sin(t)], axis=-1)
    for order, style in ((1.0, ":"), (2.0, "--"), (np.inf, "-.")):
        ball = circle / norm(circle, order)[:, None]
        left.plot(*ball.T, style, color=COLOURS[6], lw=1, label="p = ∞" if order == np.inf else f"p = {order:g}")
    ball = circle / norm(circle, p)[:, None]
    left.fill(*ball.T, color=COLOURS[0], alpha=0.15)
    left.plot(*ball.T, label=f"p = {p:.3g}")
    x = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    left.annotate("", x / norm(x, p), (0, 0), arrowprops={"arrowstyle": "->", "color": COLOURS[1]})
    left.set(aspect="equal", xlim=(-1.35, 2.35), ylim=(-1.35, 1.35), title=r"unit balls $\|x\|_p=1$")
    left.legend(frameon=False, fontsize=8.5, loc="center right", handlelength=1.6)
    orders = np.geomspace(0.4, 12, 200)
    right.plot(orders, [norm(x, q) for q in orders])
    right.axhline(norm(x, np.inf), color=COLOURS[6], ls="-.", lw=1)
    right.axvline(1, color=COLOURS[6], lw=1, ls=":")
    right.plot([p], [norm(x, p)], "o", color=COLOURS[1])
    right.set(
        xscale="log",
        xlabel="p",
        ylabel=r"$\|x\|_p$",
        title=r"the norm falls to $\|x\|_\infty$",
        xticks=[0.5, 1, 2, 4, 8],
        xticklabels=["0.5", "1", "2", "4", "8"],
    )
    right.minorticks_off()
    value, convex = norm(x, p), p >= 1
    words = Text(
        f"The unit ball of p = {p:.3g} is {'convex' if convex else 'not convex: no norm'}. The vector at {angle:.0f}° of Euclidean length 1 "
        f"has ‖x‖₁ = {norm(x, 1):.3f}, ‖x‖ₚ = {value:.3f}, ‖x‖∞ = {norm(x, np.inf):.3f}.",
        f"p = {p:.3g} 的单位球{'是凸的' if convex else '不是凸的：不是范数'}。角度 {angle:.0f}°、欧几里得长度为 1 的向量："
        f"‖x‖₁ = {norm(x, 1):.3f}，‖x‖ₚ = {value:.3f}，‖x‖∞ = {norm(x, np.inf):.3f}。",
    )
    return Drawing(fig, words)
