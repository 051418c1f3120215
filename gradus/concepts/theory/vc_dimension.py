"""VC dimension: which sets of points a class can label in every way, how many labellings it has, and what follows for errors."""

import bisect
import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

VC = Concept(
    key="vc-dimension",
    kind="definition",
    title="VC dimension",
    summary="A class of functions to 0 and 1 shatters a set of points if it holds a function for each of their labellings. The size of the largest set "
    "that it shatters is its VC dimension: of the class, not of a function, and one shattered set is enough. From there on the number "
    "of labellings grows no faster than a power instead of doubling, and the share of errors on the samples tells about all functions at once.",
    formulas=(
        r"d(F)=\sup\bigl\{\lvert A\rvert:\ \lvert F|_A\rvert=2^{\lvert A\rvert}\bigr\},\qquad F|_A=\bigl\{(f(x))_{x\in A}:f\in F\bigr\}",
        r"\Pi_F(n)=\max_{\lvert A\rvert=n}\lvert F|_A\rvert\ \le\ \sum_{i=0}^d\binom ni\ \le\ \Bigl(\frac{en}d\Bigr)^d\quad(n\ge d\ge1)",
        r"P\Bigl(\sup_{f\in F}\lvert L(f)-\hat L(f)\rvert>\varepsilon\Bigr)\le4\,\Pi_F(2N)\,e^{-N\varepsilon^2/8},\qquad L(f)=P(f(x)\ne y),\quad\hat L(f)=\frac1N\sum_{i=1}^N[f(x_i)\ne y_i]",
        r"\text{with probability}\ \ge1-\delta:\quad\lvert L(f)-\hat L(f)\rvert\le\sqrt{\frac8N\Bigl(\ln\sum_{i=0}^d\binom{2N}i+\ln\frac4\delta\Bigr)}\quad\text{for all}\ f\in F",
    ),
    symbols=(
        Symbol("F|_A", "labellings", "m n", "labels of the points of $A$, one row a function of $F$", "boolean"),
        Symbol("N", "samples", "", "number of samples", "natural"),
        Symbol(
            r"1-\delta", "confidence", "", "probability, over the draw of the samples, that the bound holds", "unit"
        ),
        Symbol("d", "", "", "VC dimension", "natural"),
        Symbol(r"\Pi_F(n)", "", "", "growth function: the most labellings that $n$ points get", "natural"),
        Symbol(r"L(f),\ \hat L(f)", "", "", "probability of error, and share of errors on the samples", "unit"),
        Symbol("n,\\ m", "", "", "numbers of points and of functions", "natural"),
        Symbol(r"x_i,\ y_i", "", "", "a sample and its label; $x$, $y$ one more draw of the same law"),
        Symbol(r"\varepsilon", "", "", "distance of share and probability"),
    ),
    returns=(
        Result("dimension", "", "size of the largest shattered set among the points"),
        Result("shattered", "n", "such a set, 1 for its points: the first in the order of the points"),
        Result("patterns", "", r"$\lvert F|_A\rvert$ on all points"),
        Result("sauer", "", r"$\sum_{i\le d}\binom ni$"),
        Result("gap", "", "the bound of the last formula, for this $d$"),
    ),
    needs=("probability", "neuron"),
    source="vapnik1971uniform",
    year=1971,
    people=(
        "Vladimir Vapnik",
        "Alexey Chervonenkis",
        "Norbert Sauer",
        "Saharon Shelah",
        "Thomas Cover",
        "Peter Bartlett",
    ),
    aliases="Vapnik-Chervonenkis dimension, shattering, growth function, Sauer-Shelah lemma, PAC learning, 打散, 增长函数, PAC 学习, VC维",
    implementations=(
        Implementation(
            "gradus.theory:vc_dimension",
            "torch",
            note="of a network, by the number of labellings of its architecture: `gradus.theory.vc_bound`",
        ),
    ),
    readings="shalev2014understanding ch. 6, 28; mohri2018foundations ch. 3; bartlett2019nearly; cover1965geometrical; sauer1972density",
    hypotheses=(
        Hypothesis(
            "gap: samples drawn independently, from the law that the error is of", "the-same-samples-again-are-no-news"
        ),
        Hypothesis("gap: the class was fixed before the samples were seen", "a-class-of-one-chosen-afterwards"),
        Hypothesis("gap: $d$ is the dimension of the class on all points, not on a few", "a-few-points-show-a-part"),
        Hypothesis(r"$(en/d)^d$: $n\ge d$", "labellings-are-at-most-so-many"),
    ),
    conventions=(
        Convention(
            "constants of the bound",
            r"$4\,\Pi(2N)e^{-N\varepsilon^2/8}$: Vapnik and Chervonenkis 1971",
            r"$8\,\Pi(N)e^{-N\varepsilon^2/32}$: Devroye, Györfi and Lugosi",
        ),
        Convention(
            "the empty class", "has no dimension here; one function has dimension 0", "−1, where the empty class counts"
        ),
    ),
    deviations=(
        "The definition tries sets from the largest downwards, the implementation from the smallest upwards, and only those whose parts are all shattered.",
    ),
    unverified="The VC dimension of ReLU networks with $W$ weights in $L$ layers is at most $CWL\\log W$, and there are networks with at least "
    "$cWL\\log(W/L)$, where $W$ exceeds a multiple of $L$ (Bartlett, Harvey, Liaw and Mehrabian 2019).",
    differentiable=False,
    carries_gradient=False,
)


