"""Log loss and Brier score: scores of probabilities that reward honesty."""

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _sklearn(log_loss, y, p, weights=None):
    from sklearn.metrics import brier_score_loss

    loss = log_loss(y, p, sample_weight=weights, labels=[0, 1])
    return np.array([loss, brier_score_loss(y, p, sample_weight=weights, pos_label=1)])


def _torch(binary_cross_entropy, y, p, weights=None):
    import torch

    y = torch.as_tensor(y).to(p.dtype)
    w = torch.ones_like(p) if weights is None else weights
    w = w / w.sum()
    return torch.stack([(w * binary_cross_entropy(p, y, reduction="none")).sum(), (w * (p - y) ** 2).sum()])


PROPER = Concept(
    key="proper-scores",
    kind="theorem",
    title="Proper scores: log loss and Brier score",
    summary="A score of a stated probability is proper when nobody does better on average than by stating what he "
    "believes, strictly proper when everything else does worse. The log loss and the Brier score are strictly proper; "
    "accuracy at the threshold ½ is proper but not strictly (0.7 and 1 serve it alike); the absolute error is not proper: it is best "
    "served by stating 0 or 1. Trained by a strictly proper score, a network's outputs can be probabilities.",
    formulas=(
        r"L=-\frac{\sum_iw_i\bigl(y_i\log p_i+(1-y_i)\log(1-p_i)\bigr)}{\sum_iw_i},\qquad B=\frac{\sum_iw_i(p_i-y_i)^2}{\sum_iw_i}",
        r"E_{y\sim q}[S(y,p)]\ \ge\ E_{y\sim q}[S(y,q)]\quad\forall\,p,q\in[0,1]",
        r"E_{y\sim q}[S(y,p)]\ >\ E_{y\sim q}[S(y,q)]\quad\forall\,p\ne q",
        r"B=\underbrace{\sum_k\frac{n_k}n(p_k-\bar y_k)^2}_{\text{reliability}}-\underbrace{\sum_k\frac{n_k}n(\bar y_k-\bar y)^2}_{\text{resolution}}+\underbrace{\bar y(1-\bar y)}_{\text{uncertainty}}",
    ),
    symbols=(
        Symbol("y", "y", "n", "what happened, 0 or 1", "natural"),
        Symbol("p", "p", "n", "the probability that was stated for 1", "unit"),
        Symbol("w", "weights", "n", "weights; 1 unless given", "positive"),
        Symbol("S", "", "", "a score, the smaller the better: proper (second formula), strictly proper (third)"),
        Symbol("q", "", "", "the true probability", "unit"),
        Symbol("n_k", "", "", "number of cases for which $p_k$ was stated", "natural"),
        Symbol(r"\bar y_k,\bar y", "", "", "share of ones among them, and among all", "unit"),
        Symbol("i,k", "", "", "a case; a stated value", "natural"),
    ),
    needs=("cross-entropy", "classification-metrics"),
    source="gneiting2007strictly",
    year=1950,
    people=("Glenn Brier", "Irving Good", "Allan Murphy", "Tilmann Gneiting", "Adrian Raftery"),
    aliases="log loss, Brier score, proper scoring rules, logarithmic score, "
    "对数损失, 布里尔评分, 恰当评分规则, 概率预测评分",
    implementations=(
        Implementation("sklearn.metrics:log_loss", "numpy", _sklearn, "and `brier_score_loss`"),
        Implementation("torch.nn.functional:binary_cross_entropy", "torch", _torch, "and the mean square"),
    ),
    readings="gneiting2007strictly §2–4; brier1950verification; murphy1973new",
    hypotheses=(
        Hypothesis("the weights do not depend on what happens", "weighted-classes-reward-another-probability"),
        Hypothesis(
            "for the partition: k runs over the stated values, so that the cases of a group share one forecast",
            "murphys-partition",
        ),
    ),
    deviations="At a certain forecast that fails the log loss is infinite; scikit-learn clips the probability to "
    r"$2.2\cdot10^{-16}$ and gives 36.04 (of float32 to $1.2\cdot10^{-7}$, 15.94), PyTorch clips the logarithm at −100.",
)


@PROPER.definition
def proper_scores(y, p, weights=None):
    if not ((y == 0) | (y == 1)).all():
        raise ValueError("y: what happened, 0 or 1")
    w = np.ones(len(y)) if weights is None else weights
    log_loss = -np.log(np.where(y == 1, p, 1 - p))
    return np.stack([(w * log_loss).sum() / w.sum(), (w * (p - y) ** 2).sum() / w.sum()])


