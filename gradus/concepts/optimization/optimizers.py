"""Comparing optimizers: the expected best of a budget of trials."""

import itertools
from math import comb

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

OPTIMIZERS = Concept(
    key="optimizers",
    kind="definition",
    title="Comparing optimizers",
    summary="An optimizer is only as good as the settings one finds for it, and finding them costs trials. So the answer to "
    r"“which is better?” is a curve: the loss that the best of k trials is expected to reach. From n trials with settings drawn "
    "at random, the mean of the smallest loss over all choices of k among them estimates it without bias.",
    formulas=(
        r"\hat e_k=\frac{1}{\binom nk}\sum_{\substack{S\subseteq\{1,\dots,n\}\\ |S|=k}}\ \min_{j\in S}x_j=\sum_{i=1}^{n-k+1}\frac{\binom{n-i}{k-1}}{\binom nk}\,x_{(i)},\qquad x_{(1)}\le\dots\le x_{(n)}",
        r"E\,\hat e_k=e_k=E\min(X_1,\dots,X_k)",
        r"\hat e_1=\frac1n\sum_jx_j,\qquad \hat e_n=\min_jx_j,\qquad \hat e_k-\hat e_{k+1}\ \ge\ \hat e_{k+1}-\hat e_{k+2}\ \ge\ 0",
        r"\tilde e_k=\sum_{i=1}^{n}\Bigl[\Bigl(\frac{n-i+1}n\Bigr)^{k}-\Bigl(\frac{n-i}n\Bigr)^{k}\Bigr]x_{(i)}\ \ge\ \hat e_k",
    ),
    symbols=(
        Symbol("x", "losses", "... n", "the final loss of each trial, +∞ where it diverged"),
        Symbol("k", "budget", "", "number of trials that one can afford, at most n", "natural"),
        Symbol("n", "", "", "number of trials that were run", "natural"),
        Symbol(r"x_{(i)}", "", "", "the i-th smallest of them"),
        Symbol("S", "", "", "a choice of k trials"),
        Symbol(r"i,\ j", "", "", "a place in the order; a trial"),
        Symbol("X", "", "", "the loss of a trial with settings that are drawn at random"),
        Symbol("e_k", "", "", "expected smallest loss of k trials"),
        Symbol(r"\hat e_k", "", "...", "its estimate without bias"),
        Symbol(r"\tilde e_k", "", "...", "the plug-in estimate: k draws with replacement among the n"),
    ),
    needs=("expectation", "sgd", "adam"),
    source="tang2020showing",
    year=2019,
    people=("Jesse Dodge", "Raphael Tang"),
    aliases="optimizer comparison, expected validation performance, tuning budget, best of k, pass@k, "
    "random search, benchmark of optimizers, which optimizer, best optimizer, 哪个优化器好, 优化器选择, 优化器, 优化器比较, 调参预算, 期望最优性能",
    implementations=(
        Implementation("gradus.optimization:expected_best", "numpy", None, "a sort and one weighted sum"),
    ),
    readings="dodge2019show; tang2020showing; choi2019empirical; schmidt2021descending; chen2021evaluating §2.1",
    hypotheses=(
        Hypothesis("without bias: the trials are independent draws of one search distribution", "copied-trials"),
        Hypothesis(
            "the loss of the chosen trial is the loss to come: it is measured on data that did not choose it",
            "the-chosen-loss-flatters",
        ),
        Hypothesis(
            "an optimizer that contains another is at least as good: every setting of the other is among its trials, and all are run",
            "containing-it-is-not-enough",
        ),
    ),
    conventions=(
        Convention(
            "what is drawn",
            "k of the n trials without replacement: no bias, and nothing is said beyond k = n",
            r"with replacement (Dodge et al. 2019): $\tilde e_k\ge\hat e_k$, biased upwards, though often of smaller variance",
        ),
        Convention(
            "what counts as budget",
            "the number of trials",
            "seconds or epochs: let k be what fits into them for each optimizer, since their steps cost different times",
        ),
        Convention(
            "a trial that diverged",
            r"+∞: $\hat e_k$ is infinite while all k may be such",
            "the loss of a guess, which keeps the curve finite; left out, it makes a brittle optimizer look sturdy",
        ),
    ),
    longest_sum=4096,
)


