"""Graph attention."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _along_edges(layer, A, H, W, a, a_neighbour, slope):
    """The layer on a graph's edges in place of the whole matrix; graphs of a batch as one graph."""
    import torch

    from gradus.networks.graphs import Graph

    lead = torch.broadcast_shapes(A.shape[:-2], H.shape[:-2])
    if not lead:
        return layer(Graph.of_matrix(A), H, W, a, a_neighbour, slope)
    many = A.expand(*lead, *A.shape[-2:]).flatten(0, -3), H.expand(*lead, *H.shape[-2:]).flatten(0, -3)
    graphs = [Graph.of_matrix(one) for one in many[0]]
    if not graphs:
        return H.new_zeros(*lead, A.shape[-1], W.shape[0], W.shape[-1])
    together = layer(Graph.batch(graphs), many[1].flatten(0, 1), W, a, a_neighbour, slope)
    return together.unflatten(0, (*lead, A.shape[-1]))


GAT = Concept(
    key="gat",
    kind="layer",
    title="Graph attention",
    summary="Each node takes a weighted mean of its neighbours and itself, and the weights are learnt: a softmax of scores that depend "
    "on the features of both. Several heads weigh side by side. With the layer's plain score all nodes rank their neighbours "
    "in the same order.",
    formulas=(
        r"y_i=\sum_{j\in\mathcal N_i\cup\{i\}}\alpha_{ij}\,z_j,\qquad z_j=W^{\mathsf T}h_j,\qquad \alpha_{ij}=\frac{\exp e_{ij}}{\sum_{l\in\mathcal N_i\cup\{i\}}\exp e_{il}}",
        r"e_{ij}=\operatorname{LeakyReLU}\!\left(a^{\mathsf T}z_i+a'^{\mathsf T}z_j\right),\qquad \operatorname{LeakyReLU}(t)=\max(t,st)",
        r"j,l\in\mathcal N_i\cup\{i\},\quad a'^{\mathsf T}z_j\le a'^{\mathsf T}z_l\quad\Longrightarrow\quad \alpha_{ij}\le\alpha_{il}",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "adjacency matrix: node i sees j where $A_{ij}\\ne0$", "other"),
        Symbol("H", "H", "... n c", "features of the nodes, one node a row"),
        Symbol("W", "W", "k c d", "weights of each head"),
        Symbol("a", "a", "k d", "attention vector of each head, the half that meets the node itself"),
        Symbol("a'", "a_neighbour", "k d", "the half that meets the neighbour"),
        Symbol("s", "slope", "", "slope of LeakyReLU below 0, at most 1", "unit"),
        Symbol("y_i", "", "d", "features of node i after the layer, of one head"),
        Symbol(r"\mathcal N_i", "", "", "neighbours of node i"),
        Symbol("h_j,\\ z_j", "", "", "features of node j before, and mapped"),
        Symbol("e_{ij},\\ \\alpha_{ij}", "", "", "score and weight of j for i"),
        Symbol("t", "", "", "any number"),
        Symbol("n,\\ k", "", "", "numbers of nodes and of heads"),
        Symbol("c,\\ d", "", "", "features of a node before, and of each head after"),
        Symbol("i,\\ j,\\ l", "", "", "nodes"),
    ),
    needs=("attention", "gcn", "leaky-relu"),
    source="velickovic2018graph",
    year=2017,
    people=("Petar Veličković", "Guillem Cucurull", "Yoshua Bengio"),
    aliases="GAT, graph attention network, GATConv, masked self-attention on graphs, static attention, GATv2, "
    "graph neural network with attention, "
    "图注意力, 图注意力网络, 静态注意力, 带注意力的图神经网络",
    implementations=(
        Implementation("gradus.networks.graph_attention:gat_layer", "torch"),
        Implementation(
            "gradus.networks.graph_attention:gat_layer",
            "torch",
            _along_edges,
            "on a `Graph` of edges, in memory that grows with their number",
        ),
    ),
    readings="velickovic2018graph §2.1; brody2022attentive §3",
    hypotheses=(
        Hypothesis("the same order for all: the slope s is not negative, so that LeakyReLU rises", "one-order-for-all"),
        Hypothesis("the same order for all: scores of this form", "dynamic-scores-rank-differently"),
    ),
    conventions=(
        Convention(
            "the node itself",
            "is always among those that it sees, as in the paper's first-order neighbourhoods that include i",
            "PyTorch Geometric adds self edges unless told not to; DGL never, and by default refuses a node that sees nobody",
        ),
        Convention(
            "weights of the edges",
            "do not count: an edge is there or not",
            "PyTorch Geometric adds a learnt map of edge features to the score where `edge_dim` is set",
        ),
    ),
    unverified="On Cora's public split the mean test accuracy of 10 seeds is at least 82.0 % (83.0 ± 0.7 % in the paper): run the "
    "system where the data are there.",
)


