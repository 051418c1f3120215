"""Softmax."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.differences import STEP, five_point_slope
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import ON_DARK, ON_LIGHT, canvas


def _softmax_torch(softmax, z):
    return softmax(z, dim=-1)


SOFTMAX = Concept(
    key="softmax",
    kind="definition",
    title="Softmax",
    summary="Turns n finite scores into a probability distribution: positive, summing to 1, in the order of the scores. "
    "Only differences of scores count. Its Jacobian is the covariance matrix of the one-hot draw.",
    formulas=(
        r"p_i=\operatorname{softmax}(z)_i=\frac{e^{z_i}}{\sum_{j=1}^{n}e^{z_j}}=\frac{e^{z_i-m}}{\sum_{j=1}^{n}e^{z_j-m}}",
        r"m=\max_j z_j",
        r"\frac{\partial p}{\partial z}=\operatorname{diag}(p)-pp^{\mathsf T},\qquad p=\nabla_z\log\sum_{j=1}^{n}e^{z_j}",
    ),
    symbols=(
        Symbol("z", "z", "... n", "scores (logits)"),
        Symbol("p", "", "... n", "probabilities"),
        Symbol("m", "", "", "largest score, subtracted so that nothing overflows"),
        Symbol("n", "", "", "number of scores"),
    ),
    needs=("jacobian", "sigmoid"),
    source="bridle1990probabilistic",
    year=1990,
    people=("Ludwig Boltzmann", "John S. Bridle"),
    aliases="softargmax, normalised exponential, Boltzmann distribution, temperature, logits, "
    "归一化指数函数, 软最大值, 玻尔兹曼分布, 温度参数",
    implementations=(Implementation("torch:softmax", "torch", _softmax_torch),),
    readings="goodfellow2016deep §6.2.2.3; murphy2022probabilistic §2.5.2; bishop2006pattern §4.3.4",
    hypotheses=(Hypothesis("the largest score is finite", "infinite-scores-have-no-softmax"),),
    conventions=(
        Convention(
            "the axis, where none is named",
            "the last",
            "ONNX: the last; SciPy: all entries together; PyTorch guesses from the rank and warns",
        ),
    ),
    nonfinite="nan",
)


@SOFTMAX.definition
def softmax(z):
    m = z.max(-1, keepdims=True)
    e = np.exp(1.0 * z - m)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.example
def example():
    z = np.array([2.0, 1.0, -1.0])
    p = softmax(z)
    e = np.exp(z - z.max())
    J = np.diag(p) - np.outer(p, p)
    step = 0.1
    moved = softmax(z + step * np.array([1.0, 0.0, 0.0]))
    return (
        dict(z=z, e=e, total=e.sum(), p=p, shifted=z + 100, row=J[0], step=step, moved=moved)
        | dict(predicted=p + step * J[0], cool=softmax(z / 0.5), warm=softmax(2 * z / 4), lost=softmax(z[:2]))
        | dict(ratio=np.exp(z[0] - z[1]))
    )


@SOFTMAX.exercise
def warmer():
    p = softmax(np.array([np.log(9.0), 0.0]) / 2)[0]
    return number(p, halfway_to_even=(0.9 + 0.5) / 2, root_alone=np.sqrt(0.9))


@SOFTMAX.exercise
def twice():
    p = softmax(softmax(np.array([1e4] + 9 * [0.0])))[0]
    return number(-np.log(p), as_if_once=0, even=np.log(10))


@SOFTMAX.exercise
def direction_without_effect():
    z = np.array([2.0, 1.0, -1.0])
    p = softmax(z)
    J = np.diag(p) - np.outer(p, p)
    ones, own, best = (bool(np.abs(J @ v).max() < 1e-12) for v in (np.ones(3), p, np.array([1.0, 0.0, 0.0])))
    return choice(
        all_equal=ones and not own and not best,
        along_p=own and not ones,
        best_score=best,
        none=not (ones or own or best),
    )


@SOFTMAX.cases
def softmax_cases(rng):
    yield "random", dict(z=rng.standard_normal(5))
    yield "rows", dict(z=3 * rng.standard_normal((2, 3, 4)))
    yield "one score", dict(z=np.array([[3.0], [-2.0]]))
    yield "ties", dict(z=np.zeros((2, 6)))
    yield "large", dict(z=np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -1002.0]]))
    yield "a masked score", dict(z=np.array([0.5, -np.inf, 1.5]))
    yield "as many rows as scores", dict(z=rng.standard_normal((4, 4)))
    yield "many rows", dict(z=rng.standard_normal((200, 3)))
    yield "long", dict(z=rng.standard_normal(1500))


@SOFTMAX.invalid
def softmax_invalid(rng):
    yield "text for scores", dict(z=np.array(["high", "low"]))


@SOFTMAX.claim
def is_a_distribution(softmax, rng):
    """The results are not negative and sum to 1"""
    p = softmax(5 * rng.standard_normal((20, 7)))
    return all_of(roundoff(p.sum(-1), np.ones(20), terms=7), bound(p.min(), 0.0, "≥"))


@SOFTMAX.claim
def shift_invariance(softmax, rng):
    """Adding a constant to all scores changes nothing: $p(z+c)=p(z)$"""
    z, c = rng.standard_normal((6, 5)), 64.0
    # adding 64 rounds the scores by up to 64·ε/2 and so moves p by as much
    return invariance(softmax(z + c), softmax(z), terms=5, scale=c)


@SOFTMAX.claim
def jacobian_is_a_covariance(softmax, rng):
    r"""The Jacobian is $\operatorname{diag}(p)-pp^{\mathsf T}$"""
    z = rng.standard_normal(6)
    p = softmax(z)
    return roundoff(jacobian(softmax, z), np.diag(p) - np.outer(p, p), terms=4, scale=1 / STEP)


def jacobian(f, z):
    """∂f_i/∂z_j by central differences, all perturbed points in one batch."""
    return five_point_slope(lambda t: f(z + t * np.eye(z.size)).T, 0.0)


@SOFTMAX.claim
def lipschitz_constant_is_one_half(softmax, rng):
    r"""No step of the scores moves p by more than half its length: $\|\partial p/\partial z\|_2\le\tfrac12$"""
    norms = [float(np.linalg.norm(jacobian(softmax, z), 2)) for z in 2 * rng.standard_normal((20, 4))]
    worst = np.linalg.norm(jacobian(softmax, np.array([0.0, 0.0, -800.0])), 2)
    return all_of(bound(max(norms), 0.5), roundoff(worst, 0.5, terms=4, scale=1 / STEP))


@SOFTMAX.claim
def stable_at_a_thousand(softmax, rng):
    """Scores of ±1000 neither overflow nor lose the ratio of the probabilities"""
    z = np.array([[0.0, 1.0, 2.0]])
    p = softmax(np.concatenate([z + 1000, z - 1000, z]))
    # where the logarithm of the sum is subtracted, scores of 1000 are rounded by 1000·ε/2, which moves p by as much
    same = roundoff(p[:2], np.stack([p[2], p[2]]), terms=3, scale=1000.0)
    return all_of(same, roundoff(p[:, 1:] / p[:, :-1], np.full((3, 2), np.e), terms=3, scale=1000.0))


@SOFTMAX.claim
def two_scores_give_the_sigmoid(softmax, rng):
    r"""For two scores it is the sigmoid of their difference: $p_1=\sigma(z_1-z_2)$"""
    z = 4 * rng.standard_normal((30, 2))
    return roundoff(softmax(z)[:, 0], 1 / (1 + np.exp(z[:, 1] - z[:, 0])), terms=2, scale=4.0)


@SOFTMAX.claim
def masked_scores_vanish(softmax, rng):
    r"""A score of $-\infty$ has probability exactly 0 and leaves the others as they were"""
    z = rng.standard_normal(5)
    p = softmax(np.append(z, -np.inf))
    return all_of(identical(p[5], 0.0), roundoff(p[:5], softmax(z), terms=5))


@SOFTMAX.claim(required=False)
def infinite_scores_have_no_softmax(softmax, rng):
    """Scores that are all −∞, or one of +∞, have no softmax: ∞ − ∞ is no number, and the result is NaN"""
    with np.errstate(invalid="ignore"):
        rows = [softmax(np.full(3, -np.inf)), softmax(np.array([0.0, np.inf, 1.0]))]
    return all_of(identical(rows[0], np.full(3, np.nan)), identical(np.isnan(rows[1]).any(), True))


@SOFTMAX.claim
def limit_is_the_argmax(softmax, rng):
    """Sharpened without limit, it shares the mass equally among the largest scores"""
    p = softmax(1e3 * np.array([1.0, 3.0, 3.0, -2.0]))
    return roundoff(p, np.array([0.0, 0.5, 0.5, 0.0]), scale=3e3)  # scores of 3000 are rounded


@SOFTMAX.claim
def gradient_of_log_sum_exp(softmax, rng):
    r"""It is the gradient of $\log\sum_j e^{z_j}$"""
    z = rng.standard_normal(6)
    lse = five_point_slope(lambda t: np.log(np.exp(z + t * np.eye(6)).sum(-1)), 0.0)
    return roundoff(softmax(z), lse, terms=4, scale=3 / STEP)


@SOFTMAX.mutant(caught_by="stable-at-a-thousand, limit-is-the-argmax, equals-definition")
def naive_softmax(z):
    """no maximum subtracted: overflows"""
    e = np.exp(z)
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(caught_by="stable-at-a-thousand")
def maximum_of_the_batch(z):
    """the maximum of the whole batch is subtracted: low rows underflow to 0/0"""
    e = np.exp(z - z.max())
    return e / e.sum(-1, keepdims=True)


@SOFTMAX.mutant(caught_by="is-a-distribution, accepts-batches")
def normalised_over_everything(z):
    """normalised over the whole array, not over each row"""
    e = np.exp(z - z.max())
    return e / e.sum()


@SOFTMAX.mutant(caught_by="jacobian-is-a-covariance, two-scores-give-the-sigmoid, gradient-of-log-sum-exp")
def base_two(z):
    """powers of 2 for powers of e"""
    return softmax(np.log(2) * z)


@SOFTMAX.mutant(caught_by="lipschitz-constant-is-one-half")
def twice_as_steep(z):
    """a temperature of ½ left inside: twice as steep"""
    return softmax(2 * z)


@SOFTMAX.mutant(caught_by="infinite-scores-have-no-softmax")
def uniform_where_undefined(z):
    """where no softmax exists, equal shares are handed out"""
    with np.errstate(invalid="ignore"):
        p = softmax(z)
    return np.where(np.isnan(p), 1 / z.shape[-1], p)


@SOFTMAX.mutant(caught_by="shift-invariance, is-a-distribution, masked-scores-vanish")
def linear_normalisation(z):
    """scores divided by their sum, no exponential"""
    return z / z.sum(-1, keepdims=True)


@SOFTMAX.figure(
    temperature=Slider(0.05, 10, 1.0, "temperature T", log=True), score=Slider(-3, 5, 1.0, "score of class C")
)
def softmax_figure(temperature, score):
    z = np.array([2.0, 0.0, score, -1.0, 1.5])
    p = softmax(z / temperature)
    fig, (left, right) = canvas(columns=2, width=6.8, height=3.0)
    left.bar(list("ABCDE"), p, color="#0072B2")
    left.set(ylim=(0, 1), ylabel=r"$p_i$", title=r"softmax$(z/T)$")
    for i, (zi, pi) in enumerate(zip(z, p, strict=True)):
        left.text(i, pi + 0.02, f"z={zi:.1f}", ha="center", fontsize=9.5)
    J = (np.diag(p) - np.outer(p, p)) / temperature
    size = np.abs(J).max() or 1.0
    right.imshow(J, cmap="RdBu_r", vmin=-size, vmax=size)
    right.set(
        title=r"$\partial p_i/\partial z_j$", xticks=range(5), xticklabels="ABCDE", yticks=range(5), yticklabels="ABCDE"
    )
    for (i, j), v in np.ndenumerate(J):
        right.text(
            j, i, f"{v:.2f}", ha="center", va="center", fontsize=8.5, color=ON_DARK if abs(v) > 0.6 * size else ON_LIGHT
        )
    many = float(np.exp(-(p * np.log(p + 1e-300)).sum()))
    best = "ABCDE"[int(p.argmax())]
    words = Text(
        f"Five scores at temperature {temperature:.3g}: class {best} gets {p.max():.3f}; the distribution is as "
        f"spread as {many:.2f} equally likely classes. On the right the Jacobian: its rows sum to 0.",
        f"五个得分，温度 {temperature:.3g}：类别 {best} 得到 {p.max():.3f}；分布的分散程度相当于 {many:.2f} 个等可能的类别。右图为雅可比矩阵，各行之和为 0。",
    )
    return Drawing(fig, words)
