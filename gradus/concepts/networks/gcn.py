"""Graph convolution."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _along_edges(layer, A, H, W, b):
    """The layer on a graph's edges in place of the whole matrix; graphs of a batch one by one."""
    import torch

    from gradus.networks.graphs import Graph

    lead = torch.broadcast_shapes(A.shape[:-2], H.shape[:-2])
    if not lead:
        return layer(Graph.of_matrix(A), H, W, b)
    many = A.expand(*lead, *A.shape[-2:]).flatten(0, -3), H.expand(*lead, *H.shape[-2:]).flatten(0, -3)
    graphs = [Graph.of_matrix(one) for one in many[0]]
    if not graphs:
        return H.new_zeros(*lead, A.shape[-1], W.shape[-1])
    together = layer(Graph.batch(graphs), many[1].flatten(0, 1), W, b)
    return together.unflatten(0, (*lead, A.shape[-1]))


GCN = Concept(
    key="gcn",
    kind="layer",
    title="Graph convolution",
    summary="Each node takes a weighted sum of its own features and its neighbours', every pair weighted by the roots of both degrees, "
    "and one matrix, the same at every node, maps the sum. It is a filter on the graph's frequencies that lets the slow ones "
    "pass; many layers of it, without weights between them, leave of the nodes of a connected graph only the roots of their degrees.",
    formulas=(
        r"Y=\hat AHW+b,\qquad \hat A=\tilde D^{-\frac12}\tilde A\tilde D^{-\frac12},\qquad \tilde A=A+I,\qquad \tilde D_{ii}=\sum_{j=1}^{n}\tilde A_{ij}",
        r"y_i=W^{\mathsf T}\sum_{j=1}^{n}\frac{\tilde A_{ij}}{\sqrt{\tilde D_{ii}\tilde D_{jj}}}\,h_j+b",
        r"\hat A=\sum_{k=1}^{n}\lambda_k u_ku_k^{\mathsf T},\qquad 1=\lambda_1\ge\dots\ge\lambda_n\ge-1+\frac{2}{\max_i\tilde D_{ii}}",
        r"\left\|\hat A^Lx-u_1u_1^{\mathsf T}x\right\|\le\lambda^L\left\|x-u_1u_1^{\mathsf T}x\right\|,\qquad \lambda=\max(\lambda_2,-\lambda_n)<1,\qquad u_1\propto\tilde D^{\frac12}\mathbf 1",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "adjacency matrix: weight of the edge between i and j, 0 for none", "other"),
        Symbol("H", "H", "... n c", "features of the nodes, one node a row"),
        Symbol("W", "W", "c d", "weights, the same at every node"),
        Symbol("b", "b", "d", "bias"),
        Symbol("Y", "", "... n d", "features after the layer, before its activation"),
        Symbol(r"\tilde A", "", "... n n", "adjacency matrix with an edge from every node to itself"),
        Symbol(r"\tilde D", "", "... n n", "diagonal matrix of its degrees"),
        Symbol(r"\hat A", "", "... n n", "the averaging matrix"),
        Symbol("I", "", "n n", "identity matrix"),
        Symbol("n", "", "", "number of nodes"),
        Symbol("c,\\ d", "", "", "features of a node before and after the layer"),
        Symbol("h_j,\\ y_i", "", "", "features of node j before, of node i after"),
        Symbol(r"\lambda_k,\ u_k", "", "", r"eigenvalues of $\hat A$ from the largest, with orthonormal eigenvectors"),
        Symbol("x", "", "n", "one feature of all nodes"),
        Symbol("L", "", "", "number of layers without weights and activations"),
        Symbol(r"\lambda", "", "", "what is left of the differences after a layer, at most"),
        Symbol(r"\mathbf 1", "", "n", "vector of ones"),
    ),
    needs=("conv-layer", "eigen", "fully-connected"),
    source="kipf2017semi",
    year=2016,
    people=("Thomas Kipf", "Max Welling"),
    aliases="GCN, graph convolutional network, graph neural network, GNN, message passing, node classification, over-smoothing, "
    "renormalization trick, Cora, "
    "图卷积, 图卷积网络, 图神经网络, 消息传递, 节点分类, 过平滑",
    implementations=(
        Implementation("gradus.networks.graph_convolution:gcn_layer", "torch"),
        Implementation(
            "gradus.networks.graph_convolution:gcn_layer",
            "torch",
            _along_edges,
            "on a `Graph` of edges, in memory that grows with their number",
        ),
    ),
    readings="kipf2017semi §2; li2018deeper §3; oono2020graph §3",
    hypotheses=(
        Hypothesis("the third and fourth line: A is symmetric", "a-directed-graph-may-amplify"),
        Hypothesis("the limit: the graph is connected", "components-keep-their-own-limits"),
        Hypothesis("the limit: no weights between the layers", "weights-may-undo-the-smoothing"),
        Hypothesis("no entry of A is negative", "negative-weights-have-no-root"),
    ),
    conventions=(
        Convention(
            "a self edge that the graph already has",
            "is added to the one that the layer adds, as the formula says",
            "PyTorch Geometric adds none where there is one, and of several the last one counts",
        ),
        Convention(
            "the degree in a directed graph",
            "the sum of a row of Ã: of what a node receives, where A_ij is the edge from j to i; for both ends",
            "PyTorch Geometric does the same; DGL takes by default the out-degree of the source and the in-degree of the target, "
            "and adds no self edges",
        ),
    ),
    unverified="On Cora's public split the mean test accuracy of 10 seeds is at least 80.5 % (81.5 % in the paper): run the "
    "system where the data are there.",
)