@GAT.definition
def gat(A, H, W, a, a_neighbour, slope=0.2):
    seen = (A != 0) | np.eye(A.shape[-1], dtype=bool)
    Z = np.einsum("...nc,kcd->...knd", H, W)
    t = np.einsum("...knd,kd->...kn", Z, a)[..., :, None] + np.einsum("...knd,kd->...kn", Z, a_neighbour)[..., None, :]
    e = np.where(seen[..., None, :, :], np.where(t.real > 0, t, slope * t), -np.inf)
    alpha = np.exp(e - e.real.max(-1, keepdims=True))
    alpha = alpha / alpha.sum(-1, keepdims=True)
    return np.swapaxes(alpha @ Z, -3, -2)  # (..., n, k, d)


@GAT.example
def example():
    A = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    H, W = np.array([[1.0, 0.0], [0.0, 2.0], [-2.0, 1.0]]), np.array([[[1.0], [1.0]]])
    a, a_neighbour = np.array([[1.0]]), np.array([[2.0]])
    z = (H @ W[0])[:, 0]
    t = a[0, 0] * z[0] + a_neighbour[0, 0] * z
    e = np.where(t > 0, t, 0.2 * t)
    alpha = weights_of(gat, A, H, W, a, a_neighbour)[0, 0]
    y = gat(A, H, W, a, a_neighbour)
    bare = np.exp(t) / np.exp(t).sum()
    return (
        dict(A=A, H=H, W=W, a=a, a_neighbour=a_neighbour, z=z, own=a[0, 0], other=a_neighbour[0, 0], t=t)
        | dict(e=e, exp=np.exp(e), alpha=alpha, y0=y[0, 0, 0], y1=y[1, 0, 0])
        | dict(alpha1=weights_of(gat, A, H, W, a, a_neighbour)[0, 1], mean=z.mean(), bare=bare)
    )


@GAT.exercise
def one_neighbour():
    A, H = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0], [1.0]])
    one = np.ones((1, 1))
    alpha = weights_of(gat, A, H, one[None], one, np.log(3) * one)[0, 0, 1]
    return number(alpha, without_itself=1.0, no_logarithm=np.log(3) / (1 + np.log(3)), even=0.5)


@GAT.exercise
def who_is_first():
    rng = np.random.default_rng(1)
    A, H = np.ones((5, 5)), rng.standard_normal((5, 3))
    W, a, b = rng.standard_normal((1, 3, 4)), 5 * rng.standard_normal((1, 4)), rng.standard_normal((1, 4))
    first = weights_of(gat, A, H, W, a, b)[0].argmax(-1)
    return choice(all_the_same=len(set(first)) == 1, each_its_own=len(set(first)) == 5, some=1 < len(set(first)) < 5)


@GAT.exercise
def how_many_parameters():
    k, c, d = 8, 1433, 8
    return number(
        k * c * d + 2 * k * d, one_vector=k * c * d + k * d, shared_by_the_heads=c * d + 2 * k * d, tolerance=1e-9
    )


def weights_of(layer, A, H, W, a, a_neighbour, slope=0.2):
    """The weights α of each head (k, n, n): a layer whose nodes also carry the unit vectors, which nobody scores by."""
    n, (k, c, d) = A.shape[-1], W.shape
    wide = np.zeros((k, c + n, d + n))
    wide[:, :c, :d], wide[:, c:, d:] = W, np.eye(n)
    features = np.concatenate([H, np.eye(n)], -1)
    pad = np.zeros((k, n))
    y = layer(A, features, wide, np.concatenate([a, pad], -1), np.concatenate([a_neighbour, pad], -1), slope)
    return np.swapaxes(y[..., d:], -3, -2)


