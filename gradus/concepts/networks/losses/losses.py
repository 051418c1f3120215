"""Loss functions: the members of the family, and what each of them makes a predictor predict."""

import math

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, near
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _risk(constant_risk, loss, y, p, c):
    return tuple(constant_risk(loss, y, p, c))


LOSSES = Concept(
    key="losses",
    kind="definition",
    title="Loss functions",
    summary="A loss decides what a good predictor predicts: squared error the mean, absolute error a median, "
    "cross-entropy the probability, hinge the likelier label. Whether the risk is convex can be measured as well.",
    formulas=(
        r"R(c)=\mathbb{E}\,\ell(c,Y)=\sum_{j=1}^{m}p_j\,\ell(c,y_j),\qquad c^{*}\in\arg\min_c R(c)",
        r"R((1-s)a+sb)\le(1-s)R(a)+sR(b)\ \ \forall a,b,\,s\in[0,1]\quad\Longrightarrow\quad R(c-h)-2R(c)+R(c+h)\ge 0\ \ \forall c,h",
    ),
    symbols=(
        Symbol(r"\ell", "loss", "function", "loss of a prediction and a target, entry by entry", "function"),
        Symbol("y", "y", "m", "possible targets"),
        Symbol("p", "p", "m", "their probabilities", "simplex"),
        Symbol("c", "c", "k", "predictions tried, equally spaced"),
        Symbol("R", "", "k", "risk, the expected loss"),
        Symbol("h", "", "", "spacing"),
        Symbol("Y", "", "", "the random target"),
        Symbol("c^{*}", "", "", "a best constant prediction"),
        Symbol("a,\\ b,\\ s", "", "", "two predictions, and the share of the second in their mixture"),
    ),
    returns=(
        Result("R", "k", "expected loss of every prediction"),
        Result("c", "", "the prediction of least expected loss"),
        Result("curvature", "", "least second difference of R: negative where it is not convex"),
    ),
    needs=("mse", "mae", "huber", "bce", "hinge", "nll"),
    source="murphy2022probabilistic",
    year=1950,
    people=("Abraham Wald",),
    aliases="loss, loss function, cost function, objective function, 损失, 代价函数, 目标函数, 损失函数比较",
    implementations=(Implementation("gradus.networks.losses:constant_risk", "torch", _risk),),
    readings="murphy2022probabilistic §5.1; hastie2009elements §2.4; bishop2006pattern §1.5",
    hypotheses=(
        Hypothesis("the median, the likelier label: there is only one", "ties-leave-an-interval"),
        Hypothesis(
            "Huber's loss predicts nearly the median: δ small beside the gaps of the targets", "huber-lies-between"
        ),
    ),
    differentiable=False,
    nonfinite="nan",
)


@LOSSES.definition
def losses(loss, y, p, c):
    R = (p * loss(c[:, None], y[None, :])).sum(-1)  # (k,)
    second = R[2:] - 2 * R[1:-1] + R[:-2]
    return R, c[R.argmin()], second.min()


@LOSSES.example
def example():
    y, p, c = np.array([1.0, 2.0, 9.0]), np.array([0.4, 0.4, 0.2]), np.arange(5.0)
    R, best, curvature = losses(squared, y, p, c)
    R1, best1, _ = losses(absolute, y, p, c)
    q, z = 0.3, np.linspace(-3, 3, 6001)
    logit = losses(logistic, np.array([0.0, 1.0]), np.array([1 - q, q]), z)[1]
    score = losses(hinged, np.array([-1.0, 1.0]), np.array([1 - q, q]), np.linspace(-2, 2, 9))[1]
    far = np.array([1.0, 2.0, 99.0])
    return (
        dict(loss=squared, y=y, p=p, c=c, R=R, best=best, curvature=curvature, R1=R1, best1=best1, q=q)
        | dict(z=np.log(q / (1 - q)), sigmoid=1 / (1 + np.exp(-logit)), score=score, far_mean=(p * far).sum())
        | dict(terms=p * (2 - y) ** 2)
    )


