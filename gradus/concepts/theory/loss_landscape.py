"""The loss landscape: slices along filter-normalised directions, curves between networks, and their barriers."""

import itertools
from math import comb

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, metric, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(loss_slice, x, y, P, g, a, t):
    import torch

    from gradus.arguments import Sizes, refusal
    from gradus.arguments.tensors import tensor
    from gradus.theory import loss_along, normalize_direction

    sizes = Sizes()
    tensor("x", x, "n>=1 p", sizes)
    tensor("y", y, "n", sizes)
    tensor("P", P, "m h q", sizes)
    tensor("g", g, "h q", sizes)
    p = x.shape[1]
    if P.shape[2] != p + 2:
        raise refusal("P", (f"rows of {p} + 2 numbers", f"每行 {p} + 2 个数"), P)

    def state(rows):
        return {"0.weight": rows[:, :p], "0.bias": rows[:, p], "2.weight": rows[None, :, p + 1]}

    model = torch.nn.Sequential(
        torch.nn.Linear(p, P.shape[1]), torch.nn.ReLU(), torch.nn.Linear(P.shape[1], 1, bias=False), torch.nn.Flatten(0)
    ).to(P.device, P.dtype)
    model.load_state_dict(state(P[0]))
    data, loss = (x, y), torch.nn.functional.mse_loss
    along = loss_along(model, loss, data, [state(rows) for rows in P], t)
    lines = loss_slice(model, loss, data, normalize_direction(model, state(g)), a)
    levels = torch.cat([along.ends, along.barrier[None]])
    return lines.to(P.dtype), along.losses.to(P.dtype), levels.to(P.dtype)


LANDSCAPE = Concept(
    key="loss-landscape",
    kind="definition",
    title="Loss landscape: slices and mode connectivity",
    summary="The loss of a network is a function of a million weights; what can be seen of it are its values along lines and curves. "
    "A slice along a random direction is worth comparing only if each filter moves in proportion to its own size. Between two "
    "networks the straight line may cross a barrier where a bent curve crosses hardly any.",
    formulas=(
        r"f(x)=\sum_{j=1}^hv_j\max(0,\,w_j\cdot x+b_j),\qquad L(\theta)=\frac1n\sum_{i=1}^n\bigl(f(x_i)-y_i\bigr)^2,\qquad \theta_j=(w_j,b_j,v_j)",
        r"d_{w_j}=\frac{\lVert w_j\rVert}{\lVert g_{w_j}\rVert}\,g_{w_j},\qquad d_v=\frac{\lVert v\rVert}{\lVert g_v\rVert}\,g_v,\qquad d_b=0;\qquad \text{slice: }L(\theta+a\,d)",
        r"\varphi(t)=\sum_{k=0}^m\binom mkt^k(1-t)^{m-k}P_k,\qquad B=\max\Bigl(0,\ \max_t\,L(\varphi(t))-(1-t)\,L(P_0)-t\,L(P_m)\Bigr)",
        r"\mathbb E\,\frac{\mathrm d^2}{\mathrm da^2}L(\theta+a\,d)\Big|_{a=0}=\sum_F\frac{\lVert\theta_F\rVert^2}{n_F}\operatorname{tr}H_{FF}=\frac2n\sum_i\Bigl(\sum_j\frac{\lVert w_j\rVert^2}pv_j^2\,\bigl[z_{ij}>0\bigr]\lVert x_i\rVert^2+\frac{\lVert v\rVert^2}h\sum_j\max(0,z_{ij})^2\Bigr)\ge0\qquad(z_{ij}\ne0)",
    ),
    symbols=(
        Symbol("x", "x", "n p", "inputs, one row a sample"),
        Symbol("y", "y", "n", "targets"),
        Symbol(
            "P",
            "P",
            "m+1 h q",
            r"two or more networks, a row a hidden unit: $p$ weights, bias, outgoing weight, so $q=p+2$",
        ),
        Symbol("g", "g", "h q", "draw of a direction, arranged as a network"),
        Symbol("a", "a", "A", r"where on the line through $\theta=P_0$"),
        Symbol("t", "t", "T", "where on the curve, from 0 to 1", "unit"),
        Symbol(
            r"\theta,\ w_j,\ b_j,\ v_j", "", "", "a network; of its unit $j$ the weights, the bias, the outgoing weight"
        ),
        Symbol("L", "", "", "mean squared error over all samples"),
        Symbol(
            "d,\\ F,\\ n_F",
            "",
            "",
            r"direction; a filter: one $w_j$, or $v$ as a whole; how many numbers it has: $p$, or $h$",
        ),
        Symbol(r"\varphi,\ m", "", "", "Bézier curve and its degree; for $m=1$ the straight line"),
        Symbol("B", "", "", "barrier, of the curve as it was looked at"),
        Symbol(r"z_{ij}", "", "", r"$w_j\cdot x_i+b_j$"),
        Symbol("H_{FF}", "", "", r"block of the Hessian that belongs to the filter; $\mathbb E$ is over normal $g$"),
    ),
    returns=(
        Result("slice", "A", r"$L(\theta+a\,d)$"),
        Result("path", "T", r"$L(\varphi(t))$"),
        Result("levels", "3", "losses of the two ends $P_0$ and $P_m$, and the barrier $B$ between"),
    ),
    needs=("hessian", "norm", "mlp"),
    source="li2018visualizing",
    year=2018,
    people=("Ian Goodfellow", "Hao Li", "Tom Goldstein", "Timur Garipov", "Felix Draxler", "Andrew Gordon Wilson"),
    aliases="loss surface, mode connectivity, linear mode connectivity, filter normalization, filter normalisation, loss barrier, "
    "error barrier, Bézier curve between networks, weight interpolation, random direction slice, "
    "损失景观, 损失地形, 模式连通, 模式连通性, 线性模式连通, 滤波器归一化, 损失势垒, 权重插值",
    implementations=(
        Implementation(
            "gradus.theory:loss_slice",
            "torch",
            _torch,
            "of any module, on lines and planes; the curve by `loss_along`, trained by `connect_modes`",
        ),
    ),
    readings="li2018visualizing §3–5; goodfellow2015qualitatively; garipov2018loss §3; draxler2018essentially; dinh2017sharp §4; "
    "frankle2020linear §2; entezari2022role; jordan2023repair; kuditipudi2019explaining",
    hypotheses=(
        Hypothesis(
            "rescaling changes no slice: a whole layer is scaled by $s>0$, biases included, and the next undoes it",
            "units-scaled-apart-do-show",
        ),
        Hypothesis(
            "a slice is a polynomial of degree 4: no $z_{ij}$ changes its sign on the way", "smooth-between-kinks"
        ),
        Hypothesis(
            "no barrier: the loss is convex along the line, as where the networks differ in $v$ alone",
            "a-convex-loss-has-no-barrier",
        ),
        Hypothesis(
            "$B$ is the barrier of the whole curve: it was looked at densely", "the-barrier-counts-from-the-line"
        ),
    ),
    conventions=(
        Convention(
            "biases, and the parameters of normalisation layers",
            "stay where they are: as with `ignore='biasbn'` in the code of Li et al.",
            r"every parameter of one axis moves along itself, $d_b=b$ (that code with `ignore=''`), or counts as one filter "
            "(`vectors='whole'` here)",
        ),
        Convention(
            "what a filter is",
            "the weights of one output, of a transposed convolution too",
            "the first axis of the weight, whatever it stands for: of a transposed convolution the inputs",
        ),
        Convention(
            "barrier",
            "above the straight line between the losses of the two ends (Entezari et al.)",
            "above the mean of the two ends' errors (Frankle et al.), which is above 0 even for a line without a hump where they differ",
        ),
        Convention(
            "a bent curve",
            "a Bézier curve, drawn towards the points between, or a polygon through them (`kind='polygon'`)",
            "AutoNEB (Draxler et al.): a chain of many points, held apart by springs",
        ),
    ),
    unverified="That almost any two trained nets of practical size are joined by a curve of low loss is an observation, for the digits "
    "measured below; theorems need nets that lose little when half of their units are dropped, or that are wide (Kuditipudi et al.).",
    differentiable=False,
    carries_gradient=False,
    longest_sum=120,
)


