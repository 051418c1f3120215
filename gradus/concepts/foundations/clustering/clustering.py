"""k-means: the mean of the nearest, again and again."""

from functools import cache
from itertools import pairwise, product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(KMeans, X, C, steps):
    model = KMeans(len(C), init=C, n_init=1, max_iter=steps, tol=0.0, algorithm="lloyd").fit(X)
    return model.cluster_centers_, model.labels_


CLUSTERING = Concept(
    key="clustering",
    kind="algorithm",
    title="k-means clustering",
    summary="Points are divided into k groups so that the squared distances to the groups' means add up to little. "
    "Two steps that never raise the sum alternate: every point goes to its nearest centre, every centre to the mean of "
    "its points. They end after finitely many steps, where they end depends on the start, and unless a point lies "
    "halfway between two centres it is a local minimum of the sum as a function of the centres.",
    formulas=(
        r"J(c,\ell)=\sum_{i=1}^{n}\lVert x_i-c_{\ell_i}\rVert^2",
        r"\ell_i\leftarrow\arg\min_j\lVert x_i-c_j\rVert,\qquad c_j\leftarrow\frac1{|\{i:\ell_i=j\}|}\sum_{i:\,\ell_i=j}x_i",
        r"c_j=\frac1{n_j}\sum_{i:\,\ell_i=j}x_i\quad\Longrightarrow\quad\sum_{i=1}^{n}\lVert x_i-\bar x\rVert^2=J(c,\ell)+\sum_{j=1}^{k}n_j\lVert c_j-\bar x\rVert^2",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row"),
        Symbol("c_j", "C", "k d", "centres: where they start"),
        Symbol("T", "steps", "", "rounds that are allowed", "natural"),
        Symbol(r"\ell_i", "", "n", "number of the i-th point's cluster; of several nearest centres the first", "index"),
        Symbol("J", "", "", "sum of the squared distances"),
        Symbol("n_j", "", "k", "number of points in the j-th cluster"),
        Symbol(r"\bar x", "", "d", "mean of all points"),
    ),
    returns=(Result("C", "k d", "centres after the last step"), Result("label", "n", "the cluster of each point")),
    needs=("norm", "expectation"),
    source="lloyd1982least",
    year=1957,
    people=("Stuart Lloyd", "Hugo Steinhaus", "James MacQueen", "Edward Forgy"),
    aliases="k-means, kmeans, Lloyd's algorithm, k 均值, 聚类, 劳埃德算法",
    implementations=(
        Implementation("sklearn.cluster:KMeans", "numpy", _sklearn, "one start by k-means++ unless `n_init` says more"),
    ),
    readings="hastie2009elements §14.3.6; bishop2006pattern §9.1; murphy2022probabilistic §21.3",
    hypotheses=(
        Hypothesis("for the local minimum: at rest no point is equally near to two centres", "a-tie-is-no-minimum"),
        Hypothesis("for the partition of squares: the centres are the means of their points", "medians, middles"),
    ),
    conventions=(
        Convention(
            "a centre that no point is nearest to, and that has no mean",
            "it takes the point that is farthest from its own centre, as in scikit-learn",
            "SciPy's `kmeans2` leaves it where it is and warns",
        ),
    ),
    deviations="scikit-learn's `tol` stops early unless it is 0.",
    differentiable=False,
)


@CLUSTERING.definition
def k_means(X, C, steps=300):
    for _ in range(steps):
        d = ((X[:, None] - C) ** 2).sum(-1)
        labels = d.argmin(1)
        for j in sorted(set(range(len(C))) - set(labels)):  # a centre without points takes the worst served
            among = np.bincount(labels, minlength=len(C))[labels] > 1  # of those that leave no other centre without
            labels[np.where(among, d.min(1), -1).argmax()] = j
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


@CLUSTERING.example
def example():
    x, C = np.array([0.0, 1.0, 5.0, 6.0, 10.0]), np.array([0.0, 1.0])
    X = x[:, None]

    def J(centres, labels):
        return ((x - centres[labels]) ** 2).sum()

    rounds, names, before, after = [C], [], [], []
    for steps in (1, 2, 3):
        labels = np.abs(x[:, None] - rounds[-1]).argmin(1)
        names.append(labels)
        before.append(J(rounds[-1], labels))
        rounds.append(k_means(X, C[:, None], steps)[0][:, 0])
        after.append(J(rounds[-1], labels))
    bad, labels = k_means(X, np.array([[6.0], [10.0]]))
    total = ((x - x.mean()) ** 2).sum()
    return (
        dict(X=X, C=C[:, None], steps=3, x=x, c=np.array(rounds), before=np.array(before))
        | dict(after=np.array(after), bad=bad[:, 0], bad_J=J(bad[:, 0], labels), total=total)
        | dict(between=total - after[-1], mean=x.mean(), far=10.0, distance=6 - bad[0, 0])
    )