def ring(n):
    """Adjacency matrix of n nodes in a ring."""
    A = np.zeros((n, n))
    i = np.arange(n)
    A[i, (i + 1) % n] = A[(i + 1) % n, i] = 1
    return A


def heads(rng, k=2, c=3, d=4, size=1.0):
    return dict(
        W=rng.standard_normal((k, c, d)),
        a=size * rng.standard_normal((k, d)),
        a_neighbour=size * rng.standard_normal((k, d)),
    )


@GAT.cases
def cases(rng):
    def graph(n, p=0.4):
        A = np.triu((rng.random((n, n)) < p) * 1.0, 1)
        return A + A.T

    def features(A, c=3, *lead):
        return rng.standard_normal((*lead, A.shape[-1], c))

    for name, A in (
        ("random graph", graph(7)),
        ("ring", ring(5)),
        ("one node", np.zeros((1, 1))),
        ("no edges", np.zeros((4, 4))),
        ("isolated nodes", np.pad(ring(3), (0, 2))),
        ("self edges", ring(4) + np.eye(4)),
        ("complete", np.ones((6, 6))),
        ("weights of edges do not count", ring(5) * 3.5),
        ("directed", np.triu(graph(6, 0.7))),
    ):
        yield name, dict(A=A, H=features(A), **heads(rng))
    yield "one head, one feature", dict(A=ring(4), H=features(ring(4), 1), **heads(rng, 1, 1, 1))
    yield "another slope", dict(A=ring(5), H=features(ring(5)), **heads(rng), slope=0.5)
    yield "slope 0: ReLU", dict(A=ring(5), H=features(ring(5)), **heads(rng), slope=0.0)
    yield "large scores", dict(A=ring(5), H=features(ring(5)), **heads(rng, size=300.0))
    batch = np.stack([ring(4), np.pad(ring(3), (0, 1))])
    yield "a batch of graphs", dict(A=batch, H=features(batch, 3, 2), **heads(rng))
    yield "square", dict(A=ring(4), H=features(ring(4), 4), **heads(rng, 4, 4, 4))
    yield "many nodes", dict(A=ring(150), H=features(ring(150), 2), **heads(rng, 1, 2, 1))


@GAT.invalid
def invalid(rng):
    right = dict(A=ring(4), H=np.ones((4, 3)), W=np.ones((2, 3, 5)), a=np.ones((2, 5)), a_neighbour=np.ones((2, 5)))
    yield "features of another width", {**right, "H": np.ones((4, 6))}
    yield "another number of nodes", {**right, "H": np.ones((5, 3))}
    yield "attention vectors of another width", {**right, "a": np.ones((2, 4))}
    yield "another number of heads", {**right, "a_neighbour": np.ones((3, 5))}


@GAT.claim
def weights_are_a_mean_over_those_seen(gat, rng):
    """The weights of a node are not negative, sum to 1, and are 0 for those that it does not see: not small, but 0"""
    A = ring(8)
    alpha = weights_of(gat, A, rng.standard_normal((8, 3)), **heads(rng, size=3.0))
    unseen = np.broadcast_to((A == 0) & ~np.eye(8, dtype=bool), alpha.shape)
    yield identical(alpha[unseen], np.zeros(unseen.sum()))
    yield roundoff(alpha.sum(-1), np.ones((2, 8)), terms=8)
    yield bound(alpha.min(), 0.0, "≥")


@GAT.claim
def strangers_change_nothing(gat, rng):
    """Whatever changes at nodes that a node does not see, its result stays the same, bit for bit; its own features count"""
    A, w = ring(9), heads(rng)
    H = rng.standard_normal((9, 3))
    far, own = H.copy(), H.copy()
    far[2:8] = 50 * rng.standard_normal((6, 3))
    own[0] += 1.0
    yield identical(gat(A, far, **w)[0], gat(A, H, **w)[0])
    even = dict(W=w["W"], a=0 * w["a"], a_neighbour=0 * w["a"])  # of scores it would change the kink, unseen
    moved = np.abs(gat(A, own, **even)[0] - gat(A, H, **even)[0]).max()
    yield bound(moved, 1e-3, "≥", Text("a node sees itself", "节点看得到自己"))