@GCN.definition
def gcn(A, H, W, b):
    if (A < 0).any():
        raise ValueError("A: weights must not be negative")
    A_tilde = A + np.eye(A.shape[-1])
    d = A_tilde.sum(-1)
    A_hat = A_tilde / np.sqrt(d[..., :, None] * d[..., None, :])
    return A_hat @ H @ W + b


@GCN.example
def example():
    A = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    H, W, b = np.array([[6.0], [0.0], [-2.0]]), np.array([[3.0, -1.0]]), np.array([0.0, 1.0])
    d = (A + np.eye(3)).sum(1)
    S = matrix_of(gcn, A)
    bare = A / np.sqrt(np.outer(A.sum(1), A.sum(1)))
    x, eigenvalues = H[:, 0], np.linalg.eigvalsh(S)[::-1]
    limit = np.sqrt(d) * (np.sqrt(d) @ x) / d.sum()
    return (
        dict(A=A, H=H, W=W, b=b, d=d, S=S, x=x, s=S @ x, y=gcn(A, H, W, b), left=S[0, 0], right=S[0, 1])
        | dict(middle=S[1, 1], eigenvalues=eigenvalues, once=S @ x - limit, limit=limit)
        | dict(ten=np.linalg.matrix_power(S, 10) @ x, bare=bare @ x, twice=bare @ bare @ x)
        | dict(thrice=bare @ bare @ bare @ x)
    )


@GCN.exercise
def weight_of_an_edge():
    A = np.zeros((20, 20))
    A[0, [1, 2, 3]] = 1  # a node of three neighbours, the first of which has eight
    A[1, [0, *range(4, 11)]] = 1
    A = np.maximum(A, A.T)
    return number(matrix_of(gcn, A)[0, 1], no_self_edges=1 / np.sqrt(3 * 8), row_mean=1 / 4, product=1 / (4 * 9))


@GCN.exercise
def two_nodes_without_themselves():
    A, x = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1.0, 0.0])
    S = A / np.sqrt(np.outer(A.sum(1), A.sum(1)))
    after = np.linalg.matrix_power(S, 101) @ x
    return choice(
        swapped=np.allclose(after, [0, 1]), same=np.allclose(after, [1, 0]), equal=np.allclose(after, [0.5, 0.5])
    )


