"""k-means: the mean of the nearest, again and again."""

from functools import cache
from itertools import product

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Proof, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.page.figures import COLOURS, canvas


def _sklearn(KMeans, X, C, steps):
    model = KMeans(len(C), init=C, n_init=1, max_iter=steps, tol=0.0, algorithm="lloyd").fit(X)
    return model.cluster_centers_, model.labels_


CLUSTERING = Concept(
    key="clustering",
    kind="algorithm",
    title=Text("k-means clustering", "k 均值聚类"),
    summary=Text(
        "Points are divided into k groups so that the squared distances to the groups' means add up to little. Two steps that each can only lower the sum alternate: "
        "every point goes to its nearest centre, every centre to the mean of its points. They end after finitely many steps, in a local minimum that depends on the start.",
        "把点分成 k 组，使各点到所在组均值的平方距离之和尽量小。两个只会降低该和的步骤交替进行：每个点归入最近的中心，每个中心移到其点的均值。"
        "有限步后停止于一个局部极小，其好坏取决于起点。",
    ),
    formulas=(
        r"J(c,\ell)=\sum_{i=1}^{n}\lVert x_i-c_{\ell_i}\rVert^2",
        r"\ell_i\leftarrow\arg\min_j\lVert x_i-c_j\rVert,\qquad c_j\leftarrow\frac1{|\{i:\ell_i=j\}|}\sum_{i:\,\ell_i=j}x_i",
        r"\sum_{i=1}^{n}\lVert x_i-\bar x\rVert^2=J(c,\ell)+\sum_{j=1}^{k}n_j\lVert c_j-\bar x\rVert^2\qquad\text{at rest}",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", Text("points, one a row", "数据点，每行一个")),
        Symbol("c_j", "C", "k d", Text("centres: where they start", "中心的起始位置")),
        Symbol("T", "steps", "", Text("rounds that are allowed", "允许的轮数"), "natural"),
        Symbol(r"\ell_i", "", "n", Text("number of the i-th point's cluster", "第 i 点所属簇的编号"), "index"),
        Symbol("J", "", "", Text("sum of the squared distances", "平方距离之和")),
        Symbol("n_j", "", "k", Text("number of points in the j-th cluster", "第 j 簇的点数")),
        Symbol(r"\bar x", "", "d", Text("mean of all points", "全部点的均值")),
    ),
    needs=("norm", "expectation"),
    source="lloyd1982least",
    year=1957,
    people=("Stuart Lloyd", "Hugo Steinhaus", "James MacQueen", "Edward Forgy"),
    implementations=(
        Implementation("sklearn.cluster:KMeans", "numpy", _sklearn, Text("ten starts by k-means++ unless told otherwise: set `n_init`", "起点用 k-means++；起始次数由 `n_init` 设定")),
    ),
    readings=(
        Reading("hastie2009elements", "§14.3.6"),
        Reading("bishop2006pattern", "§9.1"),
        Reading("murphy2022probabilistic", "§21.3"),
    ),
    deviations=(
        Text("A centre that no point is nearest to has no mean. Here, as in scikit-learn, it takes the point that is farthest from its own centre; SciPy's `kmeans2` leaves it where it is and warns.",
             "没有点离它最近的中心无均值可言。此处与 scikit-learn 相同：它取走离自身中心最远的点；SciPy 的 `kmeans2` 让它留在原处并给出警告。"),
        Text("scikit-learn's `tol` stops early unless it is 0.", "scikit-learn 的 `tol` 非 0 时会提前停止。"),
    ),
    proof=Proof(
        Text(
            r"That J never rises: with the centres held, the nearest centre makes each term smallest. With the labels held, $\sum\lVert x_i-c\rVert^2=\sum\lVert x_i-m\rVert^2+N\lVert c-m\rVert^2$ for the mean m of the N points, least at $c=m$. "
            r"There are at most $k^n$ partitions and J falls strictly whenever the partition changes (ties aside), so none returns and the steps end.",
            r"J 从不上升：固定中心时，取最近的中心使每一项最小；固定标签时，对 N 个点的均值 m 有 $\sum\lVert x_i-c\rVert^2=\sum\lVert x_i-m\rVert^2+N\lVert c-m\rVert^2$，在 $c=m$ 处最小。"
            r"划分至多 $k^n$ 种，而划分改变时 J 严格下降（不计平局），故划分不会重复，步骤必然终止。",
        )
    ),
    differentiable=False,
)  # fmt: skip