@VC.definition
def vc(labellings, samples=1000, confidence=0.95):
    if not np.isin(labellings, (0, 1)).all():
        raise ValueError("labels: 0 or 1")
    if samples < 1 or not 0 < confidence < 1:
        raise ValueError("no samples, or a confidence that is no probability")
    n = labellings.shape[1]
    rows = np.array(labellings, int)

    def ways(points):
        return len({tuple(row) for row in rows[:, points].tolist()})

    subsets = (points for d in range(n, -1, -1) for points in itertools.combinations(range(n), d))  # the largest first
    points = next(p for p in subsets if 2 ** len(p) <= len(rows) and ways(list(p)) == 2 ** len(p))
    d = len(points)
    shattered = np.isin(np.arange(n), points)
    patterns = sum(math.comb(2 * samples, i) for i in range(min(d, 2 * samples) + 1))
    gap = math.sqrt(8 / samples * (math.log(patterns) + math.log(4 / (1 - confidence))))
    return d, shattered, ways(list(range(n))), sum(math.comb(n, i) for i in range(d + 1)), gap


def all_labellings(n):
    return np.arange(2**n)[:, None] >> np.arange(n)[::-1] & 1


def half_lines(x):
    """1[x ≥ t] for all t."""
    return np.array([[v >= t for v in x] for t in [*x, np.inf]], int)


def intervals(x):
    """1[a ≤ x ≤ b] for all a and b."""
    ends = [(a, b) for a in x for b in x] + [(np.inf, -np.inf)]
    return np.array([[a <= v <= b for v in x] for a, b in ends], int)


def half_planes(points):
    """All labellings of points of the plane by lines: one direction between each two where the order of projections changes."""
    gaps = [b - a for a, b in itertools.combinations(points, 2)]
    angles = np.array([np.arctan2(g[1], g[0]) for g in gaps])
    turns = np.unique(np.concatenate([angles + np.pi / 2, angles - np.pi / 2]).round(9) % (2 * np.pi))
    middles = (turns + np.append(turns[1:], turns[0] + 2 * np.pi)) / 2
    found = [half_lines(points @ [np.cos(a), np.sin(a)]) for a in middles]
    return np.unique(np.vstack(found), axis=0)


def rectangles(points):
    """1[a ≤ x ≤ b and c ≤ y ≤ e] for all bounds."""
    return np.array([a & b for a in intervals(points[:, 0]) for b in intervals(points[:, 1])])


def half_spaces(points):
    """All labellings of d + 2 points in general position by half-spaces: all but the two that their one affine relation forbids."""
    relation = np.linalg.svd(np.vstack([points.T, np.ones(len(points))]))[2][-1]
    every = all_labellings(len(points))
    agree = (2 * every - 1) * np.sign(relation)
    return every[np.abs(agree.sum(1)) < len(points)]


