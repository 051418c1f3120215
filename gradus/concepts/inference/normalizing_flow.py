"""Normalising flows: planar, coupling and masked autoregressive layers."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, raises, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(NormalizingFlow, x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    import torch

    from gradus.inference import AffineCoupling, MaskedAutoregressiveLayer, PlanarLayer

    class Linear(torch.nn.Module):
        """Log-scales and shifts of some coordinates, from others."""

        def __init__(self, weight, bias):
            super().__init__()
            self.weight, self.bias = weight, bias

        def forward(self, x):
            return torch.nn.functional.linear(x, self.weight, self.bias)

    def autoregressive(weight, bias, ranks):
        layer = MaskedAutoregressiveLayer(d, hidden=(), order=ranks, dtype=x.dtype)
        for name, value in (("weight", weight), ("bias", bias)):
            delattr(
                layer.conditioner[0], name
            )  # a tensor in the parameter's place, so that gradients reach the argument
            setattr(layer.conditioner[0], name, value)
        return layer

    d, layers = x.shape[-1], []
    for k in range(0 if u is None else len(u)):
        layer, slope = PlanarLayer(d, dtype=x.dtype), w[k] @ u[k]
        if not bool(slope > -1):
            raise _folds(float(slope))
        raw = torch.log(torch.expm1(1 + slope)) - math.log(math.e - 1)  # so that the layer's û is u
        free = u[k] + (raw - slope) * w[k] / torch.where((w[k] != 0).any(), w[k] @ w[k], 1.0)
        for name, value in (("u", free), ("w", w[k]), ("b", b[k])):
            delattr(layer, name)
            setattr(layer, name, value)
        layers.append(layer)
    for k in range(len(S)):
        ranks = torch.as_tensor(order[k])
        if not bool(((ranks == 0) | (ranks == 1)).all() and ranks.any() and (ranks == 0).any()):
            layers.append(autoregressive(torch.cat((S[k], T[k])), torch.cat((a[k], c[k])), ranks.tolist()))
            continue
        A, B = (
            torch.where(ranks == 0)[0],
            torch.where(ranks == 1)[0],
        )  # a coupling layer, and constants for those it lets pass
        heads = Linear(torch.cat((S[k][B][:, A], T[k][B][:, A])), torch.cat((a[k][B], c[k][B])))
        layers.append(AffineCoupling(d, mask=(ranks == 0).tolist(), conditioner=heads))
        alone = torch.cat((torch.where(ranks == 0, a[k], 0.0), torch.where(ranks == 0, c[k], 0.0)))
        layers.append(autoregressive(torch.zeros(2 * d, d, dtype=x.dtype), alone, [0] * d))
    flow = NormalizingFlow(layers or [autoregressive(x.new_zeros(2 * d, d), x.new_zeros(2 * d), [0] * d)])
    if inverse:
        there, log_det = flow.inverse(x)
        return there, log_det, flow.log_prob(there)
    there, log_det = flow(x)
    return there, log_det, flow.log_prob(x)


def _folds(slope):
    from gradus.errors import GradusError

    return GradusError(
        Text(
            f"u: expected w·u above −1, or the layer folds space; got {slope:.3g}",
            f"u：w·u 应大于 −1，否则该层会折叠空间；得到 {slope:.3g}",
        )
    )


NORMALIZING_FLOW = Concept(
    key="normalizing-flow",
    kind="model",
    title="Normalising flow",
    summary="A distribution is moved by maps that can be undone: the density at a point is that of the simple distribution where the point came from, times the factor by which "
    "volumes change. The art is in maps that bend space as much as one likes while the determinant costs next to nothing: by looking only at coordinates that "
    "come before, or by bending along one direction.",
    formulas=(
        r"\ln p(x)=\ln p_0(z)+\ln\left\lvert\det\frac{\partial z}{\partial x}\right\rvert,\qquad z=f_K(\cdots f_1(x)),\qquad\ln\left\lvert\det\frac{\partial z}{\partial x}\right\rvert=\sum_{k=1}^K\ln\lvert\det J_k\rvert",
        r"z_i=(x_i-t_i)\,e^{-s_i},\quad s_i=\ell\tanh\frac{a_i+\sum_{o_j<o_i}S_{ij}x_j}\ell,\quad t_i=c_i+\sum_{o_j<o_i}T_{ij}x_j,\qquad\ln\lvert\det J\rvert=-\sum_is_i",
        r"z=x+u\tanh(w^{\mathsf T}x+b),\qquad\det J=1+w^{\mathsf T}u\,\bigl(1-\tanh^2(w^{\mathsf T}x+b)\bigr);\qquad\det J>0\ \text{for all }x\iff w^{\mathsf T}u>-1",
    ),
    symbols=(
        Symbol("x", "x", "... d", "points: data, or with `inverse` points $z$ that are to be led back"),
        Symbol("S", "S", "K d d", "weights of the log-scales; those with $o_j\\ge o_i$ are not looked at"),
        Symbol("T", "T", "K d d", "weights of the shifts; as with $S$"),
        Symbol("a", "a", "K d", "constants of the log-scales"),
        Symbol("c", "c", "K d", "constants of the shifts"),
        Symbol(
            "o",
            "order",
            "K d",
            "rank of each coordinate: 0, 1, …, d − 1 in some order is autoregressive; zeros and ones are coupling",
            "index",
        ),
        Symbol("u", "u", "P d", "directions of planar layers, which come first"),
        Symbol("w", "w", "P d", "normals of their ridges"),
        Symbol("b", "b", "P", "where the ridges lie"),
        Symbol(r"\text{inverse}", "inverse", "", "whether the points are $z$, to be led back to $x$", "boolean"),
        Symbol("z", "", "... d", "the point in the simple distribution's space"),
        Symbol("p_0", "", "", "the simple distribution: standard normal"),
        Symbol("s,\\ t", "", "d", "log-scales and shifts"),
        Symbol(r"\ell", "", "", "limit of the log-scales: 3"),
        Symbol("f_k,\\ J_k", "", "", "a layer, and its Jacobian where it stands"),
        Symbol(
            "i,\\ j,\\ k,\\ K,\\ P,\\ d",
            "",
            "",
            "coordinates, a layer, numbers of layers, of planar ones, of coordinates",
        ),
    ),
    returns=(
        Result("z", "... d", "$z$; with `inverse` $x$"),
        Result(
            "log_det",
            "...",
            r"$\ln\lvert\det\partial z/\partial x\rvert$; with `inverse` $\ln\lvert\det\partial x/\partial z\rvert$",
        ),
        Result("log_prob", "...", r"$\ln p(x)$, in either case of the point $x$"),
    ),
    needs=("determinant", "jacobian", "multivariate-normal"),
    source="rezende2015variational",
    year=2010,
    people=(
        "Esteban Tabak",
        "Eric Vanden-Eijnden",
        "Danilo Rezende",
        "Shakir Mohamed",
        "Laurent Dinh",
        "George Papamakarios",
    ),
    aliases="RealNVP, MAF, masked autoregressive flow, planar flow, affine coupling layer, MADE, Glow, change of variables formula, normalizing flow, 标准化流, 归一化流, 流模型, 仿射耦合层, 掩码自回归流, 平面流",
    implementations=(
        Implementation(
            "gradus.inference:NormalizingFlow",
            "torch",
            _ours,
            "a module of layers; `RealNVP`, `MaskedAutoregressiveFlow` and `PlanarFlow` make whole flows",
        ),
    ),
    readings="rezende2015variational §4; dinh2017density §3; papamakarios2017masked §3; germain2015made; papamakarios2021normalizing §2–3; tabak2010density",
    hypotheses=(
        Hypothesis("each coordinate looks at those of lower rank only", "looks-at-itself"),
        Hypothesis(
            "each planar layer has w·u > −1: from −1 downwards it is flat somewhere, or folds", "folds-are-refused"
        ),
        Hypothesis(
            "the determinant of each layer is taken where the point stands by then", "all-determinants-at-the-start"
        ),
    ),
    conventions=(
        Convention(
            "which way is forward",
            "from the data to the normal distribution",
            "from the normal distribution to the data (Rezende and Mohamed; torch.distributions' transforms): the log-determinant has the other sign",
        ),
        Convention(
            "affine layers",
            "$z=(x-t)e^{-s}$, as in MAF; $s$ is the logarithm of a deviation",
            "$z=x\\,e^{s}+t$ (RealNVP)",
        ),
        Convention(
            "limit of the log-scales",
            r"$\ell\tanh(\cdot/\ell)$ with $\ell=3$",
            "tanh times a learnt factor (RealNVP), none (MAF), a sigmoid (Glow's code)",
        ),
    ),
    deviations="Here log-scales and shifts are linear but for the limit; in the library a network makes them, masked for autoregressive layers. `PlanarLayer` makes a u that "
    "keeps w·u > −1 of a free one.",
    unverified="That flows with enough layers come as near as one likes to any density: for autoregressive layers with flexible one-dimensional maps it is proved; of the affine layers here the page measures nothing.",
    longest_sum=64,
)


@NORMALIZING_FLOW.definition
def normalizing_flow(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    limit, d = 3.0, x.shape[-1]
    P, K = 0 if u is None else len(u), len(S)
    if S.shape != (K, d, d) or T.shape != (K, d, d) or a.shape != (K, d) or c.shape != (K, d) or order.shape != (K, d):
        raise ValueError("weights and constants of d coordinates")
    if P and (u.shape != (P, d) or w.shape != (P, d) or not all(w[k] @ u[k] > -1 for k in range(P))):
        raise ValueError("a planar layer needs w·u > −1")

    def scales(k, x, i):
        before = order[k] < order[k, i]
        s = limit * np.tanh((a[k, i] + x[..., before] @ S[k, i, before]) / limit)
        return s, c[k, i] + x[..., before] @ T[k, i, before]

    log_det = np.zeros(x.shape[:-1])
    if not inverse:
        for k in range(P):
            ridge = np.tanh(x @ w[k] + b[k])
            x = x + u[k] * ridge[..., None]
            log_det = log_det + np.log(1 + w[k] @ u[k] * (1 - ridge**2))
        for k in range(K):
            z = np.zeros(x.shape)
            for i in range(d):
                s, t = scales(k, x, i)
                z[..., i] = (x[..., i] - t) * np.exp(-s)
                log_det = log_det - s
            x = z
        log_prob = -(x**2).sum(-1) / 2 - d / 2 * np.log(2 * np.pi) + log_det
        return x, log_det, log_prob

    log_prob = -(x**2).sum(-1) / 2 - d / 2 * np.log(2 * np.pi)
    for k in reversed(range(K)):
        z, x = x, np.zeros(x.shape)
        for i in np.argsort(order[k], kind="stable"):  # what a coordinate looks at stands before it does
            s, t = scales(k, x, i)
            x[..., i] = z[..., i] * np.exp(s) + t
            log_det = log_det + s
    for k in reversed(range(P)):
        slope, y = w[k] @ u[k], x @ w[k] + b[k]  # y = α + slope · tanh α
        low, high = y - abs(slope), y + abs(slope)
        for _ in range(60):
            middle = (low + high) / 2
            above = middle + slope * np.tanh(middle) > y
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        root = (low + high) / 2
        root = root - (root + slope * np.tanh(root) - y) / (
            1 + slope * (1 - np.tanh(root) ** 2)
        )  # the last digits, by Newton
        ridge = np.tanh(root)
        x = x - u[k] * ridge[..., None]
        log_det = log_det - np.log(1 + slope * (1 - ridge**2))
    return x, log_det, log_prob - log_det


def one_layer(d=2):
    """The parameters of one affine layer that changes nothing."""
    zero = np.zeros((1, d, d))
    return dict(S=zero, T=zero.copy(), a=zero[:, 0].copy(), c=zero[:, 0].copy(), order=np.arange(d)[None])


def no_layer(d=2):
    return {name: value[:0] for name, value in one_layer(d).items()}


@NORMALIZING_FLOW.example
def example():
    layer = one_layer()
    layer["T"][0, 1, 0] = 1.0
    layer["S"][0, 1, 0] = 3 * np.arctanh(np.log(2) / 3)  # so that s₂ = ln 2 at x₁ = 1
    x = np.array([1.0, 3.0])
    z, log_det, log_prob = normalizing_flow(x, **layer)
    back, back_det, _ = normalizing_flow(z, **layer, inverse=True)
    ridge = dict(u=np.array([[1.0, 0.0]]), w=np.array([[1.0, 0.0]]), b=np.zeros(1))
    _, top_det, top_prob = normalizing_flow(np.zeros(2), **no_layer(), **ridge)
    side, side_det, _ = normalizing_flow(np.array([1.0, 0.0]), **no_layer(), **ridge)
    return (
        dict(x=x, **layer, z=z, det=np.exp(log_det), log_det=log_det, log_p=log_prob, s2=np.log(2))
        | dict(base=log_prob - log_det, back=back, back_det=back_det, S21=layer["S"][0, 1, 0])
        | dict(top_det=np.exp(top_det), top_prob=np.exp(top_prob), normal=1 / (2 * np.pi))
        | dict(side=side[0], side_det=np.exp(side_det), fold=fold()[1], ridge=np.tanh(1.0))
    )


def fold():
    """The places along w to which x − 2 tanh x leads 0 back."""
    x = 1.9
    for _ in range(50):
        x = 2 * np.tanh(x)
    return np.array([-x, x])


@NORMALIZING_FLOW.exercise
def the_sign():
    x, s = 3.0, math.log(2)
    z = x / 2
    right = -(z**2) / 2 - math.log(2 * math.pi) / 2 - s
    return number(
        right, other_sign=right + 2 * s, no_determinant=right + s, base_of_x=-(x**2) / 2 - math.log(2 * math.pi) / 2 - s
    )


@NORMALIZING_FLOW.exercise
def what_passes():
    rng = np.random.default_rng(0)
    layers = drawn(rng, 4, 3, planar=0) | dict(order=np.array([[0, 0, 1, 1]] * 3))
    layers["a"][:, :2], layers["c"][:, :2] = 0, 0
    x = rng.normal(size=4)
    stays = bool(np.all(normalizing_flow(x, **layers)[0][:2] == x[:2]))
    return choice(normal=stays, bent=not stays, mixed=False)


@NORMALIZING_FLOW.exercise
def passes():
    return array([1, 784, 2], swapped=[784, 1, 2], both_sequential=[784, 784, 2])


def drawn(rng, d, K, planar=2, size=0.5, kind="autoregressive"):
    """Random layers."""
    orders = {
        "autoregressive": [rng.permutation(d) for _ in range(K)],
        "coupling": [(np.arange(d) + k) % 2 for k in range(K)],
    }[kind]
    given = {n: size * rng.uniform(-1.5, 1.5, (K, d, d)) for n in "ST"}
    given |= {n: size * rng.uniform(-1.5, 1.5, (K, d)) for n in "ac"} | dict(order=np.array(orders).reshape(K, d))
    if planar:
        w, u = rng.uniform(-1.5, 1.5, (planar, d)), size * rng.uniform(-2, 2, (planar, d))
        slope = (w * u).sum(-1, keepdims=True)
        u = u + (np.maximum(slope, -0.6) - slope) * w / (w**2).sum(-1, keepdims=True)
        given |= dict(u=u, w=w, b=rng.normal(size=planar))
    return given


@NORMALIZING_FLOW.cases
def cases(rng):
    yield "autoregressive", dict(x=rng.normal(size=3), **drawn(rng, 3, 2, planar=0))
    yield "coupling", dict(x=rng.normal(size=(4, 3)), **drawn(rng, 3, 2, planar=0, kind="coupling"))
    yield "planar", dict(x=rng.normal(size=(3, 2)), **(drawn(rng, 2, 0, planar=3)))
    yield "planar, then coupling", dict(x=rng.normal(size=(2, 2, 2)), **drawn(rng, 2, 2, kind="coupling"))
    yield "led back", dict(x=rng.normal(size=(3, 3)), **drawn(rng, 3, 2), inverse=True)
    yield (
        "coupling, led back",
        dict(x=rng.normal(size=(3, 4)), **drawn(rng, 4, 2, planar=0, kind="coupling"), inverse=True),
    )
    yield "one coordinate", dict(x=rng.normal(size=(5, 1)), **drawn(rng, 1, 2))
    yield (
        "ranks with ties",
        dict(x=rng.normal(size=4), **(drawn(rng, 4, 1, planar=0) | dict(order=np.array([[2, 0, 0, 5]])))),
    )
    yield "far out", dict(x=np.array([40.0, -60.0]), **drawn(rng, 2, 2))
    yield "no point", dict(x=np.zeros((0, 2)), **drawn(rng, 2, 2))


@NORMALIZING_FLOW.invalid
def invalid(rng):
    good = drawn(rng, 2, 1)
    yield (
        "a ridge that folds",
        dict(x=np.zeros(2), **{**good, "u": -2 * good["w"] / (good["w"] ** 2).sum(-1, keepdims=True)}),
    )
    yield "weights of another number of coordinates", dict(x=np.zeros(3), **{**good, "u": None, "w": None, "b": None})


def floats(result):
    return tuple(np.asarray(r, float) for r in result)


def volumes(flow, x, given, h=1e-3):
    """ln|det| of the flow's derivative at points (n, d), by differences of fourth order."""
    n, d = x.shape
    steps = np.array([-2, -1, 1, 2])[:, None, None, None] * h * np.eye(d)[:, None]  # (4, d, 1, d)
    z = floats(flow((x + steps).reshape(-1, d), **given))[0].reshape(4, d, n, d)
    J = (z[0] - 8 * z[1] + 8 * z[2] - z[3]) / (12 * h)
    return np.linalg.slogdet(J.transpose(1, 2, 0))[1], J.transpose(1, 2, 0)


