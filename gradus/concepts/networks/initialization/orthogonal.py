"""Orthogonal initialization."""

import numpy as np

from gradus.concepts.networks.initialization.draws import GAIN, N_IN, N_OUT, W_OUT, draw_cases, orthogonalized
from gradus.concepts.networks.initialization.xavier import xavier
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

ORTHOGONAL = Concept(
    key="orthogonal",
    kind="definition",
    title="Orthogonal initialization",
    summary="A random orthogonal matrix keeps every length, not only the mean: a deep linear net of equal widths then hands "
    "on signals and gradients without stretching them, all its singular values being 1.",
    formulas=(
        r"n_{\text{out}}\ge n_{\text{in}}:\quad W=g\,Q,\quad Z=QR",
        r"n_{\text{out}}<n_{\text{in}}:\quad W^{\mathsf T}=g\,Q,\quad Z^{\mathsf T}=QR",
        r"R_{jk}=0\ (j>k),\qquad R_{kk}>0",
        r"q_k=\frac{u_k}{\lVert u_k\rVert},\qquad u_k=z_k-\sum_{j<k}(q_j^{\mathsf T}z_k)\,q_j",
        r"W^{\mathsf T}W=g^2I\ \ (n_{\text{out}}\ge n_{\text{in}})",
        r"WW^{\mathsf T}=g^2I\ \ (n_{\text{out}}\le n_{\text{in}})",
    ),
    symbols=(
        Symbol("Z", "Z", "n_out n_in", "independent standard normal draws; further axes are joined to the second"),
        GAIN,
        W_OUT,
        Symbol("Q", "", "n_out n_in", "matrix with orthonormal columns $q_k$ (of shape n_in n_out where W is wide)"),
        Symbol("R", "", "n_in n_in", "triangular factor"),
        Symbol("z_k, u_k", "", "n_out", "column k of Z, and what is left of it"),
        Symbol("j, k", "", "", "indices of columns"),
        N_IN,
        N_OUT,
    ),
    needs=("matrix-product", "norm", "mlp", "backprop-mlp"),
    source="saxe2014exact",
    year=2014,
    people=("Andrew Saxe", "James McClelland", "Surya Ganguli"),
    aliases="orthogonal init, orthogonal weights, dynamical isometry, 正交权重, 正交初始化方法, 动力等距",
    implementations=(
        Implementation(
            "torch.linalg:qr",
            "torch",
            orthogonalized,
            "with the signs of R's diagonal put right; `torch.nn.init.orthogonal_` draws Z and does the same",
        ),
    ),
    readings="saxe2014exact; mezzadri2007generate; golub2013matrix §5.2",
    hypotheses=(
        Hypothesis(r"lengths are kept: $n_{\text{out}}\ge n_{\text{in}}$ and $g=1$", "wide-weights-lose-lengths"),
        Hypothesis("Q is uniformly distributed: Z is normal", "no-direction-is-preferred, signs-left"),
    ),
    deviations="LAPACK's R has diagonal entries of either sign; without the correction Q is not uniformly distributed.",
)


@ORTHOGONAL.definition
def orthogonal(Z, gain=1.0):
    M = Z.reshape(Z.shape[0], -1)
    n_out, n_in = M.shape
    z = M.T if n_out >= n_in else M  # row k is the vector z_k
    q = []
    for k in range(len(z)):
        u = z[k]
        for _ in range(2 if q else 0):  # twice, for orthogonality to the last digit
            u = u - (np.array(q) @ u) @ np.array(q)  # − Σ_j (q_jᵀ u) q_j
        q.append(u / np.sqrt((u * u).sum()))
    Q = np.stack(q)
    return gain * (Q.T if n_out >= n_in else Q).reshape(Z.shape)


@ORTHOGONAL.example
def example():
    Z = np.array([[1.0, 3.0], [2.0, 0.0], [2.0, 3.0]])
    W = orthogonal(Z)
    z1, z2 = Z.T
    q1, along = W[:, 0], W[:, 0] @ z2
    x, y = np.array([2.0, -1.0]), np.array([2.0, 0.0, -1.0])
    lapack = np.linalg.qr(Z)[0]
    weak, strong = np.array([1.0, np.sqrt(7)]) / 2, 20
    return (
        dict(Z=Z, W=W, q1=3 * q1, norm=np.linalg.norm(z1), along=along, u2=z2 - along * q1)
        | dict(norm2=np.linalg.norm(z2 - along * q1), q2=3 * W[:, 1], x=x, Wx=3 * W @ x)
        | dict(length=np.sqrt(x @ x), kept=np.linalg.norm(W @ x), y=y, back=3 * W.T @ y)
        | dict(before=np.sqrt(y @ y), after=np.linalg.norm(W.T @ y), lapack=3 * lapack, weak=weak)
        | dict(mean=np.sqrt((weak**2).mean()), low=weak[0] ** strong, high=weak[1] ** strong)
    )


