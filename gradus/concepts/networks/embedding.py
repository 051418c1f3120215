"""The embedding layer: a table whose rows are looked up by number."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import identical
from gradus.page.exercises import array, number
from gradus.page.figures import canvas
from gradus.page.not_applicable import NotApplicable


def _function(lookup, i, E, padding_idx):
    if padding_idx is None:
        return lookup(i, E)
    return lookup(i, E.index_fill(0, i.new_tensor(padding_idx), 0.0), padding_idx)  # as nn.Embedding fills its row


def _module(layer, i, E, padding_idx):
    import torch

    if padding_idx is not None and getattr(layer, "padding_idx", None) != padding_idx:
        raise NotApplicable(
            Text("the module was made with another padding_idx", "该模块建立时用的是另一个 padding_idx")
        )
    ((name, _),) = layer.named_parameters()
    return torch.func.functional_call(layer, {name: E}, (i,))


def _bridge(function):
    """A module with a single parameter, the table."""
    if isinstance(function, type) or not hasattr(function, "named_parameters"):
        return None
    return _module if len(list(function.named_parameters())) == 1 else None


EMBEDDING = Concept(
    key="embedding",
    kind="layer",
    title="Embedding layer",
    summary="A table with one vector of learnt numbers for each token, looked up by the token's number. It is the product of a one-hot "
    "vector with a matrix, without the multiplications; its gradient is 0 but for the rows that were looked up, and a row that "
    "was looked up several times gets the sum.",
    formulas=(
        r"e_t=E_{i_t}=\sum_{v=0}^{V-1}[i_t=v]\,E_v,\qquad t=1,\dots,T",
        r"\frac{\partial\ell}{\partial E_v}=\sum_{t:\,i_t=v}\frac{\partial\ell}{\partial e_t}",
        r"i_t=p:\quad e_t=0,\qquad\frac{\partial\ell}{\partial E_p}=0",
    ),
    symbols=(
        Symbol("i", "i", "... T", "numbers of the tokens, from 0 to V − 1", "index"),
        Symbol("E", "E", "V d", "the table, a row for each token"),
        Symbol("p", "padding_idx", "", "number of the token that only fills up; none unless given", "index"),
        Symbol("e", "", "... T d", "the rows that were looked up"),
        Symbol(r"[i_t=v]", "", "", "1 where both are equal, else 0: the one-hot vector of $i_t$"),
        Symbol(r"\ell", "", "", "any loss of the rows that were looked up"),
        Symbol("V,\\ d", "", "", "numbers of tokens, the size of the vocabulary, and of features"),
        Symbol("T", "", "", "number of positions"),
        Symbol("t,\\ v", "", "", "indices of positions and of tokens"),
    ),
    needs=("matrix-product", "fully-connected"),
    source="bengio2003neural",
    year=2003,
    people=("Yoshua Bengio", "Geoffrey Hinton"),
    aliases="embedding, lookup table, nn.Embedding, token embedding, weight tying, padding_idx, one-hot encoding, 嵌入, 词嵌入层, 查找表, "
    "词元嵌入, 权重共享, 独热编码",
    implementations=(Implementation("torch.nn.functional:embedding", "torch", _function),),
    readings="bengio2003neural §2; press2017using §3; vaswani2017attention §3.4; goodfellow2016deep §12.4.2",
    hypotheses=(
        Hypothesis(
            "the row equals the product with the one-hot vector: all entries of E are finite", "one-hot-product"
        ),
        Hypothesis(
            "a row's gradient is the plain sum over its positions, not divided by their number", "divided-by-frequency"
        ),
        Hypothesis(
            "the lookup's gradient is the whole gradient: E is used nowhere else", "tied-weights-add-both-gradients"
        ),
    ),
    conventions=(
        Convention(
            "what stands at a padded position",
            "0, whatever the row p holds; so the row has no gradient",
            "in PyTorch the row as it is: `nn.Embedding` makes it 0 once, and `padding_idx` withholds the lookup's gradient from "
            "it; in Keras with mask_zero row 0 as it is, and a mask for the layers behind",
        ),
        Convention(
            "numbers out of range",
            "refused, negative ones too, as PyTorch does on the processor",
            "negative ones count from the end in NumPy, JAX and ONNX's Gather; beyond the ends JAX's E[i] gives the first or last "
            "row, jax.numpy.take NaN",
        ),
        Convention(
            "the size of the rows",
            r"as they are",
            r"times $\sqrt d$ in Vaswani et al. 2017; drawn from N(0, 1) by PyTorch, from U(−.05, .05) by Keras",
        ),
    ),
    nonfinite="nan",
    other_form=_bridge,
)


@EMBEDDING.definition
def embedding(i, E, padding_idx=None):
    i = np.asarray(i)
    if i.size and not (i.min() >= 0 and i.max() < len(E)):
        raise IndexError("i: numbers from 0 to V − 1")  # −1 would be the last row
    e = E[i]
    return e if padding_idx is None else np.where((i == padding_idx)[..., None], 0.0, e)


@EMBEDDING.example
def example():
    E, i = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, -1.0], [-1.0, 1.0]]), np.array([2, 0, 2])
    g = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])
    hot = np.eye(4)[i]
    careless = np.zeros((4, 2))
    careless[i] += g  # the right side is computed once, then written three times
    wide, small, deep = 50257, 768, 12
    table = wide * small
    rest = 1024 * small + deep * (12 * small**2 + 13 * small) + 2 * small
    return (
        dict(E=E, i=i, e=embedding(i, E), hot=hot, g=g, dE=hot.T @ g, careless=careless, step=0.1)
        | dict(after=E - 0.1 * hot.T @ g, wide=wide, small=small, table=table, share=table / (table + rest))
        | dict(multiplications=wide * small, once=-adam_steps([1.0])[0])
        | dict(then=-adam_steps([1.0, 0.0])[0] + adam_steps([1.0])[0])
    )


def adam_steps(gradients):
    """Where Adam with its usual β and rate 1 has taken a parameter from 0, and its two averages."""
    theta = m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta -= m / (1 - 0.9**t) / math.sqrt(v / (1 - 0.999**t))
    return theta, m, v


@EMBEDDING.exercise
def gradient_of_a_repeated_token():
    i, g = np.array([1, 0, 1, 1]), np.array([1.0, 5.0, 2.0, 4.0])
    dE = np.zeros(3)
    np.add.at(dE, i, g)
    return array(dE, last_alone=[5.0, 4.0, 0.0], mean=[5.0, 7 / 3, 0.0])


@EMBEDDING.exercise
def adam_moves_on():
    first, both = adam_steps([1.0])[0], adam_steps([1.0, 0.0])[0]
    m, v = adam_steps([1.0, 0.0])[1:]
    return number(first - both, not_at_all=0.0, whole_step=-first, no_correction=m / math.sqrt(v))


@EMBEDDING.exercise
def share_of_the_table():
    d, V, blocks = 768, 50257, 12
    rest = 1024 * d + blocks * (12 * d * d + 13 * d) + 2 * d
    return number(V * d / (V * d + rest), twice=2 * V * d / (2 * V * d + rest), beside_the_rest=V * d / rest)


@EMBEDDING.cases
def cases(rng):
    def table(V, d):
        return rng.standard_normal((V, d))

    yield "a batch", dict(i=rng.integers(0, 6, (3, 4)), E=table(6, 2))
    yield "one sentence", dict(i=np.array([3, 0, 4, 2, 1]), E=table(5, 3))
    yield "a token repeated", dict(i=np.array([1, 1, 4, 1, 0, 2, 3]), E=table(5, 2))
    yield "two leading axes", dict(i=rng.integers(0, 4, (2, 3, 2)), E=table(4, 3))
    yield "one token, one feature", dict(i=np.array([0]), E=table(1, 1))
    yield "no token", dict(i=np.zeros(0, int), E=table(3, 2))
    yield "rows never named", dict(i=np.array([7, 2]), E=table(9, 4))
    yield "padding", dict(i=np.array([[2, 1, 0], [3, 0, 0]]), E=table(4, 3), padding_idx=0)
    yield "padding that is not the first", dict(i=np.array([[0, 2, 4], [1, 4, 3]]), E=table(5, 2), padding_idx=4)
    yield "nothing but padding", dict(i=np.array([1, 1]), E=table(2, 2), padding_idx=1)
    yield "as many features as tokens", dict(i=np.array([2, 0, 1]), E=table(3, 3))
    yield "large and small rows", dict(i=np.array([0, 1, 2, 0]), E=table(3, 2) * np.array([[1e3], [1.0], [1e-3]]))
    yield "many tokens", dict(i=rng.integers(0, 700, 40), E=table(700, 2))


@EMBEDDING.invalid
def invalid(rng):
    E = np.ones((4, 2))
    yield "a number as large as the vocabulary", dict(i=np.array([0, 4]), E=E)
    yield "a negative number", dict(i=np.array([1, -1]), E=E)
    yield "numbers that are not whole", dict(i=np.array([0.0, 1.5]), E=E)


def integers(rng, *shape):
    """Small whole numbers, on which sums of products are exact."""
    return rng.integers(-9, 10, shape).astype(float)


def slopes(loss, E):
    """∂ℓ/∂E by central differences of step 1: exact for a quadratic loss on whole numbers."""
    found = np.zeros_like(E)
    for place in np.ndindex(E.shape):
        step = np.zeros_like(E)
        step[place] = 1.0
        found[place] = (loss(E + step) - loss(E - step)) / 2
    return found


@EMBEDDING.claim
def a_row_is_a_one_hot_product(embedding, rng):
    """The rows are the one-hot vectors times the matrix, bit for bit: in each sum all terms but one are 0"""
    E, i = rng.standard_normal((9, 5)), rng.permutation(np.r_[np.arange(9), rng.integers(0, 9, 6)])
    return identical(embedding(i, E), np.eye(9)[i] @ E)


@EMBEDDING.claim(required=False)
def other_rows_take_no_part(embedding, rng):
    """A row that is not looked up may hold NaN or infinities: the answers stay the same, bit for bit"""
    E, i = rng.standard_normal((6, 3)), np.array([1, 4, 4, 0])
    spoilt = E.copy()
    spoilt[[2, 3, 5]] = [[np.nan] * 3, [np.inf] * 3, [-np.inf] * 3]
    return identical(embedding(i, spoilt), E[i])


@EMBEDDING.claim
def a_row_has_the_sum_of_its_positions(embedding, rng):
    """A row's derivative is the sum over the positions at which its token stands, 0 for a token that stands nowhere"""
    E, g, i = integers(rng, 5, 2), integers(rng, 6, 2), np.array([3, 1, 3, 3, 0, 1])
    want = [sum((g[t] for t in range(6) if i[t] == v), np.zeros(2)) for v in range(5)]
    return identical(slopes(lambda table: (g * embedding(i, table)).sum(), E), want)