DIFFERENCES = Text(
    "h⁴/30 times fifth derivatives, and rounding over h, measured 100 times smaller",
    "h⁴/30 乘以五阶导数，加上舍入除以 h；测得的误差小 100 倍",
)


@NORMALIZING_FLOW.claim
def log_determinants_are_changes_of_volume(flow, rng):
    r"""What is given as $\ln\lvert\det\rvert$ is that of the map's own derivative, by differences of fourth order: planar, coupling and autoregressive layers, both ways; and the two ways'
    are opposite"""
    for kind in ("autoregressive", "coupling"):
        given, x = drawn(rng, 3, 2, size=0.3, kind=kind), rng.normal(size=(4, 3))
        z, log_det, _ = floats(flow(x, **given))
        yield near(np.abs(log_det - volumes(flow, x, given)[0]).max(), 0.0, 1e-7, DIFFERENCES)
        back = floats(flow(z, **given, inverse=True))
        yield near(np.abs(back[1] - volumes(flow, z, given | dict(inverse=True))[0]).max(), 0.0, 1e-7, DIFFERENCES)
        yield roundoff(back[1], -log_det, terms=400)
        yield bound(
            np.ptp(log_det), 0.1, "≥", Text("volumes change differently from place to place", "各处体积变化不同")
        )