@CLUSTERING.exercise
def one_round():
    X, C = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 2.0], [6.0, 4.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    return array(
        k_means(X, C, 1)[0],
        at_rest=k_means(X, C)[0],
        medians=np.array([[0.0, 0.0], [5.0, 2.0]]),
        centre_counted=np.array([[0.0, 0.0], [3.25, 1.5]]),
    )


@CLUSTERING.exercise
def stuck():
    X, C = np.array([[-2.0, -0.5], [2.0, -0.5], [-2.0, 0.5], [2.0, 0.5]]), np.array([[0.0, -0.5], [0.0, 0.5]])
    bad, labels = k_means(X, C)
    J = ((X - bad[labels]) ** 2).sum()
    return number(J / 1.0, no_square=4.0, unstuck=1.0)


@CLUSTERING.exercise
def millimetres():
    X = np.array([[1.0, 0.0], [1.2, 9.0], [2.0, 1.0], [2.2, 10.0]])

    def second_decides(X):
        labels = min(
            (k_means(X, X[list(pair)]) for pair in ((0, 1), (0, 2), (2, 3))),
            key=lambda r: ((X - r[0][r[1]]) ** 2).sum(),
        )[1]
        return labels[0] == labels[2]

    before, after = second_decides(X), second_decides(X * [1000, 1])
    return choice(changes=before and not after, same=before == after, no_longer_ends=False)


@CLUSTERING.cases
def cases(rng):
    X = blobs(rng)
    yield "three blobs", dict(X=X, C=X[:3])
    yield "one step", dict(X=X, C=X[:4], steps=1)
    yield "one cluster", dict(X=X, C=np.zeros((1, 2)))
    yield "as many clusters as points", dict(X=X[:5], C=X[:5])
    yield "one dimension", dict(X=rng.standard_normal((15, 1)), C=np.array([[-1.0], [1.0]]))
    yield "a centre far from all", dict(X=X, C=np.vstack([X[:2], [[1000.0, 0.0]]]), steps=2)
    yield "as many points as coordinates", dict(X=(Y := rng.standard_normal((4, 4))), C=Y[:2])
    yield "as many centres as coordinates", dict(X=(Y := rng.standard_normal((12, 3))), C=Y[:3])
    yield "many points", dict(X=(Y := rng.standard_normal((1500, 2))), C=Y[:3], steps=2)


@CLUSTERING.invalid
def invalid(rng):
    yield "centres in another space", dict(X=rng.standard_normal((6, 2)), C=np.zeros((2, 3)))
    yield "more centres than points", dict(X=rng.standard_normal((2, 2)), C=np.zeros((3, 2)))
    yield "NaN", dict(X=np.full((4, 2), np.nan), C=np.zeros((2, 2)))


@cache
def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)[0]


@CLUSTERING.claim
def objective_never_rises(f, rng):
    """J never rises, over all rounds from random starts on blobs and on the irises, and it falls strictly in every
    round that moves a centre, unless it is 0 already"""
    for X, k in ((blobs(rng, 60, 4, 3), 5), (iris(), 3), (rng.standard_normal((50, 2)), 6)):
        C = X[rng.choice(len(X), k, replace=False)]
        start = cost(X, C, ((X[:, None] - C) ** 2).sum(-1).argmin(1))
        states = [f(X, C, t) for t in range(1, 9)]
        J = [start] + [cost(X, *s) for s in states]
        centres = [C, *(np.asarray(s[0]) for s in states)]
        moved = np.array([np.abs(b - a).max() > 1e-9 for a, b in pairwise(centres)])
        rounding = Text("proved; rounding", "已证明；舍入")
        yield bound(np.diff(J).max(), 1e-12 * start, "≤", rounding)
        yield identical(np.diff(J)[moved] < 0, np.ones(moved.sum(), bool))
        yield bound(J[-1], 0.99 * start, "≤", Text("the start, no mean yet", "起点，尚非均值"))