@ORTHOGONAL.exercise
def stacked_gates():
    n = 8
    W = orthogonal(np.random.default_rng(0).standard_normal((3 * n, n)))
    shares = [np.trace(W[k : k + n].T @ W[k : k + n]) / n for k in (0, n, 2 * n)]
    return number(float(np.mean(shares)), unchanged=1, root=np.sqrt(1 / 3))


@ORTHOGONAL.exercise
def a_hundred_layers():
    return number(0.99**100, squared=0.99**200, gain_without_effect=1)


@ORTHOGONAL.exercise
def wide_weights():
    W = orthogonal(np.random.default_rng(0).standard_normal((2, 3)))
    inside, outside = W.T @ np.array([1.0, 2.0]), np.cross(W[0], W[1])
    stays = [bool(np.isclose(np.linalg.norm(W @ v), np.linalg.norm(v))) for v in (inside, outside, inside + outside)]
    return choice(every=all(stays), some=stays[0] and not any(stays[1:]), none=not any(stays))


@ORTHOGONAL.cases
def orthogonal_cases(rng):
    yield from draw_cases(rng)
    yield "gain", dict(Z=rng.standard_normal((6, 4)), gain=2**0.5)
    yield "already orthogonal", dict(Z=np.diag([2.0, 3.0, 0.5]))


@ORTHOGONAL.invalid
def orthogonal_invalid(rng):
    yield "a vector", dict(Z=np.ones(5))
    yield "a number", dict(Z=np.array(1.0))


@ORTHOGONAL.claim
def lengths_are_kept(orthogonal, rng):
    """Fifty square linear layers keep the length of every vector, to rounding"""
    n, L = 24, 50
    x = rng.standard_normal((n, 10))
    y = x
    for _ in range(L):
        y = orthogonal(rng.standard_normal((n, n))) @ y
    return roundoff(np.linalg.norm(y, axis=0), np.linalg.norm(x, axis=0), terms=n * L)


@ORTHOGONAL.claim
def wide_weights_lose_lengths(orthogonal, rng):
    """Wide weights keep no length but what lies in their rows' span: the rest is mapped to 0"""
    W = orthogonal(rng.standard_normal((5, 12)))
    x = rng.standard_normal(12)
    inside = W.T @ (W @ x)
    kept = roundoff(np.linalg.norm(W @ x), np.linalg.norm(inside), terms=24)
    return all_of(
        kept,
        roundoff(W @ (x - inside), np.zeros(5), terms=24, scale=4.0),
        bound(np.linalg.norm(inside), np.linalg.norm(x)),
    )


@ORTHOGONAL.claim
def columns_or_rows_are_orthonormal(orthogonal, rng):
    """Tall weights have orthonormal columns, wide ones orthonormal rows, times the gain"""
    for shape in ((12, 5), (5, 12), (8, 8), (4, 2, 3, 3)):
        W = orthogonal(rng.standard_normal(shape), 1.5).reshape(shape[0], -1)
        gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        yield roundoff(gram, 2.25 * np.eye(len(gram)), terms=max(W.shape))


@ORTHOGONAL.claim
def singular_values_stay_equal(orthogonal, rng):
    """All singular values of a product of 20 square ones are $g^{20}$; normal weights of the same variance, 24 × 24, leave a ratio above
    $10^6$ between largest and least"""
    n, L, g = 24, 20, 1.1
    product, normal = np.eye(n), np.eye(n)
    for _ in range(L):
        Z = rng.standard_normal((n, n))
        product, normal = orthogonal(Z, g) @ product, g / np.sqrt(n) * Z @ normal
    s = np.linalg.svd(product, compute_uv=False)
    ratio = np.linalg.cond(normal)
    return all_of(roundoff(s, np.full(n, g**L), terms=n * L), bound(min(ratio, 1e8), 1e6, "≥"))