@NORMALIZING_FLOW.claim
def probability_is_kept(flow, rng):
    r"""The density integrates to 1: its sum over a fine grid of the plane, for planar, coupling and autoregressive layers together"""
    given = drawn(rng, 2, 2, size=0.15)
    for kind in ("autoregressive", "coupling"):
        given["order"] = np.array([[0, 1], [1, 0]]) if kind == "coupling" else np.array([[0, 1], [0, 1]])
        axis = np.linspace(-40, 40, 321)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)
        p = np.exp(floats(flow(grid, **given))[2])
        why = Text("equal steps of a smooth density that is gone at the rim", "光滑且在边缘已消失的密度，等步长求和")
        yield near(p.sum() * (axis[1] - axis[0]) ** 2, 1.0, 1e-5, why)


@NORMALIZING_FLOW.claim
def there_and_back(flow, rng):
    """Leading back is the inverse, to 1e-10, from either side: ten random flows in four dimensions, of six layers"""
    worst, moved = 0.0, []
    for k in range(10):
        given, x = (
            drawn(rng, 4, 3, planar=3, size=0.3, kind=("coupling", "autoregressive")[k % 2]),
            rng.normal(size=(20, 4)),
        )
        z = floats(flow(x, **given))[0]
        worst = max(worst, np.abs(floats(flow(z, **given, inverse=True))[0] - x).max())
        other = floats(flow(x, **given, inverse=True))[0]
        worst = max(worst, np.abs(floats(flow(other, **given))[0] - x).max())
        moved.append(np.abs(z - x).mean())
    why = Text("rounding times what six layers stretch at most", "舍入乘以六层的最大拉伸")
    yield near(worst, 0.0, 1e-10, why)
    yield bound(min(moved), 0.1, "≥", Text("the points do move", "点确实移动了"))