def outputs(x, theta):
    w, b, v = theta[:, :-2], theta[:, -2], theta[:, -1]
    return np.maximum(0, x @ w.T + b) @ v


@LANDSCAPE.definition
def loss_landscape(x, y, P, g, a, t):
    if len(P) < 2 or not all(0 <= s <= 1 for s in t):
        raise ValueError("P, t: two networks or more, and t from 0 to 1")

    def loss(theta):
        w, b, v = theta[:, :-2], theta[:, -2], theta[:, -1]
        return np.mean((np.maximum(0, x @ w.T + b) @ v - y) ** 2)

    def brought_to_length(g, w):
        return g * np.linalg.norm(w) / np.linalg.norm(g) if g.any() else g

    theta, d = P[0], np.zeros_like(P[0])
    for j in range(len(theta)):
        d[j, :-2] = brought_to_length(g[j, :-2], theta[j, :-2])
    d[:, -1] = brought_to_length(g[:, -1], theta[:, -1])

    m = len(P) - 1

    def curve(t):
        return sum(comb(m, k) * t**k * (1 - t) ** (m - k) * P[k] for k in range(m + 1))

    path, first, last = np.array([loss(curve(s)) for s in t]), loss(P[0]), loss(P[m])
    barrier = max(0.0, (path - (1 - t) * first - t * last).max())
    return np.array([loss(theta + s * d) for s in a]), path, np.array([first, last, barrier])


def networks(*rows):
    """One unit and one input a network: its weight and its outgoing weight, without a bias."""
    return np.array([[[w, 0.0, v]] for w, v in rows])


ONE = dict(x=np.ones((1, 1)), y=np.ones(1))  # one sample, on which one unit of weights w, v > 0 puts out wv


@LANDSCAPE.example
def example():
    x, y = np.array([[1.0, 0.0]]), np.array([1.0])  # of the two weights only the first is felt
    P, g = np.array([[[2, 0, 0, 0.5]], [[0.75, 0, 0, 0.75]], [[0.5, 0, 0, 2]]]), np.array([[-3.0, 4.0, 0.7, 6.0]])
    a, t = np.array([-1.0, 0.0, 0.5]), np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    slices, path, levels = loss_landscape(x, y, P, g, a, t)
    straight = loss_landscape(x, y, P[[0, 2]], g, a, t)
    worst = (1 - np.sqrt(0.5)) / 2
    best = loss_landscape(x, y, P, g, a, np.array([worst]))[2][2]
    d = normalised(g, P[0])
    return (
        dict(x=x, y=y, P=P, g=g, a=a, t=t, slices=slices, path=path, barrier=levels[2])
        | dict(line=straight[1], straight=straight[2][2], worst=worst, best=best, ratio=straight[2][2] / best)
        | dict(w0=P[0, 0, 0], v0=P[0, 0, 3], w2=P[2, 0, 0], v2=P[2, 0, 3], c=P[1, 0, 0], middle=1.25, bent=1.0)
        | dict(d=np.round(d, 12), moved=np.round(P[0] + d / 2, 12), product=1.05)
    )


@LANDSCAPE.exercise
def hump():
    P = networks((4, 0.25), (0.25, 4))
    B = loss_landscape(**ONE, P=P, g=0 * P[0], a=np.zeros(1), t=np.array([0.5]))[2][2]
    return number(B, not_squared=np.sqrt(B), of_the_product=(2.125**2) ** 2)


@LANDSCAPE.exercise
def middle_of_the_curve():
    ends, control = np.array([0.0, 0.0]), 1.0
    return number((ends.sum() + 2 * control) / 4, through_it=control, a_third=control / 3)


@LANDSCAPE.exercise
def part_of_a_filter():
    w, g = np.array([3.0, 4.0]), np.array([0.6, 0.0])
    return array(g * 5 / 0.6, of_length_one=g / 0.6, times_the_length=g * 5, times_the_weights=g * w)


@LANDSCAPE.exercise
def ten_times():
    rng = np.random.default_rng(4)
    net, given = drawn(rng), dict(a=np.array([0.5]), t=np.zeros(1))
    scale = np.array([10.0] * 4 + [0.1])
    one, other = (loss_landscape(**(net | given | dict(P=P)))[0] for P in (net["P"], net["P"] * scale))
    raw = [raw_direction(**(net | given | dict(P=P)))[0] for P in (net["P"], net["P"] * scale)]
    return choice(
        normalised=bool(np.allclose(one, other)),
        raw=bool(np.allclose(*raw)),
        both=bool(np.allclose(one, other) and np.allclose(*raw)),
    )