def on_a_circle(n):
    angles = 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def convex_polygons(n):
    """Labels of n points on a circle by the polygons whose corners are some of them: the others lie outside."""
    points = on_a_circle(n)
    rows = []
    for corners in itertools.chain.from_iterable(itertools.combinations(range(n), k) for k in range(n + 1)):
        inside = np.isin(np.arange(n), corners)
        for i in range(len(corners)) if len(corners) > 2 else ():
            a, b = points[corners[i]], points[corners[(i + 1) % len(corners)]]
            side = (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0])
            inside = inside & (side >= -1e-12) if i else (side >= -1e-12)
        rows.append(inside)
    return np.array(rows, int)


def sines(n):
    """1[sin ωx > 0] at x = 2⁻¹, …, 2⁻ⁿ: for each labelling the ω that is built for it."""
    x = 0.5 ** np.arange(1, n + 1)
    omega = np.pi * (1 + (1 - all_labellings(n)) @ 2.0 ** np.arange(1, n + 1))
    return (np.sin(omega[:, None] * x) > 0).astype(int), omega


@VC.example
def example():
    x, samples = np.array([1.0, 2.0, 4.0]), 1000
    labellings = np.unique(intervals(x), axis=0).astype(bool)
    d, _, patterns, sauer, gap = vc(labellings, samples)
    one, _, one_patterns, one_sauer, _ = vc(half_lines(x))
    return (
        dict(labellings=labellings, samples=samples, d=d, patterns=patterns, sauer=sauer, gap=gap, all=2**3)
        | dict(one=one, one_patterns=one_patterns, one_sauer=one_sauer, far=vc(labellings, 100 * samples)[4])
        | dict(log_patterns=math.log(sum(math.comb(2 * samples, i) for i in range(d + 1))), needed=math.log(4 / 0.05))
        | dict(flat=vc(labellings[:1], samples)[4])
    )


@VC.exercise
def two_thresholds():
    """Half-lines of both directions on the line."""
    x = np.arange(4.0)
    both = np.vstack([half_lines(x), 1 - half_lines(x)])
    return number(vc(both)[0], one_direction=vc(half_lines(x))[0], all_sets=3, functions=len(np.unique(both, axis=0)))


@VC.exercise
def sauers_sum():
    """Dimension 2, ten points."""
    return number(
        sum(math.comb(10, i) for i in range(3)),
        off_by_one=sum(math.comb(10, i) for i in range(2)),
        power=100,
        doubling=2**10,
    )


@VC.exercise
def collinear():
    """Three points on a line, half-planes."""
    x = np.arange(3.0)
    found = np.unique(np.vstack([half_lines(x), 1 - half_lines(x)]), axis=0)
    return number(len(found), all=8, one_direction=len(half_lines(x)))


@VC.exercise
def parameters():
    return choice(
        sine=vc(sines(5)[0])[0] > 1,
        half_plane=vc(half_planes(on_a_circle(5)))[0] > 3,
        interval=vc(intervals(np.arange(4.0)))[0] > 2,
    )


@VC.cases
def cases(rng):
    yield "random functions", dict(labellings=rng.random((25, 6)) < 0.5)
    yield "sparse functions", dict(labellings=rng.random((40, 8)) < 0.2, samples=50)
    yield "all labellings", dict(labellings=all_labellings(4).astype(bool), confidence=0.5)
    yield "one function", dict(labellings=rng.random((1, 5)) < 0.5, samples=7)
    yield "one point", dict(labellings=np.array([[True], [False], [True]]), samples=10**6)
    yield "intervals", dict(labellings=intervals(rng.random(6)).astype(bool), samples=20)
    yield "half-planes", dict(labellings=half_planes(rng.standard_normal((6, 2))).astype(bool), confidence=0.999)
    yield "more dimensions than samples", dict(labellings=all_labellings(5).astype(bool), samples=2)