@EMBEDDING.claim
def a_bag_is_counts_times_the_table(embedding, rng):
    """Added up over the positions, the rows are the vector of counts times E: of the order nothing is left"""
    E, i = integers(rng, 7, 3), rng.integers(0, 7, 40)
    counts = np.bincount(i, minlength=7)
    yield identical(embedding(i, E).sum(0), counts @ E)
    yield identical(embedding(np.sort(i), E).sum(0), counts @ E)


@EMBEDDING.claim
def numbers_are_only_names(embedding, rng):
    """The numbers have no order and no size: tokens renumbered, and the rows with them, give the same answers"""
    E, i, p = rng.standard_normal((8, 3)), rng.integers(0, 8, 12), rng.permutation(8)
    renumbered = np.argsort(p)[i]
    yield identical(embedding(renumbered, E[p]), embedding(i, E))
    yield identical(embedding(renumbered, E[p]), E[i])  # the same answer to all would be no name


@EMBEDDING.claim
def knows_no_positions(embedding, rng):
    """A token has the same row wherever it stands, and whatever its neighbours are"""
    E, i, p = rng.standard_normal((8, 3)), np.r_[rng.integers(0, 8, 9), 5, 5], rng.permutation(11)
    yield identical(embedding(i[p], E), embedding(i, E)[p])
    yield identical(embedding(i[p], E), E[i[p]])
    yield identical(embedding(i, E), np.concatenate([embedding(i[[t]], E) for t in range(11)]))
    batch = rng.integers(0, 8, (3, 4))
    yield identical(embedding(batch, E), np.stack([embedding(row, E) for row in batch]))