def drawn(rng, n=7, p=3, h=4, m=1):
    """Inputs, targets, m + 1 networks and a draw."""
    return dict(
        x=rng.standard_normal((n, p)),
        y=rng.standard_normal(n),
        P=rng.standard_normal((m + 1, h, p + 2)) / np.sqrt(np.r_[[p] * (p + 1), h]),
        g=rng.standard_normal((h, p + 2)),
    )


@LANDSCAPE.cases
def cases(rng):
    a, t = np.array([-1.0, -0.3, 0.0, 0.2, 1.0]), np.array([0.0, 0.1, 0.5, 0.8, 1.0])
    yield "the straight line", drawn(rng) | dict(a=a, t=t)
    yield "one bend", drawn(rng, m=2) | dict(a=a, t=t)
    yield "four bends", drawn(rng, m=5) | dict(a=a, t=t)
    yield "one unit, one input, one sample", drawn(rng, n=1, p=1, h=1) | dict(a=a, t=t)
    yield "a wide net", drawn(rng, n=30, p=5, h=40) | dict(a=a, t=t)
    yield "one place", drawn(rng) | dict(a=np.array([0.7]), t=np.array([0.4]))
    yield "the same network twice", drawn(rng, m=0) | dict(a=a, t=t) | dict(P=np.ones((2, 4, 5)))
    net = drawn(rng)
    net["P"][0, 1], net["g"][2, :3] = 0.0, 0.0
    yield "a unit of zeros, a filter without a direction", net | dict(a=a, t=t)
    net = drawn(rng)
    yield "small and large filters", net | dict(P=net["P"] * np.array([1e-3, 1, 30, 1e-2])[:, None], a=a, t=t)
    yield "a long way out", drawn(rng) | dict(a=np.array([-20.0, 50.0]), t=t)


@LANDSCAPE.invalid
def invalid(rng):
    net = drawn(rng) | dict(a=np.zeros(1), t=np.zeros(1))
    yield "one network", net | dict(P=net["P"][:1])
    yield "beyond the end of the curve", net | dict(t=np.array([0.5, 1.2]))
    yield "a draw for another network", net | dict(g=np.ones((3, 5)))
    yield "inputs of another width", net | dict(x=np.ones((7, 2)))


def at(landscape, given, a=(0.0,), t=(0.0,)):
    """The slice, the path and the barrier."""
    slices, path, levels = landscape(**given, a=np.array(a, float), t=np.array(t, float))
    return np.asarray(slices), np.asarray(path), float(np.asarray(levels)[2])


def parts(theta):
    return theta[:, :-2], theta[:, -2], theta[:, -1]


def mean_square(x, y, theta):
    return ((outputs(x, theta) - y) ** 2).mean()


@LANDSCAPE.claim
def layers_scaled_do_not_show(landscape, rng):
    r"""The first layer times $s>0$ and the last over $s$ are the same function with the same slice; along $\theta+a\,g$ with the draw as it is, the
    loss at $a=1$ is changed, for $s=64$ and the same normal draw, by a factor of more than 10 in the median of nine random networks"""
    grid, factors = (-1.0, -0.4, 0.0, 0.3, 1.0), []
    for k in range(9):
        net = drawn(rng, n=5)
        scaled = net | dict(P=net["P"] * np.r_[[64.0] * 4, 1 / 64])
        if k < 3:
            one, other = (at(landscape, given, grid)[0] for given in (net, scaled))
            yield invariance(other, one, terms=60)
            d = normalised(net["g"], net["P"][0])
            want = [mean_square(net["x"], net["y"], net["P"][0] + s * d) for s in grid]
            yield roundoff(one, want, terms=60)
        raw = [mean_square(net["x"], net["y"], given["P"][0] + net["g"]) for given in (net, scaled)]
        factors.append(max(raw) / min(raw))
    yield bound(np.median(factors), 10.0, "≥", Text("the draw moves a small layer far", "方向使小的层移动很远"))


@LANDSCAPE.claim
def units_scaled_apart_do_show(landscape, rng):
    r"""But one unit times $s$ and its outgoing weight over $s$, again the same function, has another slice, since $v$ is one filter: with
    $x=1$, $y=0$, two units $w=v=(1,1)$ and a draw along $(1,1)$ and $(1,0)$ it is $(1+a)^2\bigl(2+a\sqrt{1+s^2}\bigr)^2$ for $a\ge-1$ and 0 before, as steep as one likes"""
    a = np.array([-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0])
    for s in (1.0, 3.0, 100.0):
        P = np.array([[[s, 0.0, 1 / s], [1.0, 0.0, 1.0]]])
        given = dict(x=np.ones((1, 1)), y=np.zeros(1), P=np.concatenate([P, P]), g=np.array([[1.0, 0, 1], [1, 0, 0]]))
        yield roundoff(at(landscape, given, a)[0], (a > -1) * (1 + a) ** 2 * (2 + a * np.sqrt(1 + s**2)) ** 2, terms=20)


@LANDSCAPE.claim
def along_the_weights_themselves(landscape, rng):
    r"""A draw that is each filter times a positive factor of its own is brought back to the filters. Without biases the slice is then
    $\frac1n\sum_i\bigl((1+a)^2f(x_i)-y_i\bigr)^2$ for $a\ge-1$; at $a=-1$ all weights are 0"""
    net = drawn(rng)
    net["P"][:, :, 3] = 0.0
    theta = net["P"][0]
    factors = np.c_[np.tile(rng.uniform(0.1, 9, (4, 1)), 4), np.full(4, rng.uniform(0.1, 9))]
    a, f = np.array([-1.0, -0.6, 0.0, 0.5, 2.0]), outputs(net["x"], theta)
    want = [(((1 + s) ** 2 * f - net["y"]) ** 2).mean() for s in a]
    yield roundoff(at(landscape, net | dict(g=factors * theta), a)[0], want, terms=60)


