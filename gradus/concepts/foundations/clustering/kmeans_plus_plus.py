"""k-means++: starting centres drawn by their squared distance from those already drawn."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


class _Given(np.random.RandomState):
    """A generator whose draws are the given ones, so that scikit-learn works on our u."""

    def __init__(self, u):
        super().__init__(0)
        self.u = list(u)

    def choice(self, a, size=None, replace=True, p=None):
        return int(np.searchsorted(np.cumsum(p), self.u.pop(0)))

    def uniform(self, low=0.0, high=1.0, size=None):
        return np.array([self.u.pop(0)])


def _sklearn(kmeans_plusplus, X, u):
    return kmeans_plusplus(X, len(u), random_state=_Given(u), n_local_trials=1)[1].astype(int)


KMEANS_PLUS_PLUS = Concept(
    key="kmeans-plus-plus",
    kind="algorithm",
    title="k-means++ seeding",
    summary="The first centre is any point; each next one is a point drawn with probability proportional to its "
    "squared distance from the nearest centre so far. On average the sum of squared distances is then at most "
    r"$8(\ln k+2)$ times the least possible, before a single round of k-means, where uniform draws can be worse by "
    "any factor.",
    formulas=(
        r"P(c_1=x_i)=\frac1n,\qquad P(c_{m+1}=x_i\mid c_1,\dots,c_m)=\frac{D(x_i)^2}{\sum_lD(x_l)^2},\qquad D(x)=\min_{j\le m}\lVert x-c_j\rVert",
        r"\operatorname{E}\sum_{i=1}^{n}\min_{j\le k}\lVert x_i-c_j\rVert^2\ \le\ 8(\ln k+2)\,\min_{c_1,\dots,c_k}\sum_{i=1}^{n}\min_{j\le k}\lVert x_i-c_j\rVert^2",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "points, one a row"),
        Symbol("u", "u", "k", "uniform draws, one for each centre", "unit"),
        Symbol("c_j", "", "k d", "centres; the result is their row numbers"),
        Symbol("D", "", "", "distance from the nearest centre so far; not all 0, as long as a point is left"),
        Symbol("k", "", "", "number of centres"),
    ),
    needs=("clustering", "expectation"),
    source="arthur2007kmeans",
    year=2007,
    people=("David Arthur", "Sergei Vassilvitskii"),
    aliases="k-means++, careful seeding, D² sampling, k 均值++, 聚类初始化",
    implementations=(Implementation("sklearn.cluster:kmeans_plusplus", "numpy", _sklearn),),
    readings="arthur2007kmeans §3; murphy2022probabilistic §21.3",
    hypotheses=(
        Hypothesis("each centre is drawn by the squared distance, with one draw", "uniform, by-distance, farthest"),
        Hypothesis(
            "the bound is one on the mean over the draws: a single seeding may be worse",
            "no-bound-for-a-single-seeding",
        ),
    ),
    conventions=(
        Convention(
            "candidates for each centre",
            "one",
            r"scikit-learn draws $2+\lfloor\ln k\rfloor$ and keeps the one that lowers the sum most, unless "
            "`n_local_trials=1`; this bound is proved for one",
        ),
    ),
    unverified=r"No better than $\Omega(\log k)$ is possible for this rule: on some data the mean ratio is at least "
    r"$2\ln k$ (Arthur and Vassilvitskii, §4).",
    differentiable=False,
)


@KMEANS_PLUS_PLUS.definition
def kmeans_plus_plus(X, u):
    n, chosen = len(X), []
    for draw in u:
        if chosen:
            D2 = ((X[:, None] - X[chosen]) ** 2).sum(-1).min(1)
            p = D2 / D2.sum()
        else:
            p = np.full(n, 1 / n)
        chosen.append(int(np.searchsorted(np.cumsum(p), draw)))
    return np.array(chosen)


@KMEANS_PLUS_PLUS.example
def example():
    x, u = np.array([10.0, 0.0, 1.0, 5.0, 6.0]), np.array([0.3, 0.5, 0.6])
    square = (x[:, None] - x) ** 2  # of the distances, pair by pair
    chosen = kmeans_plus_plus(x[:, None], u)
    D2 = np.array([square[:, chosen[: m + 1]].min(1) for m in range(3)])
    pair = np.array([[np.minimum(square[i], square[j]).sum() for j in range(5)] for i in range(5)])
    return (
        dict(X=x[:, None], u=u, x=x, chosen=chosen, c=x[chosen], D2=D2, cost=D2.sum(1))
        | dict(p=D2[:2] / D2[:2].sum(1, keepdims=True))
        | dict(sums=np.cumsum(D2[:2] / D2[:2].sum(1, keepdims=True), 1), least=optimum(x, 3))
        | dict(least2=optimum(x, 2), uniform=(pair.sum() - pair.trace()) / 20)
        | dict(mean=(pair * square / square.sum(1, keepdims=True)).sum() / 5)
        | dict(bound=8 * (np.log(2) + 2) * optimum(x, 2))
    )


@KMEANS_PLUS_PLUS.exercise
def probability():
    D2 = np.array([0.0, 1.0, 4.0]) ** 2
    return number(D2[2] / D2.sum(), by_distance=4 / 5, uniform=1 / 3, of_the_rest=1 / 2)


@KMEANS_PLUS_PLUS.exercise
def one_cluster():
    x = np.array([0.0, 2.0, 4.0])
    costs = [((x - a) ** 2).sum() for a in x]
    return number(np.mean(costs), at_the_mean=((x - x.mean()) ** 2).sum(), at_the_end=max(costs))


@KMEANS_PLUS_PLUS.exercise
def why_draw():
    x = np.concatenate([np.linspace(0, 1, 50), np.linspace(10, 11, 50), [40.0]])
    D2 = (x - x[0]) ** 2
    farthest, chance = x[D2.argmax()] == 40, D2[-1] / D2.sum()
    return choice(outliers=farthest and chance < 0.5, faster=False, never_worse=not farthest)


@KMEANS_PLUS_PLUS.cases
def cases(rng):
    yield "a cloud", dict(X=rng.standard_normal((30, 2)), u=rng.random(4))
    yield "one centre", dict(X=rng.standard_normal((7, 3)), u=rng.random(1))
    yield "all points", dict(X=rng.standard_normal((5, 2)), u=0.01 + 0.98 * rng.random(5))
    yield "one dimension", dict(X=np.cumsum(1 + rng.random((12, 1)), 0), u=rng.random(3))
    yield "as many points as coordinates", dict(X=rng.standard_normal((3, 3)), u=rng.random(2))
    yield "many points", dict(X=rng.standard_normal((1500, 2)), u=rng.random(3))


@KMEANS_PLUS_PLUS.invalid
def invalid(rng):
    yield "more centres than points", dict(X=rng.standard_normal((2, 2)), u=np.full(3, 0.5))
    yield "NaN", dict(X=np.full((4, 2), np.nan), u=np.full(2, 0.5))
    yield "no centre", dict(X=rng.standard_normal((4, 2)), u=np.ones(0))


def cost(X, chosen):
    """The sum of squared distances to the nearest chosen point."""
    return float(((X[:, None] - X[np.asarray(chosen)]) ** 2).sum(-1).min(1).sum())


def optimum(x, k):
    """The least sum of squares of k clusters on the line: they are intervals, found by dynamic programming."""
    x, n = np.sort(np.ravel(x)), len(x)
    within = np.zeros((n + 1, n + 1))
    for a in range(n):
        part, size = x[a:] - x[a], np.arange(1, n - a + 1)  # from its first point, so that little cancels
        within[a, a + 1 :] = np.cumsum(part**2) - np.cumsum(part) ** 2 / size
    best = within[0]
    for _ in range(k - 1):
        best = np.array([0.0] + [(best[:b] + within[:b, b]).min() for b in range(1, n + 1)])
    return float(best[-1])


@KMEANS_PLUS_PLUS.claim
def distribution_of_each_draw(f, rng):
    r"""The distribution of each draw is the formula's: over 200 evenly spaced u each point is drawn as often as
    $D^2/\sum D^2$ says, to one in 200, for the first, second and third centre"""
    X = rng.standard_normal((9, 2))
    grid = (np.arange(200) + 0.5) / 200
    before = [[], [0.05], [0.05, 0.5]]  # the draws before
    for earlier in before:
        drawn = np.array([np.asarray(f(X, np.array([*earlier, u]))) for u in grid])
        count = np.bincount(drawn[:, -1], minlength=9)
        fixed = drawn[0, :-1]
        D2 = ((X[:, None] - X[fixed]) ** 2).sum(-1).min(1) if len(fixed) else np.ones(9)
        said = Text("an interval of length p holds 200 p midpoints, to one", "长为 p 的区间含 200p 个中点，误差至多 1")
        yield near(np.abs(count - 200 * D2 / D2.sum()).max(), 0.0, 1.0 + 1e-9, said)


@KMEANS_PLUS_PLUS.claim
def exact_expectation(f, rng):
    """The mean of the sum over 300 seedings with k = 2 equals its exact expectation, over all pairs of points"""
    X = rng.standard_normal((12, 2))
    X[:2] += 12.0  # two points far off
    D2 = ((X[:, None] - X) ** 2).sum(-1)
    want = sum(D2[i, j] / D2[i].sum() / 12 * np.minimum(D2[i], D2[j]).sum() for i in range(12) for j in range(12))
    return statistical([cost(X, f(X, rng.random(2))) for _ in range(300)], want)


@KMEANS_PLUS_PLUS.claim
def within_the_proved_factor(f, rng):
    r"""On average within $8(\ln k+2)$ of the optimum, which is exact on the line: a cloud, heavier tails, clusters of
    very unequal size"""
    unequal = np.concatenate([rng.standard_normal(40), 20 + rng.standard_normal(4), [60.0, 61.0]])
    for x, k in ((rng.standard_normal(40), 3), (rng.laplace(size=40), 5), (unequal, 3)):
        X = x[:, None]
        ratio = np.mean([cost(X, f(X, rng.random(k))) for _ in range(40)]) / optimum(x, k)
        yield bound(ratio, 8 * (np.log(k) + 2), "≤", Text("Arthur and Vassilvitskii", "Arthur 与 Vassilvitskii"))


@KMEANS_PLUS_PLUS.claim
def every_far_cluster_is_hit(f, rng):
    """Of eight tight clusters far apart, alike in size, each gets one centre, in all of 40 seedings; independent
    uniform draws succeed with probability $8!/8^8=0.0024$"""
    centre = np.array([[i, j] for i in range(4) for j in range(2)]) * 1e4
    X = np.repeat(centre, 5, axis=0) + rng.standard_normal((40, 2))
    hit = [len({int(i) // 5 for i in np.asarray(f(X, rng.random(8)))}) for _ in range(40)]
    return identical(np.array(hit), np.full(40, 8))


@KMEANS_PLUS_PLUS.claim
def no_bound_for_a_single_seeding(f, rng):
    r"""A single seeding may be worse than any factor: of −ε, ε and 1, k = 2, the draws 0.1 and $\varepsilon^2$ choose
    −ε and ε; the ratio to the optimum is more than $10^5$ for ε = 0.002, while its mean stays below 22"""
    e = 0.002
    X = np.array([[-e], [e], [1.0]])
    best = optimum(X, 2)
    unlucky = cost(X, f(X, np.array([0.1, e * e]))) / best
    ratios = [cost(X, f(X, np.array([a, b]))) / best for a in (1 / 6, 0.5, 5 / 6) for b in (e * e, 0.75)]
    yield bound(unlucky, 1e5, "≥", Text("(1 − ε)²/2ε²", "(1 − ε)²/2ε²"))
    # after a small point the other small one has the chance 4ε²/(4ε² + (1 ± ε)²); after 1 any choice is good
    near = [4 * e * e / (4 * e * e + (1 + s) ** 2) for s in (e, -e)]
    mean = sum(q * ratios[2 * i] + (1 - q) * ratios[2 * i + 1] for i, q in enumerate([*near, 0.5])) / 3
    yield bound(mean, 8 * (np.log(2) + 2), "≤", Text("the proved bound on the mean", "均值的已证明的界"))


@KMEANS_PLUS_PLUS.mutant(
    caught_by="distribution-of-each-draw, within-the-proved-factor, every-far-cluster-is-hit, equals-definition"
)
def uniform(X, u):
    """every centre drawn uniformly"""
    rest, chosen = list(range(len(X))), []
    for draw in u:
        chosen.append(rest.pop(min(int(draw * len(rest)), len(rest) - 1)))
    return np.array(chosen)


@KMEANS_PLUS_PLUS.mutant(caught_by="distribution-of-each-draw, exact-expectation, equals-definition")
def by_distance(X, u):
    """by the distance instead of its square"""
    chosen = [int(np.searchsorted(np.arange(1, len(X) + 1) / len(X), u[0]))]
    for draw in u[1:]:
        D = np.sqrt(((X[:, None] - X[chosen]) ** 2).sum(-1).min(1))
        chosen.append(int(np.searchsorted(np.cumsum(D / D.sum()), draw)))
    return np.array(chosen)


@KMEANS_PLUS_PLUS.mutant(caught_by="distribution-of-each-draw, every-far-cluster-is-hit")
def from_the_last(X, u):
    """by the distance from the last centre alone"""
    chosen = [int(np.searchsorted(np.arange(1, len(X) + 1) / len(X), u[0]))]
    for draw in u[1:]:
        D2 = ((X - X[chosen[-1]]) ** 2).sum(-1)
        chosen.append(int(np.searchsorted(np.cumsum(D2 / D2.sum()), draw)))
    return np.array(chosen)


@KMEANS_PLUS_PLUS.mutant(
    caught_by="distribution-of-each-draw, exact-expectation, equals-definition, no-bound-for-a-single-seeding"
)
def farthest(X, u):
    """always the farthest point, without a draw"""
    chosen = [int(np.searchsorted(np.arange(1, len(X) + 1) / len(X), u[0]))]
    for _ in u[1:]:
        chosen.append(int(((X[:, None] - X[chosen]) ** 2).sum(-1).min(1).argmax()))
    return np.array(chosen)


@KMEANS_PLUS_PLUS.figure(
    k=Slider(2, 8, 6, "centres k", integer=True), separation=Slider(0.0, 12.0, 6.0, "distance between the six clusters")
)
def figure(k, separation):
    k, rng = int(k), np.random.default_rng(0)
    angle = np.arange(6) * np.pi / 3
    centre = separation * np.stack([np.cos(angle), np.sin(angle)], 1)
    X = np.repeat(centre, [40, 20, 10, 10, 5, 5], axis=0) + rng.standard_normal((90, 2))
    chosen = kmeans_plus_plus(X, rng.random(k))
    costs = {
        "k-means++": [cost(X, kmeans_plus_plus(X, rng.random(k))) / 90 for _ in range(200)],
        "uniform": [cost(X, uniform(X, rng.random(k))) / 90 for _ in range(200)],
    }
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    D2 = ((X[:, None] - X[chosen[:-1]]) ** 2).sum(-1).min(1)
    left.scatter(*X.T, s=8 + 600 * D2 / D2.sum(), color=COLOURS[0], alpha=0.5, lw=0)
    left.plot(*X[chosen].T, "*", color=COLOURS[1], ms=10)
    for m, i in enumerate(chosen, 1):
        left.annotate(str(m), X[i], xytext=(4, 4), textcoords="offset points")
    left.set(title=f"size: chance to be centre {k}", aspect="equal")
    edges = np.linspace(0, 1.01 * max(map(max, costs.values())), 30)
    for (name, values), colour in zip(costs.items(), COLOURS, strict=False):
        right.hist(values, edges, histtype="stepfilled", alpha=0.5, color=colour, label=name)
    right.set(xlabel="mean squared distance", title="200 seedings each", ylabel="seedings")
    right.legend(frameon=False)
    a, b = (float(np.mean(v)) for v in costs.values())
    words = Text(
        f"{k} centres for six clusters of 40, 20, 10, 10, 5 and 5 points at distance {separation:.1f} from the middle: the mean squared distance after seeding is {a:.2f} by k-means++ and {b:.2f} by uniform draws, before any round of k-means.",
        f"六个簇（40、20、10、10、5、5 个点，距中心 {separation:.1f}），{k} 个中心：尚未运行 k 均值时，k-means++ 的平均平方距离为 {a:.2f}，均匀抽取为 {b:.2f}。",
    )
    return Drawing(fig, words)
