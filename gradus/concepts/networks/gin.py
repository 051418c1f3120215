"""The graph isomorphism network's layer."""

from collections import Counter

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _along_edges(layer, A, H, W1, b1, W2, b2, epsilon):
    """The layer on a graph's edges in place of the whole matrix; graphs of a batch as one graph."""
    import torch

    from gradus.networks.graphs import Graph

    weights = W1, b1, W2, b2, epsilon
    lead = torch.broadcast_shapes(A.shape[:-2], H.shape[:-2])
    if not lead:
        return layer(Graph.of_matrix(A), H, *weights)
    many = A.expand(*lead, *A.shape[-2:]).flatten(0, -3), H.expand(*lead, *H.shape[-2:]).flatten(0, -3)
    graphs = [Graph.of_matrix(one) for one in many[0]]
    if not graphs:
        return H.new_zeros(*lead, A.shape[-1], W2.shape[-1])
    return layer(Graph.batch(graphs), many[1].flatten(0, 1), *weights).unflatten(0, (*lead, A.shape[-1]))


GIN = Concept(
    key="gin",
    kind="layer",
    title="Graph isomorphism network",
    summary="Each node adds up its neighbours, where many layers average, and a small network maps the sum. Sums keep how often a "
    "neighbour occurs: the layer can tell apart what the Weisfeiler–Lehman test tells apart, and nothing more.",
    formulas=(
        r"Y=\operatorname{ReLU}(MW_1+b_1)\,W_2+b_2,\qquad M=(1+\varepsilon)H+AH,\qquad m_i=(1+\varepsilon)h_i+\sum_{j\in\mathcal N_i}h_j",
        r"\kappa^{(0)}_i=h_i,\qquad \kappa^{(t+1)}_i=\left(\kappa^{(t)}_i,\left\{\!\left\{\kappa^{(t)}_j:\ j\in\mathcal N_i\right\}\!\right\}\right)",
        r"\kappa^{(t)}_i=\kappa^{(t)}_j\quad\Longrightarrow\quad y^{(t)}_i=y^{(t)}_j",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "adjacency matrix", "other"),
        Symbol("H", "H", "... n c", "features of the nodes, one node a row"),
        Symbol("W_1", "W1", "c h", "weights of the network's first layer"),
        Symbol("b_1", "b1", "h", "its bias"),
        Symbol("W_2", "W2", "h d", "weights of its second layer"),
        Symbol("b_2", "b2", "d", "its bias"),
        Symbol(r"\varepsilon", "epsilon", "", "by how much more the node itself counts than a neighbour"),
        Symbol("Y", "", "... n d", "features after the layer"),
        Symbol("M,\\ m_i", "", "... n c", "sums over the node itself and its neighbours; of node i"),
        Symbol(r"\mathcal N_i", "", "", "neighbours of node i"),
        Symbol("h_i,\\ y^{(t)}_i", "", "", "features of node i at first, and after t layers"),
        Symbol(r"\kappa^{(t)}_i", "", "", "colour of node i after t rounds of the Weisfeiler–Lehman test"),
        Symbol(r"\{\!\{\cdot\}\!\}", "", "", "multiset: how often each element occurs counts, the order does not"),
        Symbol("n", "", "", "number of nodes"),
        Symbol("c,\\ h,\\ d", "", "", "features of a node before, within and after"),
        Symbol("t", "", "", "number of layers and of rounds"),
        Symbol("i,\\ j", "", "", "nodes"),
    ),
    needs=("mlp", "gcn"),
    source="xu2019powerful",
    year=2018,
    people=("Keyulu Xu", "Weihua Hu", "Jure Leskovec", "Stefanie Jegelka"),
    aliases="GIN, GINConv, Weisfeiler-Lehman test, WL test, 1-WL, colour refinement, color refinement, sum aggregation, "
    "graph classification, power of a graph neural network, "
    "图同构网络, WL 检验, 颜色细化, 求和聚合, 图分类, 图神经网络的表达能力",
    implementations=(
        Implementation("gradus.networks.graph_isomorphism:gin_layer", "torch"),
        Implementation(
            "gradus.networks.graph_isomorphism:gin_layer",
            "torch",
            _along_edges,
            "on a `Graph` of edges, in memory that grows with their number",
        ),
    ),
    readings="xu2019powerful §3, §4, §5",
    hypotheses=(
        Hypothesis(
            "equal colours give equal features: nodes are not numbered by their features", "numbers-break-the-tie"
        ),
        Hypothesis("multisets are kept: a sum of the neighbours", "mean-aggregation, largest-neighbour"),
        Hypothesis(
            "no weaker than the test: features are one-hot at first, or mapped before the first sum", "sums-count"
        ),
        Hypothesis("no stronger than the test: all edges weigh the same", "weights-of-edges-are-beyond-the-test"),
    ),
    conventions=(
        Convention(
            "ε",
            "a number, 0 unless given; `GINLayer` learns it from 0 on unless told not to",
            "PyTorch Geometric learns it only where `train_eps` is set; in the paper's GIN-0 it is always 0",
        ),
        Convention(
            "the small network",
            "two layers, ReLU between them, without normalisation",
            "the paper's experiments put batch normalisation into it",
        ),
    ),
)