@CLUSTERING.definition
def k_means(X, C, steps=300):
    for _ in range(steps):
        d = ((X[:, None] - C) ** 2).sum(-1)
        labels = d.argmin(1)
        for j in set(range(len(C))) - set(labels):  # a centre without points takes the worst served
            labels[d.min(1).argmax()] = j
        means = np.stack([X[labels == j].mean(0) for j in range(len(C))])
        if (means == C).all():
            break
        C = means
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


def blobs(rng, n=40, k=3, d=2, spread=1.0):
    centres = 4 * rng.standard_normal((k, d))
    return centres[rng.integers(k, size=n)] + spread * rng.standard_normal((n, d))


def cost(X, C, labels):
    """J of the centres and labels."""
    return float(((X - np.asarray(C)[np.asarray(labels)]) ** 2).sum())


@CLUSTERING.cases
def cases(rng):
    X = blobs(rng)
    yield "three blobs", dict(X=X, C=X[:3])
    yield "one step", dict(X=X, C=X[:4], steps=1)
    yield "one cluster", dict(X=X, C=np.zeros((1, 2)))
    yield "as many clusters as points", dict(X=X[:5], C=X[:5])
    yield "one dimension", dict(X=rng.standard_normal((15, 1)), C=np.array([[-1.0], [1.0]]))
    yield "a centre far from all", dict(X=X, C=np.vstack([X[:2], [[1000.0, 0.0]]]), steps=2)


@CLUSTERING.invalid
def invalid(rng):
    yield "centres in another space", dict(X=rng.standard_normal((6, 2)), C=np.zeros((2, 3)))
    yield "more centres than points", dict(X=rng.standard_normal((2, 2)), C=np.zeros((3, 2)))
    yield "NaN", dict(X=np.full((4, 2), np.nan), C=np.zeros((2, 2)))


@cache
def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)[0]


@CLUSTERING.claim(
    Text(
        "J never rises, over all rounds from random starts on blobs and on the irises, and it falls until the partition stays",
        "从随机起点出发，无论是高斯团还是鸢尾花数据，J 在各轮中从不上升，直到划分不再改变",
    )
)
def objective_never_rises(f, rng):
    found = []
    for X, k in ((blobs(rng, 60, 4, 3), 5), (iris(), 3), (rng.standard_normal((50, 2)), 6)):
        C = X[rng.choice(len(X), k, replace=False)]
        start = cost(X, C, ((X[:, None] - C) ** 2).sum(-1).argmin(1))
        J = [start] + [cost(X, *f(X, C, t)) for t in range(1, 9)]
        said = Text("proved; rounding", "已证明；舍入")
        found += [
            bound(np.diff(J).max(), 1e-12 * start, "≤", said),
            bound(J[-1], start, "≤", Text("the start", "起点")),
        ]
    return all_of(*found)


@CLUSTERING.claim(
    Text(
        "At rest every centre is the mean of its points, every point is nearest to its own centre, and one more round changes nothing",
        "静止时每个中心是其点的均值，每个点离自己的中心最近，再来一轮也没有变化",
    )
)
def rests_at_means_and_nearest_centres(f, rng):
    found = []
    for X, k in ((blobs(rng), 3), (iris(), 4), (rng.standard_normal((60, 5)), 7)):
        C, labels = (np.asarray(v) for v in f(X, X[rng.choice(len(X), k, replace=False)], 300))
        means = np.stack([X[labels == j].mean(0) for j in range(k)])
        d = ((X[:, None] - C) ** 2).sum(-1)
        again, same = f(X, C, 1)
        found += [
            roundoff(C, means, terms=len(X)),
            identical(labels, d.argmin(1)),
            roundoff(again, C, terms=len(X)),
            identical(same, labels),
        ]
    return all_of(*found)


