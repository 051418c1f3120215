"""The artificial neuron."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, ON_LIGHT, canvas


def _torch(linear, x, w, b):
    return linear(x, w[None], b[None]).sigmoid()[..., 0]


NEURON = Concept(
    key="neuron",
    kind="layer",
    title="Neuron",
    summary=r"A neuron weighs its inputs, adds a bias and squashes the sum: $y=\sigma(w^{\mathsf T}x+b)$. It answers "
    "on which side of a hyperplane its input lies, and how surely.",
    formulas=(
        r"y=\sigma(w^{\mathsf T}x+b),\qquad \sigma(z)=\frac{1}{1+e^{-z}}",
        r"y>\tfrac12\iff w^{\mathsf T}x+b>0,\qquad \operatorname{dist}(x)=\frac{w^{\mathsf T}x+b}{\lVert w\rVert_2}\quad(w\ne0)",
    ),
    symbols=(
        Symbol("x", "x", "... n", "inputs"),
        Symbol("w", "w", "n", "weights; normal vector of the hyperplane"),
        Symbol("b", "b", "", "bias; moves the hyperplane"),
        Symbol("y", "", "...", "activation, between 0 and 1"),
        Symbol(r"\sigma", "", "function", "logistic sigmoid"),
    ),
    needs=("sigmoid", "norm"),
    source="mcculloch1943logical",
    year=1943,
    people=("Warren McCulloch", "Walter Pitts"),
    aliases="artificial neuron, McCulloch-Pitts neuron, logic gate, unit, 人工神经元, MP 神经元, 逻辑门",
    implementations=(Implementation("torch.nn.functional:linear", "torch", _torch, "followed by `torch.sigmoid`"),),
    readings="bishop2006pattern §4.1; rosenblatt1958perceptron; goodfellow2016deep §6.1",
    hypotheses=(Hypothesis(r"the hyperplane and the distance: $w\ne0$", "no-weights-no-hyperplane"),),
    conventions=(
        Convention(
            "what follows the sum",
            "the sigmoid",
            "a threshold, and all-or-none inhibition, in McCulloch and Pitts's neuron; ReLU or GELU in today's hidden layers",
        ),
    ),
    nonfinite="nan",
)


@NEURON.definition
def neuron(x, w, b):
    z = (x * w).sum(-1) + b
    return 1 / (1 + np.exp(-z))


@NEURON.example
def example():
    x, w, b = np.array([[1.0, 1.0], [1.0, 0.5], [0.0, 1.0]]), np.array([3.0, 4.0]), np.array(-5.0)
    z, y = x @ w + b, neuron(x, w, b)
    return (
        dict(x=x, w=w, b=b, z=z, y=y, norm=np.linalg.norm(w), distance=z / np.linalg.norm(w))
        | dict(origin=-b / np.linalg.norm(w), doubled=neuron(x, 2 * w, 2 * b), moved=neuron(x, w, b + 2))
        | dict(along=neuron(x + np.array([4.0, -3.0]), w, b), slope=y[0] * (1 - y[0]) * w, steepest=w / 4)
    )


@NEURON.exercise
def majority_of_three():
    corners = np.array(list(np.ndindex(2, 2, 2)), float)
    majority = corners.sum(1) >= 2
    sums = corners @ np.full(3, 2.0)
    middle = -(sums[majority].min() + sums[~majority].max()) / 2
    works = ((neuron(corners, np.full(3, 2.0), middle) > 0.5) == majority).all()
    return number(middle if works else np.nan, all_three=-5.0, at_least_one=-1.0)


@NEURON.exercise
def width_of_the_edge():
    w = np.array([3.0, 4.0])
    width = 2 * np.log(9) / np.linalg.norm(w)
    return number(width, one_side=width / 2, norm_forgotten=2 * np.log(9), sum_of_weights=2 * np.log(9) / w.sum())


@NEURON.exercise
def xor_with_a_product():
    x = np.column_stack([CORNERS, CORNERS.prod(1)])
    y = neuron(x, np.array([20.0, 20.0, -40.0]), np.array(-10.0))
    works = bool(((y > 0.5) == [False, True, True, False]).all())
    return choice(never=not works, possible=works, only_hidden=not works)


@NEURON.cases
def cases(rng):
    yield "random", dict(x=rng.standard_normal(5), w=rng.standard_normal(5), b=np.array(0.3))
    yield "many inputs", dict(x=rng.standard_normal((7, 64)), w=rng.standard_normal(64), b=np.array(-1.0))
    yield "one weight", dict(x=np.array([2.0]), w=np.array([-3.0]), b=np.array(0.5))
    yield "saturated", dict(x=np.array([40.0, -1.0]), w=np.array([1.0, 2.0]), b=np.array(0.0))
    yield "on the boundary", dict(x=np.array([1.0, -1.0]), w=np.array([2.0, 2.0]), b=np.array(0.0))
    yield "many rows", dict(x=rng.standard_normal((200, 3)), w=rng.standard_normal(3), b=np.array(0.2))
    yield "long", dict(x=rng.standard_normal(1500), w=rng.standard_normal(1500) / 40, b=np.array(0.1))
    yield "square", dict(x=rng.standard_normal((4, 4)), w=rng.standard_normal(4), b=np.array(0.1))


@NEURON.invalid
def invalid(rng):
    yield "more inputs than weights", dict(x=np.ones(4), w=np.ones(3), b=np.array(0.0))
    yield "more weights than inputs", dict(x=np.ones((2, 3)), w=np.ones(5), b=np.array(0.0))


@NEURON.claim
def boundary_is_the_hyperplane(neuron, rng):
    r"""The decision boundary $y=\frac12$ is the hyperplane $w^{\mathsf T}x+b=0$"""
    w, b = rng.standard_normal(6), 0.7
    x = rng.standard_normal((2000, 6))
    side = identical(neuron(x, w, np.array(b)) > 0.5, x @ w + b > 0)
    foot = x - np.outer((x @ w + b) / (w @ w), w)  # projected onto the hyperplane
    size = np.abs(foot * w).sum(-1).max() + b
    why = Text("c·n·ε of the sum that must vanish, times σ'(0)=¼", "应为零的和的 c·n·ε，乘以 σ'(0)=¼")
    on = near(np.abs(neuron(foot, w, np.array(b)) - 0.5).max(), 0.0, 4 * 6 * EPSILON * size, why, "roundoff")
    return all_of(side, on)


@NEURON.claim
def moves_along_the_hyperplane_change_nothing(neuron, rng):
    """Moving along the hyperplane changes nothing; the weights are its normal"""
    w, b = rng.standard_normal(5), np.array(-0.2)
    x, t = rng.standard_normal((50, 5)), rng.standard_normal((50, 5))
    t -= np.outer(t @ w / (w @ w), w)
    return invariance(neuron(x + t, w, b), neuron(x, w, b), terms=5, scale=float(np.abs(x * w).sum(-1).max() + 1))


@NEURON.claim
def log_odds_measure_the_distance(neuron, rng):
    r"""The log-odds are $\lVert w\rVert$ times the signed distance from the hyperplane"""
    w, b = rng.standard_normal(4), 0.4
    x = rng.uniform(-0.7, 0.7, (100, 4))  # unsaturated, where log(1 − y) keeps its digits
    foot = x - np.outer((x @ w + b) / (w @ w), w)
    distance = np.linalg.norm(x - foot, axis=-1) * np.sign((x - foot) @ w)  # positive on the side to which w points
    y = neuron(x, w, np.array(b))
    return roundoff(np.log(y) - np.log1p(-y), np.linalg.norm(w) * distance, terms=16)


@NEURON.claim
def no_weights_no_hyperplane(neuron, rng):
    r"""With $w=0$ there is no hyperplane: $y=\sigma(b)$ everywhere"""
    y = neuron(rng.standard_normal((50, 3)), np.zeros(3), np.array(-0.7))
    return roundoff(y, np.full(50, 1 / (1 + np.exp(0.7))))


GATES = {  # weights and bias of each gate; outputs on (0,0), (0,1), (1,0), (1,1)
    "AND": ((20.0, 20.0), -30.0, (0, 0, 0, 1)),
    "OR": ((20.0, 20.0), -10.0, (0, 1, 1, 1)),
    "NAND": ((-20.0, -20.0), 30.0, (1, 1, 1, 0)),
    "NOT first": ((-20.0, 0.0), 10.0, (1, 1, 0, 0)),
}
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


@NEURON.claim
def logic_gates(neuron, rng):
    """One neuron computes AND, OR, NAND and NOT, to within σ(−10)"""
    worst = max(np.abs(neuron(CORNERS, np.array(w), np.array(b)) - np.array(out)).max() for w, b, out in GATES.values())
    why = Text(r"σ(−10), the gates' own margin", "σ(−10)，即各门自身的余量")
    return bound(worst, 1 / (1 + np.exp(10.0)) * (1 + 1e-9), because=why)


@NEURON.claim
def xor_needs_more_than_one(neuron, rng):
    """No neuron computes XOR: of 10,000 random ones none has more than three corners right, while a net of three
    does"""
    target = np.array([0, 1, 1, 0])
    W, B = rng.standard_normal((10_000, 2)), rng.standard_normal(10_000)
    x = np.concatenate([np.broadcast_to(CORNERS[None], (10_000, 4, 2)), np.ones((10_000, 4, 1))], -1)
    one = np.stack([neuron(x[:, i] * np.c_[W, B], np.ones(3), np.array(0.0)) for i in range(4)], -1)  # (10000, 4)
    best = int(((one > 0.5) == target).sum(-1).max())
    hidden = np.stack([neuron(CORNERS, np.array(GATES[g][0]), np.array(GATES[g][1])) for g in ("OR", "NAND")], -1)
    y = neuron(hidden, np.array(GATES["AND"][0]), np.array(GATES["AND"][1]))
    return all_of(identical(best, 3), identical((y > 0.5).astype(int), target))


@NEURON.mutant(caught_by="boundary-is-the-hyperplane, logic-gates, equals-definition")
def no_bias(x, w, b):
    """the bias is left out"""
    return neuron(x, w, 0 * b)


@NEURON.mutant(caught_by="log-odds-measure-the-distance, equals-definition")
def base_two(x, w, b):
    """base 2 in the exponential"""
    return 1 / (1 + 2 ** -((x * w).sum(-1) + b))


@NEURON.mutant(
    caught_by="moves-along-the-hyperplane-change-nothing, boundary-is-the-hyperplane, xor-needs-more-than-one, "
    "no-weights-no-hyperplane"
)
def radial(x, w, b):
    """a radial unit: distance from the weights, not from a hyperplane"""
    return 1 / (1 + np.exp(((x - w) ** 2).sum(-1) - 2 + b))


NEURON_WORDS = Text("inputs for which the neuron is above ½", "输出大于 ½ 的输入")


@NEURON.figure(
    angle=Slider(0, 360, 35, "direction of the weights (degrees)"),
    norm=Slider(0.3, 12, 3, "norm of the weights", log=True),
    bias=Slider(-4, 4, 1, "bias"),
)
def figure(angle, norm, bias):
    w = norm * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    g = np.linspace(-3, 3, 121)
    X, Y = np.meshgrid(g, g)
    Z = neuron(np.stack([X, Y], -1), w, bias)
    fig, ax = canvas(width=4.6, height=4.0)
    drawn = ax.pcolormesh(X, Y, Z, vmin=0, vmax=1, cmap="RdBu_r", alpha=0.75, shading="gouraud", rasterized=True)
    foot = -bias * w / (w @ w)
    along = np.array([-w[1], w[0]]) / norm
    ax.plot(*np.stack([foot - 9 * along, foot + 9 * along]).T, color=ON_LIGHT, lw=1.5)
    ax.annotate("", foot + w / norm, foot, arrowprops=dict(arrowstyle="->", lw=1.5, color=COLOURS[1]))
    ax.text(*(foot + 1.15 * w / norm), "w", color=COLOURS[1], ha="center", va="center")
    ax.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    fig.colorbar(drawn, ax=ax, label="y")
    distance, width = -bias / norm, 2 * np.log(9) / norm
    words = Text(
        f"The boundary lies {distance:.2f} from the origin along w; between y = 0.1 and y = 0.9 lie {width:.2f} units. "
        f"{(Z > 0.5).mean():.0%} of the square are {NEURON_WORDS.en}.",
        f"边界沿 w 方向距原点 {distance:.2f}；从 y = 0.1 到 y = 0.9 的宽度为 {width:.2f}。方形中 {(Z > 0.5).mean():.0%} 是{NEURON_WORDS.zh}。",
    )
    return Drawing(fig, words)
