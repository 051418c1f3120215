"""DBSCAN: clusters as what hangs together densely."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(DBSCAN, X, eps, minimum):
    return DBSCAN(eps=eps, min_samples=minimum).fit(X).labels_


DBSCAN = Concept(
    key="dbscan",
    kind="algorithm",
    title="DBSCAN",
    summary="A point with at least m points within ε of it, itself among them, is a core point. Core points within ε "
    "of each other belong together, and their clusters may have any shape and number; points near a core point join "
    "its cluster, all others are noise. It needs a radius and a count instead of the number of clusters.",
    formulas=(
        r"x_i\text{ is core}\iff\bigl|\{l:\lVert x_l-x_i\rVert\le\varepsilon\}\bigr|\ge m",
        r"\text{clusters}=\text{components of the graph on the core points with edges }\lVert x_i-x_l\rVert\le\varepsilon",
        r"\text{border}:\ \text{not core, within }\varepsilon\text{ of a core point};\qquad \text{noise }(-1):\ \text{the rest}",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row"),
        Symbol(r"\varepsilon", "eps", "", "radius", "positive"),
        Symbol("m", "minimum", "", "how many points within the radius make a core point, itself counted", "natural"),
        Symbol("i,l", "", "", "numbers of points", "index"),
    ),
    needs=("norm", "clustering"),
    source="ester1996density",
    year=1996,
    people=("Martin Ester", "Hans-Peter Kriegel", "Jörg Sander", "Xiaowei Xu"),
    aliases="density-based clustering, DBSCAN clustering, 密度聚类, 基于密度的聚类",
    implementations=(Implementation("sklearn.cluster:DBSCAN", "numpy", _sklearn),),
    readings="schubert2017dbscan; hubert1985comparing",
    hypotheses=(
        Hypothesis(
            "for the independence of the order: core points and noise are meant; border points between two clusters and "
            "the numbers of the clusters follow the order",
            "only-border-points-depend-on-the-order",
        ),
    ),
    conventions=(
        Convention(
            "a border point near two clusters",
            "it joins the one whose first core point comes first, as in scikit-learn",
            "the paper leaves it to the order of the visits; DBSCAN* (Campello and others, 2013) calls border points noise",
        ),
        Convention("whether a point counts itself", "it does", "some programs do not: their m is one less"),
    ),
    differentiable=False,
)


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


@DBSCAN.example
def example():
    x, eps, m = np.array([4.5, 1.0, 2.0, 3.0, 8.0, 9.0, 10.0, 13.0]), 1.5, 3
    X = x[:, None]
    close = np.abs(x[:, None] - x) <= eps
    count = close.sum(1)
    labels = dbscan(X, eps, m)
    return (
        dict(X=X, eps=eps, minimum=m, x=x, count=count, labels=labels, core=x[count >= m])
        | dict(noise=x[labels < 0][0], wide=3.5, merged=dbscan(X, 3.5, m), gap=8 - 4.5)
        | dict(strict=dbscan(X, eps, 4), easy=dbscan(X, eps, 2), tight=1.4, tight_labels=dbscan(X, 1.4, m))
    )


@DBSCAN.exercise
def how_much_noise():
    X = np.array([[0.0], [1.0], [2.0], [5.0], [6.0], [20.0]])

    def noise(m):
        return (dbscan(X, 1.0, m) < 0).sum()

    borders = 2  # 0 and 2 beside the core point 1
    return number(noise(3), itself_not_counted=noise(4), two_suffice=noise(2), borders_too=noise(3) + borders)


@DBSCAN.exercise
def between_two_clusters():
    x = np.array([0.0, 0.5, 1.0, 2.0, 3.5, 5.0, 6.0, 6.5, 7.0])  # 3.5 is within 1.5 of 2 and of 5
    with_left = [
        bool(l[x == 3.5] == l[x == 2.0])
        for l, x in ((dbscan(x[o][:, None], 1.5, 4), x[o]) for o in (np.arange(9), np.arange(8, -1, -1)))
    ]
    left, right = all(with_left), not any(with_left)
    return choice(first_come=not left and not right, nearer=left, merges=right)


@DBSCAN.exercise
def two_densities():
    dense = np.arange(0, 1.01, 0.1)
    x = np.concatenate([dense, dense + 1.5, [10, 11, 12, 13]])  # the dense ones 0.5 apart, the third ten times sparser
    found = {eps for eps in np.arange(0.1, 3, 0.05) if set(dbscan(x[:, None], eps, 3)) == {0, 1, 2}}
    return choice(none=not found, small=any(eps < 0.5 for eps in found), large=any(eps >= 0.5 for eps in found))


@DBSCAN.cases
def cases(rng):
    yield "moons", dict(X=moons(rng, 80)[0], eps=0.35, minimum=4)
    yield "all noise", dict(X=rng.standard_normal((10, 2)) * 100, eps=0.1, minimum=2)
    yield "one cluster", dict(X=rng.standard_normal((10, 3)), eps=50.0, minimum=3)
    yield "every point core", dict(X=rng.standard_normal((25, 2)), eps=0.5, minimum=1)
    yield "distances exactly ε", dict(X=np.array([[0.0], [1.0], [2.0], [4.0], [5.0]]), eps=1.0, minimum=3)
    yield "one point", dict(X=np.zeros((1, 2)), eps=1.0, minimum=1)
    yield "as many points as coordinates", dict(X=rng.standard_normal((3, 3)), eps=2.0, minimum=2)


@DBSCAN.invalid
def invalid(rng):
    yield "radius 0", dict(X=rng.standard_normal((5, 2)), eps=0.0, minimum=2)
    yield "no point needed", dict(X=rng.standard_normal((5, 2)), eps=1.0, minimum=0)
    yield "NaN", dict(X=np.full((4, 2), np.nan), eps=1.0, minimum=2)


def core_points(X, eps, minimum):
    return (np.sqrt(((X[:, None] - X) ** 2).sum(-1)) <= eps).sum(1) >= minimum


def same_partition(a, b):
    """How many groups two labellings share, or −1 where they divide the points otherwise."""
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) if len(pairs) == len(set(a.tolist())) == len(set(b.tolist())) else -1


@DBSCAN.claim
def finds_two_moons(f, rng):
    """It finds two moons exactly (ε = 0.25, m = 3, at three numbers of points), where neighbours are nearer than ε and
    the moons farther apart; k-means from the true means has an adjusted Rand index below 0.6"""
    from scipy.cluster.vq import kmeans2
    from sklearn.metrics import adjusted_rand_score

    for n in (150, 250, 400):  # neighbours are at most 0.21 apart, the moons at least 0.38
        X, truth = moons(rng, n)
        labels = np.asarray(f(X, 0.25, 3))
        by_means = kmeans2(X, np.stack([X[truth == j].mean(0) for j in (0, 1)]), iter=50, minit="matrix")[1]
        yield identical(labels, truth if truth[0] == 0 else 1 - truth)
        yield bound(
            adjusted_rand_score(truth, by_means), 0.6, "≤", Text("k-means cuts across both", "k 均值横切两个月牙")
        )


@DBSCAN.claim
def clusters_are_components(f, rng):
    """Its clusters of core points are the connected components that SciPy finds in their ε-graph; noise is what has no
    core point within ε"""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial.distance import cdist

    for X, eps, m in (
        (moons(rng, 150, 0.4)[0], 0.2, 4),
        (rng.standard_normal((120, 3)), 0.6, 4),
        (rng.random((150, 2)), 0.07, 3),
    ):
        close = cdist(X, X) <= eps
        core = close.sum(1) >= m
        labels = np.asarray(f(X, eps, m))
        count, named = connected_components(close[np.ix_(core, core)], directed=False)
        pairs = set(zip(labels[core].tolist(), named.tolist(), strict=True))
        yield identical(len(pairs), count)
        yield identical(int(labels.max()) + 1, count)
        yield identical(labels < 0, ~close[:, core].any(1))
        for i in np.flatnonzero(~core & (labels >= 0)):
            yield identical(bool((labels[core & close[i]] == labels[i]).any()), True)


@DBSCAN.claim
def one_neighbour_is_single_linkage(f, rng):
    """With m = 1 and with m = 2 it is single linkage cut at height ε, as SciPy computes it: m = 2 calls the lone
    points noise"""
    from scipy.cluster.hierarchy import fcluster, linkage

    X = rng.random((80, 2))
    named = fcluster(linkage(X, "single"), 0.09, "distance")
    sizes = np.bincount(named)
    one, two = np.asarray(f(X, 0.09, 1)), np.asarray(f(X, 0.09, 2))
    grouped = sizes[named] > 1
    yield identical(same_partition(one, named), int((sizes > 0).sum()))
    yield identical(int(one.min()), 0)
    yield identical(two < 0, ~grouped)
    yield identical(same_partition(two[grouped], named[grouped]), int((sizes > 1).sum()))


@DBSCAN.claim
def only_border_points_depend_on_the_order(f, rng):
    """Another order of the points gives the same noise and the same partition of the core points; a border point
    between two clusters goes to the cluster that comes first"""
    X, eps, m = rng.random((150, 2)), 0.075, 4
    core, order = core_points(X, eps, m), rng.permutation(150)
    labels, back = np.asarray(f(X, eps, m)), np.empty(150, int)
    back[order] = np.asarray(f(X[order], eps, m))
    groups = same_partition(labels[core], back[core])
    # 2.0 lies between two clusters and has only three points within 1, itself counted
    line = np.array([0.0, 0.5, 0.75, 1.0, 2.0, 3.0, 3.25, 3.5, 4.0])[:, None]
    left, right = np.asarray(f(line, 1.0, 4)), np.asarray(f(line[::-1], 1.0, 4))
    yield identical(labels < 0, back < 0)
    yield identical(groups, len(set(labels[core].tolist())))
    yield identical(left, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]))
    yield identical(right, np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]))


@DBSCAN.claim
def grows_with_the_radius(f, rng):
    """A larger radius never makes a clustered point noise, a larger m never rescues one; whoever shares a cluster of
    core points keeps sharing it as ε grows"""
    X = rng.standard_normal((100, 2))
    before = None
    for eps in (0.15, 0.25, 0.4, 0.8):
        labels = np.asarray(f(X, eps, 4))
        stricter = np.asarray(f(X, eps, 6))
        yield identical(int(((stricter >= 0) & (labels < 0)).sum()), 0)
        if before is not None:
            old, core = before
            pairs = set(zip(old[core].tolist(), labels[core].tolist(), strict=True))
            yield identical(int(((old >= 0) & (labels < 0)).sum()), 0)
            yield identical(len(pairs), len(set(old[core].tolist())))
        before = labels, core_points(X, eps, 4)


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


@DBSCAN.mutant(caught_by="equals-definition, only-border-points-depend-on-the-order")
def strictly_within(X, eps, minimum):
    """a distance of exactly ε does not count"""
    return _variant(X, eps, minimum, close=lambda d: d < eps)


@DBSCAN.mutant(caught_by="equals-definition, one-neighbour-is-single-linkage, clusters-are-components")
def itself_not_counted(X, eps, minimum):
    """the point itself is not counted"""
    return _variant(X, eps, minimum, core=lambda close: close.sum(1) - 1 >= minimum)


@DBSCAN.mutant(caught_by="clusters-are-components, only-border-points-depend-on-the-order")
def through_border_points(X, eps, minimum):
    """clusters grow through border points too"""
    return _variant(X, eps, minimum, chain=True)


@DBSCAN.mutant(caught_by="clusters-are-components, equals-definition, only-border-points-depend-on-the-order")
def border_is_noise(X, eps, minimum):
    """border points are left as noise"""
    return _variant(X, eps, minimum, adopt=False)


@DBSCAN.mutant(caught_by="finds-two-moons, clusters-are-components, grows-with-the-radius")
def halves(X, eps, minimum):
    """k-means with two clusters, called dense"""
    direction = np.linalg.svd(X - X.mean(0))[2][0]
    labels = ((X - X.mean(0)) @ direction > eps).astype(int)
    return labels if len(X) > 1 else np.zeros(1, int)


@DBSCAN.figure(
    eps=Slider(0.05, 0.8, 0.2, "radius ε"),
    minimum=Slider(1, 12, 5, "points m within it", integer=True),
    noise=Slider(0.0, 0.5, 0.15, "noise of the moons"),
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
    left.set(aspect="equal", title=f"clusters: {labels.max() + 1}; noise: {np.sum(labels < 0)}")
    reach = np.sort(np.sqrt(((X[:, None] - X) ** 2).sum(-1)), 1)[:, minimum - 1]
    right.plot(np.sort(reach)[::-1])
    right.axhline(eps, color=COLOURS[1], label="ε")
    right.legend(frameon=False)
    right.set(xlabel="points, sorted", ylabel=f"radius that holds {minimum} points", title="below the line: core")
    words = Text(
        f"ε = {eps:.2f}, m = {minimum}: {labels.max() + 1} clusters; {core.sum()} of 200 points are core (filled), {border.sum()} border (rings), {np.sum(labels < 0)} noise (crosses).",
        f"ε = {eps:.2f}，m = {minimum}：{labels.max() + 1} 个簇；200 个点中核心点 {core.sum()} 个（实心）、边界点 {border.sum()} 个（圆圈）、噪声点 {np.sum(labels < 0)} 个（叉号）。",
    )
    return Drawing(fig, words)
