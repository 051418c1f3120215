"""The restricted Boltzmann machine, and contrastive divergence."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _library(RestrictedBoltzmann, V, W, b, c, k=1):
    machine = RestrictedBoltzmann(W, b, c)
    exact, short = machine.exact_gradient(V), machine.expected_contrastive_divergence(V, k)
    return (machine.free_energy(V), machine.log_partition(), *exact[:3], *short[:3])


RESTRICTED_BOLTZMANN = Concept(
    key="restricted-boltzmann",
    kind="model",
    title="Boltzmann machine",
    summary="Binary units whose joint probability is the exponential of an energy; in the restricted machine visible and hidden units are connected, and neither layer within itself. "
    "Then each layer is independent given the other, and what the hidden ones weigh together is known in closed form. The gradient of the likelihood is a difference of two means, one of them "
    "over the model; contrastive divergence takes it at the end of a chain of k steps from the data, which is in general another direction.",
    formulas=(
        r"p(v,h)=\frac1Ze^{v^{\mathsf T}Wh+b^{\mathsf T}v+c^{\mathsf T}h},\qquad v\in\{0,1\}^n,\ h\in\{0,1\}^m",
        r"p(v)=\frac{e^{-F(v)}}Z,\qquad F(v)=-b^{\mathsf T}v-\sum_{j=1}^m\ln\bigl(1+e^{c_j+\sum_iv_iW_{ij}}\bigr)",
        r"P(h_j=1\mid v)=\sigma\Bigl(c_j+\sum_iv_iW_{ij}\Bigr),\qquad P(v_i=1\mid h)=\sigma\Bigl(b_i+\sum_jW_{ij}h_j\Bigr)",
        r"g=\frac{\partial}{\partial(W,b,c)}\,\frac1N\sum_{s=1}^N\ln p(v_s)=\mathbb E_{\text{data}}(vh^{\mathsf T},v,h)-\mathbb E_p(vh^{\mathsf T},v,h)",
        r"d_k=\mathbb E_{\text{data}}(vh^{\mathsf T},v,h)-\mathbb E_{\text{data}\cdot T^k}(vh^{\mathsf T},v,h),\qquad T(v,v')=\sum_hp(h\mid v)\,p(v'\mid h)",
    ),
    symbols=(
        Symbol("v_s", "V", "N n", "data: visible states, 0 or 1, one a row", "other"),
        Symbol("W", "W", "n m", "weights of the connections"),
        Symbol("b", "b", "n", "biases of the visible units"),
        Symbol("c", "c", "m", "biases of the hidden units"),
        Symbol("k", "k", "", "steps of the chain", "natural"),
        Symbol("v,\\ h", "", "n; m", "states of the visible and of the hidden units"),
        Symbol("Z", "", "", "what makes the probabilities add up to 1"),
        Symbol("F", "", "", "free energy"),
        Symbol(r"\sigma", "", "", "logistic function"),
        Symbol("T", "", "2ⁿ 2ⁿ", "transition of a Gibbs step: hidden units given visible, then visible given hidden"),
        Symbol(
            r"\mathbb E_{\text{data}}", "", "", "mean over the data, hidden units as the model has them given the data"
        ),
        Symbol(
            r"\mathbb E_p,\ \mathbb E_{\text{data}\cdot T^k}",
            "",
            "",
            "mean over the model; mean over the ends of chains of k steps from the data, hidden units as the model has them given those",
        ),
        Symbol("n,\\ m", "", "", "numbers of visible and hidden units", "natural"),
        Symbol("N,\\ s,\\ i,\\ j", "", "", "number of data; a datum, a visible unit, a hidden one", "natural"),
    ),
    returns=(
        Result("F", "N", "free energies of the data"),
        Result("ln_Z", "", "ln Z"),
        Result("gradient_W", "n m", "derivative of the mean log-likelihood by W"),
        Result("gradient_b", "n", "by b"),
        Result("gradient_c", "m", "by c"),
        Result("cd_W", "n m", "mean of CD-k over all its draws, for W"),
        Result("cd_b", "n", "for b"),
        Result("cd_c", "m", "for c"),
    ),
    needs=("markov-network", "gibbs"),
    source="hinton2002training",
    year=2002,
    people=("Geoffrey Hinton", "Terrence Sejnowski", "David Ackley", "Paul Smolensky", "Ruslan Salakhutdinov"),
    aliases="RBM, restricted Boltzmann machine, contrastive divergence, deep belief network, 受限玻尔兹曼机, 深度信念网络, 对比散度",
    implementations=(
        Implementation(
            "gradus.inference:RestrictedBoltzmann",
            "torch",
            _library,
            note="exact where a layer is small; CD-k and persistent chains by draws; annealed importance sampling for ln Z",
        ),
    ),
    readings="hinton2002training; smolensky1986information; carreira2005contrastive; salakhutdinov2008quantitative",
    hypotheses=(
        Hypothesis("no connections within a layer", "a-connection-between-hidden-units"),
        Hypothesis(
            "for a gradient: the chain is long beside the time in which it forgets its start",
            "cd-1-points-the-other-way",
        ),
    ),
    conventions=(
        Convention(
            "the weights",
            "rows visible, columns hidden",
            "transposed: scikit-learn's `components_`, one row a hidden unit",
        ),
        Convention(
            "the last hidden layer", "its probabilities, in both means: less noise, the same mean", "drawn states"
        ),
        Convention("the units", "0 and 1", "−1 and 1, as in Ising's model: other W, b and c for the same distribution"),
    ),
    deviations=(
        "The definition enumerates all pairs of states; the implementation sums one layer in closed form.",
        "Contrastive divergence is printed and compared by its mean over all draws; one run of it scatters around that.",
    ),
    longest_sum=600,
)


@RESTRICTED_BOLTZMANN.definition
def restricted_boltzmann(V, W, b, c, k=1):
    if not np.isin(V, (0.0, 1.0)).all():
        raise ValueError("states are 0 and 1")
    if k < 1:
        raise ValueError("a chain has at least one step")
    n, m = W.shape
    v = np.array(list(product((0.0, 1.0), repeat=n)))
    h = np.array(list(product((0.0, 1.0), repeat=m)))
    weight = np.exp(v @ W @ h.T + (v @ b)[:, None] + h @ c)  # of each pair (v, h)
    Z = weight.sum()
    given_v, given_h = weight / weight.sum(axis=1, keepdims=True), weight / weight.sum(axis=0)
    place = [int(np.flatnonzero((v == row).all(axis=1))[0]) for row in V]
    data = np.bincount(place, minlength=2**n) / len(V)

    def means(p):
        """Of v hᵀ, v and h, the visible states having the probabilities p."""
        pair = p[:, None] * given_v
        return v.T @ pair @ h, v.T @ p, pair.sum(axis=0) @ h

    q = data
    for _ in range(k):
        q = (q @ given_v) @ given_h.T
    seen, model, end = means(data), means(weight.sum(axis=1) / Z), means(q)
    F = -np.log(weight.sum(axis=1))[place]
    return (
        F,
        np.log(Z),
        *(x - y for x, y in zip(seen, model, strict=True)),
        *(x - y for x, y in zip(seen, end, strict=False)),
    )


@RESTRICTED_BOLTZMANN.example
def example():
    given = dict(V=np.array([[1.0]]), W=np.array([[np.log(2)]]), b=np.array([0.0]), c=np.array([0.0]))
    F, L, gW, gb, gc, dW, db, dc = restricted_boltzmann(**given)
    up = 2 / 3  # P(h = 1 | v = 1)
    again = up * 2 / 3 + (1 - up) / 2
    from_0 = 1 / 2 * 2 / 3 + 1 / 2 * 1 / 2  # P(v = 1) a step after v = 0
    return given | dict(
        Z=np.exp(L),
        F=F[0],
        p=np.exp(-F[0] - L),
        up=up,
        again=again,
        second=again - from_0,
        left=again - 3 / 5,
        strong=(sigma(5.0) - sigma(-5.0)) ** 2,
        gW=gW[0, 0],
        dW=dW[0, 0],
        gb=gb[0],
        db=db[0],
        gc=gc[0],
        dc=dc[0],
    )


@RESTRICTED_BOLTZMANN.exercise
def free_units():
    """Three visible and two hidden units, all weights and biases 0: Z."""
    return number(
        np.exp(restricted_boltzmann(np.zeros((1, 3)), np.zeros((3, 2)), np.zeros(3), np.zeros(2))[1]),
        visible_alone=8,
        pairs=6,
    )


@RESTRICTED_BOLTZMANN.exercise
def unconnected():
    """W = 0: of CD-1, which part is exact?"""
    found = restricted_boltzmann(np.ones((1, 2)), np.zeros((2, 1)), np.array([0.5, -1.0]), np.array([0.3]))
    same = all(np.allclose(x, y) for x, y in zip(found[2:5], found[5:8], strict=True))
    return choice(all=same, biases_alone=False, none=not same)


@RESTRICTED_BOLTZMANN.exercise
def one_bias():
    """A hidden unit with c = ln 3, whose weight to a visible unit of bias 0 is 0: F of either visible state."""
    return number(
        restricted_boltzmann(np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.log([3.0]))[0][0],
        sign=np.log(4),
        bias_alone=-np.log(3),
    )


def random(rng, N, n, m, scale=1.0):
    return dict(V=rng.integers(0, 2, (N, n)).astype(float), W=scale * rng.normal(size=(n, m))) | dict(
        b=scale * rng.normal(size=n), c=scale * rng.normal(size=m)
    )


@RESTRICTED_BOLTZMANN.cases
def cases(rng):
    yield "random", random(rng, 5, 3, 2) | dict(k=2)
    yield "more hidden than visible", random(rng, 4, 2, 4)
    yield "one of each", random(rng, 2, 1, 1)
    yield "one state again and again", random(rng, 1, 3, 2) | dict(V=np.tile([1.0, 0.0, 1.0], (6, 1)), k=3)
    yield "strong connections", random(rng, 3, 4, 2, scale=1.5)


@RESTRICTED_BOLTZMANN.invalid
def invalid(rng):
    ok = random(rng, 3, 3, 2)
    yield "states between 0 and 1", ok | dict(V=np.full((2, 3), 0.5))
    yield "a chain of no steps", ok | dict(k=0)


def floats(found):
    return [np.asarray(part, float) for part in found]


def states(n):
    return np.array(list(product((0.0, 1.0), repeat=n)))


def sigma(x):
    return 1 / (1 + np.exp(-x))


def size(given, n):
    return 4 + float(sum(np.abs(given[name]).sum() for name in ("W", "b", "c")))


@RESTRICTED_BOLTZMANN.claim
def free_energy_is_the_marginal(restricted_boltzmann, rng):
    r"""The free energy is minus the logarithm of what the hidden states weigh together, which has a closed form, and $e^{-F(v)}/Z$ adds up to 1 over all visible states"""
    given = random(rng, 1, 3, 2)
    v = given["V"] = states(3)
    F, L, *_ = floats(restricted_boltzmann(**given))
    closed = -v @ given["b"] - np.log1p(np.exp(given["c"] + v @ given["W"])).sum(axis=1)
    yield roundoff(F, closed, terms=20, scale=size(given, 3))
    h = states(2)
    together = np.exp(v @ given["W"] @ h.T + (v @ given["b"])[:, None] + h @ given["c"]).sum(axis=1)
    yield roundoff(F, -np.log(together), terms=20, scale=size(given, 3))
    yield roundoff(np.exp(-F - L).sum(), 1.0, terms=50, scale=size(given, 3))


@RESTRICTED_BOLTZMANN.claim
def unconnected_units_multiply(restricted_boltzmann, rng):
    r"""With $W=0$ all units are independent, $\ln Z=\sum_i\ln(1+e^{b_i})+\sum_j\ln(1+e^{c_j})$; and whichever layer is called visible, $\ln Z$ is the same: for $(W^{\mathsf T},c,b)$ as for $(W,b,c)$"""
    given = random(rng, 2, 3, 2)
    free = float(restricted_boltzmann(**given | dict(W=np.zeros((3, 2))))[1])
    want = np.log1p(np.exp(given["b"])).sum() + np.log1p(np.exp(given["c"])).sum()
    yield roundoff(free, want, terms=20, scale=size(given, 3))
    one = float(restricted_boltzmann(**given)[1])
    other = float(restricted_boltzmann(np.zeros((1, 2)), given["W"].T, given["c"], given["b"])[1])
    yield roundoff(other, one, terms=20, scale=size(given, 3))
    yield bound(
        one, np.log(sum(np.exp(v @ given["b"]) for v in states(3))), "≥", Text("h = 0 alone", "仅 h = 0 的部分")
    )


@RESTRICTED_BOLTZMANN.claim
def gradient_of_the_likelihood(restricted_boltzmann, rng):
    r"""$g$ is the derivative of the mean of $-F(v_s)-\ln Z$, by differences in W, b and c at once along three random directions"""
    given = random(rng, 4, 3, 2)
    gW, gb, gc = floats(restricted_boltzmann(**given))[2:5]

    def likelihood(t, step):
        F, L, *_ = floats(restricted_boltzmann(given["V"], *(given[x] + t * step[x] for x in ("W", "b", "c"))))
        return float(-F.mean() - L)

    rises = np.abs(np.concatenate([gW.ravel(), gb, gc])).max()
    yield bound(rises, 1e-3, "≥", Text("it is not 0", "不为 0"))
    for _ in range(3):
        step = {x: rng.normal(size=given[x].shape) for x in ("W", "b", "c")}
        near_, far = (likelihood(h, step) - likelihood(-h, step) for h in (1e-3, 2e-3))
        slope = (8 * near_ - far) / (12 * 1e-3)
        want = (gW * step["W"]).sum() + gb @ step["b"] + gc @ step["c"]
        why = Text("h⁴ of a smooth function and ε/h, h = 1e-3", "光滑函数的 h⁴ 误差与 ε/h，h = 1e-3")
        yield near(want, slope, 1e-7, why)


@RESTRICTED_BOLTZMANN.claim
def layers_are_independent_given_each_other(restricted_boltzmann, rng):
    r"""Given $v$ the hidden units are independent with $P(h_j=1\mid v)=\sigma(c_j+\sum_iv_iW_{ij})$: for one datum the first mean of $g$ is $v\,\sigma(c+W^{\mathsf T}v)^{\mathsf T}$, so that two data differ by the difference of these; $d_1$ for b is $v$ less the mean of $\sigma(b+Wh)$ over the hidden states of $v$"""
    given = random(rng, 1, 3, 2)
    W, b, c = given["W"], given["b"], given["c"]
    h = states(2)
    rows = states(3)[[1, 6]]
    found = [floats(restricted_boltzmann(row[None], W, b, c)) for row in rows]
    up = sigma(c + rows @ W)
    first = [np.outer(v, u) for v, u in zip(rows, up, strict=True)]
    yield roundoff(found[0][2] - found[1][2], first[0] - first[1], terms=60, scale=4.0)
    yield roundoff(found[0][4] - found[1][4], up[0] - up[1], terms=60, scale=4.0)
    for v, u, part in zip(rows, up, found, strict=True):
        p = np.prod(np.where(h == 1, u, 1 - u), axis=1)
        yield roundoff(part[6], v - p @ sigma(b + h @ W.T), terms=60, scale=4.0)


@RESTRICTED_BOLTZMANN.claim
def a_connection_between_hidden_units(restricted_boltzmann, rng):
    r"""A connection $u\,h_1h_2$ between two hidden units ends it: given $v$ they are dependent, and what they weigh together is no product. With $W=0$, $c=0$, $u=\ln5$ the hidden states weigh 1 + 1 + 1 + 5 = 8, not $(1+1)^2=4$ as without the connection, and both are 1 with probability $\frac58$, each of the two with $\frac34$, though $\frac34\cdot\frac34=\frac9{16}$"""
    h = states(2)
    weight = np.exp(np.log(5.0) * h[:, 0] * h[:, 1])
    p = weight / weight.sum()
    F = floats(restricted_boltzmann(np.zeros((1, 1)), np.zeros((1, 2)), np.zeros(1), np.zeros(2)))[0]
    yield roundoff(np.exp(-F[0]), 4.0, terms=20)
    yield roundoff([weight.sum() * np.exp(-F[0]), p[3], p @ h[:, 0]], [32.0, 5 / 8, 3 / 4], terms=20)


@RESTRICTED_BOLTZMANN.claim
def at_the_model_both_vanish(restricted_boltzmann, rng):
    r"""A Gibbs step leaves the distribution as it is. So for data that are the model's own, the states weighted by $p(v)$, both $g$ and $d_k$ are 0, for every $k$, though they are not for single states"""
    given = random(rng, 1, 3, 2)
    v = states(3)
    F, L, *_ = floats(restricted_boltzmann(v, given["W"], given["b"], given["c"]))
    p = np.exp(-F - L)
    for k in (1, 3):
        each = [floats(restricted_boltzmann(row[None], given["W"], given["b"], given["c"], k=k))[2:] for row in v]
        largest = max(np.abs(part).max() for parts in each for part in parts)
        yield bound(
            largest, 0.1, "≥", Text("some unit differs from its mean by at least 0.1", "某个单元与其均值之差至少为 0.1")
        )
        for parts in zip(*each, strict=True):
            mean = sum(q * part for q, part in zip(p, parts, strict=True))
            yield roundoff(mean, np.zeros_like(mean), terms=100, scale=size(given, 3))