@VC.invalid
def invalid(rng):
    yield "a label of 2", dict(labellings=np.array([[0, 1], [2, 0]]))
    yield "a confidence of 1", dict(labellings=np.array([[True, False]]), confidence=1.0)
    yield "no samples", dict(labellings=np.array([[True, False]]), samples=0)


def dimension(vc, labellings):
    return int(vc(labellings.astype(bool))[0])


@VC.claim
def known_classes(vc, rng):
    """By search: half-lines of one direction 1, intervals 2, half-planes 3, half-spaces in three dimensions 4, rectangles along the axes 4, among points of which some set is shattered; no set of one point more is"""
    x, plane = rng.standard_normal(6), rng.standard_normal((6, 2))
    cross = np.array([[1.0, 0.1], [-1, -0.1], [0.1, 1], [-0.1, -1]])
    found = [
        dimension(vc, half_lines(x)),
        dimension(vc, intervals(x)),
        dimension(vc, half_planes(plane)),
        dimension(vc, half_spaces(rng.standard_normal((5, 3)))),
        dimension(vc, np.unique(rectangles(np.vstack([cross, rng.standard_normal((3, 2))])), axis=0)),
    ]
    yield identical(found, [1, 2, 3, 4, 4])


@VC.claim
def one_set_is_enough(vc, rng):
    """The dimension is of a class, by one shattered set: half-planes get 6 of 8 labellings of three points on a line, and shatter two of them, but all 8 of three corners of a triangle; with both kinds among six points it is 3, and the
    set that is returned is shattered. A point that is alone in being shattered is left out: all labellings of three points where a fourth one before them has 0, and one function that gives it 1 and the others 0"""
    line = np.stack([np.arange(3.0), 2 * np.arange(3.0)], 1)
    along = np.unique(np.vstack([half_lines(line[:, 0]), 1 - half_lines(line[:, 0])]), axis=0)
    found = vc(along.astype(bool))
    yield identical([int(found[0]), int(found[2])], [2, 6])
    mixed = half_planes(np.vstack([line, rng.standard_normal((3, 2))]))
    d, shattered, *_ = vc(mixed.astype(bool))
    yield identical(int(d), 3)
    chosen = mixed[:, np.asarray(shattered).astype(bool)]
    yield identical([chosen.shape[1], len(np.unique(chosen, axis=0))], [3, 8])
    alone = np.vstack([np.hstack([np.zeros((8, 1), int), all_labellings(3)]), [[1, 0, 0, 0]]])
    found = vc(alone.astype(bool))
    yield identical([int(found[0]), *np.asarray(found[1]).astype(int).tolist()], [3, 0, 1, 1, 1])


@VC.claim
def no_end_in_sight(vc, rng):
    r"""Convex polygons shatter 4, 6 and 8 points on a circle, and any number in the same way. The sine's sign with a single parameter shatters $2^{-1},\dots,2^{-n}$, for each labelling with the $\omega=\pi\bigl(1+\sum_i(1-y_i)2^i\bigr)$ built for it: searched up to 9 points, and all
    $2^{15}$ labellings of 15 come out in double precision"""
    yield identical([dimension(vc, convex_polygons(n)) for n in (4, 6, 8)], [4, 6, 8])
    for n in (3, 9):
        yield identical(dimension(vc, sines(n)[0]), n)
    signs, _ = sines(15)
    yield identical((signs != all_labellings(15)).sum(), 0)