@LOSSES.exercise
def newsvendor():
    y, p = np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    best = losses(lambda c, y: np.where(c < y, 3.0 * (y - c), c - y), y, p, y)[1]
    reversed_costs = losses(lambda c, y: np.where(c < y, y - c, 3.0 * (c - y)), y, p, y)[1]
    return number(best, mean=(p * y).sum(), median=losses(absolute, y, p, y)[1], reversed_costs=reversed_costs)


@LOSSES.exercise
def absolute_error_of_a_class():
    best = losses(absolute, np.array([0.0, 1.0]), np.array([0.7, 0.3]), np.linspace(0, 1, 101))[1]
    return choice(probability=abs(best - 0.3) < 0.01, zero=best == 0, half=abs(best - 0.5) < 0.01)


@LOSSES.exercise
def logarithms_of_prices():
    y, p = np.array([1.0, 2.0, 4.0, 16.0]), np.full(4, 0.25)
    log_price = losses(squared, np.log(y), p, np.linspace(0, 3, 3001))[1]
    gap = np.exp(log_price) - (p * y).sum()
    return choice(below=gap < -0.1, equal=abs(gap) <= 0.1, above=gap > 0.1)


@generic
def squared(c, y):
    return (c - y) ** 2


@generic
def absolute(c, y):
    return abs(c - y)


@generic
def logistic(z, y):
    """Binary cross-entropy of a logit."""
    lib = namespace(z)
    return lib.log(1 + lib.exp(-z)) + (1 - y) * z


@generic
def hinged(s, y):
    return ((1 - y * s) + abs(1 - y * s)) / 2


@generic
def squared_of_probability(z, y):
    """Squared error of a sigmoid's output."""
    return (1 / (1 + namespace(z).exp(-z)) - y) ** 2


def hubered(delta):
    """Huber's loss with the given δ, in any framework."""

    @generic
    def loss(c, y):
        e = abs(c - y)
        inside = (e + delta - abs(e - delta)) / 2  # min(e, δ)
        return inside**2 / 2 + delta * (e - inside)

    return loss


SKEWED = np.array([0.0, 1.0, 2.0, 10.0]), np.array([0.25, 0.375, 0.25, 0.125])  # mean 2.125, median 1


COIN = np.array([0.0, 1.0]), np.array([0.7, 0.3])


@LOSSES.cases
def losses_cases(rng):
    grid = np.linspace(-4, 12, 33)
    y, p = SKEWED
    yield "squared", dict(loss=squared, y=y, p=p, c=grid)
    yield "absolute", dict(loss=absolute, y=y, p=p, c=grid)
    yield "Huber", dict(loss=hubered(1.0), y=y, p=p, c=grid)
    yield "one outcome", dict(loss=squared, y=np.array([1.0]), p=np.array([1.0]), c=np.array([0.0, 1.0, 2.0]))
    thirds = np.array([1 / 3, 2 / 3, 5 / 3]), np.array([1 / 3, 1 / 6, 1 / 2])
    yield "thirds", dict(loss=squared, y=thirds[0], p=thirds[1], c=np.linspace(-1, 2, 11))
    yield (
        "many outcomes",
        dict(loss=absolute, y=rng.standard_normal(1500), p=rng.dirichlet(np.ones(1500)), c=np.linspace(-1, 1, 5)),
    )


@LOSSES.invalid
def losses_invalid(rng):
    yield (
        "more probabilities than outcomes",
        dict(loss=squared, y=np.zeros(2), p=np.full(3, 1 / 3), c=np.linspace(0, 1, 5)),
    )


GRID = Text("half the spacing of the grid, 2⁻⁶", "网格间距 2⁻⁶ 的一半")


def best_constant(losses, loss, y, p, low, high, spacing=2.0**-6):
    """The best constant prediction on a grid."""
    return float(losses(loss, y, p, np.arange(low, high + spacing / 2, spacing))[1])


@LOSSES.claim
def mean_and_median(losses, rng):
    """Squared error predicts the mean, absolute error the median, where there is only one"""
    places = np.sort(rng.choice(np.arange(-4, 12, 2.0**-6), 6, replace=False))  # on the grid, as the median then is
    for y, p in (SKEWED, (places, rng.dirichlet(np.ones(6)))):
        median = y[np.searchsorted(np.cumsum(p), 0.5)]
        yield near(best_constant(losses, squared, y, p, -4, 12), float((p * y).sum()), 2.0**-7, GRID)
        yield near(best_constant(losses, absolute, y, p, -4, 12), float(median), 2.0**-7, GRID)