@RESTRICTED_BOLTZMANN.claim
def long_chains_give_the_gradient(restricted_boltzmann, rng):
    r"""The bias of $d_k$ for b is at most $\lambda^k\sqrt{\chi^2\operatorname{Var}_pv_i}$, $\lambda<1$ being the second eigenvalue of T and $\chi^2=\sum_v\frac{(q(v)-p(v))^2}{p(v)}$ of the data's shares $q$: for three visible and two hidden units whose weights and biases are standard normal draws, $d_k$ at $k=2000$ is $g$, up to that and rounding"""
    given = random(rng, 3, 3, 2)
    v, h = states(3), states(2)
    W, b, c = given["W"], given["b"], given["c"]
    weight = np.exp(v @ W @ h.T + (v @ b)[:, None] + h @ c)
    p = weight.sum(axis=1) / weight.sum()
    T = (weight / weight.sum(axis=1, keepdims=True)) @ (weight / weight.sum(axis=0)).T
    root = np.sqrt(p)
    second = np.sort(np.linalg.eigvalsh(root[:, None] * (T + (T.T * p / p[:, None])) / 2 / root))[-2]
    q = np.array([(given["V"] == row).all(axis=1).mean() for row in v])
    chi = np.sqrt(((q - p) ** 2 / p).sum())
    spread = np.sqrt(p @ v**2 - (p @ v) ** 2)
    for k in (1, 2, 4, 8):
        _, _, _, gb, _, _, db, _ = floats(restricted_boltzmann(**given, k=k))
        yield bound((np.abs(db - gb) / spread).max(), second**k * chi + 1e-14)
        yield roundoff(gb, given["V"].mean(axis=0) - p @ v, terms=60, scale=4.0)
        if k == 1:
            yield bound(np.abs(db - gb).max(), 1e-6, "≥", Text("CD-1 is not the gradient", "CD-1 不是梯度"))
    found = floats(restricted_boltzmann(**given, k=2000))
    for exact, long in zip(found[2:5], found[5:8], strict=True):
        left = float(second**2000 * chi)
        yield near(np.abs(long - exact).max(), 0.0, left + 1e-11, Text("λ²⁰⁰⁰χ and rounding", "λ²⁰⁰⁰χ 与舍入"))
    yield roundoff(found[3], given["V"].mean(axis=0) - p @ v, terms=60, scale=4.0)
    yield bound(
        np.abs(np.concatenate([part.ravel() for part in found[2:5]])).max(), 1e-3, "≥", Text("it is not 0", "不为 0")
    )