@GCN.exercise
def six_in_a_ring():
    A = ring(6)
    eigenvalues = np.linalg.eigvalsh(matrix_of(gcn, A))
    second = max(abs(eigenvalues[0]), abs(eigenvalues[-2]))
    return number(
        second**4, one_layer=second, of_the_laplacian=(1 - second) ** 4, without_self_edges=np.cos(np.pi / 3) ** 4
    )


def ring(n):
    """Adjacency matrix of n nodes in a ring."""
    A = np.zeros((n, n))
    i = np.arange(n)
    A[i, (i + 1) % n] = A[(i + 1) % n, i] = 1
    return A


def some_graph(rng, n=8, extra=5):
    """A connected graph with weights: a path through all nodes and a few more edges."""
    A = np.zeros((n, n))
    path = rng.permutation(n)
    A[path[1:], path[:-1]] = rng.uniform(0.5, 2, n - 1)
    i, j = rng.integers(0, n, (2, extra))
    A[i, j] = rng.uniform(0.5, 2, extra)
    A = np.maximum(A, A.T)
    np.fill_diagonal(A, 0)
    return A


def matrix_of(layer, A):
    """The averaging matrix itself: the layer on the unit vectors, with the identity for weights."""
    n = A.shape[-1]
    return layer(A, np.eye(n), np.eye(n), np.zeros(n))


@GCN.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def layer(A, c, d, *lead):
        return dict(A=A, H=normal(*lead, A.shape[-1], c), W=normal(c, d), b=normal(d))

    yield "weighted graph", layer(some_graph(rng), 4, 3)
    yield "wider after", layer(ring(5), 2, 6)
    yield "one node", layer(np.zeros((1, 1)), 3, 2)
    yield "no edges", layer(np.zeros((4, 4)), 3, 2)
    isolated = np.pad(ring(3), (0, 2))
    yield "isolated nodes", layer(isolated, 2, 2)
    yield "self edges", layer(some_graph(rng, 5) + np.diag([1.0, 0, 2, 0, 0.5]), 3, 2)
    yield "two parts", layer(np.kron(np.eye(2), ring(3)), 3, 2)
    yield "star", layer(np.array([[float((i == 0) != (j == 0)) for j in range(7)] for i in range(7)]), 1, 1)
    yield "directed", layer(np.triu(some_graph(rng, 6)), 3, 2)
    yield "a batch of graphs", layer(np.stack([ring(4), np.pad(ring(3), (0, 1))]), 3, 2, 2)
    yield "square", layer(ring(4), 4, 4)
    yield "many nodes", layer(ring(150), 2, 1)
    yield "complete", layer(np.ones((6, 6)) - np.eye(6), 3, 2)


@GCN.invalid
def invalid(rng):
    right = dict(A=ring(4), H=np.ones((4, 3)), W=np.ones((3, 2)), b=np.ones(2))
    yield "negative weight", {**right, "A": -ring(4)}
    yield "features of another width", {**right, "H": np.ones((4, 5))}
    yield "another number of nodes", {**right, "H": np.ones((5, 3))}
    yield "adjacency not square", {**right, "A": np.ones((4, 5))}