@NORMALIZING_FLOW.claim
def draws_have_the_density(flow, rng):
    r"""Normal draws led back have the density: $\mathbb E\,x_1$, $\mathbb E\,x_2^2$ and $\mathbb E\cos(x_1-x_2)$ over $z$ on a grid, and the same from the density on a grid"""
    given = drawn(rng, 2, 2, size=0.15)
    nodes = np.linspace(-8, 8, 81)
    z = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1)
    mass = np.exp(-(z**2).sum(-1) / 2) / (2 * np.pi) * (nodes[1] - nodes[0]) ** 2
    axis = np.linspace(-40, 40, 321)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)
    x, p = floats(flow(z, **given, inverse=True))[0], np.exp(floats(flow(grid, **given))[2]) * (axis[1] - axis[0]) ** 2
    why = Text("equal steps of smooth functions that are gone at the rims", "光滑且在边缘已消失的函数，等步长求和")
    for f in (lambda v: v[..., 0], lambda v: v[..., 1] ** 2, lambda v: np.cos(v[..., 0] - v[..., 1])):
        yield near((mass * f(x)).sum(), (p * f(grid)).sum(), 1e-5, why)
    yield bound(
        abs((mass * x[..., 0]).sum()) + abs((mass * x[..., 1] ** 2).sum() - 1),
        0.01,
        "≥",
        Text("not those of the normal distribution", "并非正态分布的值"),
    )