@VC.claim
def labellings_are_at_most_so_many(vc, rng):
    r"""Sauer and Shelah: never more than $\sum_{i\le d}\binom ni$ labellings. Reached by all sets of at most $k$ of $n$ points, and by intervals: $1+n+\binom n2$. Half-planes have $2\sum_{i\le2}\binom{n-1}i$ in general position, which is as many for 3 points and fewer from 4 points on. $(en/d)^d$ is
    larger for $n\ge d\ge1$; for $n=1$, $d=4$ it is 0.21, below the two labellings of a point"""
    for density in (0.15, 0.5, 0.8):
        found = vc(rng.random((60, 8)) < density)
        yield bound(int(found[2]), int(found[3]))
        yield bound(int(found[3]), (math.e * 8 / max(int(found[0]), 1)) ** int(found[0]))
    for k in (0, 1, 3):
        few = all_labellings(7)[all_labellings(7).sum(1) <= k].astype(bool)
        found = vc(few)
        yield identical([int(v) for v in (found[0], found[2], found[3])], [k, few.shape[0], few.shape[0]])
    found = vc(intervals(rng.random(7)).astype(bool))
    yield identical([int(v) for v in (found[2], found[3])], [1 + 7 + 21] * 2)
    for n, most in ((3, 8), (4, 15), (7, 64)):
        found = vc(half_planes(rng.standard_normal((n, 2))).astype(bool))
        yield identical([int(v) for v in (found[2], found[3])], [2 + (n - 1) * n, most])
    single = vc(all_labellings(1).astype(bool))
    yield bound(int(single[2]), (math.e / 4) ** 4, "≥", Text("n below d", "n 小于 d"))


@VC.claim
def what_does_not_count(vc, rng):
    """The order of functions and of points, functions that come twice, labels turned round at some points: nothing changes. More functions or points never lower the dimension, points given twice do not raise it. One function has dimension 0, two that differ have 1"""
    table = rng.random((30, 6)) < 0.5
    first = vc(table)
    order, turned = rng.permutation(6), rng.random(6) < 0.5
    for other in (
        np.vstack([table, table])[rng.permutation(60)],
        table[:, order],
        table ^ turned,
        np.repeat(table, 2, 1),
    ):
        found = vc(other)
        yield invariance([int(found[0]), int(found[2])], [int(first[0]), int(first[2])])
    yield bound(int(vc(np.vstack([table, rng.random((20, 6)) < 0.5]))[0]), int(first[0]), "≥")
    yield bound(int(vc(np.hstack([table, rng.random((30, 2)) < 0.5]))[0]), int(first[0]), "≥")
    yield identical([int(vc(few)[0]) for few in (table[:1], np.vstack([table[:1], ~table[:1]]))], [0, 1])


def largest_gap(u):
    """sup over the intervals [a, b] of |their length − their share of the samples|, uniform on the unit interval, one row a sample."""
    n = u.shape[1]
    s = np.sort(u, 1)
    return ((np.arange(n) + 1) / n - s).max(1) + (s - np.arange(n) / n).max(1)


@VC.claim
def it_holds_and_is_far_away(vc, rng):
    r"""For the intervals on the line and 2000 uniform samples, the distance of share and probability is within the gap for $\delta=0.05$ in at least 95 % of 300 draws; its 95 % quantile is less than a fifth of the gap. For a quarter of the samples the gap is more than 1.8 times as large"""
    table = intervals(np.arange(4.0)).astype(bool)
    gap = float(vc(table, 2000, 0.95)[4])
    most = largest_gap(rng.random((300, 2000)))
    yield bound((most > gap).mean(), 0.05)
    yield bound(np.quantile(most, 0.95), gap / 5)
    yield bound(float(vc(table, 500, 0.95)[4]), 1.8 * gap, "≥", Text("2, but for the logarithm", "除对数外为 2"))


@VC.claim
def no_bound_without_chance(vc, rng):
    r"""A single function has dimension 0, and $\sqrt{d\ln N/N}$ is 0; a function that tosses a coin is further from ½ on 101 samples always. The gap is $\sqrt{8\ln(4/\delta)/N}$ there, and grows by what $\delta$ asks for: $N\,\mathrm{gap}^2/8$ by $\ln10$ for a tenth of $\delta$"""
    one = np.array([[False, True]])
    gap = float(vc(one, 101, 0.95)[4])
    yield roundoff(gap, math.sqrt(8 * math.log(80) / 101))
    shares = rng.binomial(101, 0.5, 500) / 101
    yield bound((np.abs(shares - 0.5) > gap).mean(), 0.05)
    yield bound(np.abs(shares - 0.5).min(), 0.5 / 101, "≥", Text("an odd number of samples", "样本数为奇数"))
    table = intervals(np.arange(4.0)).astype(bool)
    squares = [500 * float(vc(table, 500, c)[4]) ** 2 / 8 for c in (0.9, 0.99)]
    yield roundoff(squares[1] - squares[0], math.log(10), terms=16, scale=20.0)


