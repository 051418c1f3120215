"""Metrics of generated samples: Fréchet and kernel distance, precision and recall, density and coverage."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(frechet_distance, a, b, k):
    import torch

    from gradus.generative import density_coverage, kernel_distance, precision_recall

    near_by, dense = precision_recall(a, b, k=int(k)), density_coverage(a, b, k=int(k))
    found = frechet_distance(a, b).value, kernel_distance(a, b).value
    found = *found, near_by.precision, near_by.recall, dense.density, dense.coverage
    return tuple(torch.tensor(v, dtype=a.dtype) for v in found)


GENERATION_METRICS = Concept(
    key="generation-metrics",
    kind="definition",
    title="Metrics of generated samples",
    summary="How near is what a model makes to what is real? The Fréchet distance compares means and covariances of features, the kernel distance averages of a kernel; precision and recall, density and coverage "
    "count which samples lie among their neighbours, and tell apart what a single number mixes up: whether samples look real, and whether all that is real is among them.",
    formulas=(
        r"D_{\mathrm F}=\lVert\mu_a-\mu_b\rVert^2+\operatorname{tr}\bigl(\Sigma_a+\Sigma_b-2(\Sigma_a^{1/2}\Sigma_b\Sigma_a^{1/2})^{1/2}\bigr)",
        r"D_\kappa=\frac{\sum_{i\ne j}\kappa(a_i,a_j)}{n(n-1)}+\frac{\sum_{i\ne j}\kappa(b_i,b_j)}{m(m-1)}-\frac{2\sum_{i,j}\kappa(a_i,b_j)}{nm},\qquad\kappa(x,y)=\Bigl(\frac{x\cdot y}d+1\Bigr)^3",
        r"\text{precision}=\frac1m\sum_j\Bigl[\min_i\bigl(\lVert b_j-a_i\rVert-r_i\bigr)\le0\Bigr],\qquad\text{recall}=\frac1n\sum_i\Bigl[\min_j\bigl(\lVert a_i-b_j\rVert-r'_j\bigr)\le0\Bigr]",
        r"\text{density}=\frac1{km}\sum_{i,j}\bigl[\lVert b_j-a_i\rVert\le r_i\bigr],\qquad\text{coverage}=\frac1n\sum_i\Bigl[\min_j\lVert a_i-b_j\rVert\le r_i\Bigr]",
    ),
    symbols=(
        Symbol("a", "a", "n d", "features of real samples"),
        Symbol("b", "b", "m d", "features of generated ones"),
        Symbol("k", "k", "", "which neighbour's distance is the reach", "natural"),
        Symbol(r"\mu,\ \Sigma", "", "", "mean and covariance of a set, with $n-1$ in the denominator"),
        Symbol(
            r"r_i,\ r'_j",
            "",
            "",
            "reach: distance of $a_i$ to its k-th nearest other real one, of $b_j$ to its k-th nearest other generated one",
        ),
        Symbol(r"\kappa", "", "", "the kernel"),
        Symbol("n,\\ m,\\ d", "", "", "numbers of real and of generated samples, of features", "natural"),
        Symbol("[\\cdot]", "", "", "1 where it is so, else 0"),
    ),
    returns=(
        Result("frechet", "", r"$D_{\mathrm F}$, a squared distance"),
        Result("kernel", "", r"$D_\kappa$, a squared distance, which chance may put below 0"),
        Result("precision", "", "share of the generated within reach of a real one"),
        Result("recall", "", "share of the real within reach of a generated one"),
        Result("density", "", "how many real ones reach a generated one, on the average, over k"),
        Result("coverage", "", "share of the real with a generated one in reach"),
    ),
    needs=("multivariate-normal", "kernel-methods", "wgan"),
    source="heusel2017gans",
    year=2017,
    people=("Martin Heusel", "Mikołaj Bińkowski", "Arthur Gretton", "Tuomas Kynkäänniemi", "Muhammad Ferjad Naeem"),
    aliases="FID, Fréchet inception distance, KID, MMD, precision and recall of generative models, density and coverage, inception score, 弗雷歇距离, 最大均值差异, FID 分数",
    implementations=(
        Implementation(
            "gradus.generative:frechet_distance",
            "torch",
            _ours,
            "with `kernel_distance`, `precision_recall`, `density_coverage`, and `frechet_limit` for the bias",
        ),
    ),
    readings="heusel2017gans; binkowski2018demystifying; gretton2012kernel; kynkaanniemi2019improved; naeem2020reliable; chong2020effectively; dowson1982frechet",
    hypotheses=(
        Hypothesis(
            "the Fréchet distance is a distance of distributions: both are normal (else only of means and covariances)",
            "other-distributions-at-distance-0",
        ),
        Hypothesis("Fréchet distances are compared at the same numbers of samples", "fewer-samples-are-farther"),
        Hypothesis(
            "samples are independent, for the expectations of kernel distance, density and coverage",
            "unbiased-whatever-the-distribution, what-equals-have",
        ),
        Hypothesis("no two samples are equally far, for the expectations of density and coverage", "what-equals-have"),
    ),
    conventions=(
        Convention(
            "covariance",
            "n − 1 in the denominator, as NumPy's `cov`",
            "n: the distance is then smaller by the factor 1 − 1/n in that part",
        ),
        Convention(
            "squared or not",
            "squared, as FID is always given",
            "its root, the 2-Wasserstein distance of normal distributions",
        ),
        Convention(
            "on the rim",
            "a sample at the distance of the reach itself is within it",
            "outside: it matters for samples that occur twice",
        ),
    ),
    unverified="That distances in a classifier's features rank images as people do: it depends on the classifier, on which tests on people do not agree. Likelihood is another thing again: a model may have a high one and bad samples, and the reverse (Theis et al. 2016).",
    differentiable=False,
    carries_gradient=False,
    longest_sum=4096,
)


@GENERATION_METRICS.definition
def generation_metrics(a, b, k):
    (n, d), m, k = a.shape, len(b), int(k)
    if b.shape[1] != d or not 1 <= k < min(n, m) or min(n, m) < 2:
        raise ValueError("two sets of samples of the same features, more than k in each")
    A, B = (
        (x - x.mean(0)) / np.sqrt(len(x) - 1) for x in (a, b)
    )  # Σ = AᵀA, so the trace of the root is ‖ABᵀ‖ of singular values
    inner = np.linalg.svd(A @ B.T, compute_uv=False).sum()
    frechet = ((a.mean(0) - b.mean(0)) ** 2).sum() + (A**2).sum() + (B**2).sum() - 2 * inner
    Kaa, Kbb, Kab = ((x @ y.T / d + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    kernel = (Kaa.sum() - np.trace(Kaa)) / (n * (n - 1)) + (Kbb.sum() - np.trace(Kbb)) / (m * (m - 1)) - 2 * Kab.mean()
    far = [[np.sqrt(((x[:, None] - y) ** 2).sum(-1)) for y in (a, b)] for x in (a, b)]
    reach_a, reach_b = np.sort(far[0][0], axis=1)[:, k], np.sort(far[1][1], axis=1)[:, k]  # the nearest is itself
    precision = (far[1][0] <= reach_a).any(1).mean()
    recall = (far[0][1] <= reach_b).any(1).mean()
    density = (far[1][0] <= reach_a).sum() / (k * m)
    coverage = (far[0][1].min(1) <= reach_a).mean()
    return frechet, kernel, precision, recall, density, coverage


NAMES = ("frechet", "kernel", "precision", "recall", "density", "coverage")


def measured(f, a, b, k=1):
    return dict(zip(NAMES, (float(v) for v in f(np.asarray(a, float), np.asarray(b, float), k)), strict=True))


def splits(points, n):
    """All ways to make n of the points the real ones."""
    for real in itertools.combinations(range(len(points)), n):
        yield points[list(real)], np.delete(points, real, 0)


@GENERATION_METRICS.example
def example():
    a, b = np.array([[0.0], [1.0], [4.0]]), np.array([[0.5], [3.0]])
    found = dict(zip(NAMES, generation_metrics(a, b, 1), strict=True))
    return dict(
        a=a,
        b=b,
        k=1,
        mean_a=a.mean(),
        mean_b=b.mean(),
        deviation_a=a.std(ddof=1),
        deviation_b=b.std(ddof=1),
        reach=np.array([1.0, 1.0, 3.0]),
        reach_b=2.5,
        among_a=np.mean([(x * y + 1) ** 3 for x, y in ((0, 1), (0, 4), (1, 4))]),
        among_b=(0.5 * 3 + 1) ** 3,
        across=np.mean([(x * y + 1) ** 3 for x in (0, 1, 4) for y in (0.5, 3)]),
        **found,
    )


@GENERATION_METRICS.exercise
def two_normals():
    """N(0, 4) and N(3, 1) in one dimension."""
    return number(9 + (2 - 1) ** 2, of_variances=9 + (4 - 1) ** 2, not_squared=math.sqrt(10), of_the_means=9.0)


@GENERATION_METRICS.exercise
def half_of_the_modes():
    """A model draws rightly, but only half of the classes: which figures tell?"""
    rng = np.random.default_rng(0)
    a, b = (np.concatenate([c + rng.normal(size=(40, 2)) for c in at]) for at in ((0, 30), (0, 0)))
    f = measured(generation_metrics, a, b, 3)
    low = {k for k in ("precision", "recall") if f[k] < 0.75}
    return choice(
        precision_falls=low == {"precision"}, recall_falls=low == {"recall"}, both_fall=low == {"precision", "recall"}
    )


@GENERATION_METRICS.exercise
def coverage_of_equals():
    """n = 3 real, m = 2 generated, k = 1, from one distribution: the expected coverage."""
    points = np.random.default_rng(1).normal(size=(5, 1))
    mean = np.mean([measured(generation_metrics, a, b)["coverage"] for a, b in splits(points, 3)])
    return number(mean, certain=1.0, of_itself_too=2 / 5, the_reals_share=3 / 5)


@GENERATION_METRICS.cases
def cases(rng):
    yield "equal distributions", dict(a=rng.normal(size=(9, 2)), b=rng.normal(size=(8, 2)), k=2)
    yield "shifted and wider", dict(a=rng.normal(size=(10, 3)), b=1 + 2 * rng.normal(size=(7, 3)), k=3)
    yield "one feature", dict(a=rng.normal(size=(6, 1)), b=rng.normal(size=(5, 1)), k=1)
    yield "fewer samples than features", dict(a=rng.normal(size=(4, 6)), b=rng.normal(size=(5, 6)), k=1)
    yield "far apart", dict(a=rng.normal(size=(6, 2)), b=9 + rng.normal(size=(6, 2)), k=2)
    yield (
        "features that go together",
        dict(
            a=rng.normal(size=(12, 1)) @ np.ones((1, 2)) + 0.3 * rng.normal(size=(12, 2)),
            b=rng.normal(size=(9, 2)),
            k=2,
        ),
    )


@GENERATION_METRICS.invalid
def invalid(rng):
    a, b = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))
    yield "as many neighbours as samples", dict(a=a, b=b, k=4)
    yield "features of other lengths", dict(a=a, b=rng.normal(size=(4, 3)), k=1)


@GENERATION_METRICS.claim
def the_cost_of_the_best_transport(f, rng):
    r"""If the one set is the image of the other under $x\mapsto Ax+t$ with $A$ symmetric and positive, $D_{\mathrm F}$ is the mean squared way of that map, $\lVert\bar b-\bar a\rVert^2+\operatorname{tr}(A-I)\Sigma_a(A-I)$: 9 samples in three dimensions; for $d=2$ it is also $\operatorname{tr}\Sigma_a+\operatorname{tr}\Sigma_b-2\sqrt{\operatorname{tr}\Sigma_a\Sigma_b+2\sqrt{\det\Sigma_a\det\Sigma_b}}$ and the means' part"""
    a, M = rng.normal(size=(9, 3)), rng.normal(size=(3, 3))
    A, t = M @ M.T + 0.2 * np.eye(3), rng.normal(size=3)
    b = a @ A + t
    want = ((b.mean(0) - a.mean(0)) ** 2).sum() + np.trace((A - np.eye(3)) @ np.cov(a.T) @ (A - np.eye(3)))
    yield roundoff(measured(f, a, b)["frechet"], want, terms=2000, scale=float(abs(want)) + 50.0)
    a, b = rng.normal(size=(8, 2)), 0.5 + rng.normal(size=(7, 2)) @ rng.normal(size=(2, 2))
    Sa, Sb = np.cov(a.T), np.cov(b.T)
    inner = math.sqrt(np.trace(Sa @ Sb) + 2 * math.sqrt(np.linalg.det(Sa) * np.linalg.det(Sb)))
    want = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(Sa) + np.trace(Sb) - 2 * inner
    yield roundoff(measured(f, a, b)["frechet"], want, terms=2000, scale=40.0)