@GAT.claim
def the_order_of_nodes_is_nothing(gat, rng):
    """Renumbering the nodes renumbers the result, and does nothing else"""
    A, H, w, p = ring(8), rng.standard_normal((8, 3)), heads(rng), rng.permutation(8)
    A[0, 4] = A[4, 0] = 1
    return invariance(gat(A[np.ix_(p, p)], H[p], **w), gat(A, H, **w)[p], terms=16, scale=8.0)


@GAT.claim
def scores_of_both(gat, rng):
    r"""The logarithm of two weights' ratio is the difference of the scores $\operatorname{LeakyReLU}(a^{\mathsf T}z_i+a'^{\mathsf T}z_j)$:
    the node's own half counts, for it decides on which side of the kink a sum lies"""
    A, H, w = np.ones((6, 6)), rng.standard_normal((6, 3)), heads(rng, 4)
    alpha = weights_of(gat, A, H, **w)
    z = H @ w["W"]
    t = z @ w["a"][:, :, None] + np.swapaxes(z @ w["a_neighbour"][:, :, None], -1, -2)  # (k, i, j)
    e = np.where(t > 0, t, 0.2 * t)
    got, want = np.log(alpha[..., 1:] / alpha[..., :1]), e[..., 1:] - e[..., :1]
    return roundoff(got, want, terms=16, scale=max(1.0, np.abs(e).max()))


@GAT.claim
def the_own_half_needs_the_kink(gat, rng):
    r"""Without the kink ($s=1$) the node's own half cancels: all nodes that see the same have the same weights, whatever a is"""
    A, H, w = np.ones((6, 6)), rng.standard_normal((6, 3)), heads(rng)
    alpha = weights_of(gat, A, H, **w, slope=1.0)
    other = weights_of(gat, A, H, **{**w, "a": 3 * rng.standard_normal((2, 4))}, slope=1.0)
    return all_of(
        invariance(alpha, np.broadcast_to(alpha[:, :1], alpha.shape), terms=32, scale=4.0),
        invariance(other, alpha, terms=32, scale=4.0),
    )


@GAT.claim
def one_order_for_all(gat, rng):
    r"""Static attention: all nodes rank the nodes that they see in the same order, that of $a'^{\mathsf T}z_j$; none can prefer what
    another puts last"""
    for _ in range(4):
        A, H, w = np.ones((7, 7)), rng.standard_normal((7, 3)), heads(rng, 3)
        alpha = weights_of(gat, A, H, **w)
        order = np.einsum("nc,kcd,kd->kn", H, w["W"], w["a_neighbour"]).argsort(-1)
        ranked = np.take_along_axis(alpha, np.broadcast_to(order[:, None], alpha.shape), -1)
        yield bound(
            np.diff(ranked, axis=-1).min(), -1e-15, "≥", Text("never falling, up to rounding", "不下降，舍入误差除外")
        )


@GAT.claim
def dynamic_scores_rank_differently(gat, rng):
    r"""A score with the kink inside, $a^{\mathsf T}\operatorname{LeakyReLU}(\cdot)$, lets each node prefer itself; with the page's score,
    where all see one another, the best one of one node is the best of all"""
    n = 4
    A, H = np.ones((n, n)), np.eye(n)
    # −|x| = −LeakyReLU(x)−LeakyReLU(−x) over 1−s: a sum over coordinates of −|h_i−h_j| is greatest at j = i
    t = (H[:, None] - H)[..., None] * np.array([1.0, -1.0])
    dynamic = -np.where(t > 0, t, 0.2 * t).sum((-1, -2))
    ours = weights_of(gat, A, H, **heads(rng, 1, n, 3, 0.2))[0].argmax(-1)
    yield identical(dynamic.argmax(-1), np.arange(n))
    yield identical(ours, np.full(n, ours[0]))


@GAT.claim
def without_scores_a_plain_mean(gat, rng):
    """Where both attention vectors are 0, each node takes the plain mean of its neighbours and itself"""
    A, H, W = ring(7), rng.standard_normal((7, 3)), rng.standard_normal((2, 3, 4))
    zero = np.zeros((2, 4))
    S = (A + np.eye(7)) / 3
    return roundoff(gat(A, H, W, zero, zero), np.einsum("mn,nc,kcd->mkd", S, H, W), terms=9, scale=8.0)