@NORMALIZING_FLOW.claim
def each_given_those_before_is_normal(flow, rng):
    r"""An autoregressive layer is a chain of normal distributions: given $x_1,x_2$ the third coordinate has the mean $t_3$ and the deviation $e^{s_3}$, from the density on a line; so one pass does what $d$
    conditional densities do in turn"""
    given = drawn(rng, 3, 1, planar=0) | dict(order=np.arange(3)[None])
    for x in rng.normal(size=(2, 3)):
        s = 3 * np.tanh((given["a"][0, 2] + given["S"][0, 2, :2] @ x[:2]) / 3)
        t = given["c"][0, 2] + given["T"][0, 2, :2] @ x[:2]
        line = np.repeat(x[None], 201, 0)
        line[:, 2] = t + np.exp(s) * np.linspace(-10, 10, 201)
        p = np.exp(floats(flow(line, **given))[2])
        mean = (p * line[:, 2]).sum() / p.sum()
        yield roundoff(mean, t, terms=400, scale=10 * np.exp(s))
        yield roundoff(
            (p * (line[:, 2] - mean) ** 2).sum() / p.sum(), np.exp(2 * s), terms=400, scale=100 * np.exp(2 * s)
        )
        two = {n: v[:, :2, :2] if v.ndim == 3 else v[:, :2] for n, v in given.items()}
        total = p.sum() * (line[1, 2] - line[0, 2])
        yield roundoff(np.log(total), float(flow(x[:2], **two)[2]), terms=400, scale=10.0)


@NORMALIZING_FLOW.claim
def later_coordinates_do_not_matter(flow, rng):
    r"""No $z_i$ of an autoregressive layer depends on a coordinate of higher rank, to the last bit, and leading back neither does any $x_i$; the derivative by itself is $e^{-s_i}>0$: in
    the order of the ranks the Jacobian is a triangle"""
    given = drawn(rng, 4, 1, planar=0)
    given["order"] = np.array([[2, 0, 3, 1]])
    x, rank = rng.normal(size=4), given["order"][0]
    for inverse in (False, True):
        base = floats(flow(x, **given, inverse=inverse))[0]
        for j in range(4):
            moved = x.copy()
            moved[j] += 1.0
            other = floats(flow(moved, **given, inverse=inverse))[0]
            yield identical(other[rank < rank[j]], base[rank < rank[j]])
            yield bound(
                np.abs(other - base)[rank > rank[j]].min(initial=1.0),
                1e-4,
                "≥",
                Text("those of higher rank do", "次序更高者则会"),
            )
    J = volumes(flow, x[None], given)[1][0]
    s = [3 * np.tanh((given["a"][0, i] + given["S"][0, i, rank < rank[i]] @ x[rank < rank[i]]) / 3) for i in range(4)]
    yield near(np.abs(J.diagonal() - np.exp(-np.array(s))).max(), 0.0, 1e-7, DIFFERENCES)


@NORMALIZING_FLOW.claim
def shifts_take_no_volume(flow, rng):
    r"""However the shifts $t$ depend on $x$, one affine layer's determinant does not know them: with other $T$ and $c$ it is the same, and $-\sum_is_i$; coupling and autoregressive"""
    for kind in ("coupling", "autoregressive"):
        given, x = drawn(rng, 3, 1, planar=0, kind=kind), rng.normal(size=(5, 3))
        other = given | dict(T=9 * rng.normal(size=(1, 3, 3)), c=9 * rng.normal(size=(1, 3)))
        one, two = floats(flow(x, **given)), floats(flow(x, **other))
        yield invariance(two[1], one[1], terms=24, scale=9.0)
        s = given["a"][0] + x @ (given["S"][0] * (given["order"][0] < given["order"][0][:, None])).T
        yield roundoff(one[1], -(3 * np.tanh(s / 3)).sum(-1), terms=24, scale=9.0)
        yield bound(np.abs(one[0] - two[0]).max(), 1.0, "≥", Text("the points move elsewhere", "点移到了别处"))


@NORMALIZING_FLOW.claim
def alternate_masks_move_all(flow, rng):
    """Coupling layers that all let the same coordinates pass, their constants 0, leave these as they are, however many; of layers that alternate, with random weights, two move every coordinate, and after three each $z_i$ depends on all of $x$"""
    given, x = drawn(rng, 4, 5, planar=0, kind="coupling"), rng.normal(size=(6, 4))
    given["a"], given["c"] = given["a"] * given["order"], given["c"] * given["order"]  # none for those that pass
    same = given | dict(order=np.repeat(given["order"][:1], 5, 0))
    same["a"], same["c"] = same["a"] * same["order"], same["c"] * same["order"]
    z = floats(flow(x, **same))[0]
    passing = same["order"][0] == 0
    yield identical(z[:, passing], x[:, passing])
    yield bound(np.abs(z - x)[:, ~passing].max(0).min(), 0.1, "≥", Text("the others move", "其余移动"))
    two = {n: v[:2] for n, v in given.items()}
    yield bound(np.abs(floats(flow(x, **two))[0] - x).max(0).min(), 0.1, "≥", Text("all move", "全部移动"))
    three = {n: v[:3] for n, v in given.items()}
    yield bound(
        (np.abs(volumes(flow, x, three)[1]) > 1e-6).any(0).mean(), 1.0, "≥", Text("after three all", "三层之后全部相关")
    )