@GENERATION_METRICS.claim
def other_distributions_at_distance_0(f, rng):
    r"""Six samples at $\pm1$ and six at $-\sqrt3,0,0,0,0,\sqrt3$ have the same mean and covariance, so $D_{\mathrm F}$ is 0, though the sets share no sample, and density and coverage tell"""
    a, b = np.array([-1.0, 1.0] * 3)[:, None], math.sqrt(3) * np.array([-1.0, 0, 0, 0, 0, 1])[:, None]
    found = measured(f, a, b)
    yield bound(abs(found["frechet"]), 1e-12, "≤", Text("roundoff", "舍入"))
    yield bound(found["coverage"], 0.0, "≤", Text("none is covered", "没有一个被覆盖"))
    moved = measured(f, a, b + 0.5)
    yield roundoff(moved["frechet"], 0.25, terms=100)


@GENERATION_METRICS.claim
def fewer_samples_are_farther(f, rng):
    r"""Two sets of one standard normal distribution in four dimensions have a mean $D_{\mathrm F}$ of $\bigl(\frac1n+\frac1m\bigr)\frac{d(d+5)}4$ to first order: over 300 pairs with $n=m=100$ near 0.18, with 25 about four times that"""
    means = {}
    for n in (25, 100):
        found = [measured(f, *rng.normal(size=(2, n, 4)))["frechet"] for _ in range(300)]
        means[n] = np.mean(found)
        want = 2 / n * (4 + 4 * 5 / 4)
        yield near(
            means[n], want, 0.25 * want, Text("the next order, and five standard errors", "更高阶项与五个标准误")
        )
    yield near(means[25] / means[100], 4.0, 1.0, Text("five standard errors", "五个标准误"))