@EMBEDDING.claim(required=False)
def padding_is_zero(embedding, rng):
    """At padded positions the answer is 0 whatever the row holds, NaN too; the others are untouched, and the row has no slope"""
    E, g, i = integers(rng, 4, 2), integers(rng, 5, 2), np.array([2, 0, 3, 0, 1])
    spoilt = E.copy()
    spoilt[0] = np.nan
    yield identical(embedding(i, spoilt, padding_idx=0), np.where((i == 0)[:, None], 0.0, E[i]))
    found = slopes(lambda table: (g * embedding(i, table, padding_idx=0)).sum(), E)
    yield identical(found, [np.zeros(2), g[4], g[0], g[2]])


@EMBEDDING.claim
def tied_weights_add_both_gradients(embedding, rng):
    r"""Where E also gives the scores, $z=Ee_t$, its gradient is the sum of both uses: for $\ell=w^{\mathsf T}z$ it is
    $we_t^{\mathsf T}$, and $E^{\mathsf T}w$ more in row $i_t$. Rows that are not looked up have a gradient then, too"""
    E, w, i = integers(rng, 5, 3), np.array([3.0, -2.0, 1.0, 4.0, -5.0]), np.array([2])
    want = np.outer(w, E[2])
    want[2] += E.T @ w
    return identical(slopes(lambda table: w @ (table @ embedding(i, table)[0]), E), want)