@NORMALIZING_FLOW.claim
def a_ridge_moves_along_one_direction(flow, rng):
    r"""A planar layer moves every point along $u$, by less than $\lVert u\rVert$; its determinant is the same on each plane $w^{\mathsf T}x=$ const, between 1 and $1+w^{\mathsf T}u$, which it is where
    $w^{\mathsf T}x+b=0$"""
    given = no_layer(3) | {n: v for n, v in drawn(rng, 3, 0, planar=1).items() if n in "uwb"}
    u, w, b = given["u"][0], given["w"][0], given["b"][0]
    x = 2 * rng.normal(size=(30, 3))
    z, log_det, _ = floats(flow(x, **given))
    along = (z - x) @ u / (u @ u)
    yield roundoff(z - x, along[:, None] * u, terms=16, scale=8.0)
    yield bound(np.abs(along).max(), 1.0, "≤")
    yield bound(np.abs(along).max(), 0.5, "≥", Text("it does move them", "确有移动"))
    across = rng.normal(size=(30, 3))
    across -= np.outer(across @ w / (w @ w), w)
    yield roundoff(floats(flow(x + 5 * across, **given))[1], log_det, terms=64, scale=1.0)
    top = -b * w / (w @ w)
    yield roundoff(np.exp(float(flow(top, **given)[1])), 1 + w @ u, terms=16, scale=4.0)
    edge = max(0.0, math.log(1 + w @ u)), min(0.0, math.log(1 + w @ u))
    yield bound(log_det.max(), edge[0] + 1e-12, "≤")
    yield bound(log_det.min(), edge[1] - 1e-12, "≥")


@NORMALIZING_FLOW.claim
def folds_are_refused(flow, rng):
    r"""Where $w^{\mathsf T}u<-1$ a planar layer is no flow and is refused: with $w^{\mathsf T}u=-2$ the points $-1.915$, 0 and $1.915$ go to the same place, and the density with the size of the determinant has the integral 1.81. Down to $-0.999$ it keeps the order along $w$, is undone to $10^{-6}$, and has the
    density of the base times $1+w^{\mathsf T}u$ at the ridge"""
    ends = fold()
    yield roundoff(ends - 2 * np.tanh(ends), np.zeros(2), terms=8, scale=2.0)
    yield near(ends[1], 1.915, 5e-4, Text("rounded", "四舍五入"))
    there = 1 - 2 / np.cosh(np.append(ends, 0.0)) ** 2  # the determinants at the three points
    yield identical(np.sign(there), [1.0, 1.0, -1.0])
    line = np.linspace(-12, 12, 24001)
    counted = np.exp(-((line - 2 * np.tanh(line)) ** 2) / 2) * np.abs(1 - 2 / np.cosh(line) ** 2)
    total = counted.sum() * (line[1] - line[0]) / math.sqrt(2 * math.pi)
    yield near(
        total,
        1 + 2 * math.erf((math.sqrt(2) - math.acosh(math.sqrt(2))) / math.sqrt(2)),
        1e-5,
        Text("two kinks, steps of 0.001", "两个折点，步长 0.001"),
    )
    yield near(total, 1.81, 5e-3, Text("rounded", "四舍五入"))
    for slope in (-1.001, -2.0):

        def attempt(slope=slope):
            return flow(np.zeros(2), **no_layer(), u=np.array([[slope, 0.3]]), w=np.array([[1.0, 0.0]]), b=np.zeros(1))

        yield raises(attempt, ValueError)
    given = no_layer() | dict(u=np.array([[-0.999, 0.3]]), w=np.array([[1.0, 0.0]]), b=np.zeros(1))
    x = np.stack([np.linspace(-3, 3, 301), np.zeros(301)], 1)
    z, _, log_prob = floats(flow(x, **given))
    yield bound(np.diff(z[:, 0]).min(), 0.0, "≥", Text("increasing", "递增"))
    yield near(np.ptp(z[:, 0]), 6 - 2 * 0.999 * math.tanh(3), 1e-12, Text("rounding", "舍入"))
    yield near(
        np.abs(floats(flow(z, **given, inverse=True))[0] - x).max(),
        0.0,
        1e-6,
        Text("rounding over the least slope, 0.001", "舍入除以最小斜率 0.001"),
    )
    yield roundoff(np.exp(log_prob[150]), 0.001 / (2 * np.pi), terms=16, scale=1.0)


@NORMALIZING_FLOW.claim
def layers_add_up(flow, rng):
    """The log-determinant of two flows, one after the other, is that of the first where the point is plus that of the second where it has come to; so is ln p with that of the second"""
    given, x = drawn(rng, 3, 4, planar=0, size=0.3), rng.normal(size=(5, 3))
    first, second = ({n: v[part] for n, v in given.items()} for part in (slice(0, 2), slice(2, 4)))
    z, log_det, log_prob = floats(flow(x, **given))
    y, one, _ = floats(flow(x, **first))
    z2, two, tail = floats(flow(y, **second))
    size = max(20.0, float((z**2).sum(-1).max()))
    yield roundoff(z, z2, terms=64, scale=size)
    yield roundoff(log_det, one + two, terms=64, scale=size)
    yield roundoff(log_prob, one + tail, terms=64, scale=size)
    yield bound(np.abs(two - floats(flow(x, **second))[1]).max(), 0.05, "≥", Text("not at the start", "而非在起点处"))


@NORMALIZING_FLOW.claim
def nothing_overflows(flow, rng):
    r"""Since log-scales are limited to ±3, an affine layer stretches no axis by more than $e^3$: at points a million deviations away the logarithms stay numbers, and for $K$ affine layers $\lvert\ln\lvert\det\rvert\rvert\le3dK$, which is
    reached where all log-scales are far beyond the limit"""
    given = drawn(rng, 3, 3, planar=0)
    x = 1e6 * rng.normal(size=(40, 3))
    z, log_det, log_prob = floats(flow(x, **given))
    yield identical(np.isfinite(log_prob) & np.isfinite(z).all(-1), np.ones(40, bool))
    yield bound(np.abs(log_det).max(), 27.0, "≤")
    for size in (-200.0, 200.0):
        given = one_layer(3) | dict(a=np.full((1, 3), size))
        yield roundoff(flow(rng.normal(size=3), **given)[1], -9 * np.sign(size), terms=8)


