"""ROC curve and the area under it."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(roc_auc_score, y, score, weights=None):
    if set(np.asarray(y).tolist()) != {0, 1}:
        raise ValueError("y: both classes, 0 and 1, and no others")
    return roc_auc_score(y, score, sample_weight=weights)


ROC = Concept(
    key="roc-auc",
    kind="definition",
    title="ROC curve and the area under it",
    summary="Moving the threshold of a score from high to low traces the share of class 1 that is found against the "
    "share of class 0 that is called in error. The area under that curve is the probability that a random case of "
    "class 1 scores above one of class 0, ties counting half. It does not see the base rate, nor any strictly "
    "increasing change of the scores.",
    formulas=(
        r"\mathrm{TPR}(t)=P(s\ge t\mid y=1),\qquad \mathrm{FPR}(t)=P(s\ge t\mid y=0),\qquad \mathrm{AUC}=\int_0^1\mathrm{TPR}\;d\,\mathrm{FPR}",
        r"\mathrm{AUC}=\frac{\sum_{i:y_i=1}\sum_{j:y_j=0}w_iw_j\bigl([s_i>s_j]+\tfrac12[s_i=s_j]\bigr)}{\sum_{i:y_i=1}w_i\ \sum_{j:y_j=0}w_j}\ \overset{w\equiv1}{=}\ \frac U{n_1n_0}",
    ),
    symbols=(
        Symbol("y", "y", "n", "true classes, 0 and 1", "natural"),
        Symbol("s", "score", "n", "scores: the higher, the more like class 1"),
        Symbol("w", "weights", "n", "weights; 1 unless given", "positive"),
        Symbol("t", "", "", "threshold"),
        Symbol("i,j", "", "", "cases", "natural"),
        Symbol("U", "", "", "statistic of Mann and Whitney"),
        Symbol("n_1,n_0", "", "", "numbers of cases of the classes", "natural"),
    ),
    needs=("classification-metrics",),
    source="hanley1982meaning",
    year=1982,
    people=("James Hanley", "Barbara McNeil", "Henry Mann", "Donald Whitney"),
    aliases="ROC, AUC, AUROC, ROC curve, Mann-Whitney, ROC 曲线, 曲线下面积, 受试者工作特征曲线",
    implementations=(Implementation("sklearn.metrics:roc_auc_score", "numpy", _sklearn, "sorts once"),),
    readings="hanley1982meaning; fawcett2006introduction",
    hypotheses=(
        Hypothesis(r"for $U/n_1n_0$: all weights are equal", "mann-whitney"),
        Hypothesis("for the invariance: the map of the scores is strictly increasing", "only-the-order-counts"),
    ),
    conventions=(
        Convention(
            "tied scores of different classes",
            "they count half: the curve runs along the diagonal of their rectangle",
            "steps count them in full or not at all, by the order in which a program happens to sort them",
        ),
    ),
    deviations="With one class only there is no pair: scikit-learn gives NaN with a warning; here it is refused.",
    differentiable=False,  # a function of the order alone
)


@ROC.definition
def roc_auc(y, score, weights=None):
    if set(y.tolist()) != {0, 1} or np.isnan(score).any():
        raise ValueError("y: both classes, 0 and 1, and no others; score: no NaN")
    w = np.ones(len(y)) if weights is None else weights
    above = (score[y == 1][:, None] > score[y == 0]) + 0.5 * (score[y == 1][:, None] == score[y == 0])
    pairs = w[y == 1][:, None] * w[y == 0]
    return (pairs * above).sum() / pairs.sum()


@ROC.example
def example():
    y, score = np.array([0, 0, 1, 1, 0, 0, 1]), np.array([0.2, 0.3, 0.4, 0.6, 0.6, 0.7, 0.9])
    fpr, tpr = curve(y, score)
    strips = np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2
    ones, zeros = score[y == 1], score[y == 0]
    wins = [float((s > zeros).sum() + (s == zeros).sum() / 2) for s in ones]
    return (
        dict(y=y, score=score, fpr=fpr, tpr=tpr, levels=np.unique(score)[::-1], strips=strips)
        | dict(area=strips.sum(), ones=ones, zeros=zeros, wins=np.array(wins), total=sum(wins))
        | dict(A=roc_auc(y, score), hard=roc_auc(y, 1.0 * (score >= 0.5)), squared=roc_auc(y, score**2))
    )


@ROC.exercise
def labels_for_scores():
    y, said = np.repeat([1, 1, 0, 0], [8, 2, 3, 7]), np.repeat([1.0, 0.0, 1.0, 0.0], [8, 2, 3, 7])
    return number(roc_auc(y, said), both_right=0.8 * 0.7, recall=0.8)


@ROC.exercise
def a_tie():
    return number(roc_auc(np.array([1, 1, 0, 0]), np.array([3.0, 2.0, 2.0, 1.0])), tie_lost=3 / 4, tie_won=1.0)


@ROC.exercise
def ten_times_as_many_zeros():
    y, s = np.array([1, 0, 0, 1, 1, 0, 0]), np.array([0.9, 0.7, 0.6, 0.6, 0.4, 0.3, 0.2])
    many = np.where(y == 0, 10, 1)
    more, scores = np.repeat(y, many), np.repeat(s, many)
    area_stays = bool(np.isclose(roc_auc(y, s), roc_auc(more, scores)))
    precision_stays = bool(np.isclose(y[s >= 0.5].mean(), more[scores >= 0.5].mean()))
    return choice(
        both_fall=not area_stays and not precision_stays,
        only_precision=area_stays and not precision_stays,
        neither=area_stays and precision_stays,
    )


@ROC.cases
def cases(rng):
    y = np.arange(40) % 2
    yield "random", dict(y=y, score=rng.standard_normal(40) + y)
    yield "ties", dict(y=y, score=rng.integers(0, 4, 40).astype(float))
    yield "weights", dict(y=y, score=rng.integers(0, 6, 40).astype(float), weights=rng.uniform(0.1, 2, 40))
    yield "constant", dict(y=y, score=np.zeros(40))
    yield "two cases", dict(y=np.array([0, 1]), score=np.array([3.0, -1.0]))
    close = np.array([0.5, 0.5 + 1e-9, 0.5 + 2e-9, 0.1])
    yield "nearly tied", dict(y=np.array([0, 1, 1, 0]), score=close)
    yield "long", dict(y=np.arange(1500) % 2, score=rng.standard_normal(1500))


@ROC.invalid
def invalid(rng):
    yield "other numbers of cases", dict(y=np.array([0, 1, 1]), score=np.array([0.1, 0.2]))
    yield "one class", dict(y=np.ones(3, int), score=np.array([0.1, 0.2, 0.3]))
    yield "labels −1 and 1", dict(y=np.array([-1, 1, 1]), score=np.array([0.1, 0.2, 0.3]))
    yield "a score of NaN", dict(y=np.array([0, 1, 1]), score=np.array([0.1, np.nan, 0.3]))


@ROC.claim
def mann_whitney(f, rng):
    """With equal weights it is the statistic of Mann and Whitney divided by $n_1n_0$, with ties, as SciPy computes it
    from ranks; with weights 3, 1, 1 it may be ¾ where that is ½"""
    from scipy.stats import mannwhitneyu

    for levels in (3, 10, 1000):
        y = (rng.random(120) < 0.3).astype(int)
        s = rng.integers(0, levels, 120) + y * levels // 5
        U = mannwhitneyu(s[y == 1], s[y == 0]).statistic
        yield roundoff(float(f(y, s.astype(float))), U / (y.sum() * (1 - y).sum()), terms=120)
    y, s = np.array([1, 1, 0]), np.array([2.0, 0.0, 1.0])
    yield roundoff(float(f(y, s, np.array([3.0, 1.0, 1.0]))), 0.75, terms=3)
    yield roundoff(float(mannwhitneyu(s[y == 1], s[y == 0]).statistic) / 2, 0.5, terms=3)


def curve(y, score):
    """TPR and FPR at every threshold, highest first."""
    levels = np.unique(score)[::-1]
    at = score[:, None] >= levels
    tpr = np.concatenate([[0.0], at[y == 1].mean(0)])
    return np.concatenate([[0.0], at[y == 0].mean(0)]), tpr


@ROC.claim
def area_under_the_curve(f, rng):
    """It is the area under the curve of all thresholds by the trapezoid rule, also with ties, where steps upwards
    first would give more"""
    for levels in (4, 50):
        y = np.arange(100) % 2
        s = (rng.integers(0, levels, 100) + y).astype(float)
        fpr, tpr = curve(y, s)
        area = float((np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2).sum())
        steps = float((np.diff(fpr) * tpr[1:]).sum())
        yield roundoff(float(f(y, s)), area, terms=100)
        yield bound(steps - area, 1e-4, "≥", Text("ties", "有并列"))


@ROC.claim
def only_the_order_counts(f, rng):
    """Only the order counts: strictly increasing maps change nothing, turning the scores gives 1 − AUC. A map that
    only never falls makes ties: a step takes AUC 1 to ⅞, a constant to ½"""
    y = np.arange(60) % 2
    s = rng.integers(0, 15, 60) + 2.0 * y
    area = float(f(y, s))
    for g in (np.exp, np.sqrt, lambda v: v**3 - 7):
        yield roundoff(float(f(y, g(s))), area, terms=60)
    yield roundoff(float(f(y, -s)), 1 - area, terms=60)
    yield roundoff(float(f(y, 0 * s)), 0.5, terms=60)
    labels, apart = np.array([0, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 4.0])
    yield roundoff(float(f(labels, apart)), 1.0, terms=4)
    yield roundoff(float(f(labels, 1.0 * (apart >= 2) + (apart >= 4))), 0.875, terms=4)


@ROC.claim
def two_normal_distributions(f, rng):
    r"""For normal scores of one variance, δ standard deviations apart, it is on average $\Phi(\delta/\sqrt2)$: 0.760 at
    1, 0.921 at 2, whatever the base rate; single samples are within 5 standard errors of Hanley and McNeil"""
    from scipy.special import ndtr

    z = np.linspace(-9, 9, 1801)
    for delta, n1, n0 in ((1.0, 600, 600), (1.0, 100, 900), (2.0, 360, 840), (0.0, 500, 500)):
        y = np.repeat([1, 0], [n1, n0])
        A = float(ndtr(delta / np.sqrt(2)))
        # Q: two cases of a class both on the right side of one of the other; the same for either class
        Q = float((np.exp(-(z**2) / 2) * ndtr(delta - z) ** 2).sum() * 0.01 / np.sqrt(2 * np.pi))
        variance = (A * (1 - A) + (n1 + n0 - 2) * (Q - A**2)) / (n1 * n0)
        yield statistical(float(f(y, rng.standard_normal(n1 + n0) + delta * y)), A, np.sqrt(variance))


@ROC.claim
def base_rate_does_not_matter(f, rng):
    """Weights repeat cases; repeating all of class 0 ten times changes nothing, while precision at a fixed threshold
    falls"""
    y = np.arange(50) % 2
    s = rng.integers(0, 8, 50) + 2.0 * y
    w = rng.integers(1, 4, 50)
    area = float(f(y, s))
    many = np.where(y == 0, 10, 1)
    repeated_y, repeated_s = np.repeat(y, many), np.repeat(s, many)

    def precision(labels, scores):
        return labels[scores >= 5].mean()

    yield roundoff(float(f(y, s, w.astype(float))), float(f(np.repeat(y, w), np.repeat(s, w))), terms=150)
    yield roundoff(float(f(repeated_y, repeated_s)), area, terms=300)
    yield bound(
        precision(y, s) - precision(repeated_y, repeated_s),
        0.2,
        "≥",
        Text("ten times as many false calls", "误报为十倍"),
    )


@ROC.mutant(caught_by="mann-whitney, area-under-the-curve, only-the-order-counts, equals-definition")
def ties_dropped(y, score, weights=None):
    """ties dropped"""
    w = np.ones(len(y)) if weights is None else weights
    difference = score[y == 1][:, None] - score[y == 0]
    pairs = w[y == 1][:, None] * w[y == 0] * (difference != 0)
    return (pairs * (difference > 0)).sum() / max(pairs.sum(), 1e-300)


@ROC.mutant(caught_by="mann-whitney, area-under-the-curve, only-the-order-counts")
def ties_in_full(y, score, weights=None):
    """ties counted in full: steps for trapezoids"""
    w = np.ones(len(y)) if weights is None else weights
    pairs = w[y == 1][:, None] * w[y == 0]
    return (pairs * (score[y == 1][:, None] >= score[y == 0])).sum() / pairs.sum()


@ROC.mutant(caught_by="mann-whitney, two-normal-distributions, equals-definition, area-under-the-curve")
def classes_exchanged(y, score, weights=None):
    """the classes exchanged"""
    return roc_auc(1 - y, score, weights)


@ROC.mutant(caught_by="mann-whitney, two-normal-distributions, base-rate-does-not-matter, equals-definition")
def accuracy_of_pairs(y, score, weights=None):
    """all pairs, also within a class"""
    right = (y[:, None] > y) & (score[:, None] > score)
    return right.sum() / (len(y) * (len(y) - 1) / 2)


@ROC.mutant(caught_by="mann-whitney, area-under-the-curve, base-rate-does-not-matter, two-normal-distributions")
def best_accuracy(y, score, weights=None):
    """the area of one threshold, the best accuracy"""
    return max(np.mean((score >= t) == y) for t in np.unique(score))


@ROC.mutant(caught_by="base-rate-does-not-matter, equals-definition")
def unweighted(y, score, weights=None):
    """weights ignored"""
    return roc_auc(y, score)


@ROC.figure(
    apart=Slider(0.0, 4.0, 1.2, "distance of the two classes"),
    levels=Slider(2, 40, 40, "levels to which scores are rounded", integer=True),
)
def figure(apart, levels):
    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    s = rng.standard_normal(400) + apart * y
    edges = np.linspace(s.min(), s.max(), int(levels) + 1)
    s = np.digitize(s, edges[1:-1]).astype(float)
    fpr, tpr = curve(y, s)
    area = float(roc_auc(y, s))
    fig, (left, right) = canvas(columns=2, width=7.4, height=3.4)
    bins = np.linspace(0, int(levels), min(int(levels), 14) + 1) - 0.5
    for label in (0, 1):
        left.hist(s[y == label], bins, color=COLOURS[label], alpha=0.55, label=f"class {label}")
    left.set(xlabel="score", ylabel="cases")
    left.legend(frameon=False, fontsize=9.5)
    right.fill_between(fpr, tpr, alpha=0.2, color=COLOURS[2], lw=0)
    right.plot(fpr, tpr, "-", color=COLOURS[2], marker="." if levels < 15 else "")
    right.plot([0, 1], [0, 1], "--", color="#7F7F7F", lw=0.8)
    right.set(xlabel="false positive rate", ylabel="true positive rate", title=f"AUC {area:.3f}", aspect="equal")
    tied = float(np.mean(s[y == 1][:, None] == s[y == 0]))
    words = Text(
        f"200 cases of each class, {apart:.2f} standard deviations apart: a case of class 1 scores higher than one of class 0 with probability {area:.3f}; {tied:.1%} of the pairs are ties, which count half.",
        f"两类各 200 个样本，相距 {apart:.2f} 个标准差：类别 1 的得分高于类别 0 的概率为 {area:.3f}；{tied:.1%} 的样本对并列，各算一半。",
    )
    return Drawing(fig, words)
