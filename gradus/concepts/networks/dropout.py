"""Dropout."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _torch(dropout, x, m, p, training):
    """PyTorch's own computation, in which its draw is replaced by the mask."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Given(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            if function is torch.ops.aten.bernoulli_.float:
                return args[0].copy_(m)
            return function(*args, **(kwargs or {}))

    if torch.broadcast_shapes(m.shape, x.shape) != x.shape:
        raise ValueError("one number of the mask for each input")
    with Given():
        return dropout(x, p, training)


DROPOUT = Concept(
    key="dropout",
    kind="layer",
    title="Dropout",
    summary="In training each input is set to 0 with probability p, and the others are divided by 1 − p, so that the mean over the "
    "masks is the input. In evaluation nothing is done. It trains many thinned networks at once; on a linear model it is a "
    "penalty on the weights.",
    formulas=(
        r"y=\begin{cases}\dfrac{m\odot x}{1-p}&\text{in training}\\[1ex]x&\text{in evaluation}\end{cases}\qquad P(m_i=1)=1-p\ \text{ independently}",
        r"\mathbb E\,y_i=x_i,\qquad\operatorname{Var}y_i=\frac p{1-p}\,x_i^2",
        r"\mathbb E\Bigl\lVert t-\frac{M\odot X}{1-p}\,w\Bigr\rVert^2=\lVert t-Xw\rVert^2+\frac p{1-p}\sum_jw_j^2\lVert X_{\cdot j}\rVert^2",
        r"\frac{\prod_m\operatorname{softmax}(Wy_m)^{P(m)}}{\text{its sum over the classes}}=\operatorname{softmax}(Wx)",
    ),
    symbols=(
        Symbol("x", "x", "... n", "inputs"),
        Symbol(
            "m",
            "m",
            "... n",
            "mask: 1 where an input is left, 0 where it is dropped; a mask of fewer axes is shared",
            "boolean",
        ),
        Symbol("p", "p", "", "probability of being dropped", "unit"),
        Symbol("t", "training", "", "whether it is training; in the third line the targets", "boolean"),
        Symbol("y", "", "... n", "outputs; y_m those under the mask m"),
        Symbol("X,\\ M", "", "", "inputs of all samples, one a row, and their masks"),
        Symbol("w", "", "n", "weights of a linear model"),
        Symbol("W", "", "", "weights in front of a softmax"),
        Symbol("i,\\ j", "", "", "indices of inputs"),
    ),
    needs=("regularization", "bernoulli", "expectation"),
    source="srivastava2014dropout",
    year=2012,
    people=("Geoffrey Hinton", "Nitish Srivastava", "Alex Krizhevsky", "Ilya Sutskever", "Ruslan Salakhutdinov"),
    aliases="dropout layer, dropout regularization, inverted dropout, 暂退法, 丢弃法, 随机丢弃",
    implementations=(Implementation("torch.nn.functional:dropout", "torch", _torch),),
    readings="srivastava2014dropout §4, §9; wager2013dropout §2; baldi2013understanding §2; goodfellow2016deep §7.12",
    hypotheses=(
        Hypothesis(
            "evaluation gives the mean of the networks: the network is linear behind the layer", "relu-breaks-the-mean"
        ),
        Hypothesis("the penalty is ridge: all columns of X have the same length", "penalty-is-not-ridge"),
        Hypothesis("the mean is the input: p < 1", "all-or-nothing"),
    ),
    conventions=(
        Convention(
            "what p is",
            "the probability of being dropped, as in PyTorch, Keras (`rate`), Flax and ONNX (`ratio`)",
            "the probability of being left in the paper and in TensorFlow 1 (`keep_prob`)",
        ),
        Convention(
            "where the scale stands",
            "in training, 1/(1 − p) (inverted dropout), as in every framework of today",
            "in evaluation in the paper: the weights are multiplied by the probability of being left",
        ),
        Convention(
            "a NaN that is dropped", "0, as in Flax, which selects", "NaN in PyTorch, which multiplies: 0 · NaN"
        ),
        Convention(
            "what shares a mask",
            "nothing: every number has its own",
            "all places of a channel in `Dropout2d`; every step of a sequence in variational dropout",
        ),
    ),
    deviations="PyTorch draws the mask itself; for the comparison its draw is replaced by the mask.",
    nonfinite="nan",
)