@RESTRICTED_BOLTZMANN.claim
def cd_1_points_the_other_way(restricted_boltzmann, rng):
    r"""Short chains are biased, and an entry may have the wrong sign: for $W=(-4,3)^{\mathsf T}$, $b=(0,1)$, $c=2$ and the datum $v=(1,0)$ the likelihood rises with $W_{11}$, derivative 0.1015, and CD-1 lowers it, $-0.1318$; for $W_{21}$ they agree in sign"""
    given = dict(V=np.array([[1.0, 0.0]]), W=np.array([[-4.0], [3.0]]), b=np.array([0.0, 1.0]), c=np.array([2.0]))
    _, _, gW, _, _, dW, _, _ = floats(restricted_boltzmann(**given))
    rounded = Text("rounded to four places", "四舍五入到四位小数")
    yield near(gW[0, 0], 0.1015, 5e-5, rounded)
    yield near(dW[0, 0], -0.1318, 5e-5, rounded)
    yield bound(gW[1, 0] * dW[1, 0], 1e-4, "≥", Text("the same sign", "同号"))


@RESTRICTED_BOLTZMANN.claim
def what_is_no_state_is_refused(restricted_boltzmann, rng):
    """Grey values are no states: data between 0 and 1 are refused, and draws or a threshold make states of them"""
    given = random(rng, 3, 3, 2)
    yield raises(lambda: restricted_boltzmann(**given | dict(V=np.full((2, 3), 0.5))), ValueError)