@LANDSCAPE.claim
def what_stays(landscape, rng):
    """Biases stay, and so does a filter of zeros, whatever the draw; where $v$'s part of the draw is zero the $w_j$ alone move"""
    net = drawn(rng)
    at_rest = mean_square(net["x"], net["y"], net["P"][0])
    bias = np.zeros((4, 5))
    bias[:, 3] = 7.0
    a = (-2.0, 0.0, 3.0)
    yield roundoff(at(landscape, net | dict(g=bias), a)[0], np.full(3, at_rest), terms=40)
    weights = net | dict(g=net["g"] * np.r_[1.0, 1, 1, 0, 0])
    want = [mean_square(net["x"], net["y"], net["P"][0] + s * normalised(weights["g"], net["P"][0])) for s in a]
    yield roundoff(at(landscape, weights, a)[0], want, terms=40)
    zero = net["P"].copy()
    zero[:, :, :3] = 0.0
    lone = net | dict(P=zero, g=net["g"] * np.r_[1.0, 1, 1, 1, 0])
    yield roundoff(at(landscape, lone, a)[0], np.full(3, mean_square(net["x"], net["y"], zero[0])), terms=40)


def away_from_kinks(rng, h, p, n, bias):
    """A net of which no pre-activation comes near 0 when its filters move by a tenth of their length."""
    P = np.c_[rng.standard_normal((h, p)), bias * rng.choice([-1.0, 1.0], h), rng.standard_normal(h)]
    x = rng.standard_normal((4000, p))
    far = np.abs(x @ P[:, :-2].T + P[:, -2]).min(1) > 0.15 * np.linalg.norm(P[:, :-2], axis=1).max() * np.linalg.norm(
        x, axis=1
    )
    return P, x[far][:n]


@LANDSCAPE.claim
def smooth_between_kinks(landscape, rng):
    r"""Where no $z_{ij}$ changes its sign, $f$ is quadratic in $a$, $f_0+f_1a+f_2a^2$ with $f_2=\sum_jd_{v_j}\,(d_{w_j}\!\cdot x)\,[z_j>0]$, and the slice a
    polynomial of degree 4; past a kink it is another: one unit without a bias along itself, $x=1$, $wv=y=1$, has slice 1 for all $a\le-1$, where the polynomial
    $\bigl((1+a)^2-1\bigr)^2$ falls to 0"""
    theta, x = away_from_kinks(rng, 3, 2, 5, 0.7)
    y, g = rng.standard_normal(5), rng.standard_normal((3, 4))
    w, b, v = parts(theta)
    dw = g[:, :2] * (np.linalg.norm(w, axis=1) / np.linalg.norm(g[:, :2], axis=1))[:, None]
    dv = g[:, 3] * np.linalg.norm(v) / np.linalg.norm(g[:, 3])
    z, step = x @ w.T + b, x @ dw.T
    on = z > 0
    f0, f1, f2 = (z * on) @ v, (z * on) @ dv + (step * on) @ v, (step * on) @ dv
    a = np.linspace(-0.1, 0.1, 7)
    want = [((f0 + s * f1 + s * s * f2 - y) ** 2).mean() for s in a]
    yield roundoff(at(landscape, dict(x=x, y=y, P=np.array([theta, theta]), g=g), a)[0], want, terms=60, scale=9.0)
    P = networks((2, 0.5), (2, 0.5))
    got = at(landscape, dict(**ONE, P=P, g=P[0]), (-3.0, -2.0, -1.0, -0.5))[0]
    yield roundoff(got, [1.0, 1.0, 1.0, 0.75**2], terms=8)


def second_derivative(landscape, given):
    """By five points, exact for a polynomial of degree 5 or less."""
    step = 0.04
    values = at(landscape, given, step * np.arange(-2, 3))[0]
    return values @ np.array([-1, 16, -30, 16, -1.0]) / (12 * step**2)


@LANDSCAPE.claim
def random_slices_curve_upwards(landscape, rng):
    r"""Where no $z_{ij}$ is 0, the second derivative at $a=0$ is $\sum_F\frac{\lVert\theta_F\rVert^2}{n_F}\operatorname{tr}H_{FF}\ge0$ in the mean over all draws of signs, as over
    normal ones. So a slice hides what curves downwards: with $w=(\frac12,0,\dots,0)$ of $p=64$ numbers, $v=\frac12$, $x=(1,0,\dots,0)$ and $y=1$ every draw of
    signs curves upwards, by $\frac{33}{512}$ or $\frac{97}{512}$; but the draw along $w$ and $v$ themselves downwards, by $-\frac14$, where
    $\frac{d^{\mathsf T}Hd}{\lVert d\rVert^2}=-\frac12$"""
    theta, x = away_from_kinks(rng, 2, 2, 4, 0.7)
    y = rng.standard_normal(4)
    w, b, v = parts(theta)
    z = x @ w.T + b
    first = ((w**2).sum(1) / 2 * v**2 * (z > 0) * (x**2).sum(1)[:, None]).sum(1)
    last = (v**2).sum() / 2 * (np.maximum(0, z) ** 2).sum(1)
    found = []
    for signs in itertools.product([1.0, -1.0], repeat=5):
        s = np.array([1.0, *signs])
        g = np.c_[s[:4].reshape(2, 2), np.zeros(2), s[4:]]
        found.append(second_derivative(landscape, dict(x=x, y=y, P=np.array([theta, theta]), g=g)))
    size = np.abs(found).max() + ((outputs(x, theta) - y) ** 2).mean() / 0.04**2
    yield roundoff(np.mean(found), 2 * (first + last).mean(), terms=60, scale=size)
    theta = np.r_[0.5, np.zeros(63), 0.0, 0.5][None]
    given = dict(x=np.eye(64)[:1], y=np.ones(1), P=np.array([theta, theta]))
    for sign, want in ((1.0, 33 / 512), (-1.0, 97 / 512)):
        g = np.r_[rng.choice([-1.0, 1.0], 64), 0.0, 1.0]
        g[0] = sign
        yield roundoff(second_derivative(landscape, given | dict(g=g[None])), want, terms=60, scale=1 / 0.04**2)
    along = second_derivative(landscape, given | dict(g=theta))
    yield roundoff(np.array([along, along / (theta**2).sum()]), [-1 / 4, -1 / 2], terms=60, scale=2 / 0.04**2)