@DROPOUT.definition
def dropout(x, m, p=0.5, training=True):
    if not 0 <= p <= 1 or np.broadcast_shapes(m.shape, x.shape) != x.shape:
        raise ValueError("p is a probability, and every input has a number of the mask")
    if not training:
        return 1.0 * x
    left = np.where(m, x, 0.0)
    return left if p == 1 else left / (1 - p)  # at p = 1 nothing is left


@DROPOUT.example
def example():
    x, m, p = np.array([2.0, -1.0, 4.0, 3.0]), np.array([True, False, True, True]), 0.25
    y, w = dropout(x, m, p), np.array([1.0, -1.0])
    pairs = masks(2)
    z = dropout(np.ones((4, 2)), pairs, 0.5) @ w
    row = np.array([[3.0, 1.0]])
    return (
        dict(x=x, m=m, p=p, keep=1 - p, mask=1 * m, y=y, sum=x.sum(), dropped_sum=y.sum())
        | dict(factor=1 / (1 - p), sd=np.sqrt(p / (1 - p) * (x**2).sum()), z=z, relu=np.maximum(z, 0))
        | dict(mean=z.mean(), relu_mean=np.maximum(z, 0).mean(), tested=np.maximum(np.ones(2) @ w, 0))
        | dict(unscaled=np.maximum(pairs @ w, 0).mean(), row=row[0], w=w, half=0.5)
        | dict(penalty=float((w**2 * row**2).sum()), first=float(row[0, 0] ** 2))
        | dict(second=float(row[0, 1] ** 2))
    )


@DROPOUT.exercise
def variance_of_a_unit():
    y = dropout(np.full(2, 3.0), np.array([True, False]), 0.2)
    mean = 0.8 * y[0] + 0.2 * y[1]
    variance = 0.8 * y[0] ** 2 + 0.2 * y[1] ** 2 - mean**2
    return number(variance, not_rescaled=0.2 * 0.8 * 9, second_moment=variance + mean**2)


@DROPOUT.exercise
def forgotten_eval():
    x = np.random.default_rng(0).standard_normal((1, 50))
    several = [dropout(x, np.random.default_rng(s).random(x.shape) > 0.5)[0].sum() for s in range(50)]
    random = np.ptp(several) > 1
    return choice(random=random, twice_too_large=not random and several[0] > 1.9 * x.sum(), nothing=not random)


@DROPOUT.exercise
def strength_of_the_penalty():
    return number(0.2 / 0.8 * 8, kept_for_dropped=0.8 / 0.2 * 8, plain_ridge=0.2 / 0.8)


def masks(n):
    """All masks of n inputs, one a row."""
    return np.array(list(product([False, True], repeat=n)))


def weights(m, p):
    """The probability of each mask."""
    left = m.sum(-1)
    return (1 - p) ** left * p ** (m.shape[-1] - left)


@DROPOUT.cases
def cases(rng):
    def case(shape, p, **options):
        return dict(x=rng.standard_normal(shape), m=rng.random(shape) >= p, p=p, **options)

    yield "a vector", case(6, 0.5)
    yield "a batch", case((3, 4), 0.25)
    yield "two axes of a batch", case((2, 3, 5), 0.1)
    yield "most are dropped", case((4, 8), 0.9)
    yield "none is dropped", case((3, 4), 0.0)
    yield "all are dropped", dict(case((3, 4), 0.5), m=np.zeros((3, 4), bool), p=1.0)
    yield "evaluation", case((3, 4), 0.5, training=False)
    yield "evaluation at p = 1", dict(case((3, 4), 0.5, training=False), p=1.0)
    yield "one number", dict(x=np.array([2.5]), m=np.array([True]), p=0.5)
    yield "long", case(150, 0.3)
    yield "many rows", case((150, 2), 0.3)
    yield "square", case((4, 4), 0.4)


