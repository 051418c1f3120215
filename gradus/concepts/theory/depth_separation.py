"""Depth against width: the affine pieces of ReLU networks, how many there can be, and how many there are."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(linear_pieces, Ws, bs, start, end):
    import torch
    from torch import nn

    layers = []
    for W, b in zip(Ws, bs, strict=True):
        layer = nn.utils.skip_init(nn.Linear, W.shape[1], W.shape[0], dtype=W.dtype, device=W.device)
        with torch.no_grad():
            layer.weight.copy_(W)
            layer.bias.copy_(b)
        layers += [layer, nn.ReLU()]
    found = linear_pieces(nn.Sequential(*layers[:-1]), start, end)
    return found.pieces, found.regions


DEPTH = Concept(
    key="depth-separation",
    kind="theorem",
    title="Depth against width",
    summary="A ReLU network is affine in pieces. Few units in many layers can make exponentially many of them, by folding; a single hidden layer makes at most one more than it has units along a line, "
    "and with few units stays away from such a zigzag. But what can be is not what is: random networks of width 16 have about as many pieces along a line as units.",
    formulas=(
        r"F(t)=f\bigl((1-t)x_0+t\,x_1\bigr),\qquad f=A_L\circ\sigma\circ A_{L-1}\circ\dots\circ\sigma\circ A_1",
        r"P\le\prod_{l<L}(n_l+1),\qquad L=2:\ P\le n_1+1",
        r"s(t)=2\sigma(t)-4\sigma(t-\tfrac12),\qquad s_k=s\circ\dots\circ s\ (k\ \text{times}):\qquad P=2^k\ \text{with}\ 2k\ \text{units}",
        r"\int_0^1\lvert s_k-g\rvert\,dt\ \ge\ \frac14\Bigl(1-\frac{m-1}{2^{k-1}}\Bigr)",
    ),
    symbols=(
        Symbol("W_l", "Ws", "n_l n_{l-1}", "weights of each layer, in a tuple", "other"),
        Symbol("b_l", "bs", "n_l", "biases of each layer, in a tuple", "other"),
        Symbol("x_0", "start", "n_0", "where the segment begins"),
        Symbol("x_1", "end", "n_0", "where it ends"),
        Symbol("A_l", "", "function", "affine map of layer $l$, $A_l(a)=W_la+b_l$"),
        Symbol(r"\sigma", "", "function", "ReLU, $\\max(0,z)$, entry by entry"),
        Symbol("f,\\ F", "", "", "the network, and the network along the segment"),
        Symbol("P", "", "", "number of affine pieces of $F$ on [0, 1], as few as possible"),
        Symbol("n_l", "", "", "units of layer $l$"),
        Symbol("L", "", "", "number of affine maps, one more than there are hidden layers", "natural"),
        Symbol("s,\\ s_k", "", "", "fold of [0, 1] in two, and the zigzag that $k$ folds make"),
        Symbol(
            "g,\\ m", "", "", "any function that is affine in pieces on [0, 1], continuous or not, and their number"
        ),
        Symbol("t", "", "", "share of the segment"),
    ),
    returns=(
        Result("pieces", "", "$P$: neighbouring pieces have different slopes"),
        Result("regions", "", "how many activation patterns the segment passes"),
    ),
    needs=("mlp", "relu"),
    source="telgarsky2016benefits",
    year=2014,
    people=("Guido Montúfar", "Razvan Pascanu", "Matus Telgarsky", "Boris Hanin", "David Rolnick"),
    aliases="linear regions, number of linear regions, activation regions, activation pattern, sawtooth network, expressive power of depth, benefits of depth, 线性区域, 激活模式, 深度分离, 锯齿网络, 深度的表达能力",
    implementations=(
        Implementation(
            "gradus.theory:linear_pieces",
            "torch",
            _ours,
            "of any piecewise linear module along a segment; the zigzag: `sawtooth_network`",
        ),
    ),
    readings="montufar2014number; telgarsky2016benefits; hanin2019complexity; bartlett2019nearly",
    hypotheses=(
        Hypothesis(
            "$2^k$ pieces: weights that fold", "a-zigzag-bears-little-noise, random-nets-have-as-many-pieces-as-units"
        ),
        Hypothesis(
            "as many pieces as units, of random networks: biases other than 0",
            "random-nets-have-as-many-pieces-as-units",
        ),
        Hypothesis("$n_1+1$: pieces along a line, a single hidden layer", "folds-multiply"),
        Hypothesis("the lower bound: $m\\le2^{k-1}$; beyond it says nothing", "few-pieces-stay-away"),
    ),
    conventions=(
        Convention(
            "what is counted",
            "affine pieces of the function; beside them activation patterns, of which several may have one slope",
            "regions in the whole input space: for one layer of $n$ units in general position in $d$ dimensions $\\sum_{i\\le d}\\binom ni$ patterns",
        ),
    ),
    deviations=(
        "The definition knows the layers and cuts the segment layer by layer; the implementation walks from kink to kink of any module.",
        "Both take slopes for equal that differ by less than $10^{-8}$ of the largest, and kinks for one that lie within $10^{-12}$ (the definition) or $2^{-36}$ (the implementation) of each other.",
    ),
    unverified="That the mean number of pieces along a line is at most a constant times its length and the number of units, where the biases have bounded densities and the units' gradients bounded moments, is a theorem of Hanin and Rolnick (2019); here it is measured at one law of the weights. "
    "In depth the VC dimension grows as well, for $W$ weights in $L$ layers at most like $WL\\log W$ and, for the best networks, at least like $WL\\log(W/L)$ (Bartlett, Harvey, Liaw and Mehrabian 2019): not measured.",
    differentiable=False,
    carries_gradient=False,
)


@DEPTH.definition
def pieces(Ws, bs, start, end):
    if start.shape != end.shape:
        raise ValueError("the ends of the segment lie in different spaces")
    t = np.array([0.0, 1.0])
    a = (1 - t[:, None]) * start + t[:, None] * end
    for layer, (W, b) in enumerate(zip(Ws, bs, strict=True), 1):
        z = a @ W.T + b  # at the ends of all pieces so far, between which it is affine
        if layer == len(Ws):
            break
        left, right = z[:-1], z[1:]
        i, j = np.nonzero(left * right < 0)  # unit j switches within piece i
        share = left[i, j] / (left[i, j] - right[i, j])
        cut = np.sort(np.append(t, t[i] + share * (t[i + 1] - t[i])))
        cut = cut[np.append(True, np.diff(cut) > 1e-12)]
        a = np.maximum([np.interp(cut, t, column) for column in z.T], 0).T
        t = cut
    slopes = np.diff(z, axis=0) / np.diff(t)[:, None]
    bends = np.abs(np.diff(slopes, axis=0)).max(1) > 1e-8 * np.abs(slopes).max()
    return 1 + int(bends.sum()), len(t) - 1


def zigzag(k, p=2):
    """k folds of [0, 1], each in p."""
    fold = 2.0 * p * (-1.0) ** np.arange(p)
    fold[0] = p
    kinks = -np.arange(p) / p
    Ws = [np.ones((p, 1))] + [np.tile(fold, (p, 1)) for _ in range(k - 1)] + [fold[None]]
    return tuple(Ws), (*[kinks] * k, np.zeros(1))


def random_net(rng, widths, noise=1.0):
    """Weights of variance 2/n and normal biases."""
    Ws = tuple(rng.standard_normal((m, n)) * np.sqrt(2 / n) for n, m in itertools.pairwise(widths))
    return Ws, tuple(noise * rng.standard_normal(m) for m in widths[1:])


ZERO, ONE = np.array([0.0]), np.array([1.0])


@DEPTH.example
def example():
    Ws, bs = zigzag(2)
    count, patterns = pieces(Ws, bs, ZERO, ONE)
    return (
        dict(Ws=Ws, bs=bs, start=ZERO, end=ONE, count=count, patterns=patterns, units=4, shallow=count - 1)
        | dict(half=0.5, first=0.25, second=0.75, slope=2**2, ten=2**10, ten_units=20, ten_shallow=2**10 - 1)
        | dict(away=(1 - 15 / 2**9) / 4, m=16)
    )


@DEPTH.exercise
def three_folds():
    return number(pieces(*zigzag(4, 3), ZERO, ONE)[0], adds=3 * 4, two=2**4, exchanged=4**3)


@DEPTH.exercise
def shallow_error():
    return number((1 - 63 / 2**9) / 4, without_the_quarter=1 - 63 / 2**9, of_all_teeth=(1 - 63 / 2**10) / 4)


@DEPTH.exercise
def at_the_start():
    rng = np.random.default_rng(0)
    found = np.mean([pieces(*random_net(rng, (1, 16, 16, 16, 16, 1)), -10 * ONE, 10 * ONE)[0] for _ in range(10)])
    return choice(units=bool(20 < found < 200), most=bool(found > 16**4 / 10), one=bool(found < 5))


@DEPTH.cases
def cases(rng):
    for name, widths in (
        ("one hidden layer", (1, 6, 1)),
        ("three", (2, 5, 4, 3, 2)),
        ("narrow and deep", (3, 3, 3, 3, 3, 1)),
    ):
        Ws, bs = random_net(rng, widths)
        yield name, dict(Ws=Ws, bs=bs, start=-3 * np.ones(widths[0]), end=rng.uniform(1, 4, widths[0]))
    yield "a zigzag", dict(Ws=zigzag(3)[0], bs=zigzag(3)[1], start=ZERO, end=ONE)
    yield (
        "no hidden layer",
        dict(Ws=(rng.standard_normal((2, 3)),), bs=(rng.standard_normal(2),), start=np.zeros(3), end=np.ones(3)),
    )
    idle = (np.ones((3, 1)), np.array([[1.0, 1.0, 0.0]])), (np.array([-0.2, -0.5, -0.7]), np.array([-0.3]))
    yield "a unit without effect", dict(Ws=idle[0], bs=idle[1], start=ZERO, end=ONE)
    Ws, bs = random_net(rng, (2, 4, 1))
    yield "a short segment", dict(Ws=Ws, bs=bs, start=np.zeros(2), end=np.full(2, 1e-3))


@DEPTH.invalid
def invalid(rng):
    yield "ends of different lengths", dict(Ws=zigzag(2)[0], bs=zigzag(2)[1], start=ZERO, end=np.ones(2))


def counted(pieces, Ws, bs, start, end):
    return [int(v) for v in pieces(Ws, bs, start, end)]


@DEPTH.claim
def folds_multiply(pieces, rng):
    """Two units a layer and $k$ layers: $2^k$ pieces for $k=1$, 2, 5 and 8; three units, five layers: 243; sixteen units, two layers: 256. As many patterns are passed"""
    for k, p in ((1, 2), (2, 2), (5, 2), (8, 2), (5, 3), (2, 16)):
        yield identical(counted(pieces, *zigzag(k, p), ZERO, ONE), [p**k, p**k])


@DEPTH.claim
def a_layer_makes_one_more_than_its_units(pieces, rng):
    """One hidden layer of $n$ units has at most $n+1$ pieces along a line, and exactly that if all kinks lie on the segment, apart from each other, and no outer weight is 0: $n=1$, 5, 20, on the line and in four dimensions. So $2^k$ pieces take at least $2^k-1$ units"""
    for n in (1, 5, 20):
        for d in (1, 4):
            Ws, _ = random_net(rng, (d, n, 1))
            start, end = rng.standard_normal((2, d))
            places = (np.arange(n) + rng.uniform(0.3, 0.7, n)) / n
            on = start + places[:, None] * (end - start)
            bs = (-(Ws[0] * on).sum(1), np.zeros(1))
            yield identical(counted(pieces, Ws, bs, start, end), [n + 1, n + 1])
            yield bound(counted(pieces, Ws, bs, start, start + 0.5 * (end - start))[0], n + 1)


@DEPTH.claim
def never_more_than_the_product(pieces, rng):
    r"""Never more than $\prod(n_l+1)$ pieces, nor more pieces than patterns: 8 random nets with two layers of 2 units, 4 with three layers of 4 and two inputs. One given net with two layers of 2 has 7, more than its four units and one"""
    for widths, count in (((1, 2, 2, 1), 8), ((2, 4, 4, 4, 1), 4)):
        for _ in range(count):
            found = counted(pieces, *random_net(rng, widths), -5 * np.ones(widths[0]), 5 * np.ones(widths[0]))
            yield bound(found[0], found[1])
            yield bound(found[1], np.prod([n + 1 for n in widths[1:-1]]))
    Ws = (np.array([[1.7], [-1.0]]), np.array([[-0.5, -0.6], [-2.2, -1.4]]), np.array([[-1.4, -1.4]]))
    bs = (np.array([-0.2, -2.2]), np.array([1.0, 0.4]), np.array([-0.6]))
    yield identical(counted(pieces, Ws, bs, -5 * ONE, 5 * ONE)[0], 7)


@DEPTH.claim
def random_nets_have_as_many_pieces_as_units(pieces, rng):
    r"""With weights of variance $2/n$ and standard normal biases, width 16, on $[-10,10]$: the mean over 5 nets is between 0.5 and 1.3 times the number of units with $k=1$, 2, 4 and 8 hidden layers, where $17^k$ bounds it: linear in the units, not exponential in the depth. With all biases 0 there are at most two pieces"""
    for k in (1, 2, 4, 8):
        nets = [random_net(rng, (1, *[16] * k, 1)) for _ in range(5)]
        mean = np.mean([counted(pieces, *net, -10 * ONE, 10 * ONE)[0] for net in nets])
        yield bound(mean / (16 * k), 0.5, "≥", Text("the stated share", "所述的比例"))
        yield bound(mean / (16 * k), 1.3, "≤", Text("the stated share", "所述的比例"))
        yield bound(counted(pieces, *random_net(rng, (1, *[16] * k, 1), 0.0), -10 * ONE, 10 * ONE)[0], 2)


@DEPTH.claim
def a_zigzag_bears_little_noise(pieces, rng):
    """Eight folds bear little noise: with a hundredth of its size in normal noise on each weight and bias more than 200 of the 256 pieces are left, with a tenth less than half, each on average over 10 draws"""
    Ws, bs = zigzag(8)

    def left(size):
        nets = [
            [tuple(v * (1 + size * rng.standard_normal(v.shape)) for v in part) for part in (Ws, bs)] for _ in range(10)
        ]
        return np.mean([counted(pieces, *net, ZERO, ONE)[0] for net in nets])

    yield bound(left(0.01), 200, "≥", Text("the stated number", "所述的个数"))
    yield bound(left(0.1), 128, "≤", Text("half", "一半"))
    yield identical(counted(pieces, Ws, bs, ZERO, ONE)[0], 256)


@DEPTH.claim
def few_pieces_stay_away(pieces, rng):
    r"""From the zigzag of $k=6$ folds a function with $m$ pieces is away by at least $\frac14\bigl(1-\frac{m-1}{32}\bigr)$ in the mean: of the broken lines with 1, 8 and 16 kinks, drawn one in each of as many equal parts, those nearest in the mean square, with pieces counted. With 64 pieces it can be equal to it: one layer of 64 units"""
    t = (np.arange(4096) + 0.5) / 4096
    s = np.abs(((64 * t + 1) % 2) - 1)
    for n in (1, 8, 16):
        kinks = (np.arange(n) + rng.uniform(0.2, 0.8, n)) / n
        basis = np.column_stack([np.ones_like(t), np.maximum(t[:, None] - kinks, 0)])
        c = np.linalg.lstsq(basis, s, rcond=None)[0]
        m = counted(pieces, (np.ones((n, 1)), c[None, 1:]), (-kinks, c[:1]), ZERO, ONE)[0]
        yield identical(m, n + 1)
        yield bound(np.abs(basis @ c - s).mean(), (1 - (m - 1) / 32) / 4, "≥")
    (inner, outer), (kinks, _) = zigzag(1, 64)
    wide = np.maximum(t[:, None] * inner[:, 0] + kinks, 0) @ outer[0]
    yield bound(np.abs(wide - s).max(), 4e-12, "≤", Text("rounding: 64 terms up to 128", "舍入：64 项，每项至多 128"))
    yield identical(counted(pieces, *zigzag(1, 64), ZERO, ONE)[0], 64)
    yield identical(counted(pieces, *zigzag(6), ZERO, ONE)[0], 64)


@DEPTH.claim
def patterns_are_not_pieces(pieces, rng):
    r"""A kink without effect is a pattern, no piece: a unit with outer weight 0, or two equal ones that cancel. Of several outputs a bend of any one counts, and kinks $5\cdot10^{-6}$ apart are two"""
    W = (np.ones((3, 1)), np.array([[1.0, 0.0, 0.0]]))
    b = (np.array([-0.2, -0.5, -0.7]), np.zeros(1))
    yield identical(counted(pieces, W, b, ZERO, ONE), [2, 4])
    W = (np.ones((3, 1)), np.array([[1.0, 1.0, -1.0]]))
    yield identical(counted(pieces, W, (np.array([-0.2, -0.5, -0.5]), np.zeros(1)), ZERO, ONE), [2, 3])
    W = (np.ones((2, 1)), np.eye(2))
    yield identical(counted(pieces, W, (np.array([-0.2, -0.5]), np.zeros(2)), ZERO, ONE), [3, 3])
    W = (np.array([[1.0], [1.0 + 1e-5]]), np.ones((1, 2)))
    yield identical(counted(pieces, W, (np.array([-0.5, -0.5]), np.zeros(1)), ZERO, ONE), [3, 3])


@DEPTH.claim
def what_does_not_count(pieces, rng):
    """Neither the direction of the segment, nor a unit's weights and bias times $c>0$ with its outer weights over $c$, nor the order of units, nor an invertible affine map behind, changes the number, which is more than 1 here; two segments that follow each other have as many as the whole, or one more where they meet within a piece"""
    Ws, bs = random_net(rng, (3, 7, 6, 2))
    start, end = -4 * np.ones(3), rng.uniform(1, 4, 3)
    want = counted(pieces, Ws, bs, start, end)
    yield invariance(counted(pieces, Ws, bs, end, start), want)
    yield bound(want[0], 2, "≥", Text("it bends", "它有转折"))
    behind = np.array([[1.0, 2.0], [-1.0, 0.5]])
    c, order = rng.uniform(0.5, 2, 7), rng.permutation(7)
    scaled = ((Ws[0] * c[:, None])[order], (Ws[1] / c)[:, order], Ws[2])
    yield invariance(counted(pieces, scaled, ((bs[0] * c)[order], *bs[1:]), start, end), want)
    yield invariance(counted(pieces, (*Ws[:2], behind @ Ws[2]), (*bs[:2], behind @ bs[2] - 1), start, end), want)
    middle = start + 0.37 * (end - start)
    parts = [counted(pieces, Ws, bs, *ends)[0] for ends in ((start, middle), (middle, end))]
    yield identical(sum(parts) - want[0], 1)
    halves = [counted(pieces, *zigzag(3), *ends)[0] for ends in ((ZERO, 0.5 * ONE), (0.5 * ONE, ONE))]
    yield identical(halves, [4, 4])