@GAT.claim
def other_graphs_change_nothing(gat, rng):
    """What is computed of a graph does not depend on other graphs of the batch, nor on padding, wherever it stands and
    whatever it holds"""
    A, H, w = ring(5), rng.standard_normal((5, 3)), heads(rng)
    alone = gat(A, H, **w)
    for before, after, other in ((0, 3, np.zeros((3, 3))), (4, 0, ring(4)), (150, 0, ring(150))):
        big = np.pad(A, ((before, after), (before, after)))
        place = slice(0, before) if before else slice(5, None)
        big[place, place] = other
        features = 100 * rng.standard_normal((len(big), 3))
        features[before : before + 5] = H
        yield invariance(gat(big, features, **w)[before : before + 5], alone, terms=16, scale=8.0)


@GAT.claim
def heads_do_not_meet(gat, rng):
    """Each head is a layer of its own: computed alone it gives the same"""
    A, H, w = ring(6), rng.standard_normal((6, 3)), heads(rng, 3)
    together = gat(A, H, **w)
    alone = np.concatenate([gat(A, H, *(v[i : i + 1] for v in w.values())) for i in range(3)], 1)
    return invariance(together, alone, terms=16, scale=8.0)


@GAT.claim
def attention_is_no_sum(gat, rng):
    """Graph attention is not the isomorphism network: it takes a mean, and a node with two neighbours equal to itself gets what
    it gets with three; a sum would tell them apart"""
    w = heads(rng)
    h = rng.standard_normal(3)

    def star(leaves):
        A = np.zeros((leaves + 1, leaves + 1))
        A[0, 1:] = A[1:, 0] = 1
        return gat(A, np.tile(h, (leaves + 1, 1)), **w)[0]

    return invariance(star(3), star(2), terms=8)


@GAT.mutant(caught_by="weights-are-a-mean-over-those-seen, strangers-change-nothing, other-graphs-change-nothing")
def everybody_is_seen(A, H, W, a, a_neighbour, slope=0.2):
    """attention over all nodes, neighbours or not"""
    return gat(np.ones_like(A), H, W, a, a_neighbour, slope)


@GAT.mutant(caught_by="weights-are-a-mean-over-those-seen, strangers-change-nothing")
def finite_mask(A, H, W, a, a_neighbour, slope=0.2):
    """the mask is −5 in place of −∞"""
    return masked_with(A, H, W, a, a_neighbour, slope, lambda e, seen: np.where(seen, e, -5.0))


@GAT.mutant(caught_by="weights-are-a-mean-over-those-seen")
def mask_after_the_softmax(A, H, W, a, a_neighbour, slope=0.2):
    """the mask is put on after the softmax"""
    seen = (A != 0) | np.eye(A.shape[-1], dtype=bool)
    return masked_with(A, H, W, a, a_neighbour, slope, lambda e, _: e, seen)


@GAT.mutant(caught_by="without-scores-a-plain-mean, strangers-change-nothing")
def without_the_node_itself(A, H, W, a, a_neighbour, slope=0.2):
    """a node does not see itself, unless it sees nobody"""
    n = A.shape[-1]
    alone = (A * (1 - np.eye(n)) != 0).sum(-1) == 0
    seen = ((A != 0) & ~np.eye(n, dtype=bool)) | (np.eye(n, dtype=bool) & alone[..., None])
    return masked_with(A, H, W, a, a_neighbour, slope, lambda e, _: np.where(seen[..., None, :, :], e, -np.inf))


@GAT.mutant(caught_by="scores-of-both, the-own-half-needs-the-kink")
def halves_exchanged(A, H, W, a, a_neighbour, slope=0.2):
    """the two halves of the attention vector are exchanged"""
    return gat(A, H, W, a_neighbour, a, slope)


@GAT.mutant(caught_by="scores-of-both")
def no_kink(A, H, W, a, a_neighbour, slope=0.2):
    """no LeakyReLU: the node's own half cancels in the softmax"""
    return gat(A, H, W, a, a_neighbour, 1.0)


@GAT.mutant(caught_by="one-order-for-all, dynamic-scores-rank-differently")
def prefers_itself(A, H, W, a, a_neighbour, slope=0.2):
    """every node scores itself higher"""
    own = 4 * np.eye(A.shape[-1])
    return masked_with(A, H, W, a, a_neighbour, slope, lambda e, seen: np.where(seen, e + own, -np.inf))