@ORTHOGONAL.claim
def no_direction_is_preferred(orthogonal, rng):
    r"""No direction is preferred: an entry of Q has mean 0, $\mathbb{E}q^2=1/n$ and $\mathbb{E}q^4=3/(n(n+2))$"""
    n = 3
    Q = np.stack([orthogonal(rng.standard_normal((n, n))) for _ in range(500)])
    corner, trace = Q[:, 0, 0], np.trace(Q, axis1=1, axis2=2)
    moments = [statistical(corner, 0.0), statistical(corner**2, 1 / n), statistical(corner**4, 3 / (n * (n + 2)))]
    return all_of(*moments, statistical(trace, 0.0), statistical(trace**2, 1.0))


@ORTHOGONAL.claim
def torch_initialises_the_same(orthogonal, rng):
    """On the draws of its generator, `torch.nn.init.orthogonal_` gives the same matrix"""
    import torch

    for shape in ((7, 4), (6, 6), (4, 7)):
        own = torch.empty(shape, dtype=torch.float64)
        Z = own.clone().normal_(generator=torch.Generator().manual_seed(1)).numpy()
        want = torch.nn.init.orthogonal_(own, 1.3, torch.Generator().manual_seed(1)).numpy()
        terms = int(max(shape) * np.ceil(np.linalg.cond(Z)))
        yield roundoff(orthogonal(Z, 1.3), want, terms=terms)


@ORTHOGONAL.mutant(
    caught_by="lengths-are-kept, columns-or-rows-are-orthonormal, singular-values-stay-equal, wide-weights-lose-lengths"
)
def merely_normal(Z, gain=1.0):
    """normal weights of the same variance"""
    return gain * Z / np.sqrt(max(Z.shape[0], Z[0].size))


@ORTHOGONAL.mutant(caught_by="equals-definition, no-direction-is-preferred, torch-initialises-the-same")
def signs_left(Z, gain=1.0):
    """LAPACK's signs are left as they are"""
    M = Z.reshape(Z.shape[0], -1)
    Q = np.linalg.qr(M if M.shape[0] >= M.shape[1] else M.T)[0]
    return gain * (Q if M.shape[0] >= M.shape[1] else Q.T).reshape(Z.shape)


@ORTHOGONAL.mutant(caught_by="lengths-are-kept, columns-or-rows-are-orthonormal")
def columns_normalised(Z, gain=1.0):
    """columns made of length 1 but not perpendicular"""
    M = Z.reshape(Z.shape[0], -1)
    return (gain * M / np.linalg.norm(M, axis=0)).reshape(Z.shape)


@ORTHOGONAL.mutant(caught_by="equals-definition, singular-values-stay-equal")
def gain_squared(Z, gain=1.0):
    """the gain is squared"""
    return orthogonal(Z, gain**2)


@ORTHOGONAL.figure(depth=Slider(1, 60, 12, "number of linear layers", integer=True), gain=Slider(0.9, 1.1, 1.0, "gain"))
def orthogonal_figure(depth, gain):
    n, L = 32, int(depth)
    rng = np.random.default_rng(4)
    products = {"orthogonal": np.eye(n), "normal": np.eye(n)}
    for _ in range(L):
        Z = rng.standard_normal((n, n))
        products["orthogonal"] = orthogonal(Z, gain) @ products["orthogonal"]
        products["normal"] = xavier(Z, gain) @ products["normal"]
    fig, ax = canvas(width=6.0, height=3.4)
    s = {}
    for (name, P), colour in zip(products.items(), COLOURS, strict=False):
        s[name] = np.maximum(np.linalg.svd(P, compute_uv=False), 1e-17)
        ax.semilogy(np.arange(1, n + 1), s[name], "o-", ms=3, color=colour, label=name)
    ax.set(xlabel="k", ylabel="k-th singular value of the product", ylim=(1e-17, 1e4))
    ax.legend(frameon=False, loc="lower left")
    words = Text(
        f"A product of {L} matrices of size {n} with gain {gain:.2f}. Orthogonal: all singular values are {s['orthogonal'][0]:.3g}. Normal: "
        f"from {s['normal'][0]:.2g} down to {s['normal'][-1]:.1g}.",
        f"{L} 个 {n} 阶矩阵的乘积，增益 {gain:.2f}。正交：所有奇异值均为 {s['orthogonal'][0]:.3g}。正态：从 {s['normal'][0]:.2g} 降到 {s['normal'][-1]:.1g}。",
    )
    return Drawing(fig, words)