@DROPOUT.invalid
def invalid(rng):
    x, m = rng.standard_normal((3, 4)), np.ones((3, 4), bool)
    yield "a probability above 1", dict(x=x, m=m, p=1.5)
    yield "a negative probability", dict(x=x, m=m, p=-0.1)
    yield "a mask of another shape", dict(x=x, m=np.ones((3, 3), bool), p=0.5)


def over_all_masks(f, x, p):
    """Outputs for all masks of one vector, one a row, and the masks' probabilities."""
    m = masks(len(x))
    return f(np.broadcast_to(x, m.shape), m, p), weights(m, p)


@DROPOUT.claim
def mean_is_the_input(f, rng):
    r"""Over all masks, with their probabilities, the mean is x and the variance $\frac p{1-p}x^2$: the scale $\frac1{1-p}$ is
    what makes the mean right, and the mean square of a unit is $\frac1{1-p}$ times that of evaluation"""
    for p in (0.2, 0.5, 0.9):
        x = rng.standard_normal(5)
        y, P = over_all_masks(f, x, p)
        yield roundoff(P @ y, x, terms=32)
        yield roundoff(P @ (y - x) ** 2, p / (1 - p) * x**2, terms=32)


@DROPOUT.claim
def evaluation_is_the_identity(f, rng):
    """In evaluation the input passes, bit for bit, whatever the mask and p"""
    x = rng.standard_normal((3, 6))
    got = [f(x, rng.random(x.shape) > 0.5, p, training=False) for p in (0.0, 0.3, 1.0)]
    return all_of(*[identical(y, x) for y in got])


@DROPOUT.claim
def all_or_nothing(f, rng):
    """At p = 0 the input passes, at p = 1 the output is 0 and never NaN: the mean is then no longer the input"""
    x = rng.standard_normal((3, 4))
    yield identical(f(x, np.ones(x.shape, bool), 0.0), x)
    yield identical(f(x, np.zeros(x.shape, bool), 1.0), 0 * x)


@DROPOUT.claim
def linear_for_a_mask(f, rng):
    r"""For a given mask the layer is linear and its derivative is $\frac m{1-p}$: what is dropped gets no gradient"""
    x, u, m = rng.integers(-8, 9, (3, 5)) * 1.0, rng.integers(-8, 9, (3, 5)) * 1.0, rng.random((3, 5)) > 0.5
    return identical(f(x + u, m, 0.75) - f(x, m, 0.75), 4 * m * u)


@DROPOUT.claim
def rows_have_their_own_masks(f, rng):
    """A row's output depends on its own input and mask alone, bit for bit: two equal rows with different masks differ,
    and no other row matters"""
    x, m = rng.standard_normal((4, 6)), rng.random((4, 6)) > 0.4
    x[1], m[1] = x[0], ~m[0]
    y = f(x, m, 0.4)
    apart = [identical(f(x[i : i + 1], m[i : i + 1], 0.4), y[i : i + 1]) for i in range(4)]
    zeros = identical((y == 0), ~m)
    return all_of(zeros, *apart)


def mean_loss(f, X, t, w, p):
    """E‖t − f(X)w‖² over the masks of every row, which are independent."""
    total = 0.0
    for row, target in zip(X, t, strict=True):
        y, P = over_all_masks(f, row, p)
        total += P @ (target - y @ w) ** 2
    return total