@GCN.claim
def the_order_of_nodes_is_nothing(gcn, rng):
    """Renumbering the nodes renumbers the result, and does nothing else"""
    A, H, W, b = some_graph(rng), rng.standard_normal((8, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    p = rng.permutation(8)
    return invariance(gcn(A[np.ix_(p, p)], H[p], W, b), gcn(A, H, W, b)[p], terms=24)


@GCN.claim
def weights_of_both_degrees(gcn, rng):
    r"""Edge and self edge have the weights $\tilde A_{ij}/\sqrt{\tilde D_{ii}\tilde D_{jj}}$, in a graph without
    directions the same both ways; a self edge that is there already is added to the new one"""
    A = some_graph(rng) + np.diag(rng.integers(0, 2, 8))
    S, d = matrix_of(gcn, A), 1 + A.sum(1)
    each = [(A[i, j] + (i == j)) / (d[i] * d[j]) ** 0.5 for i in range(8) for j in range(8)]
    return all_of(roundoff(S, np.reshape(each, (8, 8)), terms=8), invariance(S, S.T, terms=2))


@GCN.claim
def one_layer_reaches_one_edge(gcn, rng):
    """A node sees its neighbours and itself: whatever changes two edges away changes nothing, bit for bit; its own features
    do"""
    A, W, b = ring(9), rng.standard_normal((3, 2)), rng.standard_normal(2)
    H = rng.standard_normal((9, 3))
    far, own = H.copy(), H.copy()
    far[2:8] = 5 * rng.standard_normal((6, 3))
    own[0] += 1.0
    moved = gcn(A, own, W, b)[0] - gcn(A, H, W, b)[0]
    yield identical(gcn(A, far, W, b)[0], gcn(A, H, W, b)[0])
    yield roundoff(moved, W.sum(0) / 3, terms=9, scale=10.0)


@GCN.claim
def isolated_nodes_keep_their_own(gcn, rng):
    r"""A node without edges gets $W^{\mathsf T}h_i+b$: no division by a degree of 0"""
    A = np.zeros((5, 5))
    A[:2, :2] = [[0, 1], [1, 0]]
    H, W, b = rng.standard_normal((5, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    return roundoff(gcn(A, H, W, b)[2:], (H @ W + b)[2:], terms=4)


@GCN.claim
def other_graphs_change_nothing(gcn, rng):
    """What is computed of a graph does not depend on other graphs of the batch, nor on padding, wherever it stands and
    whatever it holds"""
    A, H, W, b = some_graph(rng, 5), rng.standard_normal((5, 3)), rng.standard_normal((3, 2)), rng.standard_normal(2)
    alone = gcn(A, H, W, b)
    for before, after, other in ((0, 3, np.zeros((3, 3))), (4, 0, ring(4)), (150, 0, ring(150))):
        big = np.pad(A, ((before, after), (before, after)))
        place = slice(0, before) if before else slice(5, None)
        big[place, place] = other
        features = np.full((len(big), 3), 1e3) * rng.standard_normal((len(big), 3))
        features[before : before + 5] = H
        yield invariance(gcn(big, features, W, b)[before : before + 5], alone, terms=24)


@GCN.claim
def filter_of_frequencies(gcn, rng):
    r"""Spectral form: with $\tilde L=I-\hat A$ and its eigenpairs $(\mu_k,u_k)$ the layer multiplies the part along $u_k$ by
    $1-\mu_k$"""
    A = some_graph(rng)
    d = 1 + A.sum(1)
    laplacian = (np.diag(d) - A - np.eye(8)) / np.sqrt(np.outer(d, d))
    frequencies, U = np.linalg.eigh(laplacian)
    x = rng.standard_normal((8, 1))
    filtered = U @ ((1 - frequencies)[:, None] * (U.T @ x))
    return roundoff(gcn(A, x, np.ones((1, 1)), np.zeros(1)), filtered, terms=64, scale=np.linalg.norm(x))


@GCN.claim
def nothing_grows_and_nothing_flips(gcn, rng):
    r"""The eigenvalues lie between $-1+2/\max_i\tilde D_{ii}$ and 1, so that no feature grows in norm and none alternates for
    ever, on bipartite graphs either: on a complete bipartite graph with equal sides the lower bound is attained"""
    for _ in range(4):
        A = some_graph(rng, 10, 8)
        eigenvalues = np.linalg.eigvalsh(matrix_of(gcn, A))
        yield bound(eigenvalues[0], -1 + 2 / (1 + A.sum(1)).max(), "≥")
        yield roundoff(eigenvalues[-1], 1.0, terms=32)
    side = 4
    A = np.kron(np.array([[0, 1], [1, 0]]), np.ones((side, side)))
    yield roundoff(np.linalg.eigvalsh(matrix_of(gcn, A))[0], -1 + 2 / (side + 1), terms=32, scale=1.0)


@GCN.claim
def two_nodes_meet(gcn, rng):
    """Two joined nodes with the features 1 and 0 have ½ and ½ after one layer, and stay there; without self edges they would
    change places for ever"""
    A, x = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0], [0.0]])
    once = gcn(A, x, np.eye(1), np.zeros(1))
    twice = gcn(A, once, np.eye(1), np.zeros(1))
    return all_of(roundoff(once, [[0.5], [0.5]]), roundoff(twice, [[0.5], [0.5]], terms=2))


@GCN.claim
def roots_of_degrees_stay(gcn, rng):
    r"""What the layer leaves as it is are the roots of the degrees: $\hat A\tilde D^{1/2}\mathbf 1=\tilde D^{1/2}\mathbf 1$. Equal
    features do not stay equal unless all degrees of a connected part are: the rows of $\hat A$ sum to 1 only then"""
    A = some_graph(rng)
    root = np.sqrt(1 + A.sum(1))[:, None]
    one, none = np.eye(1), np.zeros(1)
    yield roundoff(gcn(A, root, one, none), root, terms=8)
    parts = np.pad(ring(7), (0, 4))
    parts[7:, 7:] = 1 - np.eye(4)  # degrees 3 in one part, 4 in the other
    yield roundoff(gcn(parts, np.ones((11, 1)), one, none), np.ones((11, 1)), terms=8)
    star = np.pad(np.ones((1, 8)), ((0, 8), (1, 0)))
    star = np.maximum(star, star.T)  # the hub's row sums to 1/9 + 8/√18
    yield roundoff(gcn(star, np.ones((9, 1)), one, none)[0, 0], 1 / 9 + 8 / 18**0.5, terms=9)


def smoothed(gcn, A, x, layers, W=None):
    """One feature after each of so many layers."""
    path = [x]
    for _ in range(layers):
        path.append(gcn(A, path[-1][:, None], np.eye(1) if W is None else W, np.zeros(1))[:, 0])
    return np.array(path)


def limit_of(A, x):
    """The part of x along the roots of the degrees."""
    u = np.sqrt((1 + A.sum(1)) / (1 + A.sum(1)).sum())
    return u * (u @ x)


@GCN.claim
def over_smoothing(gcn, rng):
    r"""Over-smoothing: without weights between them $L$ layers leave at most $\lambda^L$ of what distinguishes the nodes of a
    connected graph; in the long run each layer leaves $\lambda$ of it, for almost every feature"""
    for A in (some_graph(rng, 10), ring(8)):
        x = rng.standard_normal(len(A))
        d = 1 + A.sum(1)
        eigenvalues = np.linalg.eigvalsh((A + np.eye(len(A))) / np.sqrt(np.outer(d, d)))
        lam = max(eigenvalues[-2], -eigenvalues[0])
        apart = np.linalg.norm(smoothed(gcn, A, x, 40) - limit_of(A, x), axis=1)
        yield bound((apart / (lam ** np.arange(41) * apart[0])).max(), 1.0, "≤")
        others = np.abs(np.delete(eigenvalues, -1))
        second = np.sort(others[others < lam * (1 - 1e-9)])[-1]
        why = Text("what the next eigenvalue still holds after 39 layers", "39 层后次一个特征值余下的部分")
        yield near(apart[40] / apart[39], lam, 1e3 * (second / lam) ** 39 + 1e-9, why, "rate")


@GCN.claim
def components_keep_their_own_limits(gcn, rng):
    """In a graph of several parts every part tends to a limit of its own, of which the other parts know nothing"""
    A, x = np.kron(np.eye(2), ring(4)), np.array([1.0, 2.0, 3.0, 2.0, -5.0, -4.0, -3.0, -4.0])
    after = smoothed(gcn, A, x, 60)[-1]
    return roundoff(after, np.repeat([2.0, -4.0], 4), terms=60)


@GCN.claim
def weights_may_undo_the_smoothing(gcn, rng):
    r"""Weights between the layers may undo the decay: with $W=s$ the part along the eigenvector of $\lambda$, the
    slowest of what distinguishes the nodes, grows by $s\lambda$ a layer where $s>1/\lambda$. What they share grows by
    $s$: beside it this part still falls by $\lambda$"""
    n, s = 6, 2.0  # on a ring λ = (1+2cos 60°)/3 = 2/3, and sλ = 4/3
    wave = np.cos(2 * np.pi * np.arange(n) / n)
    after = smoothed(gcn, ring(n), 1 + wave, 12, s * np.eye(1))
    return roundoff(after[-1], s**12 + (4 / 3) ** 12 * wave, terms=60)


@GCN.claim
def a_directed_graph_may_amplify(gcn, rng):
    r"""On a directed graph a feature may grow: a node that eight others read, and that reads none, sends its 1 on with $\frac1{\sqrt2}$
    to each, which makes a squared norm of 5 out of 1"""
    A = np.zeros((9, 9))
    A[1:, 0] = 1
    x = np.eye(9)[:, :1]
    return roundoff((gcn(A, x, np.eye(1), np.zeros(1)) ** 2).sum(), 5.0, terms=9)


@GCN.claim(required=False)  # what is refused is no law of the layer
def negative_weights_have_no_root(gcn, rng):
    """Negative weights have no meaning here: a degree of 0 or less has no root; they are refused"""
    from gradus.page.evidence import raises

    A = np.array([[0.0, -3.0], [-3.0, 0.0]])
    return raises(lambda: gcn(A, np.ones((2, 1)), np.eye(1), np.zeros(1)), ValueError)


@GCN.claim
def bias_comes_last(gcn, rng):
    """The bias is added after the sum over neighbours: where all features are 0, every node gets b exactly"""
    A, b = some_graph(rng), rng.standard_normal(3)
    return identical(gcn(A, np.zeros((8, 2)), rng.standard_normal((2, 3)), b), np.tile(b, (8, 1)))


@GCN.mutant(
    caught_by="two-nodes-meet, nothing-grows-and-nothing-flips, isolated-nodes-keep-their-own, one-layer-reaches-one-edge"
)
def no_self_edges(A, H, W, b):
    """no self edges: a node forgets itself"""
    d = np.maximum(A.sum(-1), 1e-12)
    return A / np.sqrt(d[..., :, None] * d[..., None, :]) @ H @ W + b


@GCN.mutant(
    caught_by="weights-of-both-degrees, roots-of-degrees-stay, filter-of-frequencies, a-directed-graph-may-amplify"
)
def row_mean(A, H, W, b):
    """each row divided by its own degree: a mean in place of the symmetric form"""
    S = A + np.eye(A.shape[-1])
    return S / S.sum(-1, keepdims=True) @ H @ W + b


@GCN.mutant(caught_by="nothing-grows-and-nothing-flips, two-nodes-meet, over-smoothing, weights-may-undo-the-smoothing")
def not_renormalised(A, H, W, b):
    """the identity is added after the normalisation: eigenvalues up to 2"""
    d = np.maximum(A.sum(-1), 1e-12)
    return (A / np.sqrt(d[..., :, None] * d[..., None, :]) + np.eye(A.shape[-1])) @ H @ W + b


@GCN.mutant(caught_by="weights-of-both-degrees")
def keeps_a_self_edge(A, H, W, b):
    """no self edge is added where there is one already"""
    own = np.diagonal(A, axis1=-2, axis2=-1)
    return gcn(A - (own > 0)[..., None] * np.eye(A.shape[-1]) * np.minimum(own, 1)[..., None], H, W, b)


@GCN.mutant(caught_by="one-layer-reaches-one-edge, weights-of-both-degrees")
def two_edges_at_once(A, H, W, b):
    """the average is taken twice"""
    n = A.shape[-1]
    return gcn(A, gcn(A, H, np.eye(H.shape[-1]), 0.0) if n else H, W, b)


@GCN.mutant(caught_by="the-order-of-nodes-is-nothing")
def numbers_of_nodes_count(A, H, W, b):
    """later nodes count more"""
    return gcn(A, H * (1 + np.arange(A.shape[-1])[:, None] / 10), W, b)


@GCN.mutant(caught_by="bias-comes-last")
def bias_goes_through_the_graph(A, H, W, b):
    """the bias is added before the sum over neighbours"""
    n = A.shape[-1]
    shift = gcn(A, np.ones((*A.shape[:-1], 1)), np.eye(1), 0.0) if n else 0.0
    return gcn(A, H, W, 0.0) + shift * b


@GCN.mutant(caught_by="other-graphs-change-nothing, weights-of-both-degrees")
def mean_degree(A, H, W, b):
    """every weight is divided by the mean degree of all nodes"""
    S = A + np.eye(A.shape[-1])
    return S / S.sum(-1).mean(-1)[..., None, None] @ H @ W + b


@GCN.mutant(caught_by="components-keep-their-own-limits, other-graphs-change-nothing")
def all_nodes_are_joined(A, H, W, b):
    """a little of the mean of all nodes is added to each"""
    return gcn(A, H, W, b) + 0.01 * (H.mean(-2, keepdims=True) @ W)


@GCN.mutant(caught_by="negative-weights-have-no-root")
def sizes_of_weights(A, H, W, b):
    """of a negative weight its size is taken"""
    return gcn(np.abs(A), H, W, b)


GCN.erratum(
    "E33",
    common=r"$H'=D^{-\frac12}AD^{-\frac12}HW$ (a common slip)",
    why="Without self edges a node forgets itself: of two joined nodes with the features 1 and 0 each gets the other's, and so at every layer. On "
    "a bipartite graph the eigenvalue is −1, and features alternate for ever; an isolated node divides by 0.",
    right=r"$H'=\tilde D^{-\frac12}(A+I)\tilde D^{-\frac12}HW$, with $\tilde D$ of $A+I$",
    claims="two-nodes-meet, nothing-grows-and-nothing-flips, isolated-nodes-keep-their-own",
)


@GCN.figure(
    layers=Slider(0, 30, 11, "number of layers L", integer=True),
    nodes=Slider(4, 24, 8, "number of nodes of the ring", integer=True),
)
def figure(layers, nodes):
    n, L = 2 * (int(nodes) // 2), int(layers)
    A = ring(n)
    x = np.where(np.arange(n) % 2, -0.4, 0.4) + np.cos(2 * np.pi * np.arange(n) / n) + 0.5
    paths = {}
    for name, layer in (("with self edges", gcn), ("without", no_self_edges)):
        paths[name] = smoothed(layer, A, x, 30)
    fig, axes = canvas(columns=2, width=6.8, height=3.0)
    axes[0].plot(x, "o", color="#AAAAAA", label="at first")
    axes[0].plot(paths["with self edges"][L], "o-", color=COLOURS[0], label="with self edges")
    axes[0].plot(paths["without"][L], "s--", color=COLOURS[1], label="without")
    axes[0].set(xlabel="node of the ring", ylabel="feature", title=f"L = {L}", ylim=(-1.2, 2.2))
    axes[0].legend(frameon=False, fontsize=8.5)
    spread = {name: np.maximum(path.std(1), 1e-17) for name, path in paths.items()}
    for (name, y), colour, line in zip(spread.items(), COLOURS[:2], ("-", "--"), strict=True):
        axes[1].semilogy(y, line, color=colour, label=name)
    axes[1].axvline(L, color="#7F7F7F", lw=0.8)
    axes[1].set(xlabel="layer", ylabel="spread over the nodes", ylim=(1e-4, 2))
    lam = (1 + 2 * np.cos(2 * np.pi / n)) / 3
    ours, bare = (float(spread[k][L]) for k in ("with self edges", "without"))
    words = Text(
        f"A ring of {n} nodes after {L} layers: with self edges the features differ by {ours:.2g} (standard deviation), and λ = {lam:.3f} of "
        f"the slowest difference is left by each layer. Without them it is {bare:.2g}: the part that alternates never fades.",
        f"{n} 个节点的环，经过 {L} 层：有自环时各节点特征的标准差为 {ours:.2g}，每层保留变化最慢的差异的 λ = {lam:.3f} 倍；没有自环时为 {bare:.2g}，交替变化的部分永不衰减。",
    )
    return Drawing(fig, words)