def variant(V, W, b, c, k=1, **wrong):
    """The formulas, and what may go wrong, by name."""
    V = np.asarray(V, float)
    if (not np.isin(V, (0.0, 1.0)).all() and not wrong.get("grey")) or k < 1:
        raise ValueError("states")
    v, h = states(W.shape[0]), states(W.shape[1])
    up, down = sigma(c + v @ W), sigma(b + h @ W.T)
    inner = v @ W + (0 if wrong.get("no_c") else c)
    F = -v @ b * (not wrong.get("no_b")) - np.log1p(np.exp(inner)).sum(axis=1)
    L = np.log(np.exp(-F).sum()) if not wrong.get("no_hidden") else np.log(np.exp(v @ b).sum())
    p = np.exp(-F - L)
    place = [int(np.abs(v - row).sum(axis=1).argmin()) for row in V]
    q = data = np.bincount(place, minlength=len(v)) / len(V)
    to_h = np.prod(np.where(h[None] == 1, up[:, None], 1 - up[:, None]), axis=2)
    to_v = np.prod(np.where(v[None] == 1, down[:, None], 1 - down[:, None]), axis=2)
    for _ in range(k - wrong.get("fewer", 0)):
        q = q @ to_h @ to_v

    def means(r, hidden):
        return v.T @ (r[:, None] * hidden), r @ v, r @ hidden

    seen = means(data, up)
    old = np.tile(data @ up, (len(v), 1)) if wrong.get("stale") else up
    model, end = means(p, up), means(q, old)
    signs = wrong.get("sign", 1)
    g = [signs * (x - y) for x, y in zip(seen, model, strict=True)]
    d = [signs * (x - y) for x, y in zip(seen, end, strict=True)]
    return F[place], L, *(d if wrong.get("cd_for_g") else g), *(g if wrong.get("g_for_cd") else d)