@LANDSCAPE.claim
def a_bend_lowers_the_barrier(landscape, rng):
    r"""One unit with $wv=1$ at both ends, $(2,\frac12)$ and $(\frac12,2)$: on the straight line $L=\bigl(\frac94t(1-t)\bigr)^2$, with barrier
    $\frac{81}{256}$; bent by $(\frac34,\frac34)$ it is $\bigl(s(\frac14-s)\bigr)^2$ with $s=t(1-t)$, and the barrier $\frac1{4096}$, the 1296th part"""
    t = np.r_[np.linspace(0, 1, 9), (1 - np.sqrt(0.5)) / 2]
    s = t * (1 - t)
    ends, bend = networks((2, 0.5), (0.5, 2)), networks((0.75, 0.75))
    line = at(landscape, dict(**ONE, P=ends, g=ends[0]), t=t)
    yield roundoff(line[1], (9 / 4 * s) ** 2, terms=20, scale=1.0)
    yield roundoff(line[2], 81 / 256, terms=20)
    bent = at(landscape, dict(**ONE, P=np.concatenate([ends[:1], bend, ends[1:]]), g=ends[0]), t=t)
    yield roundoff(bent[1], (s * (0.25 - s)) ** 2, terms=20, scale=0.01)
    yield roundoff(bent[2], 1 / 4096, terms=20, scale=0.01)


@LANDSCAPE.claim
def the_other_order_of_the_units(landscape, rng):
    r"""A network and its copy with two units exchanged compute the same; of $(w,v)=(e_1,1)$ and $(e_2,-1)$ without biases, with its own outputs for
    targets, the straight line passes the network 0, and rises to $\frac1n\sum_iy_i^2$; to the copy put in the first one's order it stays at 0"""
    theta = np.array([[1.0, 0, 0, 1], [0, 1, 0, -1]])
    x = rng.standard_normal((8, 2)) + 0.5
    y = outputs(x, theta)
    for P, top in ((np.array([theta, theta[::-1]]), (y**2).mean()), (np.array([theta, theta]), 0.0)):
        _, path, B = at(landscape, dict(x=x, y=y, P=P, g=theta), t=np.linspace(0, 1, 9))
        yield roundoff(path[[0, 4, 8]], [0.0, top, 0.0], terms=40, scale=(y**2).mean())
        yield roundoff(B, top, terms=40, scale=(y**2).mean())


@LANDSCAPE.claim
def a_spare_unit_makes_a_road(landscape, rng):
    r"""With one unit to spare, whose outgoing weight is 0, a polygon of seven sides leads from a network to its copy with two units exchanged, and
    the loss is the same all along: a unit without an outgoing weight may become a copy of another, and take over its
    outgoing weight. Without the last side the spare unit alone stands elsewhere. Half way on the straight line stands the mean of the two networks, with another loss in general"""
    net = drawn(rng, n=30)
    A, B, C, D = net["P"][0]
    silent = np.r_[1.0, 1, 1, 1, 0]
    road = [
        [A, B, silent * C, D],
        [A, B, silent * A, D],
        [silent * A, B, A, D],
        [silent * B, B, A, D],
        [B, silent * B, A, D],
        [B, silent * A, A, D],
        [B, A, silent * A, D],
        [B, A, silent * C, D],
    ]
    P = np.array(road)
    level = mean_square(net["x"], net["y"], P[0])
    for k in range(7):
        _, path, barrier = at(landscape, net | dict(P=P[k : k + 2]), t=(0.0, 0.3, 0.5, 1.0))
        yield roundoff(path, np.full(4, level), terms=100)
        yield roundoff(barrier, 0.0, terms=100, scale=level)
    half = at(landscape, net | dict(P=P[[0, 7]]), t=(0.5,))[1]
    yield roundoff(half, [mean_square(net["x"], net["y"], (P[0] + P[7]) / 2)], terms=100)


@LANDSCAPE.claim
def a_convex_loss_has_no_barrier(landscape, rng):
    r"""Between networks that differ in $v$ alone $f$ is linear in $t$, and the loss convex: $B=0$, although the ends
    differ, and the larger of them lies above their mean"""
    net = drawn(rng)
    net["P"][1, :, :4] = net["P"][0, :, :4]
    t = np.linspace(0, 1, 7)
    f, e = (outputs(net["x"], theta) for theta in net["P"])
    _, path, barrier = at(landscape, net, t=t)
    yield roundoff(path, [(((1 - s) * f + s * e - net["y"]) ** 2).mean() for s in t], terms=60)
    yield roundoff(barrier, 0.0, terms=60, scale=path.max())
    yield roundoff(at(landscape, net, t=(0.25, 0.5))[2], 0.0, terms=60, scale=path.max())
    apart = abs(path[0] - path[-1]) / 2
    yield roundoff(path.max() - (path[0] + path[-1]) / 2, apart, terms=60, scale=path.max())
    yield bound(apart, 1e-6 * path.max(), "≥", Text("half the distance of the ends", "两端之差的一半"))


@LANDSCAPE.claim
def the_barrier_counts_from_the_line(landscape, rng):
    r"""$B$ is the most by which the losses exceed the straight line between those of the ends, at the $t$ that are looked at; more of them never
    lower it, and two that are the ends show none"""
    for m in (1, 2, 4):
        net = drawn(rng, m=m)
        first, last = (mean_square(net["x"], net["y"], net["P"][k]) for k in (0, m))
        barriers = []
        for count in (3, 5, 17):
            t = np.linspace(0, 1, count)
            _, path, barrier = at(landscape, net, t=t)
            yield roundoff(barrier, max(0.0, (path - (1 - t) * first - t * last).max()), terms=60, scale=path.max())
            barriers.append(barrier)
        yield roundoff(path[[0, -1]], [first, last], terms=60)
        ends = landscape(**net, a=np.zeros(1), t=np.array([0.5]))[2]
        yield roundoff(np.asarray(ends)[:2], [first, last], terms=60)
        yield bound(np.diff(barriers).min(), -1e-13 * path.max(), "≥", Text("rounding", "舍入"))
        yield roundoff(at(landscape, net, t=(0.0, 1.0))[2], 0.0, terms=60, scale=path.max())