@NORMALIZING_FLOW.claim
def without_layers_normal(flow, rng):
    r"""With weights and constants 0 it is the standard normal distribution: $-\frac12\lVert x\rVert^2-\frac d2\ln2\pi$"""
    x = rng.normal(size=(4, 3))
    z, log_det, log_prob = floats(flow(x, **one_layer(3)))
    yield identical(z, x)
    yield identical(np.abs(log_det), np.zeros(4))
    yield roundoff(log_prob, -(x**2).sum(1) / 2 - 1.5 * math.log(2 * math.pi), terms=8)


def passed(
    x,
    S,
    T,
    a,
    c,
    order,
    u=None,
    w=None,
    b=None,
    inverse=False,
    itself=False,
    sign=1,
    back_sign=1,
    limit=3.0,
    at_start=False,
    at_once=False,
    from_the_first=False,
    reach=1.0,
    constant=True,
    slope_of=None,
    checked=True,
    shifts_count=False,
    ordered=True,
    signless=False,
):
    """The printed layers, and their faults by name: what the mutants are made of."""
    d, P = x.shape[-1], 0 if u is None else len(u)
    if S.shape[1:] != (d, d) or (P and checked and min((w * u).sum(-1)) <= -1):
        raise ValueError("w·u > −1")
    steep = slope_of or (lambda r: 1 - r**2)

    def scales(k, x):
        before = order[k] <= order[k][:, None] if itself else order[k] < order[k][:, None]
        if not ordered:
            before = order[k] != order[k][:, None]
        s = (a[k] + x @ (S[k] * before).T) / limit
        return (limit * np.tanh(s) if limit < 1e9 else limit * s), c[k] + x @ (T[k] * before).T

    log_det, start, total = np.zeros(x.shape[:-1]), x, d / 2 * np.log(2 * np.pi) * constant
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if not inverse:
            for k in range(P):
                r = np.tanh(x @ w[k] + b[k])
                log_det = log_det + np.log(np.abs(1 + reach * (w[k] @ u[k]) * steep(r)))
                x = x + u[k] * r[..., None]
            for k in range(len(S)):
                s, t = scales(k, x)
                log_det = log_det - (scales(k, start)[0] if at_start else s).sum(-1) + shifts_count * t.sum(-1)
                x = (x - t) * np.exp(-s)
            return x, log_det, -(x**2).sum(-1) / 2 - total + sign * log_det
        log_prob = -(x**2).sum(-1) / 2 - total
        for k in range(len(S)) if from_the_first else reversed(range(len(S))):
            z, x = x, x if at_once else np.zeros(x.shape)
            for rank in [None] if at_once else sorted(set(order[k].tolist())):
                s, t = scales(k, x)
                now = np.ones(d, bool) if at_once else order[k] == rank
                x = np.where(now, z * np.exp(s) + t, x)
                log_det = log_det + np.where(now, s, 0).sum(-1)
        for k in reversed(range(P)):
            slope, y = w[k] @ u[k], x @ w[k] + b[k]
            low, high = y - abs(slope), y + abs(slope)
            for _ in range(60):
                middle = (low + high) / 2
                above = middle + slope * np.tanh(middle) > y
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            r = np.tanh((low + high) / 2)
            x = x - u[k] * r[..., None]
            log_det = log_det - np.log(1 + slope * (1 - r**2))
    return x, back_sign * log_det, log_prob - sign * log_det