@RESTRICTED_BOLTZMANN.mutant(caught_by="long-chains-give-the-gradient, at-the-model-both-vanish, equals-definition")
def hidden_of_the_data(V, W, b, c, k=1):
    """the hidden units of the data in the negative mean, too"""
    return variant(V, W, b, c, k, stale=True)


@RESTRICTED_BOLTZMANN.mutant(
    caught_by="gradient-of-the-likelihood, cd-1-points-the-other-way, layers-are-independent-given-each-other"
)
def phases_swapped(V, W, b, c, k=1):
    """the two means swapped"""
    return variant(V, W, b, c, k, sign=-1)


@RESTRICTED_BOLTZMANN.mutant(
    caught_by="free-energy-is-the-marginal, gradient-of-the-likelihood, unconnected-units-multiply"
)
def visible_bias_left_out(V, W, b, c, k=1):
    """the free energy without the visible biases"""
    return variant(V, W, b, c, k, no_b=True)


@RESTRICTED_BOLTZMANN.mutant(caught_by="free-energy-is-the-marginal, unconnected-units-multiply, equals-definition")
def hidden_bias_left_out(V, W, b, c, k=1):
    """the free energy without the hidden biases"""
    return variant(V, W, b, c, k, no_c=True)


@RESTRICTED_BOLTZMANN.mutant(caught_by="cd-1-points-the-other-way, gradient-of-the-likelihood")
def divergence_for_the_gradient(V, W, b, c, k=1):
    """contrastive divergence given out as the gradient"""
    return variant(V, W, b, c, k, cd_for_g=True)