@CLUSTERING.claim
def rests_at_means_and_nearest_centres(f, rng):
    """At rest every centre is the mean of its points, every point is nearest to its own centre, and one more round
    changes nothing"""
    for X, k in ((blobs(rng), 3), (iris(), 4), (rng.standard_normal((60, 5)), 7)):
        C, labels = (np.asarray(v) for v in f(X, X[rng.choice(len(X), k, replace=False)], 300))
        means = np.stack([X[labels == j].mean(0) for j in range(k)])
        d = ((X[:, None] - C) ** 2).sum(-1)
        again, same = f(X, C, 1)
        yield roundoff(C, means, terms=len(X))
        yield identical(labels, d.argmin(1))
        yield roundoff(again, C, terms=len(X))
        yield identical(same, labels)


@CLUSTERING.claim
def equals_scipy(f, rng):
    """It agrees with SciPy's `kmeans2` from the same centres, on blobs and on the irises"""
    from scipy.cluster.vq import kmeans2

    for X, k in ((blobs(rng, 80, 3), 3), (iris(), 3), (iris(), 5)):
        C0 = X[:: len(X) // k][:k] + 0.01
        C, labels = f(X, C0, 300)
        want, named = kmeans2(X, C0, iter=100, minit="matrix", missing="raise")
        yield roundoff(C, want, terms=len(X))
        yield identical(labels, named)


@CLUSTERING.claim
def squares_within_and_between(f, rng):
    """The total sum of squares is what is left within the clusters plus what lies between their means"""
    for X, k in ((blobs(rng), 3), (iris(), 3)):
        C, labels = (np.asarray(v) for v in f(X, X[:: len(X) // k][:k], 300))
        mean, sizes = X.mean(0), np.bincount(labels, minlength=k)
        between = float(sizes @ ((C - mean) ** 2).sum(1))
        yield roundoff(cost(X, C, labels) + between, ((X - mean) ** 2).sum(), terms=len(X))


@CLUSTERING.claim
def optimum_by_enumeration(f, rng):
    """Beside all $2^9-1$ partitions of ten random points into two: no start ends below the best of them, and the means of
    the best stay where they are, with its J"""
    X = rng.standard_normal((10, 2))
    best, means = np.inf, X[:2]
    for bits in product((False, True), repeat=10):
        s = np.array(bits)
        if s.any() and not s.all():
            own = np.stack([X[s].mean(0), X[~s].mean(0)])
            value = ((X - own[np.where(s, 0, 1)]) ** 2).sum()
            if value < best:
                best, means = value, own
    ends = [cost(X, *f(X, X[rng.choice(10, 2, replace=False)], 100)) for _ in range(20)]
    C, labels = f(X, means, 100)
    rounding = Text("enumeration of all partitions; rounding", "枚举全部划分；舍入")
    yield bound(min(ends), best * (1 - 1e-12), "≥", rounding)
    yield roundoff(C, means, terms=10, scale=4.0)
    yield near(cost(X, C, labels), best, 1e-12 * best, rounding)


@CLUSTERING.claim
def stuck_at_a_bad_start(f, rng):
    r"""A bad start is kept for ever: of the corners of a $w\times h$ rectangle, $w>h$, centres amid the long sides stay
    with $J=w^2$; the optimum is $h^2$, so the ratio has no bound"""
    for w, h in ((2.0, 1.0), (10.0, 1.0), (1000.0, 2.0)):
        X = np.array([[-w, -h], [w, -h], [-w, h], [w, h]]) / 2
        bad = np.array([[0.0, -h], [0.0, h]]) / 2
        good = np.array([[-w, 0.0], [w, 0.0]]) / 2
        C, labels = f(X, bad, 100)
        yield roundoff(C, bad, scale=w)
        yield roundoff(cost(X, C, labels), w**2, terms=4)
        yield roundoff(cost(X, *f(X, good, 100)), h**2, terms=4)


@CLUSTERING.claim
def a_tie_is_no_minimum(f, rng):
    """A tie is no local minimum: of the points 0, 2, 3 and 3, centres 1 and 3, to which 2 is equally near, stay with J = 2
    (for one of the two orders of the centres), though 1 − δ and 3 − δ cost less for every small δ; the optimum is ⅔"""
    X, C = np.array([[0.0], [2.0], [3.0], [3.0]]), np.array([[1.0], [3.0]])
    ends = sorted(cost(X, *f(X, start, 50)) for start in (C, C[::-1]))
    nearer = [float(((X - (C - d).T) ** 2).min(1).sum()) for d in (0.1, 0.01, 1e-4)]
    below = Text("J at the centres themselves", "两个中心处的 J")
    return all_of(roundoff(ends, [2 / 3, 2.0], terms=4), *[bound(J, 2 - 1e-5, "≤", below) for J in nearer])


@CLUSTERING.claim
def moves_with_the_points(f, rng):
    """Moved and turned points have the moved and turned centres, with the same labels; centres in another order get
    the other names"""
    X = rng.standard_normal((120, 3))  # no gaps: another distance cuts elsewhere
    C0 = X[[0, 10, 20, 30]]
    Q, shift = np.linalg.qr(rng.standard_normal((3, 3)))[0], rng.standard_normal(3)
    C, labels = (np.asarray(v) for v in f(X, C0, 300))
    turned, same = f(X @ Q + shift, C0 @ Q + shift, 300)
    order = np.array([2, 0, 3, 1])
    renamed, names = f(X, C0[order], 300)
    yield invariance(turned, C @ Q + shift, terms=120, scale=10.0)
    yield identical(same, labels)
    yield invariance(renamed, C[order], terms=120, scale=10.0)
    yield identical(order[np.asarray(names)], labels)


@CLUSTERING.mutant(
    caught_by="rests-at-means-and-nearest-centres, squares-within-and-between, equals-scipy, equals-definition"
)
def medians(X, C, steps=300):
    """each centre becomes the coordinate-wise median of its points"""
    for _ in range(min(steps, 50)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        C = np.stack([np.median(X[labels == j], 0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(caught_by="rests-at-means-and-nearest-centres, equals-scipy, optimum-by-enumeration")
def middles(X, C, steps=300):
    """each centre becomes the middle of the box around its points"""
    for _ in range(min(steps, 50)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        own = [X[labels == j] if (labels == j).any() else C[j : j + 1] for j in range(len(C))]
        C = np.stack([(o.max(0) + o.min(0)) / 2 for o in own])
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(caught_by="objective-never-rises, rests-at-means-and-nearest-centres, squares-within-and-between")
def overshooting(X, C, steps=300):
    """centres move two and a half times as far as to the mean"""
    for _ in range(min(steps, 20)):
        labels = ((X[:, None] - C) ** 2).sum(-1).argmin(1)
        means = np.stack([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
        C = C + 2.5 * (means - C)
    return C, ((X[:, None] - C) ** 2).sum(-1).argmin(1)


@CLUSTERING.mutant(caught_by="rests-at-means-and-nearest-centres, moves-with-the-points, equals-definition")
def by_absolute_differences(X, C, steps=300):
    """nearest by the sum of absolute differences"""
    for _ in range(min(steps, 50)):
        labels = np.abs(X[:, None] - C).sum(-1).argmin(1)
        C = np.stack([X[labels == j].mean(0) if (labels == j).any() else C[j] for j in range(len(C))])
    return C, np.abs(X[:, None] - C).sum(-1).argmin(1)


@CLUSTERING.mutant(caught_by="stuck-at-a-bad-start, equals-definition, moves-with-the-points, a-tie-is-no-minimum")
def own_starts(X, C, steps=300):
    """the best of many starts instead of the given one"""
    rng = np.random.default_rng(0)
    tries = [k_means(X, X[rng.choice(len(X), len(C), replace=False)], steps) for _ in range(4)]
    return min(tries, key=lambda found: cost(X, *found))


@CLUSTERING.figure(
    k=Slider(1, 8, 4, "clusters k", integer=True),
    step=Slider(0, 12, 1, "rounds", integer=True),
    start=Slider(0, 20, 3, "which start", integer=True),
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
        left.contour(grid[..., 0], grid[..., 1], cells, levels=np.arange(k - 1) + 0.5, colors="#7F7F7F", linewidths=0.6)
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
    words = Text(
        f"{k} centres among 160 points. J was {J[0]:.1f} at the start and is {J[step]:.1f} after round {step}; it no longer falls from round {rest} on, at {J[-1]:.1f}.",
        f"160 个点、{k} 个中心。起始时 J 为 {J[0]:.1f}，第 {step} 轮后为 {J[step]:.1f}；自第 {rest} 轮起不再下降，停在 {J[-1]:.1f}。",
    )
    return Drawing(fig, words)