@OPTIMIZERS.definition
def expected_best(losses, budget):
    choices = itertools.combinations(range(losses.shape[-1]), budget)
    return np.stack([losses[..., list(S)].min(axis=-1) for S in choices]).mean(axis=0)


@OPTIMIZERS.example
def example():
    plain, losses, budget = np.array([0.32, 0.30, 0.34, 0.36]), np.array([0.90, 0.20, 0.80, 0.90]), 2
    pairs = np.array([min(a, b) for a, b in itertools.combinations(losses, budget)])
    k = range(1, 5)
    return dict(losses=losses, budget=budget, plain=plain, pairs=pairs, w=np.array([3, 2, 1]) / 6) | dict(
        ordered=np.sort(losses),
        e_plain=np.array([expected_best(plain, j) for j in k]),
        e_fancy=np.array([expected_best(losses, j) for j in k]),
        plug_in=with_replacement(losses, budget),
    )


@OPTIMIZERS.exercise
def best_of_two():
    x = np.array([0.5, 0.2, 0.8])
    return number(
        expected_best(x, 2), mean=x.mean(), best=x.min(), with_replacement=with_replacement(x, 2), tolerance=1e-3
    )


@OPTIMIZERS.exercise
def who_wins():
    sure, lucky = np.full(10, 0.3), np.array([0.1] + [0.5] * 9)
    wins = [k for k in range(1, 11) if expected_best(lucky, k) < expected_best(sure, k)]
    return number(wins[0], any_luck=2, all_trials=10)


@OPTIMIZERS.exercise
def fair_budget():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=(400, 12))
    four, twelve = (expected_best(x, k).mean() for k in (4, 12))
    return choice(longer=not twelve < four, trials=bool(twelve < four), seeds=False)


@OPTIMIZERS.cases
def cases(rng):
    yield "random", dict(losses=rng.exponential(size=7), budget=3)
    yield "batch", dict(losses=rng.standard_normal((2, 3, 6)), budget=2)
    yield "one trial", dict(losses=np.array([0.4]), budget=1)
    yield "all trials", dict(losses=rng.standard_normal(9), budget=9)
    yield "mean", dict(losses=rng.standard_normal((4, 5)), budget=1)
    yield "ties", dict(losses=np.array([0.5, 0.25, 0.25, 0.5, 0.25]), budget=2)
    yield "many", dict(losses=rng.exponential(size=14), budget=5)
    yield "square", dict(losses=rng.standard_normal((6, 6)), budget=4)


@OPTIMIZERS.invalid
def invalid(rng):
    yield "a budget of more than the trials", dict(losses=np.array([0.5, 0.25]), budget=3)
    yield "a budget of 0", dict(losses=np.array([0.5, 0.25]), budget=0)


def with_replacement(x, k):
    """The plug-in estimate: the mean of the smallest of k draws among the n, each put back."""
    n, i = len(x), np.arange(1, len(x) + 1)
    return float(((((n - i + 1) / n) ** k - ((n - i) / n) ** k) * np.sort(x)).sum())


def outcomes(values, n):
    return np.array(list(itertools.product(values, repeat=n)))


def probability_of(rows, values, p):
    return np.prod([np.asarray(p)[np.searchsorted(values, rows[:, j])] for j in range(rows.shape[1])], axis=0)


@OPTIMIZERS.claim
def without_bias(best, rng):
    r"""Without bias, exactly: over all 3⁶ outcomes of six trials with losses 0.1, 0.4 and 1 the mean of $\hat e_k$, weighted with
    the probabilities, is the expected smallest of k independent trials, for every k ≤ 6"""
    values, p = np.array([0.1, 0.4, 1.0]), np.array([0.2, 0.5, 0.3])
    rows = outcomes(values, 6)
    weights = probability_of(rows, values, p)
    for k in range(1, 7):
        draws = outcomes(values, k)
        truth = (probability_of(draws, values, p) * draws.min(1)).sum()
        yield roundoff((weights * np.asarray(best(rows, k), float)).sum(), truth, terms=3**6)


@OPTIMIZERS.claim
def uniform_losses(best, rng):
    r"""For losses drawn uniformly from [0, 1] the mean of $\hat e_k$ over 3000 experiments of eight trials is $1/(k+1)$"""
    x = rng.random((3000, 8))
    return all_of(*[statistical(np.asarray(best(x, k), float), 1 / (k + 1)) for k in (1, 2, 4, 8)])


