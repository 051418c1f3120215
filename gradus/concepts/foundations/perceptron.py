"""The perceptron: learning from mistakes, how many there can be, and what one unit cannot learn."""

from itertools import product

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Proof, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.figures import COLOURS, canvas


def _ours(fit, X, y, epochs, intercept):
    found = fit(X, y, epochs, intercept)
    return found.coefficients, np.array(found.mistakes)


PERCEPTRON = Concept(
    key="perceptron",
    kind="theorem",
    title=Text("Perceptron", "感知机"),
    summary=Text(
        "A linear unit that changes only when it errs: the misclassified point is added to its weights, with its sign. If some "
        r"hyperplane separates the classes with margin $\gamma$, it errs at most $(R/\gamma)^2$ times, whatever the dimension "
        "and the number of points; if none does (XOR), it errs for ever.",
        r"只在犯错时才改变的线性单元：把分错的点按其符号加到权重上。若某个超平面以间隔 $\gamma$ 分开两类，"
        r"则无论维数与点数多少，它至多犯错 $(R/\gamma)^2$ 次；若没有这样的超平面（如异或），它就永远犯错。",
    ),
    formulas=(
        r"w\leftarrow w+y_ix_i\quad\text{whenever}\quad y_i\,w^{\mathsf T}x_i\le0,\qquad w_0=0,\quad y_i\in\{-1,1\}",
        r"y_i\,u^{\mathsf T}x_i\ge\gamma>0\ \text{ for all }i,\ \lVert u\rVert=1\quad\Longrightarrow\quad "
        r"M\le\left(\frac{R}{\gamma}\right)^2,\qquad R=\max_i\lVert x_i\rVert",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", Text("points, one a row; with an intercept, a 1 is put before each", "数据点，每行一个；有截距时在每个点前添上 1")),
        Symbol("y_i", "y", "n", Text("labels −1 or 1", "标签 −1 或 1"), "other"),
        Symbol("E", "epochs", "", Text("passes over the points that are allowed", "允许遍历数据的次数"), "natural"),
        Symbol("b", "intercept", "", Text("whether a constant is learnt, as the first weight", "是否学习常数项（第一个权重）"), "boolean"),
        Symbol("w", "", "p", Text("weights; the decision is the sign of $w^{\\mathsf T}x$", "权重；按 $w^{\\mathsf T}x$ 的符号判决")),
        Symbol("M", "", "", Text("number of mistakes", "犯错次数")),
        Symbol("u", "", "p", Text("a unit vector that separates", "能分开两类的单位向量")),
        Symbol(r"\gamma", "", "", Text("its margin", "其间隔")),
        Symbol("R", "", "", Text("length of the longest point", "最长的点的长度")),
    ),
    needs=("norm", "matrix-product"),
    source="rosenblatt1958perceptron",
    year=1958,
    people=("Frank Rosenblatt", "Albert Novikoff", "Marvin Minsky", "Seymour Papert"),
    implementations=(
        Implementation("gradus.foundations.perceptron:perceptron", "numpy", _ours, Text("also the estimator `Perceptron`, for any number of classes", "另有估计器 `Perceptron`，类别数不限")),
    ),
    readings=(
        Reading("novikoff1962convergence"),
        Reading("minsky1969perceptrons"),
        Reading("bishop2006pattern", "§4.1.7"),
        Reading("freund1999large"),
    ),
    deviations=(
        Text("scikit-learn's `Perceptron` shuffles the points in each pass and stops when the loss no longer falls, unless `shuffle=False, tol=None`.",
             "scikit-learn 的 `Perceptron` 每次遍历都打乱数据，且损失不再下降时停止，除非设 `shuffle=False, tol=None`。"),
        Text("Texts with labels 0 and 1 write $w\\leftarrow w+\\eta(y-\\hat y)x$: the same rule; from $w=0$ the learning rate η only scales w.",
             "用标签 0、1 的教材写作 $w\\leftarrow w+\\eta(y-\\hat y)x$：规则相同；从 $w=0$ 出发，学习率 η 只缩放 w。"),
    ),
    proof=Proof(
        Text(
            r"Let $w_k$ be the weights after $k$ mistakes. Each mistake adds $y_iu^{\mathsf T}x_i\ge\gamma$ to $u^{\mathsf T}w$, so "
            r"$u^{\mathsf T}w_k\ge k\gamma$. And $\lVert w_{k+1}\rVert^2=\lVert w_k\rVert^2+2y_iw_k^{\mathsf T}x_i+\lVert x_i\rVert^2\le\lVert w_k\rVert^2+R^2$, "
            r"because the middle term is not positive at a mistake; so $\lVert w_k\rVert^2\le kR^2$. By Cauchy and Schwarz "
            r"$k\gamma\le u^{\mathsf T}w_k\le\lVert w_k\rVert\le\sqrt k\,R$, hence $k\le(R/\gamma)^2$.",
            r"记 $w_k$ 为犯 $k$ 次错后的权重。每次犯错使 $u^{\mathsf T}w$ 增加 $y_iu^{\mathsf T}x_i\ge\gamma$，故 $u^{\mathsf T}w_k\ge k\gamma$。"
            r"又 $\lVert w_{k+1}\rVert^2=\lVert w_k\rVert^2+2y_iw_k^{\mathsf T}x_i+\lVert x_i\rVert^2\le\lVert w_k\rVert^2+R^2$，因为犯错时中间一项不为正；"
            r"故 $\lVert w_k\rVert^2\le kR^2$。由柯西–施瓦茨不等式 $k\gamma\le u^{\mathsf T}w_k\le\lVert w_k\rVert\le\sqrt k\,R$，从而 $k\le(R/\gamma)^2$。",
        )
    ),
    differentiable=False,
)  # fmt: skip


