"""Positional encoding: sinusoids and rotations."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _added(sinusoidal_encoding, x, t, base, rotary):
    if rotary:
        raise NotImplementedError("rotations")
    return x + sinusoidal_encoding(t, x.shape[-1], base)


def _turned(rotary_encoding, x, t, base, rotary):
    if not rotary:
        raise NotImplementedError("sums")
    return rotary_encoding(x, t, base)


POSITIONAL_ENCODING = Concept(
    key="positional-encoding",
    kind="definition",
    title="Positional encoding",
    summary="Attention does not know the order of its positions, so the position is written into the vectors: sines and "
    "cosines of many wavelengths are added, or pairs of coordinates of queries and keys are turned by angles in proportion "
    "to the position. Moving on by k is one and the same rotation everywhere, and turned queries and keys meet in the "
    "difference of their positions alone.",
    formulas=(
        r"\omega_i=b^{-2(i-1)/d},\qquad i=1,\dots,\tfrac d2",
        r"\text{added}:\qquad y=x+\operatorname{PE}(t),\qquad \operatorname{PE}(t)_{2i-1}=\sin\omega_it,\quad "
        r"\operatorname{PE}(t)_{2i}=\cos\omega_it",
        r"\text{rotary}:\qquad\begin{pmatrix}y_{2i-1}\\y_{2i}\end{pmatrix}=\begin{pmatrix}\cos\omega_it&-\sin\omega_it\\"
        r"\sin\omega_it&\cos\omega_it\end{pmatrix}\begin{pmatrix}x_{2i-1}\\x_{2i}\end{pmatrix},\qquad y=R_tx",
        r"R_sR_t=R_{s+t},\qquad R_t^{\mathsf T}=R_{-t},\qquad (R_tq)^{\mathsf T}R_sk=q^{\mathsf T}R_{s-t}k",
        r"\operatorname{PE}(t+k)=R_{-k}\operatorname{PE}(t)\quad\text{for all}\ t",
    ),
    symbols=(
        Symbol("x", "x", "... n d", "vectors, a position a row; with rotations queries or keys"),
        Symbol("t", "t", "... n", "position of each row; any real number"),
        Symbol("b", "base", "", "base: the wavelengths $2\\pi/\\omega_i$ grow from 2π towards 2πb", "positive"),
        Symbol(r"\text{rotary}", "rotary", "", "vectors are turned; else the sinusoids are added", "boolean"),
        Symbol("y", "", "... n d", "vectors that know their position"),
        Symbol("R_t", "", "d d", "rotation of every pair of coordinates by its angle $\\omega_it$"),
        Symbol(r"\omega_i", "", "", "angle by which pair i turns from one position to the next"),
        Symbol("d", "", "", "width, even"),
        Symbol("q,\\ k", "", "d", "a query and a key; in the last line k is a number of positions"),
        Symbol("s", "", "", "another position"),
        Symbol("i", "", "", "index of a pair, from 1"),
    ),
    needs=("attention", "inner-product", "multi-head"),
    source="vaswani2017attention",
    year=2017,
    people=("Ashish Vaswani", "Noam Shazeer", "Jianlin Su"),
    aliases="sinusoidal positional encoding, position encoding, rotary position embedding, RoPE, relative positions, "
    "positional embedding, 位置嵌入, 正弦位置编码, 旋转位置编码, 相对位置",
    implementations=(
        Implementation("gradus.networks.positions:sinusoidal_encoding", "torch", _added, "added to the vectors"),
        Implementation("gradus.networks.positions:rotary_encoding", "torch", _turned, "of queries and keys"),
    ),
    readings="vaswani2017attention §3.5; su2024roformer §3.2; murphy2022probabilistic §15.5.3",
    hypotheses=(
        Hypothesis("the shift is a rotation: sines and cosines in pairs", "sines-alone-do-not-shift, sines-only"),
        Hypothesis("scores by difference: query and key are turned with the same frequencies", "keys-turned-otherwise"),
    ),
    conventions=(
        Convention(
            "which coordinates are a pair of the rotation",
            "neighbours (1, 2), (3, 4), …, as in the paper, GPT-J and Meta's Llama",
            "i and i + d/2: GPT-NeoX and the Llama of transformers, whose stored weights are permuted; ONNX has both, the halves "
            "unless `interleaved=1`",
        ),
        Convention(
            "order and wavelengths of the sinusoids",
            "sine and cosine alternate, the longest wavelength is $2\\pi b^{1-2/d}$, as in the paper",
            "the paper's own code, tensor2tensor, and fairseq: all sines before all cosines, the longest wavelength 2πb",
        ),
        Convention("base", "10,000", "500,000 in Llama 3, where the longest wavelength must exceed the longest text"),
        Convention(
            "a width that is odd", "refused", "the last cosine is left out, or a zero is put at the end (tensor2tensor)"
        ),
    ),
)


@POSITIONAL_ENCODING.definition
def positional_encoding(x, t, base=10000.0, rotary=False):
    d = x.shape[-1]
    if d % 2:
        raise ValueError(f"expected an even width, got {d}")
    omega = base ** (-np.arange(0, d, 2) / d)
    theta = t[..., None] * omega  # (..., n, d/2)
    first, second = np.sin(theta), np.cos(theta)
    if rotary:
        a, b = x[..., 0::2], x[..., 1::2]
        first, second = a * second - b * first, a * first + b * second
    pairs = np.stack([first, second], -1)  # (..., n, d/2, 2)
    y = pairs.reshape(*pairs.shape[:-2], d)
    return y if rotary else x + y


@POSITIONAL_ENCODING.example
def example():
    t, base, rotary = np.array([0.0, 1.0, 2.0, 3.0]), 100.0, True
    x = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 2.0, 0.0], [1.0, 1.0, 0.0, 1.0], [2.0, 0.0, 0.0, 2.0]])
    PE = positional_encoding(np.zeros((4, 4)), t, base)
    k = positional_encoding(np.zeros((1, 4)), np.array([2.0]), base)[0]
    moved = [PE[1, 0] * k[1] + PE[1, 1] * k[0], PE[1, 1] * k[1] - PE[1, 0] * k[0]]
    q, key = np.array([1.0, 2.0]), np.array([2.0, 1.0])

    def turned(v, t):
        return positional_encoding(np.array([[*v, 0.0, 0.0]]), np.array([t]), base, True)[0, :2]

    return (
        dict(x=x, t=t, base=base, rotary=rotary, PE=PE, omega=np.array([1.0, 0.1]), moved=moved, q=q)
        | dict(key=key, q3=turned(q, 3.0), k1=turned(key, 1.0), score=turned(q, 3.0) @ turned(key, 1.0))
        | dict(q2=turned(q, 2.0), same=turned(q, 2.0) @ key, unturned=q @ key)
        | dict(wavelengths=2 * np.pi / np.array([1.0, 0.1]), y=positional_encoding(x, t, base, rotary))
    )


@POSITIONAL_ENCODING.exercise
def longest_wavelength():
    d, b = 512, 1e4
    return number(2 * np.pi * b ** (1 - 2 / d), whole_base=2 * np.pi * b, no_circle=b ** (1 - 2 / d), tolerance=2e-3)


@POSITIONAL_ENCODING.exercise
def length_of_the_encoding():
    PE = positional_encoding(np.zeros((1, 512)), np.array([17.0]))
    return number((PE**2).sum(), every_coordinate=512, root=np.sqrt((PE**2).sum()))


@POSITIONAL_ENCODING.exercise
def values_turned_too():
    rng = np.random.default_rng(0)
    Q, V = rng.standard_normal((1, 4)), rng.standard_normal((3, 4))
    t = np.arange(3.0)

    def answer(shift, turn_values):
        q, K = positional_encoding(Q, t[2:] + shift, rotary=True), positional_encoding(V, t + shift, rotary=True)
        e = np.exp(q @ K.T)
        return e / e.sum() @ (positional_encoding(V, t + shift, rotary=True) if turn_values else V)

    plain, turned = (np.allclose(answer(0, flag), answer(5, flag)) for flag in (False, True))
    return choice(depends=plain and not turned, relative=plain and turned, neither=not plain)


@POSITIONAL_ENCODING.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "added", dict(x=normal(5, 6), t=np.arange(5.0))
    yield "rotary", dict(x=normal(5, 6), t=np.arange(5.0), rotary=True)
    yield "a batch, rows of their own", dict(x=normal(2, 3, 4), t=np.array([[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]]))
    yield "rotary, a batch", dict(x=normal(2, 3, 4), t=np.array([[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]]), rotary=True)
    yield "positions between, and negative ones", dict(x=normal(4, 4), t=np.array([0.25, -3.0, 7.5, 1.0]))
    yield "rotary, positions between", dict(x=normal(4, 4), t=np.array([0.25, -3.0, 7.5, 1.0]), rotary=True)
    yield "one pair", dict(x=normal(3, 2), t=normal(3))
    yield "rotary, one pair", dict(x=normal(3, 2), t=normal(3), rotary=True)
    yield "far away", dict(x=normal(3, 8), t=np.array([1e3, 1e5, 123456.0]))
    yield "rotary, far away", dict(x=normal(3, 8), t=np.array([1e3, 1e5, 123456.0]), rotary=True)
    yield "another base", dict(x=normal(3, 8), t=np.arange(3.0), base=500000.0)
    yield "rotary, another base", dict(x=normal(3, 8), t=np.arange(3.0), base=10.0, rotary=True)
    yield "long and wide", dict(x=normal(150, 40), t=np.arange(150.0))
    yield "rotary, long and wide", dict(x=normal(150, 40), t=np.arange(150.0), rotary=True)


@POSITIONAL_ENCODING.invalid
def invalid(rng):
    yield "an odd width", dict(x=np.ones((3, 5)), t=np.arange(3.0))
    yield "an odd width, turned", dict(x=np.ones((3, 5)), t=np.arange(3.0), rotary=True)
    yield "other positions than rows, turned", dict(x=np.ones((3, 4)), t=np.arange(2.0), rotary=True)


def sinusoids(encode, t, d, **options):
    """The encodings themselves: those of vectors that are 0."""
    t = np.asarray(t, float)
    return encode(np.zeros((t.size, d)), t, **options)


@POSITIONAL_ENCODING.claim
def begins_with_zeros_and_ones(encode, rng):
    r"""Position 0 adds $(0,1,0,1,\dots)$, and the encoding is added to the vector: what is left of y without x does not
    depend on x"""
    x, t = rng.standard_normal((6, 8)), np.arange(6.0)
    PE = sinusoids(encode, t, 8)
    return all_of(identical(PE[0], np.tile([0.0, 1.0], 4)), roundoff(encode(x, t) - x, PE, scale=4.0))


@POSITIONAL_ENCODING.claim
def wavelengths_are_geometric(encode, rng):
    r"""At position 1 the pairs have the angles $1,b^{-2/d},b^{-4/d},\dots,b^{-1+2/d}$: the wavelengths grow geometrically
    from $2\pi$ to $2\pi b^{1-2/d}$"""
    for d, base in ((8, 10000.0), (64, 10000.0), (16, 100.0)):
        sine, cosine = sinusoids(encode, [1.0], d, base=base).reshape(-1, 2).T
        want = np.array([1 / base ** (2 * i / d) for i in range(d // 2)])
        yield roundoff(np.arctan2(sine, cosine) / want, np.ones(d // 2), terms=8)


@POSITIONAL_ENCODING.claim
def a_shift_is_a_rotation(encode, rng):
    r"""$\operatorname{PE}(t+k)$ is a rotation of $\operatorname{PE}(t)$, the same for every t: the one whose sines and cosines
    are $\operatorname{PE}(k)$ itself"""
    d, t = 16, np.arange(300.0)
    for k in (1.0, 7.0, 100.0, 0.5):
        sine, cosine = sinusoids(encode, [k], d).reshape(-1, 2).T
        a, b = np.moveaxis(sinusoids(encode, t, d).reshape(300, -1, 2), -1, 0)
        want = np.stack([a * cosine + b * sine, b * cosine - a * sine], -1).reshape(300, d)
        yield roundoff(sinusoids(encode, t + k, d), want, scale=400.0)  # angles of up to 400 are rounded


@POSITIONAL_ENCODING.claim
def sines_alone_do_not_shift(encode, rng):
    """Sines need their cosines: from the sines of 100 positions alone no matrix makes those of 7 positions further on; at
    d = 64 a third of their length is left over. From sines and cosines together one does"""
    t, d = np.arange(100.0), 64
    here, there = sinusoids(encode, t, d), sinusoids(encode, t + 7, d)[:, 0::2]

    def left_over(A):
        X = np.linalg.lstsq(A, there, rcond=1e-10)[0]
        return float(np.linalg.norm(A @ X - there) / np.linalg.norm(there))

    why = Text("least squares on the sines", "仅用正弦做最小二乘")
    # directions below 1e-10 are cut off, and of each no more than that part of the result is lost
    both = bound(left_over(here), 1e-8, "≤", Text("the cut of the least squares", "最小二乘的截断"))
    return all_of(bound(left_over(here[:, 0::2]), 0.3, "≥", why), both)


@POSITIONAL_ENCODING.claim
def products_depend_on_the_distance(encode, rng):
    r"""$\operatorname{PE}(t)^{\mathsf T}\operatorname{PE}(s)=\sum_i\cos\omega_i(t-s)$: all have the length $\sqrt{d/2}$, and
    neighbours are equally far apart everywhere"""
    d, t = 32, np.arange(200.0)
    PE = sinusoids(encode, t, d)
    omega = 10000.0 ** (-np.arange(0, d, 2) / d)
    want = np.cos((t[:, None] - t)[..., None] * omega).sum(-1)
    return roundoff(PE @ PE.T, want, terms=d, scale=200.0)


@POSITIONAL_ENCODING.claim
def products_do_not_fall_steadily(encode, rng):
    """The product of two encodings does not fall steadily with their distance: at d = 64 it rises again at more than a
    quarter of the first 100 distances, though it is greatest at distance 0 alone"""
    PE = sinusoids(encode, np.arange(101.0), 64)
    products = PE @ PE[0]
    rises = float((np.diff(products) > 1e-9).mean())
    return all_of(
        bound(rises, 0.25, "≥", Text("share of distances at which it rises", "内积回升的距离所占的比例")),
        bound(
            products[1:].max(), 0.99 * products[0], "≤", Text("the product at distance 0, d/2", "距离 0 处的内积 d/2")
        ),
    )


@POSITIONAL_ENCODING.claim
def positions_are_told_apart(encode, rng):
    """All positions are told apart, far from the beginning, too: at d = 32 no two of 1000 encodings are nearer than half of
    two neighbours, and neighbours at 100,000 are as far apart as at 0. One pair does not suffice: at d = 2 positions 0 and
    710 are nearly one"""
    PE = sinusoids(encode, np.arange(1000.0), 32)
    norms = (PE**2).sum(1)
    squared = norms[:, None] + norms - 2 * PE @ PE.T
    np.fill_diagonal(squared, np.inf)
    step = np.linalg.norm(PE[1] - PE[0])
    far = np.diff(sinusoids(encode, [1e5, 1e5 + 1], 32), axis=0)[0]
    apart = bound(np.sqrt(squared.min()), step / 2, "≥", Text("half the distance of neighbours", "相邻位置距离的一半"))
    pair = sinusoids(encode, [0.0, 1.0, 710.0], 2)  # 710 is nearly 113 turns
    near_by = np.linalg.norm(pair[2] - pair[0]) / np.linalg.norm(pair[1] - pair[0])
    yield apart
    yield roundoff(np.linalg.norm(far), step, terms=2, scale=1e5)
    yield bound(
        near_by, 1e-4, "≤", Text("710 − 113·2π over the distance of neighbours", "710 − 113·2π 与相邻位置距离之比")
    )


@POSITIONAL_ENCODING.claim
def rotations_keep_lengths(encode, rng):
    """A rotation keeps the length of every pair, position 0 turns nothing, and there is no reflection: two turns are the
    turn by the sum"""
    x, t, s = rng.standard_normal((5, 8)), 50 * rng.random(5), 50 * rng.random(5)
    y = encode(x, t, rotary=True)

    def lengths(z):
        return (z.reshape(5, -1, 2) ** 2).sum(-1)

    yield roundoff(lengths(y), lengths(x), scale=float(lengths(x).max()))
    yield identical(encode(x, 0 * t, rotary=True), x)
    yield roundoff(encode(y, s, rotary=True), encode(x, t + s, rotary=True), scale=400.0)


@POSITIONAL_ENCODING.claim
def scores_depend_on_the_difference(encode, rng):
    """The score of a turned query and a turned key depends on the difference of their positions only: both moved by 17,
    by 4096.5 or by 100,000, it stays the same; one moved alone, it does not"""
    q, k = rng.standard_normal((2, 6, 16))
    t, s = 40 * rng.random((2, 6))

    def scores(c, alone=0.0):
        return encode(q, t + c + alone, rotary=True) @ encode(k, s + c, rotary=True).T

    for c in (17.0, 4096.5, 1e5):
        yield roundoff(scores(c), scores(0.0), terms=4, scale=4 * c)
    yield identical(float(np.abs(scores(0.0, 1.0) - scores(0.0)).max() > 1e-2), 1.0)


@POSITIONAL_ENCODING.claim
def a_turn_is_to_the_left(encode, rng):
    r"""Turns are to the left: $(1,0)$ becomes $(\cos\omega t,\sin\omega t)$, so that the turned constant vector holds the
    sinusoids"""
    t = np.arange(20.0)
    y = encode(np.tile([1.0, 0.0], (20, 4)), t, rotary=True)
    theta = t[:, None] * 10000.0 ** (-np.arange(4) / 4)
    return roundoff(y, np.stack([np.cos(theta), np.sin(theta)], -1).reshape(20, 8), scale=20.0)


@POSITIONAL_ENCODING.claim
def rows_have_their_own_positions(encode, rng):
    """Each row of a batch has its own positions, so that padding on the left changes no token: counted from its own
    beginning a row gets what it gets alone, whatever its neighbours"""
    rows = [rng.standard_normal((n, 4)) for n in (2, 5, 3)]
    X, t = rng.standard_normal((3, 5, 4)), np.zeros((3, 5))
    for i, z in enumerate(rows):
        X[i, 5 - len(z) :], t[i] = z, np.arange(5.0) - (5 - len(z))
    got = encode(X, t)
    got = np.concatenate([g[5 - len(z) :] for g, z in zip(got, rows, strict=True)])
    want = np.concatenate([encode(z, np.arange(float(len(z)))) for z in rows])
    return invariance(got, want, terms=2)


@POSITIONAL_ENCODING.claim
def rows_are_turned_by_their_own_positions(encode, rng):
    """The same holds of rotations: a row of a batch is turned by its own positions"""
    X, t = rng.standard_normal((3, 5, 4)), np.arange(5.0) + np.array([[0.0], [3.0], [-2.0]])
    want = np.stack([encode(x, s, rotary=True) for x, s in zip(X, t, strict=True)])
    return invariance(encode(X, t, rotary=True), want, terms=2)


@POSITIONAL_ENCODING.mutant(caught_by="wavelengths-are-geometric, products-depend-on-the-distance")
def exponent_off_by_two(x, t, base=10000.0, rotary=False):
    """the exponent is off by the factor 2: the wavelengths end at the root of the base"""
    return positional_encoding(x, t, np.sqrt(base), rotary)


@POSITIONAL_ENCODING.mutant(
    caught_by="a-shift-is-a-rotation, products-depend-on-the-distance, begins-with-zeros-and-ones, sines-alone-do-not-shift"
)
def sines_only(x, t, base=10000.0, rotary=False):
    """sines only: d/2 frequencies, each of them twice"""
    y = positional_encoding(np.zeros_like(x), t, base)
    return x + np.repeat(y[..., 0::2], 2, -1) if not rotary else positional_encoding(x, t, base, True)


@POSITIONAL_ENCODING.mutant(caught_by="positions-are-told-apart, scores-depend-on-the-difference, equals-definition")
def angles_in_single_precision(x, t, base=10000.0, rotary=False):
    """the angles are rounded to float32"""
    omega = base ** (-np.arange(0, x.shape[-1], 2) / x.shape[-1])
    theta = (t[..., None] * omega).astype(np.float32).astype(float)
    return turned(x, theta) if rotary else x + turned(np.tile([0.0, 1.0], x.shape[-1] // 2), -theta)


def turned(x, theta):
    """Pairs of neighbours turned by the angles."""
    a, b = x[..., 0::2], x[..., 1::2]
    y = np.stack([a * np.cos(theta) - b * np.sin(theta), a * np.sin(theta) + b * np.cos(theta)], -1)
    return y.reshape(*y.shape[:-2], -1)


@POSITIONAL_ENCODING.mutant(caught_by="equals-definition, begins-with-zeros-and-ones, wavelengths-are-geometric")
def halves_for_neighbours(x, t, base=10000.0, rotary=False):
    """the sines first and the cosines behind them; turned pairs are i and i + d/2"""
    d = x.shape[-1]
    order = np.arange(d).reshape(2, -1).T.ravel()  # 1, 1 + d/2, 2, 2 + d/2, …
    y = positional_encoding(x[..., order] if rotary else np.zeros_like(x), t, base, rotary)
    y = y[..., np.argsort(order)]
    return y if rotary else x + y


@POSITIONAL_ENCODING.mutant(caught_by="rotations-keep-lengths, a-turn-is-to-the-left")
def reflected(x, t, base=10000.0, rotary=False):
    """a sign of the rotation is wrong: each pair is reflected"""
    y = positional_encoding(x, t, base, rotary)
    return y * np.tile([1.0, -1.0], x.shape[-1] // 2) if rotary else y


@POSITIONAL_ENCODING.mutant(caught_by="a-turn-is-to-the-left, equals-definition")
def to_the_right(x, t, base=10000.0, rotary=False):
    """turned the other way round"""
    return positional_encoding(x, -t if rotary else t, base, rotary)


@POSITIONAL_ENCODING.mutant(caught_by="rotations-keep-lengths, scores-depend-on-the-difference, a-turn-is-to-the-left")
def added_for_turned(x, t, base=10000.0, rotary=False):
    """the sinusoids are added where the vectors should be turned"""
    return positional_encoding(x, t, base)


@POSITIONAL_ENCODING.mutant(caught_by="scores-depend-on-the-difference, equals-definition")
def keys_turned_otherwise(x, t, base=10000.0, rotary=False):
    """frequencies that change with the position: those of a scaled context where it is long, the others elsewhere"""
    scale = np.where(np.abs(t) > 20, 0.5, 1.0) if rotary else 1.0
    return positional_encoding(x, t * scale, base, rotary)


@POSITIONAL_ENCODING.mutant(
    caught_by="begins-with-zeros-and-ones, a-shift-is-a-rotation, rotations-keep-lengths, wavelengths-are-geometric"
)
def counted_from_one(x, t, base=10000.0, rotary=False):
    """positions are counted from 1"""
    return positional_encoding(x, t + 1, base, rotary)


@POSITIONAL_ENCODING.mutant(caught_by="rows-have-their-own-positions, rows-are-turned-by-their-own-positions")
def positions_of_the_first_row(x, t, base=10000.0, rotary=False):
    """all rows get the positions of the first"""
    return positional_encoding(x, t[:1] if t.ndim > 1 else t, base, rotary)


@POSITIONAL_ENCODING.mutant(caught_by="products-do-not-fall-steadily, products-depend-on-the-distance")
def fades_with_the_distance(x, t, base=10000.0, rotary=False):
    """slow waves only, on which the product falls steadily"""
    return positional_encoding(x, t / 100, base, rotary)


@POSITIONAL_ENCODING.figure(
    width=Slider(8, 128, 64, "width d", log=True, integer=True), base=Slider(10, 1e6, 1e4, "base b", log=True)
)
def figure(width, base):
    d, n = int(width) // 2 * 2, 100
    PE = positional_encoding(np.zeros((n, d)), np.arange(float(n)), base)
    products = PE @ PE[0] / (d / 2)
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.3)
    left.imshow(PE, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    left.set(xlabel="coordinate", ylabel="position t", title="encoding of position t")
    for where, colour in ((0, COLOURS[0]), (50, COLOURS[1])):
        right.plot(PE @ PE[where] / (d / 2), color=colour, label=f"t = {where}")
    right.set(xlabel="other position s", title="product of two encodings, over d/2")
    right.legend(frameon=False)
    rises = int((np.diff(products) > 1e-9).sum())
    words = Text(
        f"Encodings of {n} positions, d = {d}, base {base:.3g}. The product with position 50 is the same curve as with "
        f"position 0, moved: only the distance counts. It falls to {products.min():.2f} and rises at {rises} of {n - 1} steps.",
        f"{n} 个位置的编码，d = {d}，底数 {base:.3g}。与位置 50 的内积就是与位置 0 的内积曲线平移而来：只取决于距离。它最低降到 {products.min():.2f}，{n - 1} 步中有 {rises} 步回升。",
    )
    return Drawing(fig, words)