@GAT.mutant(caught_by="attention-is-no-sum, without-scores-a-plain-mean")
def sum_of_neighbours(A, H, W, a, a_neighbour, slope=0.2):
    """a sum in place of the mean: each weight times the number of those seen"""
    count = ((A != 0) | np.eye(A.shape[-1], dtype=bool)).sum(-1)
    return gat(A, H, W, a, a_neighbour, slope) * count[..., None, None]


@GAT.mutant(caught_by="heads-do-not-meet")
def heads_share_their_weights(A, H, W, a, a_neighbour, slope=0.2):
    """all heads attend by the mean of their attention vectors"""
    return gat(A, H, W, *(np.tile(v.mean(0), (len(v), 1)) for v in (a, a_neighbour)), slope)


@GAT.mutant(caught_by="the-order-of-nodes-is-nothing")
def numbers_of_nodes_count(A, H, W, a, a_neighbour, slope=0.2):
    """later nodes count more"""
    return gat(A, H * (1 + np.arange(A.shape[-1])[:, None] / 10), W, a, a_neighbour, slope)


def masked_with(A, H, W, a, a_neighbour, slope, mask, keep=None):
    """The layer with another mask of the scores, or with one on the weights."""
    seen = (A != 0) | np.eye(A.shape[-1], dtype=bool)
    Z = np.einsum("...nc,kcd->...knd", H, W)
    t = (Z * a[:, None]).sum(-1)[..., :, None] + (Z * a_neighbour[:, None]).sum(-1)[..., None, :]
    e = mask(np.where(t > 0, t, slope * t), seen[..., None, :, :])
    alpha = np.exp(e - e.max(-1, keepdims=True))
    alpha = alpha / alpha.sum(-1, keepdims=True)
    return np.swapaxes((alpha if keep is None else alpha * keep[..., None, :, :]) @ Z, -3, -2)


GAT.erratum(
    "E35",
    common="Graph attention network (GIN) (a common slip)",
    why="GIN is the graph isomorphism network, another one: it adds up the neighbours, equal weights for all, and learns no scores. "
    "A weighted mean keeps no numbers: a node gets the same from two neighbours equal to itself as from three.",
    right="Graph attention network (GAT); graph isomorphism network (GIN)",
    claims="attention-is-no-sum, without-scores-a-plain-mean",
)


@GAT.figure(
    angle=Slider(0, 360, 40, "direction of the neighbours' half a′ (degrees)"),
    strength=Slider(0.1, 20, 3.0, "length of both halves", log=True),
)
def figure(angle, strength):
    rng = np.random.default_rng(3)
    n = 6
    H = rng.standard_normal((n, 2))
    direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    w = dict(W=np.eye(2)[None], a=strength * np.array([[0.8, -0.6]]), a_neighbour=strength * direction[None])
    fig, axes = canvas(columns=2, width=6.8, height=3.3)
    whole, on_ring = (weights_of(gat, A, H, **w)[0] for A in (np.ones((n, n)), ring(n)))
    for ax, alpha, name in zip(
        axes, (whole, on_ring), ("everybody sees everybody", "neighbours on a ring"), strict=True
    ):
        shown = ax.imshow(alpha, vmin=0, vmax=1, cmap="Blues")
        ax.plot(alpha.argmax(-1), np.arange(n), "o", color=COLOURS[1], ms=5)
        ax.set(title=name, xlabel="node seen j", ylabel="node i", xticks=range(n), yticks=range(n))
    fig.colorbar(shown, ax=list(axes), shrink=0.8)
    firsts = len(set(whole.argmax(-1)))
    words = Text(
        f"Weights of {n} nodes; the dot marks the largest of a row. Where everybody sees everybody, they stand in {firsts} column: "
        f"whom one node weighs most, all do. On the ring each node chooses among the three that it sees; the largest weight is {on_ring.max():.2f}.",
        f"{n} 个节点的权重，圆点标出每行最大者。所有节点互相可见时，最大者都在同 {firsts} 列：一个节点最看重谁，所有节点就最看重谁。在环上，每个节点只在所见的三个中选择；最大权重为 {on_ring.max():.2f}。",
    )
    return Drawing(fig, words)