@CLUSTERING.claim(
    Text(
        "It agrees with SciPy's `kmeans2` from the same centres, on blobs and on the irises",
        "从同样的中心出发，与 SciPy 的 `kmeans2` 一致（高斯团与鸢尾花数据）",
    )
)
def equals_scipy(f, rng):
    from scipy.cluster.vq import kmeans2

    found = []
    for X, k in ((blobs(rng, 80, 3), 3), (iris(), 3), (iris(), 5)):
        C0 = X[:: len(X) // k][:k] + 0.01
        C, labels = f(X, C0, 300)
        want, named = kmeans2(X, C0, iter=100, minit="matrix", missing="raise")
        found += [roundoff(C, want, terms=len(X)), identical(labels, named)]
    return all_of(*found)


@CLUSTERING.claim(
    Text(
        "The total sum of squares is what is left within the clusters plus what lies between their means",
        "总平方和等于簇内平方和加上各簇均值之间的平方和",
    )
)
def squares_within_and_between(f, rng):
    found = []
    for X, k in ((blobs(rng), 3), (iris(), 3)):
        C, labels = (np.asarray(v) for v in f(X, X[:: len(X) // k][:k], 300))
        mean, sizes = X.mean(0), np.bincount(labels, minlength=k)
        between = float(sizes @ ((C - mean) ** 2).sum(1))
        found.append(roundoff(cost(X, C, labels) + between, ((X - mean) ** 2).sum(), terms=len(X)))
    return all_of(*found)


@CLUSTERING.claim(
    Text(
        "Of all $2^{10}$ partitions of ten points none is better than the best of twenty starts, and every start ends no better than the best",
        "十个点的全部 $2^{10}$ 种划分中，没有一种优于二十次起点中的最好结果；每次起点的结果都不优于最优划分",
    )
)
def optimum_by_enumeration(f, rng):
    X = rng.standard_normal((10, 2))
    best = np.inf
    for bits in product((False, True), repeat=10):
        s = np.array(bits)
        if s.any() and not s.all():
            best = min(best, ((X[s] - X[s].mean(0)) ** 2).sum() + ((X[~s] - X[~s].mean(0)) ** 2).sum())
    ends = [cost(X, *f(X, X[rng.choice(10, 2, replace=False)], 100)) for _ in range(20)]
    rounding = Text("enumeration of all partitions; rounding", "枚举全部划分；舍入")
    return all_of(
        bound(min(ends), best * (1 - 1e-12), "≥", rounding), near(min(ends), best, 1e-12 * best, rounding)
    )


@CLUSTERING.claim(
    Text(
        r"A bad start is kept for ever: of the corners of a $w\times h$ rectangle, centres amid the long sides stay with $J=w^2$; the optimum is $h^2$, so the ratio has no bound",
        r"坏起点永远无法摆脱：对 $w\times h$ 矩形的四个顶点，位于两条长边中点的中心不再移动，$J=w^2$；最优为 $h^2$，故二者之比无界",
    )
)
def stuck_at_a_bad_start(f, rng):
    found = []
    for w, h in ((2.0, 1.0), (10.0, 1.0), (1000.0, 2.0)):
        X = np.array([[-w, -h], [w, -h], [-w, h], [w, h]]) / 2
        bad = np.array([[0.0, -h], [0.0, h]]) / 2
        good = np.array([[-w, 0.0], [w, 0.0]]) / 2
        C, labels = f(X, bad, 100)
        found += [
            roundoff(C, bad, scale=w),
            roundoff(cost(X, C, labels), w**2, terms=4),
            roundoff(cost(X, *f(X, good, 100)), h**2, terms=4),
        ]
    return all_of(*found)


@CLUSTERING.claim(
    Text(
        "Moved and turned points have the moved and turned centres, with the same labels; centres in another order get the other names",
        "点整体平移和旋转，中心随之平移和旋转，标签不变；起始中心换序，只是换名",
    )
)
def moves_with_the_points(f, rng):
    X = rng.standard_normal((120, 3))  # no gaps: another distance cuts elsewhere
    C0 = X[[0, 10, 20, 30]]
    Q, shift = np.linalg.qr(rng.standard_normal((3, 3)))[0], rng.standard_normal(3)
    C, labels = (np.asarray(v) for v in f(X, C0, 300))
    turned, same = f(X @ Q + shift, C0 @ Q + shift, 300)
    order = np.array([2, 0, 3, 1])
    renamed, names = f(X, C0[order], 300)
    return all_of(
        invariance(turned, C @ Q + shift, terms=120, scale=10.0),
        identical(same, labels),
        invariance(renamed, C[order], terms=120, scale=10.0),
        identical(order[np.asarray(names)], labels),
    )


@CLUSTERING.mutant(
    Text("each centre becomes the coordinate-wise median of its points", "中心取其点的逐坐标中位数"),
    caught_by=["rests-at-means-and-nearest-centres", "squares-within-and-between", "equals-scipy", "equals-definition"],
)  # fmt: skip
def medians(X, C, steps=300):
    for _ in range(min(steps, 50)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        C = np.stack([np.median(X[labels == j], 0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(
    Text("each centre becomes the middle of the box around its points", "中心取其点的包围盒中心"),
    caught_by=["rests-at-means-and-nearest-centres", "equals-scipy", "optimum-by-enumeration"],
)  # fmt: skip
def middles(X, C, steps=300):
    for _ in range(min(steps, 50)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        own = [X[labels == j] if (labels == j).any() else C[j : j + 1] for j in range(len(C))]
        C = np.stack([(o.max(0) + o.min(0)) / 2 for o in own])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(
    Text("centres move two and a half times as far as to the mean", "中心移动的距离是到均值的两倍半"),
    caught_by=["objective-never-rises", "rests-at-means-and-nearest-centres", "squares-within-and-between"],
)
def overshooting(X, C, steps=300):
    for _ in range(min(steps, 20)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        means = np.stack([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
        C = C + 2.5 * (means - C)
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(
    Text("nearest by the sum of absolute differences", "按绝对差之和取最近的中心"),
    caught_by=["rests-at-means-and-nearest-centres", "moves-with-the-points", "equals-definition"],
)
def by_absolute_differences(X, C, steps=300):
    for _ in range(min(steps, 50)):
        labels = np.abs(X[:, None] - C).sum(-1).argmin(1)
        C = np.stack([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, np.abs(X[:, None] - C).sum(-1).argmin(1)


@CLUSTERING.mutant(
    Text("the best of many starts instead of the given one", "不用给定起点，而取多次起点中的最好结果"),
    caught_by=["stuck-at-a-bad-start", "equals-definition", "moves-with-the-points"],
)
def own_starts(X, C, steps=300):
    rng = np.random.default_rng(0)
    tries = [k_means(X, X[rng.choice(len(X), len(C), replace=False)], steps) for _ in range(4)]
    return min(tries, key=lambda found: cost(X, *found))


@CLUSTERING.figure(
    k=Slider(1, 8, 4, Text("clusters k", "簇数 k"), integer=True),
    step=Slider(0, 12, 1, Text("rounds", "轮数"), integer=True),
    start=Slider(0, 20, 3, Text("which start", "起点编号"), integer=True),
)
def figure(k, step, start):
    k, step = int(k), int(step)
    rng = np.random.default_rng(1)
    X = np.array([[-2.0, -1.5], [-1.8, 1.7], [1.9, 1.6], [1.4, -1.9]])[
        rng.integers(4, size=160)
    ] + 0.6 * rng.standard_normal((160, 2))
    C0 = X[np.random.default_rng(int(start)).choice(160, k, replace=False)]
    states = [(C0, ((X[:, None] - C0) ** 2).sum(-1).argmin(1))] + [k_means(X, C0, t) for t in range(1, 13)]
    J = [cost(X, *s) for s in states]
    C, labels = states[step]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    grid = np.stack(np.meshgrid(np.linspace(-4, 4, 161), np.linspace(-4, 4, 161)), -1)
    cells = ((grid[:, :, None] - C) ** 2).sum(-1).argmin(-1)
    if k > 1:
        left.contour(
            grid[..., 0], grid[..., 1], cells, levels=np.arange(k - 1) + 0.5, colors="#7F7F7F", linewidths=0.6
        )
    left.scatter(*X.T, s=10, c=[COLOURS[j] for j in labels])
    for j in range(k):
        path = np.array([s[0][j] for s in states[: step + 1]])
        left.plot(*path.T, color="black", lw=0.8)
    left.plot(*C.T, "k*", ms=9)
    left.set(title=f"round {step}", aspect="equal", xlim=(-4, 4), ylim=(-4, 4))
    right.plot(J, "o-", ms=3)
    right.plot([step], [J[step]], "o", color=COLOURS[1])
    right.set(xlabel="rounds", ylabel="J", title=f"J = {J[step]:.1f}", ylim=(0, 1.05 * J[0]))
    rest = next(t for t in range(13) if t == 12 or J[t] == J[t + 1])
    return Drawing(
        fig,
        Text(
            f"{k} centres among 160 points. J was {J[0]:.1f} at the start and is {J[step]:.1f} after round {step}; it no longer falls from round {rest} on, at {J[-1]:.1f}.",
            f"160 个点、{k} 个中心。起始时 J 为 {J[0]:.1f}，第 {step} 轮后为 {J[step]:.1f}；自第 {rest} 轮起不再下降，停在 {J[-1]:.1f}。",
        ),
    )
