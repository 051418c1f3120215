"""Scaled dot-product attention."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _torch(sdpa, Q, K, V, causal, scale):
    return sdpa(Q, K, V, is_causal=causal, scale=scale)


ATTENTION = Concept(
    key="attention",
    kind="layer",
    title="Scaled dot-product attention",
    summary="Each query takes the average of the values, weighted by how well the query matches their keys. Dividing "
    r"the scores by $\sqrt{d_k}$ gives those of independent, standardised entries the variance 1 at every width, so that "
    "the softmax does not saturate.",
    formulas=(
        r"\operatorname{Attention}(Q,K,V)=\operatorname{softmax}\!\left(\frac{QK^{\mathsf T}}{\sqrt{d_k}}\right)V",
        r"E_{ij}=s\,q_i^{\mathsf T}k_j,\qquad s=\frac{1}{\sqrt{d_k}},\qquad "
        r"\alpha_{ij}=\frac{\exp E_{ij}}{\sum_{l=1}^{m}\exp E_{il}},\qquad y_i=\sum_{j=1}^{m}\alpha_{ij}v_j",
        r"j\le i:\qquad E_{ij}=-\infty,\quad \alpha_{ij}=0\quad\forall j>i",
        r"\underbrace{n\,m\,d_k}_{QK^{\mathsf T}}+\underbrace{n\,m\,e}_{\alpha V}=O(n\,m\,(d_k+e))",
    ),
    symbols=(
        Symbol("Q", "Q", "... n d", "queries, one a row"),
        Symbol("K", "K", "... m d", "keys, one a row"),
        Symbol("V", "V", "... m e", "values, one a row"),
        Symbol(r"j\le i", "causal", "", "query i sees only keys j ≤ i", "boolean"),
        Symbol("s", "scale", "", r"factor of the scores; $1/\sqrt{d_k}$ unless given", "nonnegative"),
        Symbol("d_k", "", "", "width of queries and keys"),
        Symbol("E", "", "... n m", "scores"),
        Symbol(r"\alpha", "", "... n m", "attention weights"),
        Symbol("y", "", "... n e", "outputs"),
        Symbol("n,\\ m", "", "", "numbers of queries and of keys"),
        Symbol("e", "", "", "width of the values; the fourth line counts multiplications"),
        Symbol("i,\\ j,\\ l", "", "", "indices of queries and keys, from 1"),
    ),
    needs=("softmax", "matrix-product", "expectation"),
    source="vaswani2017attention",
    year=2017,
    people=("Ashish Vaswani", "Noam Shazeer", "Niki Parmar", "Jakob Uszkoreit"),
    aliases="self-attention, attention mechanism, dot-product attention, QKV, query key value, causal mask, masked attention, "
    "flash attention, "
    "注意力, 注意力机制, 自注意力, 点积注意力, 查询键值, 因果掩码",
    implementations=(
        Implementation("torch.nn.functional:scaled_dot_product_attention", "torch", _torch),
        Implementation("gradus.networks.attention:online_attention", "torch"),
    ),
    readings="vaswani2017attention §3.2.1; bahdanau2015neural §3.1; murphy2022probabilistic §15.4",
    hypotheses=(
        Hypothesis(
            "variance 1: the entries of queries and keys are independent, of mean 0 and variance 1",
            "variance-needs-its-hypotheses",
        ),
        Hypothesis("keys and values are a set: no mask", "keys-and-values-are-a-set"),
    ),
    conventions=(
        Convention(
            "where the causal mask lies when n ≠ m",
            "at the top left, as in PyTorch",
            "at the bottom right in FlashAttention from 2.1 on, and wherever keys of earlier tokens are cached",
        ),
    ),
    nonfinite="nan",
)


@ATTENTION.definition
def attention(Q, K, V, causal=False, scale=None):
    d_k = Q.shape[-1]
    s = 1 / np.sqrt(d_k) if scale is None else scale
    E = s * Q @ np.swapaxes(K, -1, -2)  # (..., n, m)
    if causal:
        E = np.where(np.tril(np.ones(E.shape[-2:], bool)), E, -np.inf)
    A = np.exp(E - E.max(-1, keepdims=True))
    A = A / A.sum(-1, keepdims=True)
    return A @ V  # (..., n, e)


@ATTENTION.example
def example():
    Q, K, V = np.array([[2.0]]), np.array([[1.0], [0.0], [-0.5]]), np.array([[4.0], [1.0], [-2.0]])
    q, k, v = Q[0, 0], K[:, 0], V[:, 0]
    alpha, alpha2 = attention(Q, K, np.eye(3))[0], attention(2 * Q, K, np.eye(3))[0]
    y = attention(Q, K, V)[0, 0]
    return dict(Q=Q, K=K, V=V, q=q, k=k, v=v, e=q * k, exp=np.exp(q * k), alpha=alpha, alpha2=alpha2, y=y) | dict(
        y2=attention(2 * Q, K, V)[0, 0], mean=v.mean(), dy=q * alpha[0] * (v[0] - y)
    )


@ATTENTION.exercise
def variance():
    scores = 16 * 4 * 1  # d_k Var(q_c) Var(k_c)
    return number(np.sqrt(scores), no_root=scores, width_only=np.sqrt(16))


@ATTENTION.exercise
def permute():
    rng = np.random.default_rng(0)
    Q, K, V = rng.standard_normal((2, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    p = np.array([2, 0, 3, 1])
    before, both, keys = attention(Q, K, V), attention(Q, K[p], V[p]), attention(Q, K[p], V)
    same, keys_same = np.allclose(both, before), np.allclose(keys, before)
    return choice(both_same=same and keys_same, changes=same and not keys_same, permuted=not same)


@ATTENTION.exercise
def first_row():
    with np.errstate(invalid="ignore"):
        e = np.full(3, -np.inf)
        alpha = np.exp(e - e.max()) / np.exp(e - e.max()).sum()
    undefined = bool(np.isnan(alpha).any())
    return choice(undefined=undefined, own_value=not undefined, zero=bool((alpha == 0).all()))


@ATTENTION.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "random", dict(Q=normal(3, 4), K=normal(5, 4), V=normal(5, 2))
    yield "heads", dict(Q=normal(2, 3, 8), K=normal(2, 6, 8), V=normal(2, 6, 8))
    yield "one key", dict(Q=normal(2, 3), K=normal(1, 3), V=normal(1, 3))
    yield "width one", dict(Q=normal(4, 1), K=normal(4, 1), V=normal(4, 1))
    yield "equal keys", dict(Q=normal(2, 3), K=np.ones((4, 3)), V=normal(4, 2))
    yield "large scores", dict(Q=300 * normal(3, 4), K=300 * normal(5, 4), V=normal(5, 2))
    yield "causal", dict(Q=normal(5, 4), K=normal(5, 4), V=normal(5, 3), causal=True)
    yield "own scale", dict(Q=normal(3, 4), K=normal(5, 4), V=normal(5, 2), scale=0.1)
    yield "square", dict(Q=normal(4, 4), K=normal(4, 4), V=normal(4, 4))
    yield "causal, fewer queries than keys", dict(Q=normal(3, 4), K=normal(6, 4), V=normal(6, 2), causal=True)
    yield "causal, more queries than keys", dict(Q=normal(6, 4), K=normal(3, 4), V=normal(3, 2), causal=True)
    yield "scale 0: equal weights", dict(Q=normal(3, 4), K=normal(5, 4), V=normal(5, 2), scale=0.0)
    yield "many keys", dict(Q=normal(3, 2), K=normal(150, 2), V=normal(150, 1))
    yield "many queries", dict(Q=normal(200, 2), K=normal(3, 2), V=normal(3, 1))


@ATTENTION.invalid
def invalid(rng):
    yield "keys of another width", dict(Q=np.ones((3, 4)), K=np.ones((5, 3)), V=np.ones((5, 2)))
    yield "fewer values than keys", dict(Q=np.ones((3, 4)), K=np.ones((5, 4)), V=np.ones((4, 2)))


def weights(attention, Q, K, **options):
    """The weights themselves: attention whose values are the unit vectors."""
    return attention(Q, K, np.eye(K.shape[-2]), **options)


@ATTENTION.claim
def rows_sum_to_one(attention, rng):
    """The weights of each query sum to 1 and are not negative"""
    A = weights(attention, rng.standard_normal((6, 8)), rng.standard_normal((9, 8)))
    return all_of(roundoff(A.sum(-1), np.ones(6), terms=9), bound(A.min(), 0.0, "≥"))


@ATTENTION.claim
def scores_have_unit_variance(attention, rng):
    """Scores of independent standard normal queries and keys have variance 1 for every $d_k$"""
    n = 4000
    for d in (1, 4, 64):
        Q, K = rng.standard_normal((n, 1, d)), rng.standard_normal((n, 2, d))
        A = weights(attention, Q, K)[:, 0]  # (n, 2); log A_1/A_2 is a difference of two scores, of variance 2
        yield statistical(np.log(A[:, 0] / A[:, 1]) ** 2, 2.0)


@ATTENTION.claim
def variance_needs_its_hypotheses(attention, rng):
    r"""Without its hypotheses the variance is another: the difference of two scores, of variance 2, has 32 for entries of
    variance 4, and 4 for entries of mean 1; a query that is its own key scores higher by $\sqrt{d_k}$ on average"""
    n, d = 4000, 16
    Q, K = rng.standard_normal((n, 1, d)), rng.standard_normal((n, 2, d))

    def difference(Q, K):
        A = weights(attention, Q, K)[:, 0]
        return np.log(A[:, 0] / A[:, 1])

    yield statistical(difference(2 * Q, 2 * K) ** 2, 32.0)
    yield statistical(difference(1 + Q, 1 + K) ** 2, 4.0)
    yield statistical(difference(Q, np.concatenate([Q, K[:, 1:]], 1)), np.sqrt(d))


@ATTENTION.claim
def keys_and_values_are_a_set(attention, rng):
    """Without a mask, permuting keys and values together changes nothing; under the causal mask it does"""
    Q, K, V = rng.standard_normal((4, 8)), rng.standard_normal((7, 8)), rng.standard_normal((7, 3))
    p = np.roll(np.arange(7), 1)
    masked = attention(Q, K[p], V[p], causal=True)[0] - attention(Q, K, V, causal=True)[0]
    first = roundoff(masked, V[6] - V[0], scale=4.0)  # the first query sees the first key alone
    return all_of(invariance(attention(Q, K[p], V[p]), attention(Q, K, V), terms=8, scale=1.0), first)


@ATTENTION.claim
def causal_mask_leaks_nothing(attention, rng):
    """Whatever finite numbers stand at later positions, as long as no score overflows, a causal query's output stays the
    same, bit for bit"""
    Q, K, V = rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), rng.standard_normal((6, 3))
    later_Q, later_K, later_V = Q.copy(), K.copy(), V.copy()
    later_Q[3:], later_K[3:], later_V[3:] = (5 * rng.standard_normal((3, width)) for width in (4, 4, 3))
    before = attention(Q, K, V, causal=True)[:3]
    return identical(attention(later_Q, later_K, later_V, causal=True)[:3], before)


@ATTENTION.claim
def first_position_sees_itself(attention, rng):
    """The first causal position attends to itself: $y_1=v_1$, never NaN"""
    Q, K, V = rng.standard_normal((4, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    return roundoff(attention(Q, K, V, causal=True)[0], V[0])


@ATTENTION.claim
def limits_of_the_temperature(attention, rng):
    """Sharp scores give the value of the best key alone, if one is best; flat scores the mean of all values"""
    Q, K, V = rng.standard_normal((5, 8)), rng.standard_normal((6, 8)), rng.standard_normal((6, 3))
    best = V[(Q @ K.T).argmax(-1)]
    cold = roundoff(attention(Q, K, V, scale=1e6), best, scale=1.0)
    hot = attention(Q, K, V, scale=1e-9)
    drift = 1e-9 * np.abs(Q @ K.T).max() * 2 * np.abs(V).max()
    why = Text("first-order drift of the weights at scale 1e-9", "缩放为 1e-9 时权重的一阶偏移")
    return all_of(cold, near(np.abs(hot - V.mean(0)).max(), 0.0, drift, why, "roundoff"))


@ATTENTION.claim
def normalised_once(attention, rng):
    """Weights may differ by more than a factor e: a single softmax, not two"""
    K = np.array([[4.0], [2.0], [1.0], [0.0]])
    A = weights(attention, np.array([[1.0]]), K)[0]
    # a softmax of numbers in [0, 1] can never exceed the ratio e
    return roundoff(A[0] / A[3], np.exp(4.0), terms=4)


@ATTENTION.claim
def each_query_has_its_own_weights(attention, rng):
    """Weights that depend on i: each query has its own row"""
    A = weights(attention, np.array([[9.0, 0.0], [0.0, 9.0]]), np.array([[9.0, 0.0], [0.0, 9.0]]))
    return roundoff(A, np.eye(2), scale=1.0)


@ATTENTION.claim(of_definition=False, required=False)
def memory_is_linear(attention, rng):
    """Memory need not grow like n²: this page's definition forms the score matrix; where it is never formed, memory grows
    like n"""
    from gradus.frameworks.memory import peak_memory

    sizes = [256, 512, 1024, 2048]
    inputs = [[rng.standard_normal((1, 1, n, 16)) for _ in range(3)] for n in sizes]
    peaks = [peak_memory(attention, Q=Q, K=K, V=V) for Q, K, V in inputs]
    why = Text(
        "slope 1, and less while a fixed block dominates; 2 if scores are formed",
        "斜率为 1，固定大小的块占主导时更小；若形成得分矩阵则为 2",
    )
    return bound(rate(sizes, peaks, 1.0, 0.35).measured, 1.35, "≤", why)


@ATTENTION.mutant(caught_by="equals-definition, scores-have-unit-variance, variance-needs-its-hypotheses")
def no_scaling(Q, K, V, causal=False, scale=None):
    """the scores are not scaled"""
    return attention(Q, K, V, causal, 1.0 if scale is None else scale)


@ATTENTION.mutant(caught_by="causal-mask-leaks-nothing, first-position-sees-itself")
def mask_after_softmax(Q, K, V, causal=False, scale=None):
    """mask applied after the softmax"""
    A = attention(Q, K, np.eye(K.shape[-2]), False, scale)
    return (np.tril(A) if causal else A) @ V


@ATTENTION.mutant(caught_by="rows-sum-to-one, equals-definition")
def softmax_over_queries(Q, K, V, causal=False, scale=None):
    """softmax over the queries"""
    A = np.swapaxes(attention(K, Q, np.eye(Q.shape[-2]), False, scale), -1, -2)
    return A @ V


@ATTENTION.mutant(caught_by="normalised-once, limits-of-the-temperature")
def second_softmax(Q, K, V, causal=False, scale=None):
    """a second softmax on the weights"""
    A = np.exp(attention(Q, K, np.eye(K.shape[-2]), causal, scale))
    return A / A.sum(-1, keepdims=True) @ V


@ATTENTION.mutant(caught_by="equals-definition, first-position-sees-itself")
def values_left_out(Q, K, V, causal=False, scale=None):
    """the values are left out: the weights are returned"""
    return attention(Q, K, np.eye(K.shape[-2]), causal, scale)


@ATTENTION.mutant(caught_by="each-query-has-its-own-weights")
def weights_lose_the_query(Q, K, V, causal=False, scale=None):
    """one row of weights for all queries"""
    return attention(np.broadcast_to(Q.mean(-2, keepdims=True), Q.shape), K, V, causal, scale)


@ATTENTION.mutant(caught_by="first-position-sees-itself")
def strictly_before(Q, K, V, causal=False, scale=None):
    """only positions strictly before"""
    if not causal:
        return attention(Q, K, V, False, scale)
    s = 1 / np.sqrt(Q.shape[-1]) if scale is None else scale
    E = np.where(np.tril(np.ones((Q.shape[-2], K.shape[-2]), bool), -1), s * Q @ K.T, -np.inf)
    A = np.exp(E - E.max(-1, keepdims=True))
    return A / A.sum(-1, keepdims=True) @ V


@ATTENTION.mutant(caught_by="keys-and-values-are-a-set")
def keys_know_their_position(Q, K, V, causal=False, scale=None):
    """position added to the keys"""
    return attention(Q, K + np.arange(K.shape[-2])[:, None] / 10, V, causal, scale)


@ATTENTION.mutant(caught_by="memory-is-linear")
def whole_score_matrix(Q, K, V, causal=False, scale=None):
    """the whole score matrix is kept in memory"""
    return attention(Q, K, V, causal, scale)


ATTENTION.erratum(
    "E23",
    common=r"$\alpha_j=\frac{e_{ij}}{\sum_{j=1}^{N}e_{ij}}$ with $e_{ij}$ already the softmax of the scores (a common slip)",
    why="The second division does nothing, and the weight loses its query i; read as a second softmax it flattens "
    r"the weights, whose ratio can then never exceed e. The output $\sum_j\alpha_{ij}v_j$ is missing.",
    right=r"$e_{ij}=\operatorname{score}(q_i,k_j)$, $\alpha_{ij}=\operatorname{softmax}_j e_{ij}$, "
    r"$c_i=\sum_j\alpha_{ij}v_j$",
    claims="normalised-once, each-query-has-its-own-weights",
)
ATTENTION.erratum(
    "E24",
    common="A causal position uses only what stands before it (a common slip)",
    why=r"Strictly before leaves the first row without a key: a softmax of nothing but $-\infty$ is NaN.",
    right=r"positions $j\le i$, its own included",
    claims="first-position-sees-itself",
)


@ATTENTION.figure(
    scale=Slider(0.05, 20, 1.0, "scale of the scores (× 1/√d)", log=True),
    width=Slider(1, 256, 64, "width d of queries and keys", log=True, integer=True),
)
def figure(scale, width):
    rng = np.random.default_rng(0)
    d, n = int(width), 12
    Q, K = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    A = attention(Q, K, np.eye(n), scale=scale / np.sqrt(d))
    raw = attention(Q, K, np.eye(n), scale=scale)
    fig, axes = canvas(columns=2, width=6.8, height=3.2)
    for ax, M, name in zip(
        axes, (A, raw), (r"weights, scores / $\sqrt{d}$", "weights, scores as they are"), strict=True
    ):
        shown = ax.imshow(M, vmin=0, vmax=1, cmap="Blues")
        ax.set(title=name, xlabel="key j", ylabel="query i", xticks=range(0, n, 2), yticks=range(0, n, 2))
    fig.colorbar(shown, ax=list(axes), shrink=0.8)
    effective = [float(np.exp(-(M * np.log(M + 1e-300)).sum(-1)).mean()) for M in (A, raw)]
    words = Text(
        f"Weights of {n} queries over {n} keys, d = {d}. Scaled, a query spreads over {effective[0]:.1f} keys "
        f"(exponential of the entropy); unscaled, over {effective[1]:.1f}.",
        f"{n} 个查询对 {n} 个键的权重，d = {d}。缩放后，一个查询平均分布在 {effective[0]:.1f} 个键上（熵的指数）；不缩放时为 {effective[1]:.1f} 个。",
    )
    return Drawing(fig, words)