@DEPTH.mutant(
    caught_by="folds-multiply, few-pieces-stay-away, patterns-are-not-pieces, random-nets-have-as-many-pieces-as-units"
)
def most_for_the_count(Ws, bs, start, end):
    """the most that there could be, sold as what there is"""
    most = int(np.prod([len(b) + 1 for b in bs[:-1]]))
    return most, most


@DEPTH.mutant(
    caught_by="folds-multiply, a-zigzag-bears-little-noise, never-more-than-the-product, few-pieces-stay-away"
)
def one_for_each_unit(Ws, bs, start, end):
    """one piece for each unit, and one more"""
    units = sum(len(b) for b in bs[:-1])
    return units + 1, units + 1


@DEPTH.mutant(caught_by="folds-multiply, a-zigzag-bears-little-noise")
def patterns_at_samples(Ws, bs, start, end):
    """patterns are counted at 30 points"""
    a = start + np.linspace(0, 1, 30)[:, None] * (end - start)
    signs = np.zeros((30, 0))
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        z = a @ W.T + b
        signs, a = np.hstack([signs, z > 0]), np.maximum(z, 0)
    count = 1 + int((np.diff(signs, axis=0) != 0).any(1).sum())
    return count, count


@DEPTH.mutant(caught_by="patterns-are-not-pieces, equals-definition")
def patterns_for_pieces(Ws, bs, start, end):
    """activation patterns for pieces"""
    regions = pieces(Ws, bs, start, end)[1]
    return regions, regions