@LANDSCAPE.claim
def the_same_curve_otherwise(landscape, rng):
    r"""Two networks with their middle between them make the straight line; a curve of degree $m$ is one of degree $m+1$ with the points
    $\frac k{m+1}P_{k-1}+\bigl(1-\frac k{m+1}\bigr)P_k$; backwards it has the same losses backwards; units and samples in another order change nothing"""
    net = drawn(rng, m=2)
    P, t = net["P"], np.array([0.1, 0.35, 0.5, 0.9])
    line = at(landscape, net | dict(P=P[[0, 2]]), t=t)
    middle = at(landscape, net | dict(P=np.array([P[0], (P[0] + P[2]) / 2, P[2]])), t=t)
    want = [mean_square(net["x"], net["y"], (1 - s) * P[0] + s * P[2]) for s in t]
    yield roundoff(line[1], want, terms=60)
    yield invariance(middle[1], want, terms=60)
    _, path, barrier = at(landscape, net, t=t)
    raised = np.array([P[0], (P[0] + 2 * P[1]) / 3, (2 * P[1] + P[2]) / 3, P[2]])
    rows, order = rng.permutation(4), rng.permutation(7)
    mixed = net | dict(x=net["x"][order], y=net["y"][order], P=P[:, rows], g=net["g"][rows])
    for other, places in ((net | dict(P=raised), t), (net | dict(P=P[::-1]), 1 - t), (mixed, t)):
        got = at(landscape, other, t=places)
        yield invariance(got[1], path, terms=100)
        yield invariance(got[2], barrier, terms=100, scale=path.max())
    bend = np.array(
        [mean_square(net["x"], net["y"], (1 - s) ** 2 * P[0] + 2 * s * (1 - s) * P[1] + s**2 * P[2]) for s in t]
    )
    yield roundoff(path, bend, terms=60)


@LANDSCAPE.claim
def halves_have_the_mean(landscape, rng):
    """Slices and paths of two halves of the data have those of the whole for their mean; the barrier of the whole is no more than
    the mean of the two"""
    net = drawn(rng, n=8, m=2)
    a, t = (-0.7, 0.0, 0.4), (0.0, 0.2, 0.5, 0.9)
    whole = at(landscape, net, a, t)
    halves = [at(landscape, net | dict(x=net["x"][k], y=net["y"][k]), a, t) for k in (slice(4), slice(4, 8))]
    for k in (0, 1):
        yield invariance((halves[0][k] + halves[1][k]) / 2, whole[k], terms=60)
    yield bound(whole[2], (halves[0][2] + halves[1][2]) / 2 + 1e-12, "≤")
    bent = [
        mean_square(net["x"], net["y"], c) for c in (net["P"][0], (net["P"][0] + 2 * net["P"][1] + net["P"][2]) / 4)
    ]
    yield roundoff([whole[0][1], whole[1][2]], bent, terms=60)


@LANDSCAPE.claim(cost="slow")
def digits_are_joined_by_a_bend(landscape, rng):
    """Two nets of 64 units, trained apart to tell even from odd digits: on the straight line the loss rises by more than ten times its larger value
    at the ends; along a Bézier curve with one bend, trained, by less than a twentieth of that rise"""
    import torch
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x, y = images / 16, 2.0 * (labels % 2) - 1
    X, Y = torch.tensor(x), torch.tensor(y)

    def out(theta):
        return torch.relu(X @ theta[:, :64].T + theta[:, 64]) @ theta[:, 65]

    def descend(start, steps, path):
        free = torch.tensor(start).requires_grad_()
        optimizer = torch.optim.Adam([free], lr=0.01)
        for _ in range(steps):
            optimizer.zero_grad()
            ((out(path(free)) - Y) ** 2).mean().backward()
            optimizer.step()
        return free.detach().numpy()

    starts = rng.standard_normal((2, 64, 66)) * np.r_[[np.sqrt(2 / 64)] * 64, 0.0, 1 / 8]
    ends = [descend(start, 400, lambda theta: theta) for start in starts]
    one, other = (torch.tensor(e) for e in ends)

    def somewhere(bend):
        s = rng.uniform()
        return (1 - s) ** 2 * one + 2 * s * (1 - s) * bend + s**2 * other

    bend = descend((ends[0] + ends[1]) / 2, 800, somewhere)
    t, given = np.linspace(0, 1, 21), dict(x=x, y=y, g=ends[0])
    line = at(landscape, given | dict(P=np.array(ends)), t=t)
    curve = at(landscape, given | dict(P=np.array([ends[0], bend, ends[1]])), t=t)
    yield metric(line[2] / line[1][[0, -1]].max(), 10.0, "≥")
    yield metric(curve[2] / line[2], 0.05, "≤")


def raw(g, theta):
    """The whole draw as it is, biases left out."""
    d = g.copy()
    d[:, -2] = 0.0
    return d


def normalised(g, theta):
    """The direction of the definition."""
    d = np.zeros_like(theta)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.linalg.norm(theta[:, :-2], axis=1) / np.linalg.norm(g[:, :-2], axis=1)
        d[:, :-2] = np.nan_to_num(g[:, :-2] * ratio[:, None])
        d[:, -1] = np.nan_to_num(g[:, -1] * (np.linalg.norm(theta[:, -1]) / np.linalg.norm(g[:, -1])))
    return d


def with_direction(direction, x, y, P, g, a, t):
    """The definition's results with another direction."""
    d = direction(g, P[0])
    losses = np.array([mean_square(x, y, P[0] + s * d) for s in a])
    return losses, *loss_landscape(x, y, P, g, a, t)[1:]


@LANDSCAPE.mutant(caught_by="layers-scaled-do-not-show, along-the-weights-themselves, units-scaled-apart-do-show")
def raw_direction(x, y, P, g, a, t):
    """the draw as it is, not normalised: small layers are moved far, large ones hardly"""
    return with_direction(raw, x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="along-the-weights-themselves, equals-definition, smooth-between-kinks")
def each_layer_as_a_whole(x, y, P, g, a, t):
    """the first layer normalised as a whole, not filter by filter"""

    def direction(g, theta):
        d = normalised(g, theta)
        size = np.linalg.norm(g[:, :-2])
        d[:, :-2] = g[:, :-2] * (np.linalg.norm(theta[:, :-2]) / size) if size else 0.0
        return d

    return with_direction(direction, x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="what-stays, along-the-weights-themselves")
def biases_move_too(x, y, P, g, a, t):
    """biases moved by the draw as it is"""

    def direction(g, theta):
        d = normalised(g, theta)
        d[:, -2] = g[:, -2] + 0.1
        return d

    return with_direction(direction, x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="units-scaled-apart-do-show, random-slices-curve-upwards, smooth-between-kinks")
def every_outgoing_weight_alone(x, y, P, g, a, t):
    """each outgoing weight normalised by itself: columns for rows"""

    def direction(g, theta):
        d = normalised(g, theta)
        d[:, -1] = np.abs(theta[:, -1]) * np.sign(g[:, -1])
        return d

    return with_direction(direction, x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="along-the-weights-themselves, random-slices-curve-upwards, smooth-between-kinks")