@DROPOUT.claim
def penalty_on_a_linear_model(f, rng):
    r"""On least squares it is a penalty, in the mean over the masks: $\frac p{1-p}\sum_jw_j^2\|X_{\cdot j}\|^2$ is added. Least
    of all is then $w=\bigl(X^{\mathsf T}X+\frac p{1-p}\operatorname{diag}X^{\mathsf T}X\bigr)^{-1}X^{\mathsf T}t$"""
    X, t = rng.standard_normal((6, 4)) * np.array([1.0, 2.0, 0.5, 3.0]), rng.standard_normal(6)
    for p in (0.3, 0.5):
        w = rng.standard_normal(4)
        want = ((t - X @ w) ** 2).sum() + p / (1 - p) * (w**2 * (X**2).sum(0)).sum()
        yield roundoff(mean_loss(f, X, t, w, p), want, terms=64)
    G = X.T @ X
    p = 0.2
    best = np.linalg.solve(G + p / (1 - p) * np.diag(np.diag(G)), X.T @ t)
    # the loss is quadratic, so that central differences are its gradient, up to rounding over h
    h, loss = 2.0**-6, mean_loss(f, X, t, best, p)
    gradient = [
        (mean_loss(f, X, t, best + h * e, p) - mean_loss(f, X, t, best - h * e, p)) / (2 * h) for e in np.eye(4)
    ]
    yield roundoff(gradient, np.zeros(4), terms=64, scale=loss / h)


@DROPOUT.claim
def penalty_is_not_ridge(f, rng):
    r"""It is ridge only where the columns are equally long: of the weights (1, 0) and (0, 1) the one on a column three times as
    long costs nine times as much"""
    X, t, p = np.array([[3.0, 1.0], [-3.0, 1.0], [3.0, -1.0]]), np.zeros(3), 0.5

    def penalty(columns, w):
        return mean_loss(f, columns, t, w, p) - ((columns @ w) ** 2).sum()

    long, short = penalty(X, np.array([1.0, 0.0])), penalty(X, np.array([0.0, 1.0]))
    yield roundoff(long / short, 9.0, terms=16)
    same = X / np.array([3.0, 1.0])
    w = rng.standard_normal(2)
    yield roundoff(penalty(same, w), 3 * (w @ w), terms=32)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@DROPOUT.claim
def softmax_by_the_geometric_mean(f, rng):
    """For a softmax behind one linear layer evaluation is the geometric mean of all thinned networks, normalised; the
    arithmetic mean is another"""
    x, W = rng.standard_normal(5), 2 * rng.standard_normal((3, 5))
    y, P = over_all_masks(f, x, 0.4)
    each = softmax(y @ W.T)
    geometric = np.exp(P @ np.log(each))
    yield roundoff(geometric / geometric.sum(), softmax(W @ x), terms=64)
    one, W = np.ones(2), np.array([[3.0, 0.0], [0.0, 0.0]])
    y, P = over_all_masks(f, one, 0.5)
    apart = np.abs(P @ softmax(y @ W.T) - softmax(W @ one)).max()
    yield bound(apart, 0.2, "≥", Text("of the size of a probability", "与概率同量级"))


@DROPOUT.claim
def relu_breaks_the_mean(f, rng):
    r"""Behind a ReLU evaluation is not the mean of the networks: $\operatorname{relu}(y_1-y_2)$ of two inputs 1 with p = ½ is ½ in
    the mean over the masks (¼ without the scale), and 0 in evaluation"""
    y, P = over_all_masks(f, np.ones(2), 0.5)
    mean = P @ np.maximum(y[:, 0] - y[:, 1], 0)
    tested = f(np.ones(2), np.ones(2, bool), 0.5, training=False)
    return all_of(identical(mean, 0.5), identical(np.maximum(tested[0] - tested[1], 0), 0.0))


@DROPOUT.mutant(
    caught_by="mean-is-the-input, penalty-on-a-linear-model, softmax-by-the-geometric-mean, relu-breaks-the-mean"
)
def not_rescaled(x, m, p=0.5, training=True):
    """the inputs that are left are not divided by 1 − p"""
    return m * x if training else 1.0 * x


@DROPOUT.mutant(caught_by="evaluation-is-the-identity, equals-definition")
def active_in_evaluation(x, m, p=0.5, training=True):
    """active in evaluation too"""
    return 0.0 * x if p == 1 else m * x / (1 - p)


@DROPOUT.mutant(caught_by="evaluation-is-the-identity, mean-is-the-input, equals-definition")
def scaled_in_evaluation(x, m, p=0.5, training=True):
    """the scale stands in evaluation, as in the paper"""
    return m * x if training else (1 - p) * x