@PROPER.example
def example():
    y, p = np.array([1, 0, 1, 1, 0]), np.array([0.8, 0.4, 0.8, 0.4, 0.4])
    L, B = proper_scores(y, p)
    values, sizes = np.array([0.8, 0.4]), np.array([2, 3])
    among = np.array([y[p == v].mean() for v in values])
    q, stated = 0.7, np.array([0.5, 0.7, 0.9, 1.0])
    return (
        dict(y=y, p=p, squares=(p - y) ** 2, L=L, B=B, among=among, share=y.mean())
        | dict(reliability=sizes @ (values - among) ** 2 / 5, resolution=sizes @ (among - y.mean()) ** 2 / 5)
        | dict(uncertainty=y.mean() * (1 - y.mean()), q=q, stated=stated)
        | dict(log_mean=np.append(-(q * np.log(stated[:3]) + (1 - q) * np.log(1 - stated[:3])), np.inf))
        | dict(brier_mean=q * (1 - stated) ** 2 + (1 - q) * stated**2)
        | dict(absolute=q * (1 - stated) + (1 - q) * stated)
    )


@PROPER.exercise
def boasting():
    y = (np.arange(100) < 70).astype(int)
    stated, honest = (proper_scores(y, np.full(100, v))[1] for v in (0.9, 0.7))
    return number(stated - honest, not_squared=0.2, whole_score=stated)


@PROPER.exercise
def ones_weigh_four():
    y = (np.arange(100) < 20).astype(int)
    grid = np.arange(1, 100) / 100
    means = [proper_scores(y, np.full(100, v), np.where(y == 1, 4.0, 1.0))[0] for v in grid]
    return number(grid[int(np.argmin(means))], the_truth=0.2, weight_times_share=0.8)


@PROPER.exercise
def which_is_proper():
    grid = np.arange(1, 100) / 100
    scores = {
        "fourth_power": lambda y, p: (p - y) ** 4,
        "log_and_brier": lambda y, p: -np.log(np.where(y == 1, p, 1 - p)) + 3 * (p - y) ** 2,
        "absolute": lambda y, p: np.abs(p - y),
    }
    best = {name: grid[np.argmin(0.3 * s(1, grid) + 0.7 * s(0, grid))] for name, s in scores.items()}
    return choice(**{name: bool(np.isclose(at, 0.3)) for name, at in best.items()})


@PROPER.cases
def cases(rng):
    yield "random", dict(y=rng.integers(0, 2, 30), p=rng.uniform(0.02, 0.98, 30))
    yield ("weights", dict(y=rng.integers(0, 2, 20), p=rng.uniform(0.02, 0.98, 20), weights=rng.uniform(0.2, 2, 20)))
    yield "nearly certain", dict(y=np.array([0, 1, 1]), p=np.array([1e-9, 1 - 1e-9, 0.5]))
    yield "one class", dict(y=np.ones(4, int), p=np.array([0.9, 0.8, 0.99, 0.6]))
    yield "long", dict(y=rng.integers(0, 2, 1500), p=rng.uniform(0.02, 0.98, 1500))


@PROPER.invalid
def invalid(rng):
    yield "other numbers of cases", dict(y=np.array([0, 1, 1]), p=np.array([0.1, 0.2]))


def expected(f, q, p, n=1000):
    """The mean scores of stating p when a share q of n cases are ones."""
    y = (np.arange(n) < round(q * n)).astype(int)
    return np.asarray(f(y, np.full(n, float(p))), float)


@PROPER.claim
def honesty_is_best(f, rng):
    """Proper: of 15 stated probabilities, from 0.01 to far away, the true one has the least mean of either score"""
    for q in (0.1, 0.37, 0.8):
        near = q + np.array([-0.05, -0.02, -0.01, 0.0, 0.01, 0.02, 0.05])
        stated = np.concatenate([near, [0.02, 0.15, 0.25, 0.5, 0.65, 0.7, 0.9, 0.99]])
        means = np.array([expected(f, q, p, 100) for p in stated])
        yield identical(stated[means.argmin(0)], np.full(2, q))


@PROPER.claim
def cost_of_dishonesty(f, rng):
    r"""What dishonesty costs: the divergence $D_{KL}(q\|p)$ in log loss, $(p-q)^2$ in Brier score; honesty leaves the
    entropy, and $q(1-q)$"""
    for q, p in ((0.25, 0.6), (0.9, 0.5), (0.5, 0.02)):
        honest, stated = expected(f, q, q), expected(f, q, p)
        divergence = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
        entropy = -q * np.log(q) - (1 - q) * np.log(1 - q)
        yield roundoff(stated - honest, np.array([divergence, (p - q) ** 2]), terms=1000, scale=2.0)
        yield roundoff(honest, np.array([entropy, q * (1 - q)]), terms=1000)


