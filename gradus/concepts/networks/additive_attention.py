"""Additive attention, the first attention of neural networks."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

ADDITIVE_ATTENTION = Concept(
    key="additive-attention",
    kind="layer",
    title="Additive attention (Bahdanau)",
    summary="How well a state fits an annotation is judged by a small network: both are projected, added, and passed through "
    "tanh. The softmax of these scores says how much of each annotation enters the context. Query and key may have any "
    "widths, and no score is larger than the weights of the units allow.",
    formulas=(
        r"e_{ij}=v^{\mathsf T}\tanh(Ws_i+Uh_j)=\sum_{l=1}^{a}v_l\tanh\Bigl(\sum_kW_{lk}s_{ik}+\sum_kU_{lk}h_{jk}\Bigr)",
        r"\alpha_{ij}=\frac{\exp e_{ij}}{\sum_{r=1}^{m}\exp e_{ir}},\qquad c_i=\sum_{j=1}^{m}\alpha_{ij}h_j",
        r"|e_{ij}|<\|v\|_1,\qquad\frac{\alpha_{ij}}{\alpha_{ir}}<e^{2\|v\|_1}\qquad(v\ne0)",
    ),
    symbols=(
        Symbol("s", "S", "... n p", "states that ask, one a row"),
        Symbol("h", "H", "... m q", "annotations, one a row: the keys, and the values too"),
        Symbol("W", "W", "a p", "weights of the states"),
        Symbol("U", "U", "a q", "weights of the annotations"),
        Symbol("v", "v", "a", "weights of the units"),
        Symbol(
            r"\text{pad}",
            "pad",
            "... m",
            "padding: true where an annotation takes no part; nowhere unless given",
            "boolean",
        ),
        Symbol("e", "", "... n m", "scores; those of padding count as −∞, and a state that sees nothing gets $c_i=0$"),
        Symbol(r"\alpha", "", "... n m", "weights, the alignment"),
        Symbol("c", "", "... n q", "contexts"),
        Symbol("a", "", "", "number of tanh units"),
        Symbol("n,\\ m", "", "", "numbers of states and of annotations"),
        Symbol("i,\\ j,\\ r,\\ l,\\ k", "", "", "indices of states, annotations, units and coordinates"),
    ),
    returns=(
        Result("context", "... n q", "weighted means of the annotations"),
        Result("weights", "... n m", "weights of the annotations for each state"),
    ),
    needs=("attention", "softmax", "tanh"),
    source="bahdanau2015neural",
    year=2014,
    people=("Dzmitry Bahdanau", "Kyunghyun Cho", "Yoshua Bengio"),
    aliases="Bahdanau attention, alignment model, concat attention, MLP attention, soft alignment, Bahdanau 注意力, 对齐模型, "
    "软对齐",
    implementations=(Implementation("gradus.networks.additive_attention:additive_attention", "torch"),),
    readings="bahdanau2015neural §3.1, A.1.2; luong2015effective §3.1; murphy2022probabilistic §15.4.3; "
    "vaswani2017attention §3.2.1",
    hypotheses=(
        Hypothesis("the state matters: the units bend (tanh)", "no-tanh"),
        Hypothesis("the bound of the scores: the units are bounded", "no-tanh"),
    ),
    conventions=(
        Convention(
            "which state asks",
            "the rows of S as they are given; in the paper the decoder's state *before* the step, $s_{i-1}$",
            "Luong: the state *after* the step, $s_i$, so that attention comes last in it",
        ),
        Convention(
            "biases",
            "none, as the paper writes it, which leaves all biases out for readability",
            "many write one inside tanh: as an entry of s that is always 1, it is a column of W; one behind $v$ cancels",
        ),
        Convention(
            "projections",
            "W and U inside",
            "`keras.layers.AdditiveAttention` has none: it takes $v^{\\mathsf T}\\tanh(q+k)$ of queries and keys of one width",
        ),
        Convention(
            "a state that sees padding alone",
            "context and weights 0",
            "a softmax of −∞ alone is NaN; with a large finite number for −∞ it is the mean of the padding",
        ),
    ),
)


@ADDITIVE_ATTENTION.definition
def additive_attention(S, H, W, U, v, pad=None):
    z = (S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]  # (..., n, m, a)
    e = np.tanh(z) @ v
    seen = np.ones(e.shape, bool) if pad is None else np.broadcast_to(~pad[..., None, :], e.shape)
    e = np.where(seen, e, -np.inf)
    alpha = np.exp(e - np.where(seen.any(-1, keepdims=True), e.max(-1, keepdims=True), 0))
    alpha = alpha / np.where(seen.any(-1, keepdims=True), alpha.sum(-1, keepdims=True), 1)
    return alpha @ H, alpha


@ADDITIVE_ATTENTION.example
def example():
    S, H = np.array([[1.0]]), np.array([[1.0, 2.0], [0.0, 0.0], [1.0, 0.0]])
    W, U, v = np.array([[1.0]]), np.array([[1.0, -1.0]]), np.array([2.0])
    z = (S @ W.T + H @ U.T)[:, 0]
    c, alpha = additive_attention(S, H, W, U, v)
    far = additive_attention(20 * S, H, W, U, v)[1][0]
    back = additive_attention(-S, H, W, U, v)[1][0]
    linear = np.exp(2 * z) / np.exp(2 * z).sum()
    return (
        dict(S=S, H=H, W=W, U=U, v=v, z=z, tanh=np.tanh(z), e=2 * np.tanh(z), alpha=alpha[0], c=c[0])
        | dict(far=far, back=back, linear=linear, Uh=(H @ U.T)[:, 0], ratio=np.exp(4.0))
        | dict(largest=alpha.max() / alpha.min())
    )


@ADDITIVE_ATTENTION.exercise
def largest_ratio():
    return number(np.exp(2 * 3.0), one_sided=np.exp(3.0), scores_alone=3.0, tolerance=0.01)


@ADDITIVE_ATTENTION.exercise
def without_tanh():
    rng = np.random.default_rng(0)
    S, H, W, U, v = (rng.standard_normal(s) for s in ((4, 3), (5, 2), (6, 3), (6, 2), (6,)))
    e = (S @ W.T @ v)[:, None] + H @ U.T @ v
    alpha = np.exp(e) / np.exp(e).sum(-1, keepdims=True)
    same = np.allclose(alpha, alpha[0])
    return choice(
        sharper=not same and alpha.max() > 0.99, every_state_the_same=same, as_before=not same and alpha.max() <= 0.99
    )


@ADDITIVE_ATTENTION.exercise
def multiplications_of_a_translation():
    n, m, p, q, a = 50, 50, 1000, 2000, 1000
    once = n * p * a + m * q * a + n * m * a + n * m * q
    return number(
        once, each_pair_anew=n * m * (p + q) * a + n * m * a + n * m * q, no_units=n * p * a + m * q * a + n * m * q
    )


@ADDITIVE_ATTENTION.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def layer(p, q, a):
        return dict(W=normal(a, p), U=normal(a, q), v=normal(a))

    yield "one state", dict(S=normal(1, 3), H=normal(5, 4), **layer(3, 4, 6))
    yield "a batch", dict(S=normal(2, 3, 4), H=normal(2, 5, 4), **layer(4, 4, 3))
    yield "states narrower than annotations", dict(S=normal(3, 2), H=normal(4, 6), **layer(2, 6, 5))
    yield "one unit", dict(S=normal(3, 2), H=normal(4, 2), **layer(2, 2, 1))
    yield "one annotation", dict(S=normal(3, 2), H=normal(1, 3), **layer(2, 3, 4))
    yield "saturated units", dict(S=30 * normal(3, 4), H=30 * normal(5, 4), **layer(4, 4, 6))
    yield "no weight on any unit", dict(S=normal(3, 4), H=normal(5, 4), **{**layer(4, 4, 6), "v": np.zeros(6)})
    pad = np.array([[False, False, True, True], [True, False, False, False]])
    yield "padding right and left", dict(S=normal(2, 3, 4), H=normal(2, 4, 3), **layer(4, 3, 5), pad=pad)
    blind = np.array([[True] * 4, [False] * 4])
    yield "a row of padding alone", dict(S=normal(2, 3, 4), H=normal(2, 4, 3), **layer(4, 3, 5), pad=blind)
    yield "square", dict(S=normal(4, 4), H=normal(4, 4), **layer(4, 4, 4))
    yield "many annotations", dict(S=normal(2, 2), H=normal(150, 2), **layer(2, 2, 3))
    yield "many states", dict(S=normal(150, 2), H=normal(3, 2), **layer(2, 2, 3))


@ADDITIVE_ATTENTION.invalid
def invalid(rng):
    given = dict(S=np.ones((3, 4)), H=np.ones((5, 2)), W=np.ones((6, 4)), U=np.ones((6, 2)), v=np.ones(6))
    yield "states of another width", {**given, "S": np.ones((3, 5))}
    yield "fewer rows of U than of W", {**given, "U": np.ones((5, 2))}
    yield "padding of another length", {**given, "pad": np.zeros(4, bool)}


def drawn(rng, n=4, m=6, p=3, q=2, a=5):
    """States, annotations and weights."""
    shapes = dict(S=(n, p), H=(m, q), W=(a, p), U=(a, q), v=(a,))
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@ADDITIVE_ATTENTION.claim
def weights_sum_to_one(attend, rng):
    """The weights of each state sum to 1 and are not negative"""
    alpha = attend(**drawn(rng))[1]
    return all_of(roundoff(alpha.sum(-1), np.ones(4), terms=6), bound(alpha.min(), 0.0, "≥"))


@ADDITIVE_ATTENTION.claim
def context_is_the_weighted_mean(attend, rng):
    """The context is the mean of the annotations themselves with these weights, and lies between them in every coordinate"""
    given = drawn(rng)
    c, alpha = attend(**given)
    H = given["H"]
    want = [[sum(alpha[i, j] * H[j, k] for j in range(6)) for k in range(2)] for i in range(4)]
    slack = 1e-12
    inside = bound(float(np.maximum(c - H.max(0), H.min(0) - c).max()), slack, "≤", Text("rounding", "舍入"))
    return all_of(roundoff(c, np.array(want), terms=6, scale=3.0), inside)


@ADDITIVE_ATTENTION.claim
def scores_are_sums_over_units(attend, rng):
    r"""The logarithm of the ratio of two weights is the difference of $v^{\mathsf T}\tanh(Ws_i+Uh_j)$, added up unit by unit"""
    given = drawn(rng)
    S, H, W, U, v = given.values()
    alpha = attend(**given)[1]
    units = [[sum(v[l] * np.tanh(W[l] @ s + U[l] @ h) for l in range(5)) for h in H] for s in S]
    e = np.array(units)
    return roundoff(np.log(alpha / alpha[:, :1]), e - e[:, :1], terms=12, scale=10.0)


@ADDITIVE_ATTENTION.claim
def the_state_matters(attend, rng):
    r"""The state matters, because tanh bends: with one unit, $W=U=v=1$, a state of 0 prefers the annotation 2 to 0 by
    $\tanh2$, a state of −2 by the same, and one of −1 by $2\tanh1$"""
    one = np.ones((1, 1))
    alpha = attend(np.array([[0.0], [-2.0], [-1.0]]), np.array([[0.0], [2.0]]), one, one, np.ones(1))[1]
    want = [np.tanh(2), np.tanh(2), 2 * np.tanh(1)]
    return roundoff(np.log(alpha[:, 1] / alpha[:, 0]), np.array(want), terms=4, scale=2.0)


@ADDITIVE_ATTENTION.claim
def the_scores_are_bounded(attend, rng):
    r"""No two weights differ by more than the factor $e^{2\|v\|_1}$, however large states and annotations are, and units that
    are saturated on both sides come up to it within rounding"""
    given = drawn(rng)
    limit = np.exp(2 * np.abs(given["v"]).sum())
    alpha = attend(**{**given, "S": 1e3 * given["S"], "H": 1e3 * given["H"]})[1]
    yield bound(float((alpha.max(-1) / alpha.min(-1)).max()), limit, "≤")
    one, H = np.ones((1, 1)), np.array([[30.0], [-30.0]])
    alpha = attend(np.zeros((1, 1)), H, one, one, np.array([1.5]))[1][0]
    yield roundoff(alpha[0] / alpha[1], np.exp(3.0), terms=4)


@ADDITIVE_ATTENTION.claim
def a_large_state_is_indifferent(attend, rng):
    r"""A state that is very large saturates all units that it reaches, and the weights become equal; a unit l with
    $(Ws_i)_l=0$ alone still tells the annotations apart"""
    given = drawn(rng)
    far = attend(**{**given, "S": 1e12 * given["S"]})[1]
    yield roundoff(far, np.full((4, 6), 1 / 6), terms=6)
    given["W"][2] = 0
    left = attend(**{**given, "S": 1e12 * given["S"]})[1]
    e = given["v"][2] * np.tanh(given["H"] @ given["U"][2])
    yield roundoff(np.log(left / left[:, :1]), np.tile(e - e[0], (4, 1)), terms=12, scale=10.0)


@ADDITIVE_ATTENTION.claim
def two_units_find_a_match(attend, rng):
    r"""Two units make a bump: $\tanh(h-s+1)-\tanh(h-s-1)$ is largest at $h=s$, so that each state finds the annotation equal
    to it; scores $s\,h$ give every positive state the largest annotation"""
    x = np.array([[-2.0], [-1.0], [0.5], [1.0], [2.0]])
    W, U, v = np.array([[-1.0, 1.0], [-1.0, -1.0]]), np.ones((2, 1)), np.array([4.0, -4.0])
    alpha = attend(np.concatenate([x, np.ones((5, 1))], 1), x, W, U, v)[1]  # a state holds a 1 for the bias
    return identical(alpha.argmax(-1), np.arange(5))


@ADDITIVE_ATTENTION.claim
def annotations_are_a_set(attend, rng):
    """The annotations are a set: permuted, they have the permuted weights and the same context"""
    given, p = drawn(rng), np.roll(np.arange(6), 2)
    c, alpha = attend(**given)
    c2, alpha2 = attend(**{**given, "H": given["H"][p]})
    return all_of(invariance(c2, c, terms=12, scale=3.0), invariance(alpha2, alpha[:, p], terms=12, scale=1.0))


@ADDITIVE_ATTENTION.claim
def padding_is_not_seen(attend, rng):
    """A row's result depends neither on its neighbours nor on its padding: whatever stands in the padding, on whichever
    side, it is what the row gives alone and without padding, and the padding has the weight 0"""
    w = {k: x for k, x in drawn(rng).items() if k in "WUv"}
    S, rows = rng.standard_normal((3, 4, 3)), [rng.standard_normal((n, 2)) for n in (2, 5, 3)]
    alone = [attend(s, h, **w) for s, h in zip(S, rows, strict=True)]
    for left in (False, True):
        for filling in (0.0, 1e6):
            H, pad = np.full((3, 5, 2), filling), np.ones((3, 5), bool)
            for i, h in enumerate(rows):
                place = slice(5 - len(h), 5) if left else slice(0, len(h))
                H[i, place], pad[i, place] = h, False
            c, alpha = attend(S, H, **w, pad=pad)
            yield invariance(c, np.stack([x for x, _ in alone]), terms=12, scale=3.0)
            shown = [alpha[i][:, ~pad[i]] for i in range(3)]
            yield invariance(np.concatenate(shown, 1), np.concatenate([x for _, x in alone], 1), terms=12, scale=1.0)
            yield identical(alpha[np.broadcast_to(pad[:, None], alpha.shape)], np.zeros(4 * 5))


@ADDITIVE_ATTENTION.claim(required=False)
def a_state_that_sees_nothing_gets_zero(attend, rng):
    """A state that sees padding alone gets the context 0, not NaN, and its neighbours what they get alone"""
    w = {k: x for k, x in drawn(rng).items() if k in "WUv"}
    S, H, pad = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 6, 2)), np.array([[True] * 6, [False] * 6])
    c, alpha = attend(S, H, **w, pad=pad)
    none = all_of(identical(c[0], np.zeros((4, 2))), identical(alpha[0], np.zeros((4, 6))))
    return all_of(none, roundoff(c[1], attend(S[1], H[1], **w)[0], terms=12, scale=3.0))


@ADDITIVE_ATTENTION.mutant(
    caught_by="the-state-matters, the-scores-are-bounded, a-large-state-is-indifferent, scores-are-sums-over-units, "
    "two-units-find-a-match"
)
def no_tanh(S, H, W, U, v, pad=None):
    """without tanh: the part of the state is the same for all annotations, and cancels"""
    return linear(S @ W.T @ v, H @ U.T @ v, H, pad)


def linear(of_state, of_annotation, H, pad):
    """Attention with scores that are sums of a number of the state and a number of the annotation."""
    zero, one = np.zeros_like(of_state)[..., None], np.ones((1, 1))
    e = of_state[..., :, None] + of_annotation[..., None, :]
    e = e if pad is None else np.where(pad[..., None, :], -np.inf, e)
    top = e.max(-1, keepdims=True)
    alpha = np.exp(e - np.where(np.isfinite(top), top, 0)) * one + zero
    alpha = alpha / np.maximum(alpha.sum(-1, keepdims=True), 1e-300)
    return alpha @ H, alpha


@ADDITIVE_ATTENTION.mutant(caught_by="scores-are-sums-over-units, the-scores-are-bounded, two-units-find-a-match")
def tanh_of_the_sum(S, H, W, U, v, pad=None):
    """tanh outside: of the weighted sum, not of each unit"""
    return additive_attention(S, H, (v @ W)[None], (v @ U)[None], np.ones(1), pad)


@ADDITIVE_ATTENTION.mutant(caught_by="scores-are-sums-over-units, the-scores-are-bounded, equals-definition")
def units_unweighted(S, H, W, U, v, pad=None):
    """the units are added up without v"""
    return additive_attention(S, H, W, U, np.ones_like(v), pad)


@ADDITIVE_ATTENTION.mutant(caught_by="weights-sum-to-one, equals-definition")
def softmax_over_states(S, H, W, U, v, pad=None):
    """the softmax runs over the states"""
    alpha = np.swapaxes(additive_attention(H, S, U, W, v)[1], -1, -2)
    alpha = alpha if pad is None else np.where(pad[..., None, :], 0, alpha)
    return alpha @ H, alpha


@ADDITIVE_ATTENTION.mutant(caught_by="context-is-the-weighted-mean, equals-definition")
def mean_of_projections(S, H, W, U, v, pad=None):
    """the context is the mean of the tanh of the projected annotations, cut to their width"""
    _, alpha = additive_attention(S, H, W, U, v, pad)
    q = H.shape[-1]
    return alpha @ np.resize(np.tanh(H @ U.T), (*H.shape[:-1], q)), alpha


@ADDITIVE_ATTENTION.mutant(caught_by="padding-is-not-seen, a-state-that-sees-nothing-gets-zero")
def masked_after_the_softmax(S, H, W, U, v, pad=None):
    """the mask comes after the softmax: the weights of the others do not grow"""
    _, alpha = additive_attention(S, H, W, U, v)
    if pad is not None:
        alpha = np.where(pad[..., None, :], 0, alpha)
        alpha = np.where(pad.all(-1)[..., None, None], 1 / H.shape[-2], alpha)
    return alpha @ H, alpha


@ADDITIVE_ATTENTION.mutant(caught_by="a-state-that-sees-nothing-gets-zero, equals-definition")
def finite_for_infinite(S, H, W, U, v, pad=None):
    """a score of −10000 in place of −∞: a state that sees padding alone averages it"""
    if pad is None:
        return additive_attention(S, H, W, U, v)
    e = np.tanh((S @ W.T)[..., :, None, :] + (H @ U.T)[..., None, :, :]) @ v
    alpha = np.exp(np.where(pad[..., None, :], -1e4, e) - np.where(pad[..., None, :], -1e4, e).max(-1, keepdims=True))
    alpha = alpha / alpha.sum(-1, keepdims=True)
    return alpha @ H, alpha


@ADDITIVE_ATTENTION.mutant(caught_by="annotations-are-a-set, equals-definition")
def annotations_know_their_place(S, H, W, U, v, pad=None):
    """the place of an annotation enters its score"""
    return additive_attention(S, H + np.arange(H.shape[-2])[:, None] / 8, W, U, v, pad)


@ADDITIVE_ATTENTION.figure(
    sharpness=Slider(0.25, 12, 4.0, "weight of the two units", log=True),
    width=Slider(0.2, 3.0, 1.0, "half the width of the bump"),
)
def figure(sharpness, width):
    keys, s = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])[:, None], np.linspace(-5, 5, 201)[:, None]
    W, U, v = np.array([[-1.0, width], [-1.0, -width]]), np.ones((2, 1)), np.array([sharpness, -sharpness])
    alpha = additive_attention(np.concatenate([s, np.ones_like(s)], 1), keys, W, U, v)[1]
    e = s * keys.T
    dot = np.exp(e - e.max(-1, keepdims=True))
    dot = dot / dot.sum(-1, keepdims=True)
    fig, axes = canvas(columns=2, width=7.2, height=3.2)
    for ax, A, title in zip(
        axes, (alpha, dot), ("additive: two units", "product of state and annotation"), strict=True
    ):
        for j, colour in enumerate(COLOURS[:5]):
            ax.plot(s[:, 0], A[:, j], color=colour, label=f"h = {keys[j, 0]:.0f}".replace("-", "−"))
        ax.set(xlabel="state s", title=title, ylim=(-0.02, 1.02))
    axes[0].set(ylabel="weight")
    axes[1].legend(frameon=False, fontsize=9)
    at_zero, far = float(alpha[100, 2]), float(alpha[200, 4])
    words = Text(
        f"Weights of five annotations as the state moves. Additive: at s = 0 the annotation 0 has {at_zero:.2f}, each state finds "
        f"the one like itself; outside, at s = 5, the nearest has {far:.2f}, and one fifth in the limit of large s. With products the "
        f"outermost annotation wins on either side, with {dot[200, 4]:.2f} at s = 5.",
        f"状态移动时五个注释的权重。加性：s = 0 时注释 0 的权重为 {at_zero:.2f}，每个状态都找到与自己相同的注释；在外面 s = 5 处，最近的注释为 {far:.2f}，s 趋于无穷时为五分之一。"
        f"用乘积打分时，两侧都由最外面的注释胜出，s = 5 时权重为 {dot[200, 4]:.2f}。",
    )
    return Drawing(fig, words)