@GENERATION_METRICS.claim
def unbiased_whatever_the_distribution(f, rng):
    r"""Over all ways to make four of seven points the real ones $D_\kappa$ is 0 in the mean; and of these 35 values the k largest are as many as a test of level k/35 rejects: 3"""
    points = rng.normal(size=(7, 2)) * np.array([1.0, 3.0])
    values = np.array([measured(f, a, b)["kernel"] for a, b in splits(points, 4)])
    yield roundoff(values.mean(), 0.0, terms=4000, scale=float(np.abs(values).max()))
    p = (values[:, None] <= values + 1e-9 * np.abs(values).max()).mean(1)
    yield roundoff(float((p <= 3 / 35 + 1e-9).sum()), 3.0, terms=4)
    yield bound(values.min(), 0.0, "≤", Text("some are negative", "有的为负"))


@GENERATION_METRICS.claim
def what_equals_have(f, rng):
    r"""For samples of one distribution, whichever it is, coverage is $1-\prod_{l=1}^k\frac{n-l}{n+m-l}$ in the mean and density 1: over all 35 ways to make four of seven points the real ones, for $k=1$ and 2"""
    for points in (rng.normal(size=(7, 2)), rng.exponential(size=(7, 3)) ** 2):
        for k in (1, 2):
            found = [measured(f, a, b, k) for a, b in splits(points, 4)]
            want = 1 - math.prod((4 - l) / (7 - l) for l in range(1, k + 1))
            yield roundoff(float(np.mean([v["coverage"] for v in found])), want, terms=400)
            yield roundoff(float(np.mean([v["density"] for v in found])), 1.0, terms=400)