def blank(e, i, padding_idx):
    return e if padding_idx is None else np.where((i == padding_idx)[..., None], 0.0, e)


@EMBEDDING.mutant(caught_by="other-rows-take-no-part")
def one_hot_product(i, E, padding_idx=None):
    """multiplied by one-hot vectors: 0 times NaN is NaN"""
    return blank(np.eye(len(E))[i] @ E, i, padding_idx)


@EMBEDDING.mutant(
    caught_by="numbers-are-only-names, a-row-is-a-one-hot-product, a-row-has-the-sum-of-its-positions, equals-definition"
)
def number_for_name(i, E, padding_idx=None):
    """the token's number is multiplied by a vector, as if it were a quantity"""
    return blank(i[..., None] * E[0], i, padding_idx)


@EMBEDDING.mutant(
    caught_by="a-row-has-the-sum-of-its-positions, a-bag-is-counts-times-the-table, knows-no-positions, equals-definition"
)
def divided_by_frequency(i, E, padding_idx=None):
    """each row is divided by how often its token stands in the batch, as scale_grad_by_freq divides the gradients"""
    counts = np.bincount(np.ravel(i), minlength=len(E))
    return blank(E[i] / np.maximum(counts, 1)[i][..., None], i, padding_idx)


@EMBEDDING.mutant(
    caught_by="a-row-has-the-sum-of-its-positions, tied-weights-add-both-gradients, a-row-is-a-one-hot-product, "
    "equals-definition"
)
def counted_from_one(i, E, padding_idx=None):
    """the rows are counted from 1: each token has the row of the one before"""
    return blank(E[i - 1], i, padding_idx)


@EMBEDDING.mutant(caught_by="rejects-invalid-input")
def negative_from_the_end(i, E, padding_idx=None):
    """a negative number counts from the end: −1 is the last row"""
    return blank(E[i], i, padding_idx)


@EMBEDDING.mutant(caught_by="rejects-invalid-input")
def nearest_row(i, E, padding_idx=None):
    """a number out of range has the first or the last row"""
    return blank(E[np.clip(i, 0, len(E) - 1)], i, padding_idx)


@EMBEDDING.mutant(caught_by="a-row-is-a-one-hot-product, tied-weights-add-both-gradients, equals-definition")
def cut_to_length_one(i, E, padding_idx=None):
    """rows longer than 1 are cut to the length 1, as by max_norm"""
    length = np.linalg.norm(E, axis=-1, keepdims=True)
    return blank((E / np.maximum(length, 1.0))[i], i, padding_idx)


@EMBEDDING.mutant(caught_by="padding-is-zero, equals-definition")
def padding_like_any_token(i, E, padding_idx=None):
    """at padded positions stands the row of the padding token"""
    return embedding(i, E)