@PERCEPTRON.definition
def perceptron(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for _ in range(epochs):
        before = M
        for x, t in zip(A, y, strict=True):
            if t * (w @ x) <= 0:
                w, M = w + t * x, M + 1
        if before == M:
            break
    return w, np.array(M)


XOR = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]]), np.array([-1.0, 1, 1, -1])


@PERCEPTRON.cases
def cases(rng):
    u = rng.standard_normal(3)
    X = rng.standard_normal((20, 3))
    yield "separable", dict(X=X, y=np.where(X @ u + 0.3 > 0, 1.0, -1.0))
    yield "through the origin", dict(X=X, y=np.where(X @ u > 0, 1.0, -1.0), intercept=False)
    yield "noisy labels, ten passes", dict(X=X, y=rng.choice([-1.0, 1.0], 20), epochs=10)
    yield "XOR", dict(X=XOR[0], y=XOR[1], epochs=9)
    yield "one point", dict(X=np.array([[2.0, -1.0]]), y=np.array([-1.0]))
    yield "no pass", dict(X=X, y=np.ones(20), epochs=0)


@PERCEPTRON.invalid
def invalid(rng):
    yield "fewer labels than points", dict(X=np.ones((3, 2)), y=np.ones(2))
    yield "labels 0 and 1", dict(X=np.ones((3, 2)), y=np.array([0.0, 1.0, 1.0]))
    yield "three axes", dict(X=np.ones((3, 2, 2)), y=np.ones(3))


def separable(rng, n, d):
    """Points on both sides of a random hyperplane through 0, those too near to it left out; and its unit normal."""
    u = rng.standard_normal(d)
    u /= np.linalg.norm(u)
    X = rng.standard_normal((4 * n, d))
    X = X[np.abs(X @ u) > 0.1][:n]
    return X, np.where(X @ u > 0, 1.0, -1.0), u


@PERCEPTRON.claim(
    Text(
        r"$M\le(R/\gamma)^2$ on 100 random separable sets, in 2 to 30 dimensions",
        r"在 100 个随机可分数据集（2 到 30 维）上 $M\le(R/\gamma)^2$",
    )
)
def mistakes_are_bounded(perceptron, rng):
    found = []
    for _ in range(100):
        X, y, u = separable(rng, 12, int(rng.integers(2, 31)))
        _, M = perceptron(X, y, 100_000, False)
        found.append(bound(M, np.max((X**2).sum(1)) / (y * (X @ u)).min() ** 2))
    return all_of(*found)