@OPTIMIZERS.claim
def putting_back_is_biased(best, rng):
    r"""Drawing with replacement is never below, $\tilde e_k\ge\hat e_k$, equal at k = 1 and where all losses are equal; for
    uniform losses of eight trials it misses $1/(k+1)$ by more than 0.05 at k = 8"""
    x = rng.random((40, 8))
    for k in range(1, 9):
        hat, tilde = np.asarray(best(x, k), float), np.array([with_replacement(row, k) for row in x])
        yield bound((hat - tilde).max(), 1e-14, "≤", Text("rounding", "舍入"))
        if k == 1:
            yield roundoff(hat, tilde, terms=8)
    yield roundoff(best(np.full(8, 0.3), 5), with_replacement(np.full(8, 0.3), 5), terms=70)
    # E of the i-th smallest of 8 uniform draws is i/9
    mean = with_replacement(np.arange(1, 9) / 9, 8)
    yield bound(mean - 1 / 9, 0.05, "≥", Text("the bias at k = n = 8", "k = n = 8 时的偏差"))
    yield roundoff(best(np.arange(1, 9) / 9, 8), 1 / 9, terms=8)


@OPTIMIZERS.claim
def first_the_mean_last_the_minimum(best, rng):
    """One trial: the mean of all. All trials: the smallest"""
    for n in (1, 2, 5, 11):
        x = rng.standard_normal((3, n))
        yield roundoff(best(x, 1), x.mean(-1), terms=n, scale=4.0)
        yield roundoff(best(x, n), x.min(-1), terms=n, scale=4.0)


@OPTIMIZERS.claim
def less_and_less_is_gained(best, rng):
    """Another trial never does harm, and each helps no more than the one before"""
    x = rng.standard_exponential((50, 10))
    e = np.stack([np.asarray(best(x, k), float) for k in range(1, 11)])
    gains = e[:-1] - e[1:]
    rounding = Text("rounding", "舍入")
    yield bound(-gains.min(), 1e-14, "≤", rounding)
    yield bound((gains[1:] - gains[:-1]).max(), 1e-14, "≤", rounding)


@OPTIMIZERS.claim
def the_budget_decides_who_wins(best, rng):
    """Who wins depends on the budget: a sturdy optimizer (0.3 in every trial) is ahead of a brittle one (0.1 in one trial of ten,
    0.5 else) up to k = 4, equal to it at k = 5, behind it from k = 6"""
    sturdy, brittle = np.full(10, 0.3), np.array([0.5] * 4 + [0.1] + [0.5] * 5)
    margins = [float(best(brittle, k)) - float(best(sturdy, k)) for k in range(1, 11)]
    # ê_k of the brittle one is 0.5 − 0.4·k/10
    yield roundoff(margins, 0.2 - 0.04 * np.arange(1, 11), terms=252, scale=1.0)
    yield identical(np.sign(np.round(margins, 12)), np.array([1.0] * 4 + [0.0] + [-1.0] * 5))