@RESTRICTED_BOLTZMANN.mutant(caught_by="cd-1-points-the-other-way, layers-are-independent-given-each-other")
def gradient_for_the_divergence(V, W, b, c, k=1):
    """the gradient given out as contrastive divergence"""
    return variant(V, W, b, c, k, g_for_cd=True)


@RESTRICTED_BOLTZMANN.mutant(
    caught_by="layers-are-independent-given-each-other, cd-1-points-the-other-way, equals-definition"
)
def a_step_too_few(V, W, b, c, k=1):
    """a chain that is one step short"""
    return variant(V, W, b, c, k, fewer=1)


@RESTRICTED_BOLTZMANN.mutant(caught_by="unconnected-units-multiply, free-energy-is-the-marginal")
def visible_states_alone(V, W, b, c, k=1):
    """Z of the visible units alone"""
    return variant(V, W, b, c, k, no_hidden=True)


@RESTRICTED_BOLTZMANN.mutant(caught_by="what-is-no-state-is-refused")
def grey_taken(V, W, b, c, k=1):
    """grey values taken in silence"""
    return variant(V, W, b, c, k, grey=True)


@RESTRICTED_BOLTZMANN.mutant(caught_by="a-connection-between-hidden-units, free-energy-is-the-marginal")
def minus_free_energy(V, W, b, c, k=1):
    """the free energy with the wrong sign"""
    found = variant(V, W, b, c, k)
    return -found[0], *found[1:]