@LOSSES.claim
def ties_leave_an_interval(losses, rng):
    """Two equally likely targets: every constant from the one to the other is best under absolute error, every score
    from −1 to 1 under hinge loss"""
    half, grid = np.array([0.5, 0.5]), np.linspace(-2, 2, 33)
    for loss in (absolute, hinged):
        R = np.asarray(losses(loss, np.array([-1.0, 1.0]), half, grid)[0])
        yield identical(R.min() == R, np.abs(grid) <= 1)


@LOSSES.claim
def huber_lies_between(losses, rng):
    """Huber's loss predicts the median in the limit of small δ, the mean for large δ; for δ = 2 and the targets 0, 1, 2, 10 of
    probabilities 2, 3, 2 and 1 in eight it predicts 9/7"""
    y, p = SKEWED
    small, middle, large = (best_constant(losses, hubered(d), y, p, -4, 12) for d in (1 / 64, 2.0, 16.0))
    ends = near(small, 1.0, 2 / 64, Text("δ and the grid", "δ 与网格")), near(large, 2.125, 2.0**-7, GRID)
    # stationary for δ = 2: ¼(−c) … solved by hand: .25c + .375(c−1) + .25(c−2) − .125·2 = 0
    return all_of(*ends, near(middle, 1.125 / 0.875, 2.0**-7, GRID))


@LOSSES.claim
def cross_entropy_predicts_the_probability(losses, rng):
    """Cross-entropy predicts the probability: the sigmoid of its best logit is 0.3 for 30% ones"""
    y, p = COIN
    z = best_constant(losses, logistic, y, p, -4, 4)
    return near(z, math.log(3 / 7), 2.0**-7, GRID)


@LOSSES.claim
def hinge_predicts_the_label(losses, rng):
    """Hinge loss predicts the likelier label, −1 for 30% ones, and says nothing of the probability"""
    found = [
        best_constant(losses, hinged, np.array([-1.0, 1.0]), np.array([1 - q, q]), -3, 3) for q in (0.1, 0.3, 0.6, 0.9)
    ]
    return identical(found, [-1.0, -1.0, 1.0, 1.0])


@LOSSES.claim
def convex_or_not(losses, rng):
    """No second difference of the risks of squared, absolute, Huber, logistic and hinge loss is negative, as convexity
    demands; that of the squared error of a sigmoid is not convex"""
    c = np.linspace(-8, 8, 257)
    convex = [(f, *SKEWED) for f in (squared, absolute, hubered(1.0))]
    convex += [(logistic, *COIN), (hinged, np.array([-1.0, 1.0]), COIN[1])]
    found = [(losses(f, y, p, c), f) for f, y, p in convex]
    why = Text("rounding of the risks in a second difference", "风险在二阶差分中的舍入误差")
    flat = [near(min(0.0, float(r[2])), 0.0, 32 * 2.0**-52 * float(np.max(r[0])), why) for r, _ in found]
    dented = bound(float(losses(squared_of_probability, *COIN, c)[2]), -1e-4)
    return all_of(dented, *flat)


@LOSSES.claim
def influence_of_an_outlier(losses, rng):
    """An eighth of the mass moved from 10 to 1000 moves the best constant by 123.75 under squared error, not at all
    under absolute error"""
    y, p = SKEWED
    wild = np.array([0.0, 1.0, 2.0, 1000.0])

    def moved(loss):
        return [best_constant(losses, loss, t, p, -4, 200, 0.125) for t in (y, wild)]

    a, b = moved(squared)
    return all_of(identical(b - a, 123.75), identical(*moved(absolute)))


@LOSSES.mutant(caught_by="mean-and-median, cross-entropy-predicts-the-probability, hinge-predicts-the-label")
def always_the_mean(loss, y, p, c):
    """the mean of the outcomes for every loss"""
    R, _, second = losses(loss, y, p, c)
    return R, (p * y).sum(), second


@LOSSES.mutant(
    caught_by="mean-and-median, cross-entropy-predicts-the-probability, huber-lies-between, influence-of-an-outlier, "
    "equals-definition"
)
def unweighted(loss, y, p, c):
    """outcomes not weighted by their probabilities"""
    return losses(loss, y, np.full(y.shape, 1 / y.size), c)