@DEPTH.mutant(caught_by="equals-definition")
def a_kink_behind(Ws, bs, start, end):
    """a ReLU behind the last layer, too"""
    n = len(bs[-1])
    return pieces((*Ws, np.eye(n)), (*bs, np.zeros(n)), start, end)


@DEPTH.mutant(caught_by="folds-multiply, random-nets-have-as-many-pieces-as-units, never-more-than-the-product")
def first_layer_alone(Ws, bs, start, end):
    """the kinks of the first layer alone"""
    return pieces((Ws[0], np.ones((1, len(bs[0])))), (bs[0], np.zeros(1)), start, end) if len(Ws) > 1 else (1, 1)


@DEPTH.mutant(
    caught_by="a-layer-makes-one-more-than-its-units, what-does-not-count, folds-multiply, few-pieces-stay-away"
)
def half_of_the_way(Ws, bs, start, end):
    """half of the segment"""
    return pieces(Ws, bs, start, (start + end) / 2)


@DEPTH.mutant(caught_by="what-does-not-count, folds-multiply, equals-definition")
def ends_counted(Ws, bs, start, end):
    """the ends of the segment counted as kinks"""
    found = pieces(Ws, bs, start, end)
    return found[0] + 1, found[1] + 1


DEPTH.erratum(
    "E75",
    common="The expressive power of deep networks grows exponentially with depth (course notes)",
    why=r"What can be reached does: $2^k$ pieces by $k$ layers of 2 units. What is met does not: of random networks of width 16 with $k=1$, 2, 4 and 8 hidden layers the mean number of pieces is about the number of units, where $16^k$ are possible; and noise of a tenth on the weights of eight folds destroys more than half of their pieces.",
    right="Say which measure: the greatest number of pieces grows exponentially, the typical one like the number of units, the VC dimension at most like $WL\\log W$ for $W$ weights in $L$ layers",
    claims="folds-multiply, random-nets-have-as-many-pieces-as-units, a-zigzag-bears-little-noise",
)
DEPTH.erratum(
    "E257",
    common="A layer of $n$ ReLUs parts its input into $2^n$ regions (a common slip)",
    why="Along a line there are at most $n+1$: 21 for 20 units, not a million.",
    right=r"At most $\sum_{i\le d}\binom ni$ in $d$ dimensions, which is $2^n$ only for $d\ge n$",
    claims="a-layer-makes-one-more-than-its-units",
)