@PROPER.claim
def others_reward_certainty(f, rng):
    """Accuracy at the threshold ½ is proper, but not strictly: on a grid no stated probability is more accurate than the
    true one, and where 70 % are ones 0.999 is as accurate as 0.7. The absolute error is not proper: it falls there from
    0.42 to 0.3003. Both scores here rise"""
    grid = np.arange(101) / 100
    accuracies = np.where(grid[None] > 0.5, grid[:, None], 1 - grid[:, None])  # of stating p where the truth is q
    gain = float((accuracies - np.diag(accuracies)[:, None]).max())
    y = (np.arange(100) < 70).astype(int)
    absolute = [np.abs(y - p).mean() for p in (0.7, 0.999)]
    accuracy = [np.mean((p > 0.5) == y) for p in (0.7, 0.999)]
    honest, certain = expected(f, 0.7, 0.7), expected(f, 0.7, 0.999)
    yield identical(gain, 0.0)
    yield identical(accuracy[0], accuracy[1])
    yield bound(absolute[1], absolute[0] - 0.1, "≤", Text("0.3003 beside 0.42", "0.3003 对 0.42"))
    yield bound((certain - honest).min(), 0.08, "≥", Text("Brier: 0.299 − 0.21", "Brier：0.299 − 0.21"))


@PROPER.claim
def murphys_partition(f, rng):
    """Murphy's partition: Brier = reliability − resolution + uncertainty, exactly, for forecasts of nine values. It
    breaks when unlike forecasts share a bin: 0.1 and 0.9, both right, score 0.09, and in one bin the parts add up to
    0.25"""
    p = rng.integers(1, 10, 400) / 10
    y = (rng.random(400) < 0.2 + 0.5 * p).astype(int)
    reliability = resolution = 0.0
    for value in np.unique(p):
        among = p == value
        reliability += among.mean() * (value - y[among].mean()) ** 2
        resolution += among.mean() * (y[among].mean() - y.mean()) ** 2
    brier = float(np.asarray(f(y, p), float)[1])
    yield roundoff(brier, reliability - resolution + y.mean() * (1 - y.mean()), terms=400, scale=1.0)
    p, y = np.repeat([0.1, 0.9], 10), np.repeat([1, 0, 1, 0], [1, 9, 9, 1])
    parts = (p.mean() - y.mean()) ** 2 - 0.0 + y.mean() * (1 - y.mean())
    yield roundoff([float(np.asarray(f(y, p), float)[1]), parts], [0.09, 0.25], terms=20)


@PROPER.claim
def calibrating_improves(f, rng):
    """A forecast that is made to match (each value replaced by the share of ones among its cases) improves both scores
    on these cases unless it matched already"""
    p = rng.integers(1, 10, 600) / 10
    y = (rng.random(600) < p**2).astype(int)

    def match(stated):
        shares = {v: y[stated == v].mean() for v in np.unique(stated)}
        return np.array([shares[v] for v in stated])

    mended = match(p)
    before, after, again = (np.asarray(f(y, v), float) for v in (p, mended, match(mended)))
    said = Text("the forecast p was too high: the truth is p²", "预报 p 偏高：真实为 p²")
    return all_of(bound((before - after).min(), 0.01, "≥", said), roundoff(again, after, terms=600))


@PROPER.claim
def honest_on_average(f, rng):
    """On average over honest forecasts the log loss is the mean entropy and the Brier score the mean of p(1 − p)"""
    n = 40_000
    p = rng.uniform(0.05, 0.95, n)
    log_loss, brier = np.asarray(f((rng.random(n) < p).astype(int), p), float)
    entropy, v = -(p * np.log(p) + (1 - p) * np.log(1 - p)).mean(), p * (1 - p)
    # each case has one of two scores: their difference times the spread of the coin
    errors = [np.sqrt((v * d**2).sum()) / n for d in (np.log(p / (1 - p)), 1 - 2 * p)]
    return all_of(statistical(log_loss, entropy, errors[0]), statistical(brier, v.mean(), errors[1]))


