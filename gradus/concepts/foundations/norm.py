"""The p-norms and the sup norm."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff
from gradus.page.figures import COLOURS, canvas


def _torch(vector_norm, x, p):
    return vector_norm(x, ord=p, dim=-1)


NORM = Concept(
    key="norm",
    kind="definition",
    title=Text("p-norms and the sup norm", "p-范数与上确界范数"),
    summary=Text(
        r"How long a vector is. $p=2$ is the Euclidean length, $p=1$ the sum of the sizes, $p=\infty$ the largest size. "
        "The choice decides what “small” means: the ball of $p=1$ has corners on the axes, which is why an $L^1$ penalty makes zeros.",
        r"向量有多长。$p=2$ 是欧几里得长度，$p=1$ 是各分量绝对值之和，$p=\infty$ 是最大的绝对值。"
        "选哪个范数决定了“小”的含义：$p=1$ 的单位球在坐标轴上有角，所以 $L^1$ 惩罚会产生零。",
    ),
    formulas=(
        r"\lVert x\rVert_p=\Big(\sum_{i=1}^{n}\lvert x_i\rvert^p\Big)^{1/p},\qquad \lVert x\rVert_\infty=\max_i\lvert x_i\rvert",
        r"\lVert x\rVert=0\Leftrightarrow x=0,\qquad \lVert cx\rVert=\lvert c\rvert\,\lVert x\rVert,\qquad "
        r"\lVert x+y\rVert\le\lVert x\rVert+\lVert y\rVert",
        r"p\le q\;\Rightarrow\;\lVert x\rVert_q\le\lVert x\rVert_p\le n^{1/p-1/q}\,\lVert x\rVert_q",
    ),
    symbols=(
        Symbol("x", "x", "... n", Text("vector", "向量")),
        Symbol("p", "p", "", Text(r"order, $1\le p\le\infty$; below 1 it is no norm", r"阶，$1\le p\le\infty$；小于 1 时不是范数"), "positive"),
        Symbol("n", "", "", Text("dimension", "维数")),
        Symbol("q", "", "", Text("another order", "另一个阶")),
        Symbol("c", "", "", Text("a number", "一个数")),
        Symbol("y", "", "n", Text("another vector", "另一个向量")),
    ),
    needs=(),
    source="minkowski1896geometrie",
    year=1896,
    people=("Hermann Minkowski",),
    implementations=(Implementation("torch.linalg:vector_norm", "torch", _torch),),
    readings=(
        Reading("boyd2004convex", "A.1"),
        Reading("golub2013matrix", "§2.2"),
        Reading("goodfellow2016deep", "§2.5"),
    ),
    deviations=(
        Text("The squares of $p=2$ overflow for entries above about 10¹⁵⁴ in NumPy and PyTorch; `math.hypot` and `scipy.linalg.norm` scale first.",
             "$p=2$ 时，分量超过约 10¹⁵⁴ 则 NumPy 与 PyTorch 中的平方会溢出；`math.hypot` 与 `scipy.linalg.norm` 先做缩放。"),
        Text("For a matrix, `numpy.linalg.norm(A, 2)` is the spectral norm, not the p-norm of its entries; `torch.linalg.vector_norm` takes the entries.",
             "对矩阵，`numpy.linalg.norm(A, 2)` 是谱范数，而不是各元素的 p-范数；`torch.linalg.vector_norm` 取的是元素。"),
        Text("Libraries accept $p<1$ and $p=0$ (the count of nonzero entries); neither is a norm.",
             "各库接受 $p<1$ 与 $p=0$（非零分量的个数）；二者都不是范数。"),
    ),
)  # fmt: skip


@NORM.definition
def norm(x, p=2.0):
    if p == np.inf:
        return np.abs(x).max(axis=-1)
    return (np.abs(x) ** p).sum(axis=-1) ** (1 / p)


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


@NORM.invalid
def invalid(rng):
    yield "a word for p", dict(x=np.ones(3), p="two")


ORDERS = (1.0, 1.3, 2.0, 4.0, 16.0, np.inf)


@NORM.claim(
    Text("A norm is 0 for the zero vector only, and positive else", "只有零向量的范数为 0，其余皆为正")
)
def zero_only_for_zero(norm, rng):
    tiny = np.zeros(5)
    tiny[3] = -1e-9
    found = [roundoff(norm(np.zeros(5), p=p), 0.0) for p in ORDERS]
    found += [roundoff(norm(tiny, p=p), 1e-9, terms=5) for p in ORDERS]
    return all_of(*found)


@NORM.claim(
    Text(
        r"$\lVert cx\rVert=\lvert c\rvert\,\lVert x\rVert$, also for negative c",
        r"$\lVert cx\rVert=\lvert c\rvert\,\lVert x\rVert$，c 为负时也成立",
    )
)
def homogeneous(norm, rng):
    x = rng.standard_normal(9)
    # |x|^p multiplies a relative rounding error by p, the root divides it again
    return all_of(
        *[roundoff(norm(c * x, p=p), abs(c) * norm(x, p=p), terms=9) for c in (-3.7, 0.1) for p in ORDERS]
    )


@NORM.claim(
    Text(
        r"Triangle inequality: $\lVert x+y\rVert\le\lVert x\rVert+\lVert y\rVert$ for every $p\ge1$",
        r"三角不等式：对任意 $p\ge1$，$\lVert x+y\rVert\le\lVert x\rVert+\lVert y\rVert$",
    )
)
def triangle_inequality(norm, rng):
    x, y = rng.standard_normal((200, 4)), rng.standard_normal((200, 4))
    y[0] = 2 * x[0]  # equality: parallel vectors
    found = []
    for p in ORDERS:
        ratio = norm(x + y, p=p) / (norm(x, p=p) + norm(y, p=p))
        found.append(
            bound(
                ratio.max(),
                1 + 4 * 2.0**-52,
                "≤",
                Text("Minkowski's inequality, and rounding", "闵可夫斯基不等式，以及舍入"),
            )
        )
        found.append(roundoff(ratio[0], 1.0, terms=4))
    return all_of(*found)


@NORM.claim(
    Text(
        r"For $p=\tfrac12$ the triangle inequality breaks: $\lVert e_1+e_2\rVert=4>2$",
        r"$p=\tfrac12$ 时三角不等式失效：$\lVert e_1+e_2\rVert=4>2$",
    )
)
def below_one_is_no_norm(norm, rng):
    e = np.eye(2)
    whole = norm(e[0] + e[1], p=0.5)
    parts = norm(e[0], p=0.5) + norm(e[1], p=0.5)
    return all_of(
        roundoff(whole, 4.0, terms=2), roundoff(parts, 2.0, terms=2), bound(whole - parts, 0.0, "≥")
    )


@NORM.claim(Text(r"$\lVert x\rVert_p$ does not grow with p", r"$\lVert x\rVert_p$ 随 p 不增"))
def decreases_with_p(norm, rng):
    x = rng.standard_normal((50, 6))
    orders = (0.7, 1.0, 1.5, 2.0, 3.0, 8.0, 60.0, np.inf)
    values = np.stack([norm(x, p=p) for p in orders])  # (orders, 50)
    return bound(
        (values[1:] / values[:-1]).max(), 1 + 16 * 2.0**-52, "≤", Text("1, and rounding", "1，以及舍入")
    )


@NORM.claim(
    Text(
        r"$\lVert x\rVert_p\to\lVert x\rVert_\infty$: the ratio lies between 1 and $n^{1/p}$, and both ends are reached",
        r"$\lVert x\rVert_p\to\lVert x\rVert_\infty$：比值介于 1 与 $n^{1/p}$ 之间，且两端都能取到",
    )
)
def tends_to_the_sup_norm(norm, rng):
    n, found = 6, []
    for p in (1.0, 4.0, 32.0, 256.0):
        x = rng.standard_normal((50, n))
        ratio = norm(x, p=p) / norm(x, p=np.inf)
        found += [bound(ratio.min(), 1.0, "≥"), bound(ratio.max(), n ** (1 / p), "≤")]
        found += [
            roundoff(norm(np.ones(n), p=p), n ** (1 / p), terms=n),
            roundoff(norm(np.eye(n)[0], p=p), 1.0),
        ]
    return all_of(*found)


@NORM.claim(Text(r"Hölder: $\lvert x^{\mathsf T}y\rvert\le\lVert x\rVert_p\lVert y\rVert_q$ with $1/p+1/q=1$, with equality for $y=\operatorname{sign}(x)\lvert x\rvert^{p-1}$",
                 r"赫尔德不等式：$1/p+1/q=1$ 时 $\lvert x^{\mathsf T}y\rvert\le\lVert x\rVert_p\lVert y\rVert_q$，当 $y=\operatorname{sign}(x)\lvert x\rvert^{p-1}$ 时取等号"))  # fmt: skip
def holder(norm, rng):
    x, y = rng.standard_normal((100, 5)), rng.standard_normal((100, 5))
    found = []
    for p, q in ((1.5, 3.0), (2.0, 2.0), (4.0, 4 / 3)):
        ratio = np.abs((x * y).sum(-1)) / (norm(x, p=p) * norm(y, p=q))
        best = np.sign(x) * np.abs(x) ** (p - 1)
        found.append(bound(ratio.max(), 1.0, "≤", Text("Hölder's inequality", "赫尔德不等式")))
        found.append(roundoff((x * best).sum(-1), norm(x, p=p) * norm(best, p=q), terms=10))
    return all_of(*found)


@NORM.mutant(
    Text("the root is left out", "漏掉开方"),
    caught_by=[
        "homogeneous",
        "equals-definition",
        "below-one-is-no-norm",
        "decreases-with-p",
        "tends-to-the-sup-norm",
    ],
)
def no_root(x, p=2.0):
    return np.abs(x).max(axis=-1) if p == np.inf else (np.abs(x) ** p).sum(axis=-1)


@NORM.mutant(
    Text("the mean of the powers, not their sum", "取幂的平均而非总和"),
    caught_by=["decreases-with-p", "tends-to-the-sup-norm", "zero-only-for-zero", "holder"],
)
def mean_of_powers(x, p=2.0):
    return norm(x, p) if p == np.inf else norm(x, p) / x.shape[-1] ** (1 / p)


@NORM.mutant(
    Text("no absolute values", "没有取绝对值"),
    caught_by=["homogeneous", "equals-definition", "zero-only-for-zero"],
)
def no_absolute_value(x, p=2.0):
    return x.max(axis=-1) if p == np.inf else (x**p).sum(axis=-1) ** (1 / p)


@NORM.mutant(
    Text("half the order: below 1 where p < 2", "阶减半：p < 2 时小于 1"),
    caught_by=["triangle-inequality", "equals-definition"],
)
def half_the_order(x, p=2.0):
    return norm(x, p / 2)


NORM.erratum(
    "E102",
    common=Text(
        "In Chinese texts “norm” appears as 'rule', 'standard' (a machine's translation)",
        "把 norm 译作“规范”（机器翻译）",
    ),
    why=Text(
        "What is meant is a function with three axioms; a “standard” has none, and already $p=\\tfrac12$, which looks the same, breaks one of them.",
        "这里指满足三条公理的函数；“规范”没有这个含义，而看上去相似的 $p=\\tfrac12$ 就已违反其中一条。",
    ),
    right=Text(
        "the mathematical term for norm, checked by its axioms; likewise those for determinant, plane, product, gradient",
        "范数，由其公理检验；同样：行列式（非“决定因素”）、平面（非“飞机”）、乘积（非“产品”）、梯度（非“坡度”）",
    ),
    claims=("zero-only-for-zero", "homogeneous", "triangle-inequality", "below-one-is-no-norm"),
)


@NORM.figure(
    p=Slider(0.4, 12, 3.0, Text("order p", "阶 p"), log=True),
    angle=Slider(0, 90, 30, Text("angle of x in degrees", "x 的角度（度）")),
)
def figure(p, angle):
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.6)
    t = np.linspace(0, 2 * np.pi, 721)
    circle = np.stack([np.cos(t), np.sin(t)], axis=-1)
    for order, style in ((1.0, ":"), (2.0, "--"), (np.inf, "-.")):
        ball = circle / norm(circle, order)[:, None]
        left.plot(
            *ball.T, style, color=COLOURS[6], lw=1, label="p = ∞" if order == np.inf else f"p = {order:g}"
        )
    ball = circle / norm(circle, p)[:, None]
    left.fill(*ball.T, color=COLOURS[0], alpha=0.15)
    left.plot(*ball.T, label=f"p = {p:.3g}")
    x = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    left.annotate("", x / norm(x, p), (0, 0), arrowprops={"arrowstyle": "->", "color": COLOURS[1]})
    left.set(aspect="equal", xlim=(-1.35, 2.35), ylim=(-1.35, 1.35), title=r"unit balls $\|x\|_p=1$")
    left.legend(frameon=False, fontsize=7, loc="center right", handlelength=1.6)
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
    return Drawing(
        fig,
        Text(
            f"The unit ball of p = {p:.3g} is {'convex' if convex else 'not convex: no norm'}. The vector at {angle:.0f}° of Euclidean length 1 "
            f"has ‖x‖₁ = {norm(x, 1):.3f}, ‖x‖_p = {value:.3f}, ‖x‖_∞ = {norm(x, np.inf):.3f}.",
            f"p = {p:.3g} 的单位球{'是凸的' if convex else '不是凸的：不是范数'}。角度 {angle:.0f}°、欧几里得长度为 1 的向量："
            f"‖x‖₁ = {norm(x, 1):.3f}，‖x‖_p = {value:.3f}，‖x‖_∞ = {norm(x, np.inf):.3f}。",
        ),
    )