@OPTIMIZERS.claim
def successes(best, rng):
    r"""With losses 0 (solved) and 1, of which c are 0, $1-\hat e_k=1-\binom{n-c}k/\binom nk$: the estimate pass@k of programs that
    a model writes"""
    for n, c in ((5, 0), (5, 2), (9, 1), (9, 8), (12, 5)):
        x = rng.permutation(np.r_[np.zeros(c), np.ones(n - c)])
        for k in (1, 2, n // 2, n):
            yield roundoff(1 - float(best(x, k)), 1 - comb(n - c, k) / comb(n, k), terms=comb(n, n // 2), scale=1.0)


@OPTIMIZERS.claim
def order_does_not_matter(best, rng):
    r"""The order in which the trials were run does not matter, and other units change it alike: $\hat e_k(ax+b)=a\,\hat e_k(x)+b$
    for a ≥ 0"""
    x = rng.standard_normal((5, 9))
    for k in (1, 3, 8):
        e = np.asarray(best(x, k), float)
        yield invariance(best(x[:, rng.permutation(9)], k), e, terms=126, scale=4.0)
        yield invariance(best(2.5 * x - 1, k), 2.5 * e - 1, terms=126, scale=10.0)


@OPTIMIZERS.claim
def divergence_counts(best, rng):
    """A trial that diverged counts: with three of eight at +∞ the estimate is +∞ for k ≤ 3, finite from k = 4 on, and at k = 4 and 5
    above that of the five others"""
    x = np.r_[rng.random(5), np.full(3, np.inf)][rng.permutation(8)]
    finite = x[np.isfinite(x)]
    yield identical([float(best(x, k)) for k in (1, 2, 3)], [np.inf] * 3)
    for k in (4, 5):
        yield bound(float(best(x, k)), float(best(finite, k)), "≥", Text("the five others alone", "只算其余五次"))
        yield bound(float(best(x, k)), 1.0, "≤", Text("all finite losses are below 1", "有限的损失都小于 1"))


@OPTIMIZERS.claim
def copied_trials(best, rng):
    """Trials that are copies of each other tell nothing of a larger budget: of one uniform loss written down eight times every
    estimate is that loss, ½ on average, where eight independent trials would reach 1/9"""
    x = np.repeat(rng.random((2000, 1)), 8, axis=1)
    e = np.asarray(best(x, 8), float)
    yield roundoff(e, x[:, 0], terms=8)
    yield statistical(e, 0.5)


@OPTIMIZERS.claim
def the_chosen_loss_flatters(best, rng):
    """The loss that chose flatters: of four settings that are equally good, measured on validation data with normal errors of
    deviation 1, the smallest loss is 1.0294 too low on average; measured again, on other data, it is right on average"""
    validation, test = rng.standard_normal((2, 4000, 4))
    chosen = validation.argmin(1)
    smallest = np.asarray(best(validation, 4), float)
    yield statistical(smallest, -6 * np.arctan(np.sqrt(2)) / np.pi**1.5)  # E of the smallest of four normal draws
    yield statistical(test[np.arange(4000), chosen], 0.0)
    yield roundoff(smallest, validation[np.arange(4000), chosen], terms=4)


@OPTIMIZERS.claim
def containing_it_is_not_enough(best, rng):
    """An optimizer whose settings contain those of another (momentum 0 is plain descent) is at least as good when every setting is
    tried; with one trial it is worse, if the added settings are worse on average"""
    plain = rng.uniform(0.2, 0.4, 4)
    added = np.r_[rng.uniform(0.1, 0.2, 1), rng.uniform(0.8, 1.0, 7)]
    wider = np.r_[plain, added]
    yield bound(float(best(wider, 12)), float(best(plain, 4)), "≤", Text("all settings tried", "所有设定都试过"))
    yield bound(float(best(wider, 1)), float(best(plain, 1)), "≥", Text("one setting drawn", "只抽一个设定"))


@OPTIMIZERS.mutant(
    caught_by="without-bias, uniform-losses, first-the-mean-last-the-minimum, the-chosen-loss-flatters, equals-definition, "
    "putting-back-is-biased"
)
def drawn_with_replacement(losses, budget):
    """each draw put back: the plug-in estimate, biased upwards"""
    n, i = losses.shape[-1], np.arange(1, losses.shape[-1] + 1)
    return np.sort(losses, axis=-1) @ (((n - i + 1) / n) ** budget - ((n - i) / n) ** budget)


@OPTIMIZERS.mutant(
    caught_by="without-bias, uniform-losses, the-budget-decides-who-wins, first-the-mean-last-the-minimum, successes, "
    "containing-it-is-not-enough, equals-definition"
)
def best_of_all(losses, budget):
    """the best of all trials, whatever the budget: who tries more looks better"""
    return losses.min(axis=-1)


@OPTIMIZERS.mutant(caught_by="order-does-not-matter, the-budget-decides-who-wins, equals-definition")
def best_of_the_first(losses, budget):
    """the best of the first k trials, in the order in which they happened to be run"""
    return losses[..., :budget].min(axis=-1)


@OPTIMIZERS.mutant(caught_by="divergence-counts")
def diverged_left_out(losses, budget):
    """trials that diverged are left out"""
    finite = losses[..., np.isfinite(losses).all(axis=tuple(range(losses.ndim - 1)))]
    return expected_best(finite, min(budget, finite.shape[-1]))


@OPTIMIZERS.mutant(
    caught_by="first-the-mean-last-the-minimum, without-bias, less-and-less-is-gained, successes, equals-definition, "
    "the-chosen-loss-flatters"
)
def largest_loss(losses, budget):
    """the largest of the k: the score of an accuracy taken for a loss"""
    return -expected_best(-losses, budget)


@OPTIMIZERS.mutant(caught_by="without-bias, uniform-losses, less-and-less-is-gained, equals-definition")
def mean_of_the_best(losses, budget):
    """the mean of the k best of all trials"""
    return np.sort(losses, axis=-1)[..., :budget].mean(axis=-1)


@OPTIMIZERS.mutant(
    caught_by="copied-trials, uniform-losses, order-does-not-matter, first-the-mean-last-the-minimum, without-bias, equals-definition"
)
def mean_over_k(losses, budget):
    """the mean over k: right for exponential losses alone"""
    return losses.mean(axis=-1) / budget


OPTIMIZERS.erratum(
    "E180",
    common="A is better than B: its best run has the smaller loss (a common slip)",
    why="The smallest of more trials is smaller for the same optimizer, and at another budget the order may turn round.",
    right=r"Give both the same number of trials, or show $\hat e_k$ over k, and measure the chosen setting on data that did not choose it",
    claims="the-budget-decides-who-wins, the-chosen-loss-flatters, less-and-less-is-gained",
)
OPTIMIZERS.erratum(
    "E181",
    common=r"$\tilde e_k$, drawing with replacement among the n trials, estimates the expected best of k (Dodge et al. "
    "2019, §3)",
    why="What is drawn twice is no second trial. With the replacement some of the k draws repeat, so the estimate is that of fewer "
    "trials: for uniform losses and k = n = 8 it is 0.163 on average instead of 0.111.",
    right=r"Draw without replacement: $\hat e_k$ has no bias (Tang et al. 2020); it is the estimate that is called pass@k where losses are 0 and 1",
    claims="putting-back-is-biased, without-bias, successes",
)


@OPTIMIZERS.figure(
    share=Slider(0.05, 0.9, 0.2, "share of settings at which the brittle optimizer works"),
    k=Slider(1, 20, 4, "budget k", integer=True),
)
def figure(share, k):
    rng, k = np.random.default_rng(3), int(k)
    n = 40
    sturdy = 0.30 + 0.04 * rng.random(n)
    works = np.arange(n) < max(1, round(share * n))
    brittle = np.where(works, 0.22 + 0.05 * rng.random(n), 0.5 + 0.4 * rng.random(n))
    curves = [[weighted(x, j) for j in range(1, 21)] for x in (sturdy, brittle)]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    for at, (x, name, colour) in enumerate(((sturdy, "sturdy", COLOURS[0]), (brittle, "brittle", COLOURS[1]))):
        left.plot(x, at + 0.5 * (rng.random(n) - 0.5), ".", color=colour, label=name)
        right.plot(range(1, 21), curves[at], color=colour, label=name)
        right.plot([k], [curves[at][k - 1]], "o", color=colour)
    left.set(xlabel="loss of each trial", yticks=[], title="40 trials each", ylim=(-0.6, 1.6))
    right.set(xlabel="budget k", title="expected best of k trials", xticks=[1, 5, 10, 15, 20])
    right.legend()
    ahead = "sturdy" if curves[0][k - 1] < curves[1][k - 1] else "brittle"
    words = Text(
        f"The brittle optimizer works at {works.mean():.0%} of its settings. With a budget of {k} the expected best loss is "
        f"{curves[0][k - 1]:.3f} for the sturdy one and {curves[1][k - 1]:.3f} for the brittle one: the {ahead} one is ahead.",
        f"脆弱的优化器在 {works.mean():.0%} 的设定下有效。预算为 {k} 次时，期望最小损失：稳健者 {curves[0][k - 1]:.3f}，"
        f"脆弱者 {curves[1][k - 1]:.3f}；{'稳健' if ahead == 'sturdy' else '脆弱'}者领先。",
    )
    return Drawing(fig, words)


def weighted(x, k):
    """The second form of the first formula, for forty trials."""
    n = len(x)
    w = [comb(n - i, k - 1) / comb(n, k) for i in range(1, n - k + 2)]
    return float(np.sort(x)[: n - k + 1] @ np.array(w))