RESTRICTED_BOLTZMANN.erratum(
    "E353",
    common="Contrastive divergence is the gradient of the likelihood, only noisier (a common slip)",
    why="Its mean over all draws is in general another direction: a machine of two visible units and one hidden has an entry in which it has the opposite sign. Only as the chain grows long does it become the gradient, at the rate of the second eigenvalue.",
    right="CD-k is biased, by no more than the chain remembers of its start after k steps; longer or persistent chains lessen it",
    claims="cd-1-points-the-other-way, long-chains-give-the-gradient",
)


@RESTRICTED_BOLTZMANN.figure(
    scale=Slider(0.5, 6.0, 3.0, "size of the weights"), k=Slider(1, 10, 1, "steps k", integer=True)
)
def figure(scale, k):
    rng = np.random.default_rng(3)
    W, b, c = scale * rng.normal(size=(4, 2)), rng.normal(size=4), rng.normal(size=2)
    V = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]], float)
    steps = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32])
    misses, g = [], None
    for count in steps:
        found = restricted_boltzmann(V, W, b, c, k=int(count))
        g, d = (np.concatenate([part.ravel() for part in found[i : i + 3]]) for i in (2, 5))
        misses.append(np.linalg.norm(d - g) / np.linalg.norm(g))
    paths, start = [], 0.1 * rng.normal(size=(4, 2))
    for exact in (True, False):
        w, x, y = start, np.zeros(4), np.zeros(2)
        path = []
        for _ in range(80):
            found = restricted_boltzmann(V, w, x, y, k=int(k))
            path.append(float(-found[0].mean() - found[1]))
            parts = found[2:5] if exact else found[5:8]
            w, x, y = w + parts[0], x + parts[1], y + parts[2]
        paths.append(path)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    left.semilogy(steps, np.maximum(misses, 1e-12), "o-", ms=4, color=COLOURS[0], label="bias over the gradient")
    left.axvline(k, color="0.45", lw=1, ls=":", label="these steps")
    left.set(xlabel="steps k", ylabel="relative bias")
    left.legend(fontsize=9, frameon=False, loc="best")
    right.plot(paths[0], color=COLOURS[2], label="gradient")
    right.plot(paths[1], color=COLOURS[1], ls="--", label="contrastive divergence")
    right.set(xlabel="updates", ylabel="mean ln p of the data")
    right.legend(fontsize=9, frameon=False, loc="upper left")
    words = Text(
        f"Weights of size {scale:.3g}: CD-1 misses the gradient by {misses[0]:.2g} of its length, CD-32 by {misses[-1]:.2g}. Trained from small weights for 80 updates, mean ln p is {paths[0][-1]:.3g} by the gradient and {paths[1][-1]:.3g} by CD-{int(k)}.",
        f"权重大小为 {scale:.3g}：CD-1 与梯度之差为梯度长度的 {misses[0]:.2g} 倍，CD-32 为 {misses[-1]:.2g} 倍。从小权重训练 80 次更新，平均 ln p 按梯度为 {paths[0][-1]:.3g}，按 CD-{int(k)} 为 {paths[1][-1]:.3g}。",
    )
    return Drawing(fig, words)