@VC.claim
def samples_that_are_needed(vc, rng):
    r"""From dimension 1 on the gap falls like $\sqrt{\ln N/N}$: for $N$ from $10^3$ to $10^6$, $N\,\mathrm{gap}^2/8$ grows as much as $d\ln N$ does, to within $10^{-2}$, for $d=2$; of one function it falls like $1/\sqrt N$; the growth function is taken at $2N$"""
    table = intervals(np.arange(4.0)).astype(bool)
    squares = [N * float(vc(table, N)[4]) ** 2 / 8 for N in (10**3, 10**6)]
    yield near(
        squares[1] - squares[0],
        2 * math.log(1000),
        0.01,
        Text("the lower terms of the sum, 1/N", "和式中的低阶项，1/N"),
    )
    yield roundoff(squares[0], math.log(1 + 2000 + 2000 * 1999 // 2) + math.log(80), terms=16)
    one = [math.sqrt(N) * float(vc(table[:1], N)[4]) for N in (10**3, 10**6)]
    yield roundoff(one, np.full(2, math.sqrt(8 * math.log(80))), terms=16)


@VC.claim
def the_same_samples_again_are_no_news(vc, rng):
    r"""Samples must be independent: three tosses of a coin, each counted 300 times, get the gap for 900 samples, theirs over $\sqrt{300}$, and are beyond it in a quarter of all draws, for $\delta=0.05$"""
    gap = float(vc(np.array([[True]]), 900)[4])
    shares = rng.binomial(3, 0.5, 400) / 3
    yield statistical(np.abs(shares - 0.5) > gap, 1 / 4)
    yield roundoff(math.sqrt(300) * gap, float(vc(np.array([[True]]), 3)[4]), terms=8)


@VC.claim
def a_class_of_one_chosen_afterwards(vc, rng):
    r"""The class must be fixed first: the function that learnt 1000 labels of a coin by heart is wrong in 0 of them and in half of new ones; alone it has dimension 0 and, for $\delta=0.05$, a gap of 0.19. The class it was chosen from shatters any number of points"""
    yield bound(
        0.5,
        2 * float(vc(np.array([[True]]), 1000)[4]),
        "≥",
        Text("chosen after the samples were seen", "看到样本之后才选定"),
    )
    yield identical(dimension(vc, all_labellings(6)), 6)


@VC.claim
def a_few_points_show_a_part(vc, rng):
    r"""Points show a lower bound for the dimension of the class: half-planes have dimension 2 on points of a line, 3 on points in general position, and the gap of the former is smaller"""
    line = np.arange(6.0)
    along = vc(np.vstack([half_lines(line), 1 - half_lines(line)]).astype(bool))
    plane = vc(half_planes(rng.standard_normal((6, 2))).astype(bool))
    yield identical([int(along[0]), int(plane[0])], [2, 3])
    yield bound(float(plane[4]), 1.1 * float(along[4]), "≥", Text("a dimension more", "多一个维数"))


def replaced(labellings, samples, confidence, **given):
    """The definition's results, some of them replaced."""
    names = ("dimension", "shattered", "patterns", "sauer", "gap")
    found = vc(labellings, samples, confidence)
    return tuple(given.get(name, value) for name, value in zip(names, found, strict=True))


def of_dimension(labellings, samples, confidence, d, **given):
    n = labellings.shape[1]
    counts = [math.comb(2 * samples, i) for i in range(min(d, 2 * samples) + 1)]
    gap = math.sqrt(8 / samples * (math.log(sum(counts)) - math.log((1 - confidence) / 4)))
    sauer = sum(math.comb(n, i) for i in range(d + 1))
    return replaced(labellings, samples, confidence, **(dict(dimension=d, gap=gap, sauer=sauer) | given))


@VC.mutant(caught_by="one-set-is-enough, known-classes, labellings-are-at-most-so-many")
def every_set(labellings, samples=1000, confidence=0.95):
    """all sets of d points must be shattered, where one is enough"""
    n = labellings.shape[1]
    rows = labellings.astype(int)
    d = 0
    while d < n and all(
        len(np.unique(rows[:, list(p)], axis=0)) == 2 ** (d + 1) for p in itertools.combinations(range(n), d + 1)
    ):
        d += 1
    return of_dimension(labellings, samples, confidence, d)


@VC.mutant(caught_by="what-does-not-count")
def neighbours_only(labellings, samples=1000, confidence=0.95):
    """only points that follow each other in the list are tried"""
    n = labellings.shape[1]
    rows = labellings.astype(int)
    runs = [(a, b) for a in range(n) for b in range(a, n + 1) if len(np.unique(rows[:, a:b], axis=0)) == 2 ** (b - a)]
    return of_dimension(labellings, samples, confidence, max(b - a for a, b in runs))


@VC.mutant(caught_by="known-classes, one-set-is-enough, labellings-are-at-most-so-many")
def logarithm_of_the_number(labellings, samples=1000, confidence=0.95):
    """log₂ of the number of labellings, an upper bound, sold as the dimension"""
    return of_dimension(labellings, samples, confidence, int(math.log2(vc(labellings)[2])))


@VC.mutant(caught_by="what-does-not-count, equals-definition")
def counts_functions(labellings, samples=1000, confidence=0.95):
    """the number of functions for that of labellings"""
    return replaced(labellings, samples, confidence, patterns=len(labellings))


@VC.mutant(caught_by="labellings-are-at-most-so-many, samples-that-are-needed")
def sum_off_by_one(labellings, samples=1000, confidence=0.95):
    """Sauer's sum without its last term"""
    d, _, _, sauer, _ = vc(labellings, samples, confidence)
    short = of_dimension(labellings, samples, confidence, max(d - 1, 0))[4]
    return replaced(labellings, samples, confidence, sauer=sauer - math.comb(labellings.shape[1], d), gap=short)


@VC.mutant(caught_by="samples-that-are-needed, equals-definition")
def growth_at_n(labellings, samples=1000, confidence=0.95):
    """the growth function at N for 2N, without the ghost sample"""
    d = vc(labellings)[0]
    count = sum(math.comb(samples, i) for i in range(min(d, samples) + 1))
    return replaced(
        labellings, samples, confidence, gap=math.sqrt(8 / samples * (math.log(count) + math.log(4 / (1 - confidence))))
    )


@VC.mutant(caught_by="no-bound-without-chance, the-same-samples-again-are-no-news")
def without_confidence(labellings, samples=1000, confidence=0.95):
    """√(d ln N / N), as if it held for certain"""
    d = vc(labellings)[0]
    return replaced(labellings, samples, confidence, gap=math.sqrt(d * math.log(samples) / samples))


@VC.mutant(caught_by="it-holds-and-is-far-away, samples-that-are-needed, a-few-points-show-a-part")
def of_one_function(labellings, samples=1000, confidence=0.95):
    """Hoeffding's bound of a single function, as if it had not been chosen among many"""
    return replaced(labellings, samples, confidence, gap=math.sqrt(math.log(2 / (1 - confidence)) / (2 * samples)))


@VC.mutant(caught_by="samples-that-are-needed, a-class-of-one-chosen-afterwards")
def does_not_shrink(labellings, samples=1000, confidence=0.95):
    """the root without N beneath it"""
    return replaced(labellings, samples, confidence, gap=vc(labellings, samples, confidence)[4] * math.sqrt(samples))


@VC.mutant(caught_by="known-classes, no-end-in-sight, a-few-points-show-a-part, a-class-of-one-chosen-afterwards")
def at_most_two(labellings, samples=1000, confidence=0.95):
    """pairs of points alone are tried, as if the class had two parameters and no more"""
    return of_dimension(labellings, samples, confidence, min(vc(labellings)[0], 2))


@VC.mutant(caught_by="one-set-is-enough, equals-definition")
def set_left_out(labellings, samples=1000, confidence=0.95):
    """the set returned is that of all points"""
    return replaced(labellings, samples, confidence, shattered=np.ones(labellings.shape[1], bool))


VC.erratum(
    "E77",
    common="The VC dimension is the largest number of samples that the model can classify completely (lecture notes)",
    why="It is of a class, and asks for all labellings of some set: half-planes get 6 of the 8 labellings of three points on a line, and yet have dimension 3.",
    right="The largest number of points of which one set is labelled by the class in all ways",
    claims="one-set-is-enough",
)
VC.erratum(
    "E78",
    common=r"With $N$ samples the error is off by $O(\sqrt{d\log N/N})$ (lecture notes)",
    why="Without a probability it says nothing that holds: for a single function it is 0, and a coin is never right in exactly half of 101 tosses.",
    right=r"with probability $1-\delta$: by at most $\sqrt{\frac8N\bigl(d\ln\frac{2eN}d+\ln\frac4\delta\bigr)}$, for $2N\ge d\ge1$",
    claims="no-bound-without-chance, labellings-are-at-most-so-many",
)
VC.erratum(
    "E211",
    common="The VC dimension is the number of parameters (a common slip)",
    why=r"The sign of $\sin\omega x$ has one parameter and shatters $2^{-1},\dots,2^{-n}$ for every $n$.",
    right="For half-spaces with an offset it is; in general it may be larger without end",
    claims="no-end-in-sight, known-classes",
)


@VC.figure(d=Slider(1, 30, 5, "VC dimension d", integer=True), delta=Slider(0.001, 0.5, 0.05, "δ", log=True))
def figure(d, delta):
    d = int(d)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    n = np.arange(1, 61)
    sauer = np.array([sum(math.comb(m, i) for i in range(d + 1)) for m in n.tolist()], float)
    left.semilogy(n, 2.0**n, color=COLOURS[1], label=r"$2^n$")
    left.semilogy(n, sauer, color=COLOURS[0], label=r"$\sum_{i\leq d}\binom{n}{i}$")
    left.semilogy(n[n >= d], (math.e * n[n >= d] / d) ** d, color=COLOURS[0], lw=1, ls="--", label=r"$(en/d)^d$")
    left.axvline(d, color="0.5", lw=1, ls=":")
    left.set(xlabel="points n", ylabel="labellings", xlim=(1, 60), ylim=(1, 2.0**60))
    left.legend(fontsize=9.5, frameon=False, loc="upper left")
    N = np.unique(np.geomspace(100, 10**6, 40).astype(int))

    def gap(samples, dimension):
        terms = [math.comb(2 * samples, i) for i in range(dimension + 1)]
        return math.sqrt(8 / samples * (math.log(sum(terms)) + math.log(4 / delta)))

    right.loglog(N, [gap(s, d) for s in N.tolist()], color=COLOURS[0], label="gap")
    right.loglog(N, [gap(s, 0) for s in N.tolist()], color=COLOURS[2], label="one function")
    right.axhline(1, color="0.5", lw=1, ls="--", label="vacuous above")
    right.set(xlabel="samples N", ylabel="bound", xlim=(100, 10**6))
    right.legend(fontsize=9.5, frameon=False, loc="lower left")
    useful = 1 + bisect.bisect_left(range(1, 10**6 + 1), True, key=lambda s: gap(s, d) < 1)
    words = Text(
        f"Up to d = {d} points the number of labellings may double with each point; from there on it grows like a power, at most {sauer[-1]:.3g} for 60 points, where there are {2.0**60:.3g} labellings in all. "
        f"The bound is below 1 from {useful} samples on, for δ = {delta:.2g}.",
        f"直到 d = {d} 个点，标签方式的个数可以逐点加倍；此后只按幂增长，60 个点时至多 {sauer[-1]:.3g} 种，而全部标签方式有 {2.0**60:.3g} 种。δ = {delta:.2g} 时，从 {useful} 个样本起，界小于 1。",
    )
    return Drawing(fig, words)