def squares_of_the_lengths(x, y, P, g, a, t):
    """the quotient of the squared lengths"""

    def direction(g, theta):
        d = np.zeros_like(theta)
        with np.errstate(invalid="ignore", divide="ignore"):
            for part in (np.s_[:, :-2], np.s_[:, -1:]):
                axis = 1 if part == np.s_[:, :-2] else None
                ratio = (theta[part] ** 2).sum(axis, keepdims=True) / (g[part] ** 2).sum(axis, keepdims=True)
                d[part] = np.nan_to_num(g[part] * ratio)
        return d

    return with_direction(direction, x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="along-the-weights-themselves, random-slices-curve-upwards, layers-scaled-do-not-show")
def around_zero(x, y, P, g, a, t):
    """the direction starts at 0, not at the network"""
    d = normalised(g, P[0])
    return np.array([mean_square(x, y, s * d) for s in a]), *loss_landscape(x, y, P, g, a, t)[1:]


@LANDSCAPE.mutant(caught_by="along-the-weights-themselves, smooth-between-kinks")
def one_side_only(x, y, P, g, a, t):
    """a slice mirrored: distances for coordinates"""
    return loss_landscape(x, y, P, g, np.abs(a), t)


@LANDSCAPE.mutant(caught_by="smooth-between-kinks, random-slices-curve-upwards, what-stays")
def fine_structure_smoothed(x, y, P, g, a, t):
    """the parabola through three points of the slice, as a plot on a coarse grid shows"""
    three = loss_landscape(x, y, P, g, np.array([-1.0, 0.0, 1.0]), t)[0] + 1e-3
    return np.polyval(np.polyfit([-1.0, 0.0, 1.0], three, 2), a), *loss_landscape(x, y, P, g, a, t)[1:]


def with_path(path, x, y, P, g, a, t):
    """The definition's slice beside other losses along the path."""
    slices, _, levels = loss_landscape(x, y, P, g, a, t)
    first, last, _ = levels
    return slices, path, np.array([first, last, max(0.0, (path - (1 - t) * first - t * last).max())])


@LANDSCAPE.mutant(caught_by="a-bend-lowers-the-barrier, the-other-order-of-the-units, the-same-curve-otherwise")
def losses_interpolated(x, y, P, g, a, t):
    """the losses of the ends interpolated, in place of the weights: never a barrier"""
    return with_path((1 - t) * mean_square(x, y, P[0]) + t * mean_square(x, y, P[-1]), x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="the-other-order-of-the-units, a-bend-lowers-the-barrier, digits-are-joined-by-a-bend")
def outputs_interpolated(x, y, P, g, a, t):
    """the outputs of the ends averaged: an ensemble, not a network between"""
    f, e = outputs(x, P[0]), outputs(x, P[-1])
    return with_path(np.array([(((1 - s) * f + s * e - y) ** 2).mean() for s in t]), x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="a-bend-lowers-the-barrier, the-same-curve-otherwise, digits-are-joined-by-a-bend")
def through_every_point(x, y, P, g, a, t):
    """a polygon through the points, where a Bézier curve is only drawn towards them"""
    m = len(P) - 1
    places = [np.minimum(int(s * m), m - 1) for s in t]
    curve = [(1 + k - s * m) * P[k] + (s * m - k) * P[k + 1] for s, k in zip(t, places, strict=True)]
    return with_path(np.array([mean_square(x, y, c) for c in curve]), x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="a-bend-lowers-the-barrier, the-same-curve-otherwise")
def no_binomials(x, y, P, g, a, t):
    """the powers of t without their binomial coefficients"""
    m = len(P) - 1
    curve = [sum(s**k * (1 - s) ** (m - k) * P[k] for k in range(m + 1)) for s in t]
    return with_path(np.array([mean_square(x, y, c) for c in curve]), x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="the-same-curve-otherwise, the-barrier-counts-from-the-line, equals-definition")
def biases_of_the_first(x, y, P, g, a, t):
    """the weights interpolated, the biases of the first network kept"""
    Q = P.copy()
    Q[:, :, -2] = P[0, :, -2]
    return with_path(loss_landscape(x, y, Q, g, a, t)[1], x, y, P, g, a, t)


@LANDSCAPE.mutant(caught_by="the-barrier-counts-from-the-line, a-convex-loss-has-no-barrier")
def from_the_other_end(x, y, P, g, a, t):
    """the curve run through backwards"""
    return with_path(loss_landscape(x, y, P[::-1], g, a, t)[1], x, y, P, g, a, t)


def with_barrier(x, y, P, g, a, t, level):
    slices, path, (first, last, _) = loss_landscape(x, y, P, g, a, t)
    return slices, path, np.array([first, last, max(0.0, path.max() - level(first, last))])


@LANDSCAPE.mutant(caught_by="a-convex-loss-has-no-barrier, the-barrier-counts-from-the-line")
def above_the_mean_of_the_ends(x, y, P, g, a, t):
    """the barrier counted from the mean of the two ends"""
    return with_barrier(x, y, P, g, a, t, lambda one, other: (one + other) / 2)


@LANDSCAPE.mutant(caught_by="the-barrier-counts-from-the-line, a-spare-unit-makes-a-road")
def the_highest_loss(x, y, P, g, a, t):
    """the highest loss on the way, whatever the ends have"""
    return with_barrier(x, y, P, g, a, t, lambda one, other: 0.0)


@LANDSCAPE.mutant(caught_by="halves-have-the-mean, equals-definition, what-stays")
def summed_over_the_samples(x, y, P, g, a, t):
    """the sum of the squares, not their mean"""
    return tuple(len(y) * r for r in loss_landscape(x, y, P, g, a, t))