@GENERATION_METRICS.claim
def fidelity_and_variety_apart(f, rng):
    r"""Real samples around 0 and around 30, generated ones around 0 alone: precision at least 0.75, recall at most 0.5; real ones around 0 and generated ones around both: precision at most 0.5, recall at least 0.75; and $D_{\mathrm F}$, $D_\kappa$ are the same both times, for they are symmetric: 50 samples a place, $k=3$"""
    both = np.concatenate([c + rng.normal(size=(50, 2)) for c in (0.0, 30.0)])
    one = rng.normal(size=(100, 2))
    narrow, wide = measured(f, both, one, 3), measured(f, one, both, 3)
    yield bound(narrow["precision"], 0.75, "≥", Text("fidelity", "保真"))
    yield bound(narrow["recall"], 0.5, "≤", Text("variety", "多样"))
    yield roundoff(wide["precision"], narrow["recall"], terms=8)
    yield roundoff(wide["recall"], narrow["precision"], terms=8)
    for name in ("frechet", "kernel"):
        yield roundoff(wide[name], narrow[name], terms=8000, scale=2 * float(np.abs(both).max()) ** 6)
    yield bound(narrow["frechet"], 100.0, "≥", Text("both are far", "两者都很远"))


@GENERATION_METRICS.claim
def turned_moved_and_stretched(f, rng):
    r"""A rotation and a shift of both sets change no figure but $D_\kappa$; twice the features make $D_{\mathrm F}$ four times as large and leave the counts; and $D_\kappa$ changes with the shift, for $x\cdot y$ does: 12 and 10 samples in three dimensions, $k=2$"""
    a, b = rng.normal(size=(12, 3)), 0.7 + 1.5 * rng.normal(size=(10, 3))
    Q, t = np.linalg.qr(rng.normal(size=(3, 3)))[0], np.full(3, 2.0)
    plain, turned, twice = measured(f, a, b, 2), measured(f, a @ Q + t, b @ Q + t, 2), measured(f, 2 * a, 2 * b, 2)
    for name in ("precision", "recall", "density", "coverage"):
        yield roundoff(turned[name], plain[name], terms=8)
        yield roundoff(twice[name], plain[name], terms=8)
    yield roundoff(turned["frechet"], plain["frechet"], terms=2000, scale=50.0)
    yield roundoff(twice["frechet"], 4 * plain["frechet"], terms=2000, scale=200.0)
    yield bound(abs(turned["kernel"] - plain["kernel"]), 0.01, "≥", Text("it changes", "它会改变"))