@LOSSES.mutant(caught_by="ties-leave-an-interval, equals-definition")
def ties_broken(loss, y, p, c):
    """of equal risks the one nearest to 0 is preferred: a little of |c| is added"""
    return losses(lambda c, y: loss(c, y) + 1e-3 * abs(c), y, p, c)


@LOSSES.mutant(caught_by="convex-or-not")
def judged_by_three_points(loss, y, p, c):
    """convexity judged by the ends and the middle alone"""
    R, best, _ = losses(loss, y, p, c)
    return R, best, R[0] - 2 * R[len(R) // 2] + R[-1]


def predicted(y, p):
    """What each regression loss predicts for these outcomes, whether its risk is convex, and where that risk is
    least."""
    c = np.linspace(-2, 32, 3401)
    kinds = {"squared": squared, "absolute": absolute, "Huber, δ = 1": hubered(1.0)}
    return {name: (c, *losses(loss, y, p, c)) for name, loss in kinds.items()}


@LOSSES.figure(
    outlier=Slider(2.5, 30, 10, "the largest target"),
    weight=Slider(0.01, 0.45, 0.125, "its probability"),
    share=Slider(0.02, 0.98, 0.3, "probability of the class 1"),
)
def losses_figure(outlier, weight, share):
    y = np.array([0.0, 1.0, 2.0, outlier])
    p = np.append(np.array([2.0, 3.0, 2.0]) / 7 * (1 - weight), weight)
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.4)
    found = {}
    for name, (c, R, best, _) in predicted(y, p).items():
        found[name] = float(best)
        (line,) = left.plot(c, R / R.min(), label=f"{name}: {best:.2f}")
        left.plot(best, 1, "o", color=line.get_color())
    left.bar(y[y <= 12], p[y <= 12], width=0.25, color="#7F7F7F", alpha=0.6)
    left.set(title="numbers", xlabel="constant prediction c", ylabel="risk / its least", ylim=(0, 5.5), xlim=(-2, 12))
    left.legend(fontsize=9.5, loc="upper right")
    z, chances = np.linspace(-4, 4, 1601), np.array([1 - share, share])
    labels = {
        "logistic": (logistic, COIN[0]),
        "hinge": (hinged, np.array([-1.0, 1.0])),
        "squared σ": (squared_of_probability, COIN[0]),
    }
    for name, (loss, targets) in labels.items():
        R, best, second = losses(loss, targets, chances, z)
        found[name] = float(best)
        shape = "convex" if second > -1e-12 else "not convex"
        (line,) = right.plot(z, R, label=f"{name}: {best:.2f}, {shape}")
        right.plot(best, R.min(), "o", color=line.get_color())
    right.set(title="classes", xlabel="constant score", ylabel="risk", ylim=(0, 3.5))
    right.legend(frameon=False, fontsize=9.5, loc="upper center")
    probability = 1 / (1 + math.exp(-found["logistic"]))
    label = f"{found['hinge']:.0f}".replace("-", "−")
    prefers = (
        ("any score from −1 to 1", " −1 到 1 的任何得分") if share == 0.5 else (f"the label {label}", f"标签 {label}")
    )
    words = Text(
        f"Targets 0, 1, 2 and {outlier:.3g} (probability {weight:.2f}): squared error prefers {found['squared']:.2f}, the mean; absolute error "
        f"{found['absolute']:.2f}, the median; Huber {found['Huber, δ = 1']:.2f}. For a class of probability {share:.2f} the logistic loss prefers the "
        f"score whose sigmoid is {probability:.3f}, hinge loss {prefers[0]}.",
        f"目标值为 0、1、2 与 {outlier:.3g}（概率 {weight:.2f}）：平方误差选均值 {found['squared']:.2f}，绝对误差选中位数 {found['absolute']:.2f}，Huber 选 {found['Huber, δ = 1']:.2f}。"
        f"某类别的概率为 {share:.2f} 时，逻辑斯谛损失选 sigmoid 值为 {probability:.3f} 的得分，合页损失选{prefers[1]}。",
    )
    return Drawing(fig, words)