@EMBEDDING.mutant(caught_by="numbers-are-only-names, a-row-is-a-one-hot-product, equals-definition")
def zero_is_padding(i, E, padding_idx=None):
    """token 0 is taken for padding where none is named"""
    return blank(E[i], i, 0 if padding_idx is None else padding_idx)


@EMBEDDING.mutant(caught_by="knows-no-positions, other-rows-take-no-part, equals-definition")
def positions_added(i, E, padding_idx=None):
    """the position's number is added"""
    return blank(E[i] + np.arange(np.shape(i)[-1])[:, None], i, padding_idx)


EMBEDDING.erratum(
    "E155",
    common="In NumPy the gradient of the table is `dE[i] += g` (a common slip)",
    why="For a token that stands several times only its last position counts: the right side is computed once, and the rows are "
    "then overwritten. For $i=(2,0,2)$ and the slopes of the example row 2 has (2, −1) in place of (3, −1).",
    right=r"`np.add.at(dE, i, g)`, or the one-hot matrix transposed times g: $\partial\ell/\partial E_v=\sum_{t:\,i_t=v}g_t$",
    claims="a-row-has-the-sum-of-its-positions",
)


@EMBEDDING.figure(
    positions=Slider(1, 12, 7, "positions T", integer=True),
    vocabulary=Slider(2, 14, 8, "size of the vocabulary V", integer=True),
    skew=Slider(0.0, 2.0, 1.0, "how unequal the tokens' frequencies are"),
)
def figure(positions, vocabulary, skew):
    T, V, d = int(positions), int(vocabulary), 4
    weights = np.arange(1, V + 1) ** -skew
    drawn = (np.arange(T) * 0.618034 + 0.2) % 1  # spread evenly, and the same at every call
    i = np.searchsorted(np.cumsum(weights) / weights.sum(), drawn)
    E = np.random.default_rng(5).standard_normal((14, d))[:V]
    hot, counts = np.eye(V)[i], np.bincount(i, minlength=V)
    fig, axes = canvas(columns=4, width=7.4, height=3.4)
    span = np.abs(E).max()
    axes[0].imshow(hot, cmap="Greys", vmin=0, vmax=1.3, aspect="auto")
    axes[0].set(title="one-hot vectors", xlabel="token v", ylabel="position t")
    axes[1].imshow(E, cmap="RdBu_r", vmin=-span, vmax=span, aspect="auto")
    axes[1].set(title="table E", xlabel="feature", ylabel="token v")
    axes[2].imshow(embedding(i, E), cmap="RdBu_r", vmin=-span, vmax=span, aspect="auto")
    axes[2].set(title="product", xlabel="feature", ylabel="token at t")
    axes[3].barh(np.arange(V), counts, color="#0072B2")
    axes[3].set(title="gradient", xlabel="number of terms", ylabel="token v", ylim=(V - 0.5, -0.5))
    top = max(3, counts.max())
    axes[3].set(xlim=(0, top + 0.3), xticks=range(0, top + 1, 1 if top < 6 else 3))
    for ax in axes[:3]:
        ax.spines[:].set(visible=True, color="#BBBBBB")
    axes[0].set(xticks=range(0, V, 1 if V < 6 else 2 if V < 9 else 4), yticks=range(T), yticklabels=range(1, T + 1))
    axes[1].set(xticks=range(d), xticklabels=range(1, d + 1), yticks=range(V))
    axes[2].set(xticks=range(d), xticklabels=range(1, d + 1), yticks=range(T), yticklabels=i)
    axes[3].set(yticks=range(V))
    unseen, most = int((counts == 0).sum()), int(counts.argmax())
    words = Text(
        f"{T} {'position' if T == 1 else 'positions'}, {V} tokens. Each row of the product is a row of the table. Token {most} "
        f"stands {counts[most]} {'time' if counts[most] == 1 else 'times'}, and its "
        f"row has a gradient of as many terms; {unseen} of the {V} rows have none.",
        f"{T} 个位置，{V} 个词元。乘积的每一行就是表中的一行。词元 {most} 出现 {counts[most]} 次，它那一行的梯度就有这么多项；{V} 行中有 {unseen} 行没有梯度。",
    )
    return Drawing(fig, words)