@GENERATION_METRICS.claim
def one_outlier(f, rng):
    r"""A single real outlier at distance 1000 has a reach that holds all generated samples: of 20 that lie 50 away from the 30 other real ones precision is 1; density is at most $\frac1k=\frac13$ and coverage at most $\frac1{31}$"""
    a = np.concatenate((rng.normal(size=(30, 2)), [[1000.0, 0.0]]))
    found = measured(f, a, np.array([50.0, 0.0]) + rng.normal(size=(20, 2)), 3)
    yield near(found["precision"], 1.0, 1e-12, Text("all", "全部"))
    yield near(found["density"], 1 / 3, 1e-12, Text("one reach of three", "三者之一"))
    yield near(found["coverage"], 1 / 31, 1e-12, Text("the outlier alone", "只有离群点"))


@GENERATION_METRICS.claim
def what_is_refused(f, rng):
    """Refused are as many neighbours as there are samples, for then one of them would be none; one fewer is taken"""
    a, b = rng.normal(size=(5, 2)), rng.normal(size=(4, 2))
    yield raises(lambda: f(a, b, 4), ValueError)
    yield bound(measured(f, a, b, 3)["precision"], 1.0, "≤")
    yield bound(measured(f, a, a + 1e-9, 3)["coverage"], 1.0, "≥", Text("all are covered", "全部被覆盖"))