@NORMALIZING_FLOW.mutant(
    caught_by="probability-is-kept, each-given-those-before-is-normal, layers-add-up, folds-are-refused, draws-have-the-density"
)
def sign_of_the_determinant(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the log-determinant taken off instead of added"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, sign=-1)


@NORMALIZING_FLOW.mutant(
    caught_by="log-determinants-are-changes-of-volume, later-coordinates-do-not-matter, there-and-back"
)
def looks_at_itself(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """a mask that lets each coordinate look at itself: ≤ for <"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, itself=True)


@NORMALIZING_FLOW.mutant(
    caught_by="later-coordinates-do-not-matter, there-and-back, log-determinants-are-changes-of-volume"
)
def no_order(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """every coordinate looks at all of another rank, later ones too"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, ordered=False)


@NORMALIZING_FLOW.mutant(caught_by="alternate-masks-move-all")
def masks_never_alternate(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the mask of the first layer for all"""
    return passed(x, S, T, a, c, np.repeat(order[:1], len(order), 0), u, w, b, inverse)


@NORMALIZING_FLOW.mutant(caught_by="layers-add-up, log-determinants-are-changes-of-volume, draws-have-the-density")
def all_determinants_at_the_start(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the determinants of all affine layers taken at x"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, at_start=True)


@NORMALIZING_FLOW.mutant(caught_by="there-and-back, log-determinants-are-changes-of-volume")
def led_back_at_once(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """leading back in one pass, with z for the coordinates before"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, at_once=True)


@NORMALIZING_FLOW.mutant(caught_by="there-and-back, draws-have-the-density")
def led_back_from_the_first(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """leading back with the affine layers in the order of the way there"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, from_the_first=True)


@NORMALIZING_FLOW.mutant(caught_by="log-determinants-are-changes-of-volume")
def same_sign_both_ways(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """leading back, the log-determinant of the way there"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, back_sign=-1)


@NORMALIZING_FLOW.mutant(caught_by="nothing-overflows, each-given-those-before-is-normal, shifts-take-no-volume")
def no_limit(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """log-scales without a limit"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, limit=1e9)


@NORMALIZING_FLOW.mutant(caught_by="without-layers-normal, probability-is-kept, folds-are-refused")
def constant_left_out(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the base without its constant"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, constant=False)


@NORMALIZING_FLOW.mutant(caught_by="a-ridge-moves-along-one-direction, log-determinants-are-changes-of-volume")
def slope_of_the_wrong_function(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the derivative of tanh as 1 − tanh"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, slope_of=lambda r: 1 - r)


@NORMALIZING_FLOW.mutant(caught_by="folds-are-refused")
def folds_taken(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """ridges that fold space are taken, with the size of the determinant"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, checked=False)


@NORMALIZING_FLOW.mutant(caught_by="shifts-take-no-volume, log-determinants-are-changes-of-volume")
def shifts_in_the_determinant(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    """the shifts added to the log-determinant"""
    return passed(x, S, T, a, c, order, u, w, b, inverse, shifts_count=True)


NORMALIZING_FLOW.erratum(
    "E344",
    common="“$\\ln p(x)=\\ln p_0(z)-\\ln\\lvert\\det\\partial z/\\partial x\\rvert$” (a common slip, by mixing the two directions)",
    why="Minus belongs to the determinant of the other way, $\\partial x/\\partial z$. With $z=x/2$ in one dimension the slip makes a density whose integral is 4.",
    right="Plus the log-determinant of the map that leads from the data to the base; or minus that of the map that leads to the data",
    claims="probability-is-kept, log-determinants-are-changes-of-volume",
)
NORMALIZING_FLOW.erratum(
    "E345",
    common="“A planar layer is invertible if its determinant is 0 at none of the points that occur” (a common slip)",
    why="Near each of them it is, as a whole it need not be. With $w^{\\mathsf T}u=-2$ the determinant is 0 on two planes only; yet the points −1.915, 0 and 1.915 on the line along $w$ all go to 0, and at each of them the determinant is not 0: it changes its sign in between. The formula with the size of the determinant then "
    "counts the base's mass near 0 three times: its integral is 1.81.",
    right="It can be undone exactly if $w^{\\mathsf T}u\\ge-1$, a condition on the parameters, not on the points",
    claims="folds-are-refused",
)


@NORMALIZING_FLOW.figure(
    bend=Slider(0.0, 1.25, 1.0, "how much the layers bend"), layers=Slider(1, 4, 4, "affine layers", integer=True)
)
def figure(bend, layers):
    K = int(layers)
    rng = np.random.default_rng(23)
    S, T = np.zeros((4, 2, 2)), np.zeros((4, 2, 2))
    S[[0, 1, 2, 3], [1, 0, 1, 0], [0, 1, 0, 1]] = bend * np.array([0.45, -0.3, 0.25, 0.2])
    T[[0, 1, 2, 3], [1, 0, 1, 0], [0, 1, 0, 1]] = bend * np.array([0.3, -0.2, -0.3, 0.2])
    c = np.zeros((4, 2))
    order = np.array([[0, 1], [1, 0], [0, 1], [1, 0]])
    ridges = dict(
        u=bend * np.array([[0.1, -1.9], [0.9, 0.1]]), w=np.array([[1.5, 0.2], [0.1, -0.8]]), b=np.array([0.0, 0.5])
    )
    given = dict(S=S[:K], T=T[:K], a=np.zeros((K, 2)), c=c[:K], order=order[:K], **ridges)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    t = np.linspace(0, 2 * np.pi, 181)
    rays = np.linspace(0, 3, 61)
    for axes, lead in ((left, lambda z: z), (right, lambda z: normalizing_flow(z, **given, inverse=True)[0])):
        for radius in (1, 2, 3):
            axes.plot(*lead(radius * np.stack([np.cos(t), np.sin(t)], -1)).T, color=COLOURS[0], lw=1.3)
        for angle in np.arange(12) * np.pi / 6:
            axes.plot(*lead(rays[:, None] * np.array([np.cos(angle), np.sin(angle)])).T, color="0.6", lw=0.7)
    z = rng.normal(size=(250, 2))
    x = normalizing_flow(z, **given, inverse=True)[0]
    left.plot(*z.T, ".", ms=2.5, color=COLOURS[1])
    right.plot(*x.T, ".", ms=2.5, color=COLOURS[1])
    left.set(title="normal distribution", xlabel="z₁", ylabel="z₂", xlim=(-3.6, 3.6), ylim=(-3.6, 3.6))
    right.set(title="where the flow leads it", xlabel="x₁", ylabel="x₂")
    _, log_det, log_prob = normalizing_flow(x, **given)
    words = Text(
        f"Circles of 1, 2 and 3 deviations with rays, and 250 draws; and where two planar and {K} coupling layers lead them. Area is stretched by a factor between {np.exp(-log_det.max()):.3g} and {np.exp(-log_det.min()):.3g} at the draws; "
        f"the mean of their ln p is {log_prob.mean():.3g}.",
        f"半径为 1、2、3 个标准差的圆、射线与 250 个抽样，以及两个平面层与 {K} 个耦合层把它们带到之处。在抽样处面积放大的倍数介于 {np.exp(-log_det.max()):.3g} 与 {np.exp(-log_det.min()):.3g} 之间；其 ln p 的均值为 {log_prob.mean():.3g}。",
    )
    return Drawing(fig, words)