@PERCEPTRON.claim(
    Text(
        r"The bound is attained: on $n$ unit vectors at right angles $R=1$, $\gamma=1/\sqrt n$, and it errs exactly $n$ times",
        r"该界可以达到：在 $n$ 个两两正交的单位向量上 $R=1$、$\gamma=1/\sqrt n$，恰好犯错 $n$ 次",
    )
)
def bound_is_attained(perceptron, rng):
    sizes = (1, 2, 5, 16)
    return identical(
        [int(perceptron(np.eye(n), rng.choice([-1.0, 1.0], n), 9, False)[1]) for n in sizes], sizes
    )


@PERCEPTRON.claim(
    Text(
        "When it stops, every point of a separable set is on its side, none on the hyperplane",
        "停止时，可分数据集的每个点都在正确的一侧，没有点落在超平面上",
    )
)
def separates_what_can_be_separated(perceptron, rng):
    margins = []
    for _ in range(10):
        X, y, _ = separable(rng, 30, 5)
        X = X + rng.standard_normal(5)  # the intercept is needed now
        w, _ = perceptron(X, y, 100_000)
        margins.append((y * (X @ w[1:] + w[0])).min())
    return bound(min(margins), 2.0**-40, "≥", Text("above 0", "大于 0"))


@PERCEPTRON.claim(
    Text(
        r"Both halves of the proof: $u^{\mathsf T}w\ge M\gamma$ and $\lVert w\rVert^2\le MR^2$",
        r"证明的两半：$u^{\mathsf T}w\ge M\gamma$ 与 $\lVert w\rVert^2\le MR^2$",
    )
)
def both_halves_of_the_proof(perceptron, rng):
    found = []
    for epochs in (1, 2, 4, 1000):
        X, y, u = separable(rng, 40, 8)
        w, M = perceptron(X, y, epochs, False)
        gamma, R2 = (y * (X @ u)).min(), np.max((X**2).sum(1))
        found += [bound(u @ w, M * gamma, "≥"), bound(w @ w, M * R2)]
    return all_of(*found)


@PERCEPTRON.claim(
    Text(
        "XOR: it errs in every one of 1000 passes, while its weights stay bounded and come round again and again",
        "异或：1000 次遍历中每次都犯错，而权重有界，反复循环",
    )
)
def xor_never_converges(perceptron, rng):
    weights, mistakes = zip(*(perceptron(*XOR, epochs) for epochs in (10, 100, 999, 1000)), strict=True)
    least = Text("one mistake a pass at the least", "每次遍历至少一次错误")
    return all_of(
        *[bound(M, e, "≥", least) for M, e in zip(mistakes, (10, 100, 999, 1000), strict=True)],
        *[identical(w, weights[0]) for w in weights],
    )


@PERCEPTRON.claim(
    Text(
        "One hidden layer solves XOR: in the two units “some input” and “both inputs” it stops, without an error",
        "一个隐藏层就能解决异或：在“至少一个输入”和“两个输入”两个单元上它停止且没有错误",
    )
)
def a_hidden_layer_solves_xor(perceptron, rng):
    X, y = XOR
    hidden = np.sign(np.stack([X.sum(1) + 1, X.sum(1) - 1], axis=1))  # OR, AND
    w, M = perceptron(hidden, y, 1000)
    _, again = perceptron(hidden, y, 2000)
    return all_of(identical(np.sign(hidden @ w[1:] + w[0]), y), identical(M, again))


@PERCEPTRON.claim(
    Text(
        "Of the 16 functions of two bits it learns 14: all but XOR and its negation",
        "两个比特的 16 个函数中它能学会 14 个：除异或与同或之外的全部",
    )
)
def fourteen_of_sixteen(perceptron, rng):
    X = XOR[0]
    learnt = [
        bool((np.sign(X @ w[1:] + w[0]) == y).all())
        for y in map(np.array, product([-1.0, 1.0], repeat=4))
        for w in [perceptron(X, y, 100)[0]]
    ]
    return all_of(identical(sum(learnt), 14), identical(np.flatnonzero(np.logical_not(learnt)), [6, 9]))