def variant(
    a,
    b,
    k,
    root=True,
    biased=False,
    itself=False,
    elementwise=False,
    halves=False,
    degree=3,
    swapped=False,
    own=False,
    silent=False,
    largest=False,
):
    """The printed formulas, and their slips by name: what the mutants are made of."""
    (n, d), m, k = a.shape, len(b), int(k)
    if not silent and (b.shape[1] != d or not 1 <= k < min(n, m)):
        raise ValueError
    Sa, Sb = (np.cov(x, rowvar=False, bias=halves).reshape(d, d) for x in (a, b))
    w, V = np.linalg.eigh(Sa)
    R = V * np.sqrt(np.maximum(w, 0)) @ V.T
    inner = np.sqrt(np.maximum(np.linalg.eigvalsh(R @ Sb @ R), 0)).sum()
    if elementwise:
        inner = np.sqrt(np.maximum(np.diag(Sa) * np.diag(Sb), 0)).sum()
    fd = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(Sa) + np.trace(Sb) - 2 * (inner if root else 0)
    K = [(x @ y.T / d + 1) ** degree for x, y in ((a, a), (b, b), (a, b))]
    if biased:
        kd = K[0].mean() + K[1].mean() - 2 * K[2].mean()
    else:
        kd = (
            (K[0].sum() - np.trace(K[0])) / (n * (n - 1))
            + (K[1].sum() - np.trace(K[1])) / (m * (m - 1))
            - 2 * K[2].mean()
        )
    far = [[np.sqrt(((x[:, None] - y) ** 2).sum(-1)) for y in (a, b)] for x in (a, b)]
    at = k - 1 if itself else min(k, min(n, m) - 1)
    ra, rb = np.sort(far[0][0], 1)[:, at], np.sort(far[1][1], 1)[:, at]
    if largest:
        ra, rb = np.full(n, ra.max()), np.full(m, rb.max())
    precision, recall = (far[1][0] <= ra).any(1).mean(), (far[0][1] <= rb).any(1).mean()
    if swapped:
        precision, recall = recall, precision
    coverage = (far[0][1].min(1) <= ra).mean() if not own else recall
    return fd, kd, precision, recall, (far[1][0] <= ra).sum() / (k * m), coverage


@GENERATION_METRICS.mutant(caught_by="the-cost-of-the-best-transport, equals-definition")
def roots_entry_by_entry(a, b, k):
    """the root of the covariances taken entry by entry: correlations left out"""
    return variant(a, b, k, elementwise=True)


@GENERATION_METRICS.mutant(
    caught_by="the-cost-of-the-best-transport, other-distributions-at-distance-0, fewer-samples-are-farther, equals-definition"
)
def without_the_root(a, b, k):
    """the trace of the root left out"""
    return variant(a, b, k, root=False)


@GENERATION_METRICS.mutant(caught_by="the-cost-of-the-best-transport, equals-definition")
def n_in_the_denominator(a, b, k):
    """covariances with n in the denominator"""
    return variant(a, b, k, halves=True)


@GENERATION_METRICS.mutant(caught_by="unbiased-whatever-the-distribution, equals-definition")
def with_the_diagonal(a, b, k):
    """each sample's kernel with itself counted"""
    return variant(a, b, k, biased=True)


@GENERATION_METRICS.mutant(caught_by="turned-moved-and-stretched, equals-definition")
def a_linear_kernel(a, b, k):
    """the kernel of degree 1: means alone"""
    return variant(a, b, k, degree=1)


@GENERATION_METRICS.mutant(caught_by="what-equals-have, equals-definition")
def itself_counted(a, b, k):
    """each sample counted as its own first neighbour"""
    return variant(a, b, k, itself=True)


