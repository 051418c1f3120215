"""DBSCAN: clusters as what hangs together densely."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical
from gradus.page.figures import COLOURS, canvas


def _sklearn(DBSCAN, X, eps, minimum):
    return DBSCAN(eps=eps, min_samples=minimum).fit(X).labels_


DBSCAN = Concept(
    key="dbscan",
    kind="algorithm",
    title=Text("DBSCAN", "DBSCAN（基于密度的聚类）"),
    summary=Text(
        r"A point with at least m points within ε of it, itself among them, is a core point. Core points within ε of each other belong together, and their clusters may have any shape and number; "
        "points near a core point join its cluster, all others are noise. It needs a radius and a count instead of the number of clusters.",
        r"若某点 ε 范围内（含自身）至少有 m 个点，则称为核心点。相距不超过 ε 的核心点同属一簇，簇的形状与个数不限；核心点附近的点并入该簇，其余为噪声点。"
        "它需要的不是簇数，而是半径与个数。",
    ),
    formulas=(
        r"x_i\text{ is core}\iff\bigl|\{l:\lVert x_l-x_i\rVert\le\varepsilon\}\bigr|\ge m",
        r"\text{clusters}=\text{components of the graph on the core points with edges }\lVert x_i-x_l\rVert\le\varepsilon",
        r"\text{border}:\ \text{not core, within }\varepsilon\text{ of a core point};\qquad \text{noise }(-1):\ \text{the rest}",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", Text("points, one a row", "数据点，每行一个")),
        Symbol(r"\varepsilon", "eps", "", Text("radius", "半径"), "positive"),
        Symbol("m", "minimum", "", Text("how many points within the radius make a core point, itself counted", "成为核心点所需的半径内点数，含自身"), "natural"),
    ),
    needs=("norm", "clustering"),
    source="ester1996density",
    year=1996,
    people=("Martin Ester", "Hans-Peter Kriegel", "Jörg Sander", "Xiaowei Xu"),
    implementations=(Implementation("sklearn.cluster:DBSCAN", "numpy", _sklearn),),
    readings=(
        Reading("schubert2017dbscan"),
        Reading("hubert1985comparing"),
    ),
    deviations=(
        Text("A border point near two clusters may join either: here, as in scikit-learn, the one whose first core point comes first. That alone depends on the order of the points.",
             "靠近两簇的边界点可归入任一簇：此处与 scikit-learn 相同，归入首个核心点排在前面的簇。只有这一点取决于点的次序。"),
        Text("Some programs do not count the point itself: their m is one less.", "有些程序不计点自身：其 m 要少 1。"),
    ),
    differentiable=False,
)  # fmt: skip


@DBSCAN.definition
def dbscan(X, eps, minimum):
    close = np.sqrt(((X[:, None] - X) ** 2).sum(-1)) <= eps
    core = close.sum(1) >= minimum
    labels = np.full(len(X), -1)
    cluster = 0
    for i in range(len(X)):
        if not core[i] or labels[i] >= 0:
            continue
        member = np.arange(len(X)) == i
        while True:  # what is core and close to a member is a member
            grown = member | (core & close[member].any(0))
            if (grown == member).all():
                break
            member = grown
        labels[member] = cluster
        labels[close[member].any(0) & (labels < 0)] = cluster  # border points
        cluster += 1
    return labels


def moons(rng, n=120, noise=0.06):
    """Two half circles, 0.5 apart: points evenly along them, moved anywhere within a disc of radius `noise`."""
    half = n // 2
    t = np.pi * (np.arange(half) + rng.random((2, half))) / half
    upper = np.stack([np.cos(t[0]), np.sin(t[0])], 1)
    lower = np.stack([1 - np.cos(t[1]), 0.5 - np.sin(t[1])], 1)
    angle, radius = 2 * np.pi * rng.random(2 * half), noise * np.sqrt(rng.random(2 * half))
    moved = np.vstack([upper, lower]) + (radius * np.array([np.cos(angle), np.sin(angle)])).T
    order = rng.permutation(2 * half)
    return moved[order], (order < half).astype(int)


@DBSCAN.cases
def cases(rng):
    yield "moons", dict(X=moons(rng, 80)[0], eps=0.35, minimum=4)
    yield "all noise", dict(X=rng.standard_normal((10, 2)) * 100, eps=0.1, minimum=2)
    yield "one cluster", dict(X=rng.standard_normal((10, 3)), eps=50.0, minimum=3)
    yield "every point core", dict(X=rng.standard_normal((25, 2)), eps=0.5, minimum=1)
    yield "distances exactly ε", dict(X=np.array([[0.0], [1.0], [2.0], [4.0], [5.0]]), eps=1.0, minimum=3)
    yield "one point", dict(X=np.zeros((1, 2)), eps=1.0, minimum=1)


@DBSCAN.invalid
def invalid(rng):
    yield "radius 0", dict(X=rng.standard_normal((5, 2)), eps=0.0, minimum=2)
    yield "no point needed", dict(X=rng.standard_normal((5, 2)), eps=1.0, minimum=0)
    yield "NaN", dict(X=np.full((4, 2), np.nan), eps=1.0, minimum=2)


def core_points(X, eps, minimum):
    return (np.sqrt(((X[:, None] - X) ** 2).sum(-1)) <= eps).sum(1) >= minimum


@DBSCAN.claim(
    Text(
        "It finds two moons exactly, at three numbers of points, where k-means from the true means has an adjusted Rand index below 0.6",
        "在三种点数下精确找到两个月牙，而从真实均值出发的 k 均值的调整兰德指数低于 0.6",
    )
)
def finds_two_moons(f, rng):
    from scipy.cluster.vq import kmeans2
    from sklearn.metrics import adjusted_rand_score

    found = []
    for n in (150, 250, 400):  # neighbours are at most 0.21 apart, the moons at least 0.38
        X, truth = moons(rng, n)
        labels = np.asarray(f(X, 0.25, 3))
        by_means = kmeans2(X, np.stack([X[truth == j].mean(0) for j in (0, 1)]), iter=50, minit="matrix")[1]
        found += [
            identical(labels, truth if truth[0] == 0 else 1 - truth),
            bound(adjusted_rand_score(truth, by_means), 0.6, "≤", Text("k-means cuts across both", "k 均值横切两个月牙")),
        ]  # fmt: skip
    return all_of(*found)


@DBSCAN.claim(
    Text(
        "Its clusters of core points are the connected components that SciPy finds in their ε-graph; noise is what has no core point within ε",
        "核心点的簇正是 SciPy 在其 ε-图中找到的连通分支；噪声点是 ε 内没有核心点的点",
    )
)
def clusters_are_components(f, rng):
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial.distance import cdist

    found = []
    for X, eps, m in ((moons(rng, 150, 0.4)[0], 0.2, 4), (rng.standard_normal((120, 3)), 0.6, 4), (rng.random((150, 2)), 0.07, 3)):  # fmt: skip
        close = cdist(X, X) <= eps
        core = close.sum(1) >= m
        labels = np.asarray(f(X, eps, m))
        count, named = connected_components(close[np.ix_(core, core)], directed=False)
        pairs = set(zip(labels[core].tolist(), named.tolist(), strict=True))
        found += [
            identical(len(pairs), count),
            identical(int(labels.max()) + 1, count),
            identical(labels < 0, ~close[:, core].any(1)),
        ]
        for i in np.flatnonzero(~core & (labels >= 0)):
            found.append(identical(bool((labels[core & close[i]] == labels[i]).any()), True))
    return all_of(*found)


@DBSCAN.claim(
    Text(
        "With m = 1 and with m = 2 it is single linkage cut at height ε, as SciPy computes it: m = 2 calls the lone points noise",
        "m = 1 与 m = 2 时即在高度 ε 处截断的单链接聚类（与 SciPy 一致）：m = 2 把孤立点称为噪声",
    )
)
def one_neighbour_is_single_linkage(f, rng):
    from scipy.cluster.hierarchy import fcluster, linkage

    X = rng.random((80, 2))
    named = fcluster(linkage(X, "single"), 0.09, "distance")
    sizes = np.bincount(named)
    one, two = np.asarray(f(X, 0.09, 1)), np.asarray(f(X, 0.09, 2))
    grouped = sizes[named] > 1
    return all_of(
        identical(len(set(zip(one.tolist(), named.tolist(), strict=True))), int((sizes > 0).sum())),
        identical(int(one.min()), 0),
        identical(two < 0, ~grouped),
        identical(len(set(zip(two[grouped].tolist(), named[grouped].tolist(), strict=True))), int((sizes > 1).sum())),
    )  # fmt: skip


@DBSCAN.claim(
    Text(
        "Another order of the points gives the same noise and the same partition of the core points; a border point between two clusters goes to the cluster that comes first",
        "点换序后，噪声点与核心点的划分不变；两簇之间的边界点归入排在前面的簇",
    )
)
def only_border_points_depend_on_the_order(f, rng):
    X, eps, m = rng.random((150, 2)), 0.075, 4
    core, order = core_points(X, eps, m), rng.permutation(150)
    labels, back = np.asarray(f(X, eps, m)), np.empty(150, int)
    back[order] = np.asarray(f(X[order], eps, m))
    pairs = set(zip(labels[core].tolist(), back[core].tolist(), strict=True))
    # 2.0 lies between two clusters and has only three points within 1, itself counted
    line = np.array([0.0, 0.5, 0.75, 1.0, 2.0, 3.0, 3.25, 3.5, 4.0])[:, None]
    left, right = np.asarray(f(line, 1.0, 4)), np.asarray(f(line[::-1], 1.0, 4))
    return all_of(
        identical(labels < 0, back < 0),
        identical(len(pairs), len(set(labels[core].tolist()))),
        identical(left, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])),
        identical(right, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])),
    )


@DBSCAN.claim(
    Text(
        "A larger radius never makes a clustered point noise, a larger m never rescues one; whoever shares a cluster of core points keeps sharing it as ε grows",
        "半径增大不会使已成簇的点变为噪声，m 增大不会挽救噪声点；同簇的核心点在 ε 增大后仍同簇",
    )
)
def grows_with_the_radius(f, rng):
    X = rng.standard_normal((100, 2))
    found = []
    before = None
    for eps in (0.15, 0.25, 0.4, 0.8):
        labels = np.asarray(f(X, eps, 4))
        stricter = np.asarray(f(X, eps, 6))
        found.append(identical(int(((stricter >= 0) & (labels < 0)).sum()), 0))
        if before is not None:
            old, core = before
            pairs = set(zip(old[core].tolist(), labels[core].tolist(), strict=True))
            found += [
                identical(int(((old >= 0) & (labels < 0)).sum()), 0),
                identical(len(pairs), len(set(old[core].tolist()))),
            ]
        before = labels, core_points(X, eps, 4)
    return all_of(*found)


def _variant(X, eps, minimum, close=None, core=None, chain=False, adopt=True):
    """Components of the core points with other rules."""
    d = np.sqrt(((X[:, None] - X) ** 2).sum(-1))
    close = d <= eps if close is None else close(d)
    core = close.sum(1) >= minimum if core is None else core(close)
    labels, cluster = np.full(len(X), -1), 0
    for i in np.flatnonzero(core):
        if labels[i] >= 0:
            continue
        member = np.arange(len(X)) == i
        while True:
            reached = close[member].any(0) & (chain | core) & (labels < 0)
            if not (reached & ~member).any():
                break
            member |= reached
        labels[member] = cluster
        if adopt:
            labels[close[member].any(0) & (labels < 0)] = cluster
        cluster += 1
    return labels


@DBSCAN.mutant(
    Text("a distance of exactly ε does not count", "恰为 ε 的距离不算在内"),
    caught_by=["equals-definition", "only-border-points-depend-on-the-order"],
)
def strictly_within(X, eps, minimum):
    return _variant(X, eps, minimum, close=lambda d: d < eps)


@DBSCAN.mutant(
    Text("the point itself is not counted", "不计点自身"),
    caught_by=["equals-definition", "one-neighbour-is-single-linkage", "clusters-are-components"],
)
def itself_not_counted(X, eps, minimum):
    return _variant(X, eps, minimum, core=lambda close: close.sum(1) - 1 >= minimum)


@DBSCAN.mutant(
    Text("clusters grow through border points too", "簇也经由边界点扩张"),
    caught_by=["clusters-are-components", "only-border-points-depend-on-the-order"],
)
def through_border_points(X, eps, minimum):
    return _variant(X, eps, minimum, chain=True)


@DBSCAN.mutant(
    Text("border points are left as noise", "边界点被当作噪声"),
    caught_by=["clusters-are-components", "equals-definition", "only-border-points-depend-on-the-order"],
)
def border_is_noise(X, eps, minimum):
    return _variant(X, eps, minimum, adopt=False)


@DBSCAN.mutant(
    Text("k-means with two clusters, called dense", "把两簇的 k 均值当作密度聚类"),
    caught_by=["finds-two-moons", "clusters-are-components", "grows-with-the-radius"],
)
def halves(X, eps, minimum):
    direction = np.linalg.svd(X - X.mean(0))[2][0]
    labels = ((X - X.mean(0)) @ direction > eps).astype(int)
    return labels if len(X) > 1 else np.zeros(1, int)


@DBSCAN.figure(
    eps=Slider(0.05, 0.8, 0.23, Text("radius ε", "半径 ε")),
    minimum=Slider(1, 12, 4, Text("points m within it", "半径内点数 m"), integer=True),
    noise=Slider(0.0, 0.5, 0.2, Text("noise of the moons", "月牙的噪声")),
)
def figure(eps, minimum, noise):
    minimum = int(minimum)
    X, _ = moons(np.random.default_rng(0), 200, noise)
    labels, core = dbscan(X, eps, minimum), core_points(X, eps, minimum)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    colours = np.array([COLOURS[j % 7] if j >= 0 else "#000000" for j in labels])
    border = ~core & (labels >= 0)
    left.scatter(*X[core].T, s=22, c=colours[core], lw=0)
    left.scatter(*X[border].T, s=14, facecolors="none", edgecolors=colours[border])
    left.scatter(*X[labels < 0].T, s=16, marker="x", c="#000000", lw=0.8)
    left.set(aspect="equal", title=f"{labels.max() + 1} clusters, {np.sum(labels < 0)} noise")
    reach = np.sort(np.sqrt(((X[:, None] - X) ** 2).sum(-1)), 1)[:, minimum - 1]
    right.plot(np.sort(reach)[::-1])
    right.axhline(eps, color=COLOURS[1])
    right.set(
        xlabel="points, sorted", ylabel=f"radius that holds {minimum} points", title="below the line: core"
    )
    return Drawing(
        fig,
        Text(
            f"ε = {eps:.2f}, m = {minimum}: {labels.max() + 1} clusters; {core.sum()} of 200 points are core (filled), {border.sum()} border (rings), {np.sum(labels < 0)} noise (crosses).",
            f"ε = {eps:.2f}，m = {minimum}：{labels.max() + 1} 个簇；200 个点中核心点 {core.sum()} 个（实心）、边界点 {border.sum()} 个（圆圈）、噪声点 {np.sum(labels < 0)} 个（叉号）。",
        ),
    )