@DEPTH.figure(folds=Slider(1, 7, 4, "folds k", integer=True), noise=Slider(0.0, 0.3, 0.0, "noise on the weights"))
def figure(folds, noise):
    k = int(folds)
    rng = np.random.default_rng(5)
    Ws, bs = zigzag(k)
    Ws = tuple(W * (1 + noise * rng.standard_normal(W.shape)) for W in Ws)
    bs = tuple(b * (1 + noise * rng.standard_normal(b.shape)) for b in bs)
    t = np.linspace(0, 1, 2**9 + 1)[:, None]
    a = t
    for W, b in zip(Ws[:-1], bs[:-1], strict=True):
        a = np.maximum(a @ W.T + b, 0)
    count = pieces(Ws, bs, ZERO, ONE)[0]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.plot(t[:, 0], (a @ Ws[-1].T + bs[-1])[:, 0], color=COLOURS[0], lw=1.6)
    left.set(xlabel="t", ylabel="network", xlim=(0, 1))
    depths = np.array([1, 2, 4, 8])
    met = [
        np.mean([pieces(*random_net(rng, (1, *[16] * L, 1)), -10 * ONE, 10 * ONE)[0] for _ in range(4)]) for L in depths
    ]
    layers = np.arange(1, 9)
    right.semilogy(layers, 2.0**layers, "--", color=COLOURS[0], lw=1.8, label="folds of two units")
    right.semilogy(layers, 16.0**layers, "--", color=COLOURS[2], lw=1.8, label="folds of sixteen units")
    right.semilogy(depths, met, "o-", color=COLOURS[1], lw=1.8, label="random, width 16")
    right.semilogy(depths, 16 * depths, ":", color="0.4", lw=1.5, label="units")
    right.set(xlabel="hidden layers", ylabel="pieces", ylim=(1, 1e6))
    right.legend(fontsize=9, frameon=False, loc="upper left")
    words = Text(
        f"{2 * k} units in {k} hidden layer{'s' * (k > 1)} make {count} pieces on [0, 1], with noise {noise:.2f} on the weights; without noise {2**k}. Folding of sixteen units multiplies by 16 a layer. Random networks of width 16 have {met[0]:.0f}, {met[1]:.0f}, "
        f"{met[2]:.0f} and {met[3]:.0f} pieces on average with 1, 2, 4 and 8 hidden layers: about as many as units (dotted).",
        f"{k} 个隐藏层共 {2 * k} 个单元，权重噪声为 {noise:.2f} 时，在 [0, 1] 上有 {count} 段；无噪声时有 {2**k} 段。十六个单元的折叠每层乘以 16。宽 16 的随机网络，1、2、4、8 个隐藏层时平均有 {met[0]:.0f}、{met[1]:.0f}、"
        f"{met[2]:.0f}、{met[3]:.0f} 段：与单元数（点线）相近。",
    )
    return Drawing(fig, words)