@GENERATION_METRICS.mutant(caught_by="fidelity-and-variety-apart, one-outlier, equals-definition")
def exchanged(a, b, k):
    """precision and recall exchanged"""
    return variant(a, b, k, swapped=True)


@GENERATION_METRICS.mutant(caught_by="what-equals-have, equals-definition")
def coverage_by_the_generated(a, b, k):
    """coverage by the reach of the generated samples: recall"""
    return variant(a, b, k, own=True)


@GENERATION_METRICS.mutant(caught_by="what-equals-have, one-outlier, equals-definition")
def one_reach_for_all(a, b, k):
    """the largest reach taken for all"""
    return variant(a, b, k, largest=True)


@GENERATION_METRICS.mutant(caught_by="what-is-refused")
def whatever_the_neighbours(a, b, k):
    """any number of neighbours taken"""
    return variant(a, b, k, silent=True)


GENERATION_METRICS.erratum(
    "E384",
    common="A Fréchet distance of 0 means equal distributions (a common slip)",
    why="It compares means and covariances alone: ±1 and −√3, 0, 0, 0, 0, √3 are at distance 0.",
    right="Equal means and covariances of the features; equal distributions only if both are normal",
    claims="other-distributions-at-distance-0",
)
GENERATION_METRICS.erratum(
    "E385",
    common="A FID from 5,000 samples can be compared with a published one from 50,000 (a common slip)",
    why="Its mean lies above the distance by about a constant over the number of samples: ten times fewer samples, ten times that. Which of two models is nearer may then be decided by the numbers of samples.",
    right="The same numbers of samples and the same features, or the value extrapolated to infinitely many",
    claims="fewer-samples-are-farther",
)


@GENERATION_METRICS.figure(
    spread=Slider(0.1, 2.0, 1.0, "spread of the generated"), modes=Slider(1, 4, 4, "modes of four", integer=True)
)
def figure(spread, modes):
    rng, at = np.random.default_rng(0), np.array([[0, 0], [4, 0], [0, 4], [4, 4.0]])
    z, which = rng.normal(size=(120, 2)), np.arange(120) % 4
    a = at[which] + 0.5 * z
    new = rng.normal(size=(120, 2))

    def made(s, count):
        return at[np.arange(120) % int(count)] + 0.5 * s * new

    b = made(spread, modes)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(*a.T, ".", ms=4, color=COLOURS[0], label="real")
    left.plot(*b.T, ".", ms=4, color=COLOURS[1], label="generated")
    left.set(xlabel="first feature", ylabel="second feature", xlim=(-3, 7), ylim=(-3, 7))
    left.legend(fontsize=9, frameon=False, loc="upper center", ncols=2)
    scale = np.linspace(0.1, 2, 12)
    rows = [measured(generation_metrics, a, made(s, modes), 3) for s in scale]
    for i, name in enumerate(("precision", "recall", "density", "coverage")):
        right.plot(scale, [r[name] for r in rows], color=COLOURS[i], label=name)
    right.axvline(spread, color="0.5", lw=0.8)
    right.set(xlabel="spread of the generated", ylabel="share", ylim=(0, 2))
    right.legend(fontsize=9, frameon=False, loc="upper right", ncols=2)
    f = measured(generation_metrics, a, b, 3)
    words = Text(
        f"120 real samples in four places, 120 generated in {int(modes)} of them with {spread:.3g} times the spread: Fréchet distance {f['frechet']:.2f}, precision {f['precision']:.2f}, recall {f['recall']:.2f}, density {f['density']:.2f}, coverage {f['coverage']:.2f}.",
        f"四处共 120 个真实样本，生成的 120 个位于其中 {int(modes)} 处，散布为 {spread:.3g} 倍：Fréchet 距离 {f['frechet']:.2f}，精确率 {f['precision']:.2f}，召回率 {f['recall']:.2f}，密度 {f['density']:.2f}，覆盖率 {f['coverage']:.2f}。",
    )
    return Drawing(fig, words)