@GIN.definition
def gin(A, H, W1, b1, W2, b2, epsilon=0.0):
    M = (1 + epsilon) * H + A @ H
    return np.maximum(M @ W1 + b1, 0) @ W2 + b2


@GIN.example
def example():
    A = np.array([[0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    H = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    W1, b1 = np.array([[1.0, 1.0], [-1.0, 1.0]]), np.array([0.0, -2.0])
    W2, b2 = np.array([[1.0], [2.0]]), np.array([0.5])
    M = H + A @ H
    z = M @ W1 + b1
    degree = A.sum(1, keepdims=True)
    return (
        dict(A=A, H=H, W1=W1, b1=b1, W2=W2, b2=b2, M=M, m=M[0], z=z[0], relu=np.maximum(z[0], 0))
        | dict(y=gin(A, H, W1, b1, W2, b2)[:, 0], mean=(A @ H / degree)[0], once=(A @ H)[0])
        | dict(twice=2 * (A @ H)[0], largest=H[1:].max(0), half=gin(A, H, W1, b1, W2, b2, epsilon=0.5)[0, 0])
    )


@GIN.exercise
def sum_of_five():
    A = np.zeros((6, 6))
    A[0, 1:] = A[1:, 0] = 1
    one, zero = np.ones((1, 1)), np.zeros(1)
    H = np.array([[2.0], [1.0], [1.0], [1.0], [3.0], [3.0]])
    return number(
        gin(A, H, one, zero, one, zero, 0.5)[0, 0], without_itself=9, epsilon_alone=9 + 0.5 * 2, mean=9 / 5 + 3
    )


@GIN.exercise
def hexagon_and_triangles():
    rng = np.random.default_rng(0)
    w = weights(rng, 1)
    hexagon, triangles = (np.sort(deep(gin, A, np.ones((6, 1)), w), 0) for A in (ring(6), np.kron(np.eye(2), ring(3))))
    return choice(
        never=np.allclose(hexagon, triangles),
        deep_enough=not np.allclose(hexagon, triangles),
        always=len(hexagon) != len(triangles),
    )


@GIN.exercise
def which_sees_the_difference():
    first, second = np.array([1.0, 1.0, 3.0]), np.array([1.0, 3.0, 3.0])
    differs = [not np.isclose(f(first), f(second)) for f in (np.sum, np.mean, np.max)]
    return choice(
        sum_alone=differs == [True, False, False], sum_and_mean=differs == [True, True, False], all_three=all(differs)
    )


def ring(n):
    """Adjacency matrix of n nodes in a ring."""
    A = np.zeros((n, n))
    i = np.arange(n)
    A[i, (i + 1) % n] = A[(i + 1) % n, i] = 1
    return A


def star(leaves):
    """Adjacency matrix of node 0, joined to so many others."""
    A = np.zeros((leaves + 1, leaves + 1))
    A[0, 1:] = A[1:, 0] = 1
    return A


def weights(rng, c=3, h=6, d=4):
    return dict(
        W1=rng.standard_normal((c, h)),
        b1=rng.standard_normal(h),
        W2=rng.standard_normal((h, d)),
        b2=rng.standard_normal(d),
    )


def deep(layer, A, H, first, layers=3, seed=0):
    """Features after several layers with random weights; sizes are kept near 1."""
    rng = np.random.default_rng(seed)
    H = layer(A, H, **first, epsilon=0.3) / 4
    for _ in range(layers - 1):
        w = weights(rng, H.shape[-1], 8, H.shape[-1])
        H = layer(A, H, **w, epsilon=0.3) / 8
    return H


def colours(A, rounds):
    """Colours of the Weisfeiler–Lehman test after so many rounds, all alike at first, as nested tuples."""
    colour = [()] * len(A)
    for _ in range(rounds):
        colour = [(colour[i], tuple(sorted(colour[j] for j in np.flatnonzero(A[i])))) for i in range(len(A))]
    return colour


def all_graphs(n):
    """Every graph of n numbered nodes (2^{n(n−1)/2}, n, n)."""
    i, j = np.triu_indices(n, 1)
    bits = (np.arange(2 ** len(i))[:, None] >> np.arange(len(i))) & 1
    A = np.zeros((len(bits), n, n))
    A[:, i, j] = A[:, j, i] = bits
    return A


@GIN.cases
def cases(rng):
    def layer(A, c=3, *lead):
        return dict(A=A, H=rng.standard_normal((*lead, A.shape[-1], c)), **weights(rng, c))

    yield "ring", layer(ring(5))
    yield "star", layer(star(4), 1)
    yield "one node", layer(np.zeros((1, 1)))
    yield "no edges", layer(np.zeros((4, 4)))
    yield "isolated nodes", layer(np.pad(ring(3), (0, 2)))
    yield "weighted edges", layer(ring(5) * 0.5)
    yield "self edges", layer(ring(4) + np.eye(4))
    yield "directed", layer(np.triu(np.ones((5, 5)), 1))
    yield "own epsilon", dict(**layer(ring(6)), epsilon=0.7)
    yield "epsilon −1: the node itself does not count", dict(**layer(ring(6)), epsilon=-1.0)
    yield "a batch of graphs", layer(np.stack([ring(4), np.pad(ring(3), (0, 1))]), 3, 2)
    yield "square", dict(A=ring(4), H=rng.standard_normal((4, 4)), **weights(rng, 4, 4, 4))
    yield "many nodes", layer(ring(150), 2)
    yield "complete", layer(np.ones((6, 6)) - np.eye(6))


@GIN.invalid
def invalid(rng):
    right = dict(A=ring(4), H=np.ones((4, 3)), **weights(rng))
    yield "features of another width", {**right, "H": np.ones((4, 5))}
    yield "another number of nodes", {**right, "H": np.ones((5, 3))}
    yield "layers that do not fit", {**right, "W2": np.ones((5, 4))}


@GIN.claim
def separates_what_the_test_separates(gin, rng):
    r"""As strong as the test: on all 64 graphs of four numbered nodes, all features 1 at first, three layers with
    random weights and $\varepsilon=0.3$ tell exactly those pairs apart that three rounds of the Weisfeiler–Lehman test
    tell apart"""
    A = all_graphs(4)
    first, seed = weights(rng, 1, 16, 6), rng.integers(2**32)
    H = np.sort(deep(gin, A, np.ones((len(A), 4, 1)), first, seed=seed).sum(-1), -1)
    by_features = [tuple(np.round(h, 7)) for h in H]
    palette = {}
    by_colours = [palette.setdefault(tuple(sorted(colours(a, 3))), len(palette)) for a in A]
    pairs = set(zip(by_colours, by_features, strict=True))
    yield identical(len(pairs), len(palette))  # equal colours: equal features
    yield identical(len(set(by_features)), len(palette))  # and other colours: other features


@GIN.claim
def no_more_than_the_test(gin, rng):
    """No stronger: a ring of six nodes and two rings of three, all features 1 at first, have the same colours, and the
    same features after any number of layers, whatever the weights; nor are two hexagons that share an edge told apart
    from two pentagons that an edge joins, ten nodes each"""
    decalin, joined = ring(10), np.kron(np.eye(2), ring(5))
    decalin[0, 5] = decalin[5, 0] = 1
    joined[0, 5] = joined[5, 0] = 1
    for first, second in ((ring(6), np.kron(np.eye(2), ring(3))), (decalin, joined)):
        same = Counter(colours(first, 4)) == Counter(colours(second, 4))
        yield identical(same, True)
        w, seed = weights(rng, 1), rng.integers(2**32)
        outputs = [deep(gin, A, np.ones((len(A), 1)), w, 4, seed) for A in (first, second)]
        both = [H[np.lexsort(np.round(H, 9).T)] for H in outputs]
        yield invariance(*both, terms=64, scale=max(1.0, np.abs(both[1]).max()))


@GIN.claim
def numbers_break_the_tie(gin, rng):
    """Features that number the nodes break the tie: a ring of six and two rings of three then differ, but so does a graph from
    itself in another order"""
    H, w, p = np.arange(6.0)[:, None] - 2.5, weights(rng, 1, 16), np.array([2, 0, 3, 1, 5, 4])
    hexagon = deep(gin, ring(6), H, w).sum()
    reordered = deep(gin, ring(6)[np.ix_(p, p)], H, w).sum()
    triangles = deep(gin, np.kron(np.eye(2), ring(3)), H, w).sum()
    yield bound(abs(hexagon - triangles), 1e-6, "≥", Text("far above rounding", "远大于舍入误差"))
    yield bound(abs(hexagon - reordered), 1e-6, "≥", Text("far above rounding", "远大于舍入误差"))


@GIN.claim
def sums_count(gin, rng):
    """Of one-hot features a sum keeps how often each occurs, where means and maxima confuse some; bare numbers may add up alike: 1 and 3
    as 2 and 2"""
    one, zero = np.ones((1, 1)), np.zeros(1)
    for features in ([1.0, 3.0], [2.0, 2.0], [1.0, 1.0, 3.0, 3.0], [1.0, 1.0, 3.0], [1.0, 3.0, 3.0]):
        H = np.array([2.0, *features])[:, None]
        yield identical(gin(star(len(features)), H, one, zero, one, zero)[0, 0], 2.0 + sum(features))
    same, none = np.eye(3), np.zeros(3)
    for kinds in ([0, 1], [2, 2], [0, 0, 1, 1], [0, 0, 1], [0, 1, 1]):
        counts = np.bincount([2, *kinds], minlength=3).astype(float)
        yield identical(gin(star(len(kinds)), same[[2, *kinds]], same, none, same, none)[0], counts)


@GIN.claim
def weights_of_edges_are_beyond_the_test(gin, rng):
    r"""The sum is weighted by the edges, which the test does not see: two joined nodes of feature 1 look alike to it
    whatever their edge weighs, and with $\varepsilon=0$ their sum m is 1 and the weight"""
    one, zero = np.ones((1, 1)), np.zeros(1)
    for weight in (1.0, 2.0, 0.5):
        A = weight * star(1)
        yield identical(colours(A, 3) == colours(star(1), 3), True)
        yield identical(gin(A, np.ones((2, 1)), one, zero, one, zero), np.full((2, 1), 1 + weight))


@GIN.claim
def epsilon_tells_the_node_from_its_neighbours(gin, rng):
    r"""With $\varepsilon=0$ a node 1 with the neighbour 3 and a node 3 with the neighbour 1 have the same sum; any other
    $\varepsilon$ makes them differ by $2\varepsilon$"""
    A, one, zero = star(1), np.ones((1, 1)), np.zeros(1)
    H = np.array([[1.0], [3.0]])
    for epsilon in (0.0, 0.25, 2.0):
        y = gin(A, H, one, zero, one, zero, epsilon)[:, 0]
        yield roundoff(y, [4 + epsilon, 4 + 3 * epsilon], terms=3)


@GIN.claim
def the_order_of_nodes_is_nothing(gin, rng):
    """Renumbering the nodes renumbers the result, and does nothing else"""
    A, H, w, p = ring(8), rng.standard_normal((8, 3)), weights(rng), rng.permutation(8)
    A[0, 4] = A[4, 0] = 1
    return invariance(gin(A[np.ix_(p, p)], H[p], **w), gin(A, H, **w)[p], terms=24, scale=30.0)


@GIN.claim
def strangers_change_nothing(gin, rng):
    """Whatever changes at other nodes that are no neighbours, the result stays the same, bit for bit"""
    A, w, H = ring(9), weights(rng), rng.standard_normal((9, 3))
    far = H.copy()
    far[2:8] = 50 * rng.standard_normal((6, 3))
    return identical(gin(A, far, **w)[0], gin(A, H, **w)[0])


@GIN.claim
def other_graphs_change_nothing(gin, rng):
    """What is computed of a graph does not depend on other graphs of the batch, nor on padding, wherever it stands and
    whatever it holds"""
    A, H, w = ring(5), rng.standard_normal((5, 3)), weights(rng)
    alone = gin(A, H, **w)
    for before, after, other in ((0, 3, np.zeros((3, 3))), (4, 0, ring(4)), (150, 0, ring(150))):
        big = np.pad(A, ((before, after), (before, after)))
        place = slice(0, before) if before else slice(5, None)
        big[place, place] = other
        features = 100 * rng.standard_normal((len(big), 3))
        features[before : before + 5] = H
        yield invariance(gin(big, features, **w)[before : before + 5], alone, terms=24, scale=30.0)


@GIN.claim
def the_network_bends(gin, rng):
    """The small network bends: without ReLU the layer would be linear, and features of the other sign would change the sign of all but the
    bias"""
    A, one, zero = star(2), np.ones((1, 1)), np.zeros(1)
    H = np.array([[1.0], [-2.0], [4.0]])  # sums 3, −1 and 5
    up, down = gin(A, H, one, zero, one, zero), gin(A, -H, one, zero, one, zero)
    return identical(np.concatenate([up, down], 1), [[3.0, 0.0], [0.0, 1.0], [5.0, 0.0]])


@GIN.mutant(caught_by="sums-count, separates-what-the-test-separates")
def mean_aggregation(A, H, W1, b1, W2, b2, epsilon=0.0):
    """the mean of the neighbours in place of their sum"""
    return gin(A / np.maximum(A.sum(-1, keepdims=True), 1e-12), H, W1, b1, W2, b2, epsilon)


@GIN.mutant(caught_by="sums-count, separates-what-the-test-separates")
def largest_neighbour(A, H, W1, b1, W2, b2, epsilon=0.0):
    """of each feature the largest among the neighbours"""
    seen = np.where((A != 0)[..., None], H[..., None, :, :], -np.inf).max(-2)
    M = (1 + epsilon) * H + np.where(np.isfinite(seen), seen, 0.0)
    return np.maximum(M @ W1 + b1, 0) @ W2 + b2


@GIN.mutant(caught_by="epsilon-tells-the-node-from-its-neighbours")
def epsilon_ignored(A, H, W1, b1, W2, b2, epsilon=0.0):
    """ε is ignored"""
    return gin(A, H, W1, b1, W2, b2)


@GIN.mutant(caught_by="sums-count, epsilon-tells-the-node-from-its-neighbours")
def without_the_node_itself(A, H, W1, b1, W2, b2, epsilon=0.0):
    """the node itself counts ε times, not 1+ε times"""
    return gin(A, H, W1, b1, W2, b2, epsilon - 1)


@GIN.mutant(caught_by="weights-of-edges-are-beyond-the-test")
def edges_all_alike(A, H, W1, b1, W2, b2, epsilon=0.0):
    """an edge is there or not: its weight is ignored"""
    return gin((A != 0) * 1.0, H, W1, b1, W2, b2, epsilon)


@GIN.mutant(caught_by="the-network-bends")
def no_activation(A, H, W1, b1, W2, b2, epsilon=0.0):
    """no ReLU: the two layers are one"""
    return (((1 + epsilon) * H + A @ H) @ W1 + b1) @ W2 + b2


@GIN.mutant(caught_by="the-order-of-nodes-is-nothing, no-more-than-the-test")
def numbers_of_nodes_count(A, H, W1, b1, W2, b2, epsilon=0.0):
    """later nodes count more"""
    return gin(A, H * (1 + np.arange(A.shape[-1])[:, None] / 10), W1, b1, W2, b2, epsilon)


@GIN.mutant(caught_by="strangers-change-nothing, other-graphs-change-nothing")
def all_nodes_are_seen(A, H, W1, b1, W2, b2, epsilon=0.0):
    """a little of the sum of all nodes is added to each"""
    return gin(A, H + 0.01 * H.sum(-2, keepdims=True), W1, b1, W2, b2, epsilon)


@GIN.mutant(caught_by="no-more-than-the-test")
def triangles_are_counted(A, H, W1, b1, W2, b2, epsilon=0.0):
    """triangles through the node are counted, which the test cannot see"""
    triangles = np.einsum("...ij,...jk,...ki->...i", A, A, A)
    return gin(A, H + 0.1 * triangles[..., None], W1, b1, W2, b2, epsilon)


@GIN.mutant(caught_by="numbers-break-the-tie")
def sizes_forgotten(A, H, W1, b1, W2, b2, epsilon=0.0):
    """features are not looked at: all count as 1"""
    return gin(A, np.ones_like(H), W1, b1, W2, b2, epsilon)


@GIN.figure(
    twos=Slider(1, 6, 2, "neighbours with the feature 1", integer=True),
    threes=Slider(1, 6, 1, "neighbours with the feature 3", integer=True),
)
def figure(twos, threes):
    a, b = int(twos), int(threes)
    first, second = np.array([1.0] * a + [3.0] * b), np.array([1.0] * 2 * a + [3.0] * 2 * b)
    third = np.array([1.0] * b + [3.0] * a)
    one, zero = np.ones((1, 1)), np.zeros(1)
    sums = [gin(star(len(v)), np.array([0.0, *v])[:, None], one, zero, one, zero)[0, 0] for v in (first, second, third)]
    rows = {
        "sum": sums,
        "mean": [v.mean() for v in (first, second, third)],
        "largest": [v.max() for v in (first, second, third)],
    }
    fig, axes = canvas(columns=3, width=6.8, height=2.8)
    names = (f"{a}×1, {b}×3", f"{2 * a}×1, {2 * b}×3", f"{b}×1, {a}×3")
    for ax, (name, values), colour in zip(axes, rows.items(), (COLOURS[0], COLOURS[1], COLOURS[2]), strict=True):
        ax.bar(range(3), values, color=colour)
        ax.set(title=name, xticks=range(3))
        ax.set_xticklabels(names, fontsize=7, rotation=20)
    told = {k: len(set(np.round(v, 9))) for k, v in rows.items()}
    words = Text(
        f"Three nodes by their neighbours: {names[0]}; {names[1]}; {names[2]}. Of these three the sum tells {told['sum']} apart, the mean "
        f"{told['mean']}, the largest {told['largest']}.",
        f"按邻居区分的三个节点：{names[0]}；{names[1]}；{names[2]}。三者之中，求和能区分 {told['sum']} 种，平均能区分 {told['mean']} 种，取最大值能区分 {told['largest']} 种。",
    )
    return Drawing(fig, words)