@PROPER.claim
def weighted_classes_reward_another_probability(f, rng):
    r"""Weights that depend on the outcome spoil it: with weight 4 for ones and 1 for zeros, where 20 % are ones, both
    scores are least at $\frac{4q}{4q+1-q}=\frac12$"""
    y = (np.arange(100) < 20).astype(int)
    w = np.where(y == 1, 4.0, 1.0)
    stated = np.arange(1, 20) / 20
    means = np.array([np.asarray(f(y, np.full(100, p), w), float) for p in stated])
    return identical(stated[means.argmin(0)], np.full(2, 0.5))


@PROPER.mutant(caught_by="weighted-classes-reward-another-probability, equals-definition")
def unweighted(y, p, weights=None):
    """weights ignored"""
    return proper_scores(y, p)


@PROPER.mutant(
    caught_by="honesty-is-best, cost-of-dishonesty, others-reward-certainty, murphys-partition, honest-on-average"
)
def absolute_error(y, p, weights=None):
    """the absolute error for the square"""
    w = np.ones(len(y)) if weights is None else weights
    return np.stack([proper_scores(y, p, weights)[0], (w * np.abs(p - y)).sum() / w.sum()])


@PROPER.mutant(caught_by="honesty-is-best, cost-of-dishonesty, equals-definition, honest-on-average")
def linear_score(y, p, weights=None):
    """the probability for its logarithm"""
    w = np.ones(len(y)) if weights is None else weights
    loss = (w * (1 - np.where(y == 1, p, 1 - p))).sum() / w.sum()
    return np.stack([loss, proper_scores(y, p, weights)[1]])


@PROPER.mutant(caught_by="honesty-is-best, cost-of-dishonesty, equals-definition")
def zeros_forgotten(y, p, weights=None):
    """the zeros forgotten: only cases with y = 1 count"""
    w = np.ones(len(y)) if weights is None else weights
    return np.stack([-(w * y * np.log(p)).sum() / w.sum(), (w * y * (p - y) ** 2).sum() / w.sum()])


@PROPER.mutant(caught_by="cost-of-dishonesty, murphys-partition, equals-definition, honest-on-average")
def bits_and_root(y, p, weights=None):
    """bits for nats, and the root of the Brier score"""
    log_loss, brier = proper_scores(y, p, weights)
    return np.stack([log_loss / np.log(2), np.sqrt(brier)])


@PROPER.mutant(caught_by="honesty-is-best, equals-definition, murphys-partition")
def rounded(y, p, weights=None):
    """forecasts rounded to 0 and 1 first"""
    return proper_scores(y, np.where(p > 0.5, 1 - 1e-9, 1e-9), weights)


@PROPER.mutant(caught_by="honesty-is-best, calibrating-improves, others-reward-certainty, equals-definition")
def sign_turned(y, p, weights=None):
    """the sign turned: larger is better"""
    return -proper_scores(y, p, weights)


@PROPER.figure(q=Slider(0.02, 0.98, 0.7, "true probability q"), p=Slider(0.02, 0.98, 0.9, "stated probability p"))
def figure(q, p):
    t = np.linspace(0.005, 0.995, 300)
    log_loss = -(q * np.log(t) + (1 - q) * np.log(1 - t))
    brier = q * (1 - t) ** 2 + (1 - q) * t**2
    absolute = q * (1 - t) + (1 - q) * t
    fig, ax = canvas(width=6.6, height=3.6)
    for line, name in ((log_loss, "log loss"), (brier, "Brier"), (absolute, "absolute error")):
        ax.plot(t, line, label=name)
        ax.plot([t[line.argmin()]], [line.min()], "o", color=ax.lines[-1].get_color())
    ax.axvline(q, color="#000000", lw=0.8)
    ax.axvline(p, color="#7F7F7F", lw=0.8, ls="--")
    ax.set(
        xlabel="stated probability",
        ylabel="mean score",
        ylim=(0, 2),
        title="dots: the least; line: the truth; dashed: stated",
    )
    ax.legend(frameon=False, fontsize=9.5)
    extra = q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))
    best = 1.0 if q > 0.5 else 0.0
    words = Text(
        f"With truth {q:.2f}, stating {p:.2f} costs {extra:.4f} nat of log loss and {(p - q) ** 2:.4f} of Brier score more than the truth. The absolute error is least at {best:.0f}.",
        f"真实概率 {q:.2f}，报 {p:.2f} 比说真话多付出 {extra:.4f} 奈特的对数损失与 {(p - q) ** 2:.4f} 的 Brier 评分。绝对误差在 {best:.0f} 处最小。",
    )
    return Drawing(fig, words)