@PERCEPTRON.claim(
    Text(
        r"$w=\sum_i\alpha_iy_ix_i$ with whole numbers $\alpha_i\ge0$ whose sum is $M$: how often each point was mistaken",
        r"$w=\sum_i\alpha_iy_ix_i$，$\alpha_i\ge0$ 为整数，其和为 $M$：每个点被分错的次数",
    )
)
def weights_count_the_mistakes(perceptron, rng):
    X, y = rng.standard_normal((6, 9)), rng.choice([-1.0, 1.0], 6)
    w, M = perceptron(X, y, 1000, False)
    alpha = np.linalg.lstsq((X * y[:, None]).T, w, rcond=None)[0]
    counts = np.round(alpha)
    scale = np.linalg.cond(X) * max(1.0, np.abs(alpha).max())
    return all_of(
        roundoff(alpha, counts, terms=9, c=16, scale=scale),
        bound(counts.min(), 0.0, "≥"),
        identical(counts.sum(), float(M)),
    )


@PERCEPTRON.claim(
    Text(
        "Scaling all points by 8 scales the weights by 8 and changes no decision: from 0, there is no learning rate to choose",
        "所有点放大 8 倍，权重也放大 8 倍，判决不变：从 0 出发没有学习率可选",
    )
)
def scale_does_not_matter(perceptron, rng):
    X, y, _ = separable(rng, 25, 4)
    w, M = perceptron(X, y, 50, False)
    w8, M8 = perceptron(8 * X, y, 50, False)
    return all_of(identical(w8, 8 * w), identical(M8, M))


@PERCEPTRON.claim(Text("Equals scikit-learn's weights on the same order of points", "与 scikit-learn 在相同顺序下的权重一致"))  # fmt: skip
def equals_scikit_learn(perceptron, rng):
    from sklearn.linear_model import Perceptron

    X, y, _ = separable(rng, 30, 4)
    flipped = np.where(rng.random(30) < 0.2, -y, y)
    found = []
    for labels in (y, flipped):
        oracle = Perceptron(shuffle=False, tol=None, max_iter=7).fit(X, labels)
        w, _ = perceptron(X, labels, 7)
        found.append(roundoff(w, [*oracle.intercept_, *oracle.coef_[0]], terms=210, scale=10.0))
    return all_of(*found)