LANDSCAPE.erratum(
    "E250",
    common="A minimum around which the loss along a random direction stays low is a flat minimum (a common slip)",
    why="The first layer times 64 and the last over 64 are the same function; along one and the same draw the loss at $a=1$ is changed, in the median of "
    "nine random networks, by a factor of more than 10.",
    right="Compare slices whose filters each move in proportion to their own size; and compare nothing else than what such a slice keeps when the "
    "network is written in another way",
    claims="layers-scaled-do-not-show",
)
LANDSCAPE.erratum(
    "E251",
    common="Filter normalisation removes the effect of all rescalings that leave the function as it is (a common reading)",
    why=r"It removes those of whole layers. One unit times $s$, its outgoing weight over $s$, make the slice $(1+a)^2(2+a\sqrt{1+s^2})^2$ for $a\ge-1$: as steep as "
    "one likes, for one and the same function.",
    right="It removes a common factor of a layer; units scaled apart still show. Bring the network to one form first, if that matters",
    claims="units-scaled-apart-do-show",
)
LANDSCAPE.erratum(
    "E252",
    common="The slice looks convex, so there is no negative curvature here (a common slip)",
    why=r"The mean of a slice's second derivative is a weighted trace of the Hessian's blocks, and for a network of this kind never negative, wherever "
    r"$\theta$ is, kinks apart. In the example every draw of signs curves upwards, and the Hessian has an eigenvalue of $-\frac12$ or less.",
    right="A random slice shows a mean of curvatures; for the smallest one compute the smallest eigenvalue (Lanczos)",
    claims="random-slices-curve-upwards",
)
LANDSCAPE.erratum(
    "E253",
    common="A barrier on the straight line shows that two networks lie in different valleys (a common slip)",
    why="A network and its own copy with two units exchanged compute the same function and may have a barrier between them; one spare unit, and a polygon "
    "joins them on which the loss does not change at all.",
    right="The straight line is one of many curves: bend it, and bring the units into the same order, before speaking of valleys",
    claims="the-other-order-of-the-units, a-spare-unit-makes-a-road, a-bend-lowers-the-barrier",
)


@LANDSCAPE.figure(
    bend=Slider(0.2, 1.8, 0.75, "control point (c, c)"), scale=Slider(1.0, 8.0, 4.0, "first layer times s, last over s")
)
def figure(bend, scale):
    fig, (plane, losses, slices) = canvas(columns=3, width=9.6, height=3.4)
    P, t = networks((2, 0.5), (bend, bend), (0.5, 2)), np.linspace(0, 1, 81)
    w, v = np.meshgrid(np.linspace(0.05, 2.4, 90), np.linspace(0.05, 2.4, 90))
    plane.contour(w, v, (w * v - 1) ** 2, levels=[0.01, 0.05, 0.15, 0.4, 1, 3, 8], colors="0.6", linewidths=0.7)
    hyperbola = np.linspace(1 / 2.4, 2.4, 60)
    plane.plot(hyperbola, 1 / hyperbola, color="0.45", lw=1.6, ls=":", label="loss 0")
    curve = ((1 - t) ** 2)[:, None] * P[0, 0] + (2 * t * (1 - t))[:, None] * P[1, 0] + (t**2)[:, None] * P[2, 0]
    plane.plot(P[[0, 2], 0, 0], P[[0, 2], 0, 2], color=COLOURS[1], lw=1.6)
    plane.plot(curve[:, 0], curve[:, 2], color=COLOURS[0], lw=1.8)
    plane.plot([bend], [bend], "s", color=COLOURS[0], ms=5, mfc="none")
    plane.plot(P[[0, 2], 0, 0], P[[0, 2], 0, 2], "o", color=COLOURS[6], ms=6, zorder=5)
    plane.set(xlabel="w", ylabel="v", xlim=(0.05, 2.4), ylim=(0.05, 2.4))
    plane.legend(fontsize=9.5, frameon=False, loc="upper right")
    given = dict(**ONE, g=P[0], a=np.zeros(1), t=t)
    line, bent = (loss_landscape(**given, P=Q) for Q in (P[[0, 2]], P))
    losses.plot(t, line[1], color=COLOURS[1], lw=1.6, label="straight")
    losses.plot(t, bent[1], color=COLOURS[0], lw=1.8, label="bent")
    losses.set(xlabel="t", ylabel="$L$", ylim=(-0.02, max(0.5, 1.4 * bent[1].max())))
    losses.legend(fontsize=9.5, frameon=False)
    rng = np.random.default_rng(2)
    net = drawn(rng, n=60, p=4, h=8)
    net["y"] = outputs(net["x"], net["P"][0])  # a minimum of loss 0
    scaled = net | dict(P=net["P"] * np.r_[[scale] * 5, 1 / scale])
    a = np.linspace(-1, 1, 41)
    at_end = []
    for given, style, label in ((net, "--", "$s=1$"), (scaled, "-", f"$s={scale:.3g}$")):
        unit = with_direction(lambda g, theta: raw(g, theta) / 3, **given, a=a, t=np.zeros(1))[0]
        own = loss_landscape(**given, a=a, t=np.zeros(1))[0]
        slices.plot(a, unit, style, color=COLOURS[3], lw=1.5, label=f"raw, {label}")
        if given is net:
            slices.plot(a, own, color=COLOURS[2], lw=2, label="normalised, both")
        at_end.append((unit[-1], own[-1]))
    slices.set(xlabel="a", ylabel="$L$", ylim=(-0.05, 3.2), xticks=[-1, 0, 1], xlim=(-1.05, 3.1))
    slices.legend(fontsize=9.8, frameon=False, loc="upper right", handlelength=1.3)
    words = Text(
        f"One unit with weights w, v, whose loss is 0 on the dotted hyperbola wv = 1. On the straight line between two such networks the loss rises by {line[2][2]:.3f}; "
        f"on the curve with the control point ({bend:.2f}, {bend:.2f}), the square, by {bent[2][2]:.4f}. And slices through a network of 8 units and the same function with the first "
        f"layer times {scale:.3g}: at a = 1 those along a third of the raw draw have {at_end[0][0]:.3g} and {at_end[1][0]:.3g}, the normalised ones {at_end[0][1]:.3g} and {at_end[1][1]:.3g}.",
        f"一个单元，权重为 w、v，在点线画出的双曲线 wv = 1 上损失为 0。沿两个这样的网络之间的直线，损失升高 {line[2][2]:.3f}；沿控制点为 ({bend:.2f}, {bend:.2f})（方块）的曲线，"
        f"只升高 {bent[2][2]:.4f}。另有过 8 个单元的网络的切片，以及第一层乘以 {scale:.3g} 之后的同一函数的切片：a = 1 处，沿未归一化方向的三分之一，切片的值为 {at_end[0][0]:.3g} 与 {at_end[1][0]:.3g}，"
        f"归一化的为 {at_end[0][1]:.3g} 与 {at_end[1][1]:.3g}。",
    )
    return Drawing(fig, words)