@DROPOUT.mutant(caught_by="mean-is-the-input, linear-for-a-mask, penalty-on-a-linear-model")
def p_is_the_share_left(x, m, p=0.5, training=True):
    """p is read as the probability of being left"""
    return m * x / p if training and p > 0 else 1.0 * x


@DROPOUT.mutant(caught_by="rows-have-their-own-masks, equals-definition")
def one_mask_for_all_rows(x, m, p=0.5, training=True):
    """the first row's mask for the whole batch"""
    first = np.broadcast_to(m[(0,) * (m.ndim - 1)], m.shape)
    return dropout(x, first, p, training)


@DROPOUT.mutant(caught_by="all-or-nothing, equals-definition")
def nothing_by_nothing(x, m, p=0.5, training=True):
    """0/0 where all are dropped"""
    with np.errstate(divide="ignore", invalid="ignore"):
        return m * x / (1 - np.asarray(p)) if training else 1.0 * x


@DROPOUT.mutant(caught_by="penalty-is-not-ridge, penalty-on-a-linear-model, linear-for-a-mask")
def equal_noise(x, m, p=0.5, training=True):
    """noise of one size for all inputs of a row: plain ridge"""
    if not training or p == 1:
        return dropout(x, m, p, training)
    return x + (m / (1 - p) - 1) * np.sqrt((x**2).mean(-1, keepdims=True))


@DROPOUT.mutant(caught_by="mean-is-the-input, equals-definition")
def rescaled_by_those_left(x, m, p=0.5, training=True):
    """divided by the share of the row that was left, not by 1 − p"""
    if not training or p == 1:
        return dropout(x, m, p, training)
    return m * x / np.maximum(m.mean(-1, keepdims=True), 1 / m.shape[-1])


DROPOUT.erratum(
    "E32",
    common="In evaluation the expected value is used: the network without dropout gives the mean of the thinned networks (a "
    "common slip)",
    why="The mean of the inputs goes in, but a mean does not pass through a nonlinear function: relu of the difference of two "
    "units 1 is ½ in the mean over the masks with p = ½ (¼ without the scale), and 0 in evaluation.",
    right="Weight scaling: exact for linear networks, for one softmax layer as the normalised geometric mean, an approximation "
    "else",
    claims="relu-breaks-the-mean, softmax-by-the-geometric-mean, mean-is-the-input",
)


@DROPOUT.figure(
    p=Slider(0.05, 0.95, 0.5, "probability p of being dropped"), level=Slider(-3, 3, 0.0, "bias b behind the layer")
)
def figure(p, level):
    rng = np.random.default_rng(4)
    x, w = rng.standard_normal(10), rng.standard_normal(10)
    w = w - x * (w @ x) / (x @ x)  # without dropout the sum is b
    y, P = over_all_masks(dropout, x, float(p))
    z = y @ w + level
    fig, axes = canvas(columns=2, width=6.8, height=3.0)
    found = []
    for ax, values, tested, name in zip(
        axes, (z, np.maximum(z, 0)), (level, max(level, 0.0)), ("linear unit", "ReLU unit"), strict=True
    ):
        mean = float(P @ values)
        ax.hist(values, bins=40, weights=P, color="#56B4E9")
        ax.axvline(mean, color="#D55E00", label="mean over the masks")
        ax.axvline(tested, color="black", ls="--", label="evaluation")
        ax.set(title=name, xlabel="output", ylabel="probability")
        found.append((mean, tested))
    axes[1].legend(frameon=False, fontsize=9.5)
    words = Text(
        f"All 1024 masks of ten inputs, p = {p:.2f}. The linear unit is {found[0][0]:.2f} in the mean and {found[0][1]:.2f} in "
        f"evaluation; behind a ReLU {found[1][0]:.2f} in the mean, but {found[1][1]:.2f} in evaluation.",
        f"十个输入的全部 1024 个掩码，p = {p:.2f}。线性单元的平均为 {found[0][0]:.2f}，评估时为 {found[0][1]:.2f}；经过 ReLU，平均为 {found[1][0]:.2f}，评估时却是 {found[1][1]:.2f}。",
    )
    return Drawing(fig, words)