@PERCEPTRON.mutant(
    Text("learns from every point, mistaken or not", "无论对错都学习每个点"),
    caught_by=["equals-definition", "mistakes-are-bounded", "both-halves-of-the-proof", "bound-is-attained"],
)
def learns_from_every_point(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    passes = min(epochs, 50)
    return passes * (A.T @ y), np.array(passes * len(y))


@PERCEPTRON.mutant(
    Text("a point on the hyperplane counts as right: it never leaves 0", "落在超平面上算作正确：永远停在 0"),
    caught_by=["bound-is-attained", "separates-what-can-be-separated", "xor-never-converges", "equals-scikit-learn"],
)  # fmt: skip
def content_with_zero(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * min(epochs, 10):
        if t * (w @ x) < 0:
            w, M = w + t * x, M + 1
    return w, np.array(M)


@PERCEPTRON.mutant(
    Text("the label is left out of the update", "更新时漏掉标签"),
    caught_by=["equals-definition", "separates-what-can-be-separated", "fourteen-of-sixteen", "a-hidden-layer-solves-xor"],
)  # fmt: skip
def label_left_out(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * min(epochs, 10):
        if t * (w @ x) <= 0:
            w, M = w + x, M + 1
    return w, np.array(M)


@PERCEPTRON.mutant(
    Text("no intercept although one is asked for", "要求截距却不学习"),
    caught_by=["equals-definition", "fourteen-of-sixteen", "separates-what-can-be-separated"],
)
def intercept_forgotten(X, y, epochs=100, intercept=True):
    w, M = perceptron(X, y, min(epochs, 50), False)
    return (np.append(0.0, w) if intercept else w), M


@PERCEPTRON.mutant(
    Text("the step shrinks with the number of mistakes", "步长随犯错次数缩小"),
    caught_by=["weights-count-the-mistakes", "equals-scikit-learn", "xor-never-converges", "both-halves-of-the-proof"],
)  # fmt: skip
def shrinking_steps(X, y, epochs=100, intercept=True):
    A = np.column_stack([np.ones(len(X)), X]) if intercept else X
    w, M = np.zeros(A.shape[1]), 0
    for x, t in list(zip(A, y, strict=True)) * epochs:
        if t * (w @ x) <= 0:
            M += 1
            w = w + t * x / M
    return w, np.array(M)


@PERCEPTRON.mutant(
    Text("the points are brought to unit length first", "先把各点归一化为单位长度"),
    caught_by=["equals-definition", "scale-does-not-matter", "weights-count-the-mistakes"],
)
def normalised_points(X, y, epochs=100, intercept=True):
    return perceptron(X / np.linalg.norm(X, axis=-1, keepdims=True), y, epochs, intercept)


@PERCEPTRON.figure(
    gap=Slider(0.01, 1.0, 0.1, Text("margin of the classes", "两类之间的间隔"), log=True),
    seed=Slider(0, 9, 4, Text("which points", "哪一组点"), integer=True),
)
def figure(gap, seed):
    rng = np.random.default_rng(int(seed))
    u = np.array([np.cos(0.6), np.sin(0.6)])
    X = rng.uniform(0, 2.8, (400, 2))
    side = (X - 1.4) @ u
    X, y = X[np.abs(side) > gap][:60], np.sign(side[np.abs(side) > gap][:60])
    history, epochs = [perceptron(X, y, e) for e in range(60)], 60
    mistakes = np.array([int(M) for _, M in history])
    settled = int(np.argmax(mistakes == mistakes[-1]))
    w = history[-1][0]
    v = np.append(-1.4 * u.sum(), u)
    reach = (y * (X @ u + v[0])).min() / np.linalg.norm(v)
    limit = (1 + (X**2).sum(1).max()) / reach**2
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    for label, colour, marker in ((1, COLOURS[0], "o"), (-1, COLOURS[1], "s")):
        left.scatter(*X[y == label].T, s=18, color=colour, marker=marker, alpha=0.8)
    t = np.array([-1.0, 4.0])
    for v, style, name in ((history[1][0], ":", "after one pass"), (w, "-", f"after {settled}")):
        if v[2]:
            left.plot(t, -(v[0] + v[1] * t) / v[2], style, color="0.2", lw=1.4, label=name)
    left.set(xlim=(-0.1, 2.9), ylim=(-0.1, 3.5), xlabel="$x_1$", ylabel="$x_2$")
    left.legend(frameon=True, fontsize=8, loc="upper center", ncols=2)
    right.plot(np.arange(epochs), np.maximum(mistakes, 0.5), lw=1.8, label="mistakes M")
    right.axhline(limit, color=COLOURS[1], ls="--", lw=1.2, label=r"bound $(R/\gamma)^2$")
    worst = [int(perceptron(*XOR, e)[1]) for e in range(epochs)]
    right.plot(np.arange(epochs), np.maximum(worst, 0.5), color="0.6", lw=1.4, label="XOR: for ever")
    right.set(yscale="log", xlabel="pass", ylabel="mistakes so far", ylim=(0.5, 3 * max(limit, 250)))
    right.legend(frameon=False, fontsize=8, loc="lower right")
    return Drawing(
        fig,
        Text(
            f"{len(X)} points with a margin of {gap:.2f}: {mistakes[-1]} mistakes, the last in pass {settled}; at most {limit:.0f} are possible. "
            f"On XOR there were {worst[-1]} in {epochs - 1} passes, and there is no end.",
            f"{len(X)} 个点，间隔 {gap:.2f}：共犯错 {mistakes[-1]} 次，最后一次在第 {settled} 次遍历；至多可能 {limit:.0f} 次。"
            f"在异或上 {epochs - 1} 次遍历犯错 {worst[-1]} 次，没有尽头。",
        ),
    )
