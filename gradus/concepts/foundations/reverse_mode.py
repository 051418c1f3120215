"""Reverse-mode automatic differentiation: the computation graph, and backpropagation through it."""

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, metric, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _call(grad, f, x):
    return grad(f)(x)


REVERSE_MODE = Concept(
    key="reverse-mode",
    kind="algorithm",
    title="Computation graph and reverse mode (backpropagation)",
    summary="Every function that a program computes is a graph of elementary steps. One walk backwards through the "
    "graph gives the derivative of the result by every input at once, for a small multiple of the price of the "
    "function itself, however many the inputs.",
    formulas=(
        r"v_j=\varphi_j\big((v_i)_{i\to j}\big),\qquad \bar v_i=\frac{\partial y}{\partial v_i}",
        r"\bar v_i=\sum_{j\,:\,i\to j}\bar v_j\,\frac{\partial \varphi_j}{\partial v_i},\qquad \bar y=1,\qquad \nabla f(x)=(\bar v_1,\dots,\bar v_n)",
    ),
    symbols=(
        Symbol("f", "f", "function", "function whose result is one number", "function"),
        Symbol("x", "x", "n", "where it is differentiated"),
        Symbol("y", "", "", "the result $f(x)$"),
        Symbol("v_j", "", "", "value of step j; the first n are the inputs"),
        Symbol(r"\varphi_j", "", "function", "elementary function of step j"),
        Symbol(r"\bar v_i", "", "", "adjoint: derivative of the result by $v_i$"),
        Symbol(r"i\to j", "", "", "step j uses the value of step i"),
    ),
    needs=("chain-rule", "gradient", "forward-mode"),
    source="linnainmaa1970representation",
    year=1970,
    people=("Seppo Linnainmaa", "Paul Werbos", "Bert Speelpenning", "Andreas Griewank"),
    aliases="backpropagation, backprop, back propagation, automatic differentiation, autodiff, autograd, VJP, computational graph, "
    "反向传播, 自动微分, 计算图, 反向传播算法, 反向模式自动微分",
    implementations=(
        Implementation(
            "gradus.foundations.autodiff:grad",
            "numpy",
            _call,
            "a tape one can read in one sitting; for work, use PyTorch",
        ),
        Implementation("torch.func:grad", "torch", _call),
    ),
    readings="griewank2008evaluating ch. 3–4; baur1983complexity; baydin2018automatic §3.2; goodfellow2016deep §6.5; rumelhart1986learning",
    hypotheses=(Hypothesis("every step has a derivative at the value that it meets", "kinks-break-the-chain"),),
    conventions=(
        Convention(
            "derivative at a kink",
            "that of $|x|$ at 0 is 0",
            "the same in PyTorch, 1 in JAX; a tie of `maximum` is shared half and half, the derivative of `relu` at 0 is 0 in "
            "PyTorch",
        ),
        Convention(
            "where the gradient goes",
            "a new array each time, as from `torch.func.grad`",
            "PyTorch's `backward` adds into `.grad` until it is reset",
        ),
    ),
)


def wengert_list(f, x):
    """Evaluates f on scalar nodes: the list of (value, [(i, ∂φⱼ/∂vᵢ), …]) in order of evaluation, and the result."""
    trace = []

    def value_of(v):
        return v.value if isinstance(v, Node) else v

    class Node:
        def __init__(self, value, *partials):
            self.value, self.index = value, len(trace)
            trace.append((value, [(v.index, d) for v, d in partials if isinstance(v, Node)]))

        __add__ = __radd__ = lambda a, b: Node(a.value + value_of(b), (a, 1.0), (b, 1.0))
        __sub__ = lambda a, b: Node(a.value - value_of(b), (a, 1.0), (b, -1.0))
        __rsub__ = lambda a, b: Node(b - a.value, (a, -1.0))
        __neg__ = lambda a: Node(-a.value, (a, -1.0))
        __mul__ = __rmul__ = lambda a, b: Node(a.value * value_of(b), (a, value_of(b)), (b, a.value))
        __truediv__ = lambda a, b: a * b**-1.0
        __rtruediv__ = lambda a, b: a**-1.0 * b
        __pow__ = lambda a, n: Node(a.value**n, (a, n * a.value ** (n - 1)))
        __abs__ = lambda a: Node(abs(a.value), (a, np.sign(a.value)))
        __lt__ = lambda a, b: a.value < value_of(b)
        __le__ = lambda a, b: a.value <= value_of(b)
        __gt__ = lambda a, b: a.value > value_of(b)
        __ge__ = lambda a, b: a.value >= value_of(b)
        exp = lambda a: Node(np.exp(a.value), (a, np.exp(a.value)))
        log = lambda a: Node(np.log(a.value), (a, 1 / a.value))
        sin = lambda a: Node(np.sin(a.value), (a, np.cos(a.value)))
        cos = lambda a: Node(np.cos(a.value), (a, -np.sin(a.value)))
        tanh = lambda a: Node(np.tanh(a.value), (a, 1 - np.tanh(a.value) ** 2))
        sqrt = lambda a: Node(np.sqrt(a.value), (a, 0.5 / np.sqrt(a.value)))

    # NumPy hands every entry of an array of objects to the object's own methods
    nodes = np.array([Node(v) for v in np.ravel(x)], object).reshape(np.shape(x))
    return trace, np.asarray(f(nodes), object).item()


@REVERSE_MODE.definition
def reverse_mode(f, x):
    trace, y = wengert_list(f, x)
    v_bar = [0.0] * len(trace)
    v_bar[y.index] = 1.0
    for j in reversed(range(len(trace))):
        _, partials = trace[j]
        for i, partial in partials:
            v_bar[i] = v_bar[i] + v_bar[j] * partial
    return np.array(v_bar[: np.size(x)]).reshape(np.shape(x))


A = np.array([[0.8, -0.5, 0.3], [0.1, 0.9, -0.7]])


@generic
def baydin(x):
    xp = namespace(x)
    return xp.log(x[0]) + x[0] * x[1] - xp.sin(x[1])


@generic
def reused(x):
    y = x * x
    return (y * y + y).sum()


@generic
def broadcast(x):
    return namespace(x).sin(like(A, x) + x).sum()


@generic
def layer(x):
    xp = namespace(x)
    return (xp.tanh(like(A, x) @ x) ** 2).sum() / 2


@generic
def softmax_loss(x):
    xp = namespace(x)
    return xp.log(xp.exp(x).sum()) - x[0]


@generic
def elementary(x):
    xp = namespace(x)
    return (xp.sqrt(1 + x * x) + xp.exp(-x) / (2 + xp.cos(x)) + abs(x)).sum()


@REVERSE_MODE.example
def example():
    def f(x):
        u = x[0] * x[1]
        return u + np.sin(u * u)

    x = np.array([1.5, 0.5])
    u = x[0] * x[1]
    w_bar = np.cos(u * u)
    u_bar = 1 + w_bar * 2 * u
    return (
        dict(f=f, x=x, u=u, w=u * u, s=np.sin(u * u), y=f(x), one=1.0, w_bar=w_bar, two_u=2 * u)
        | dict(by_w=w_bar * 2 * u, u_bar=u_bar, x_bar=u_bar * x[::-1], gradient=reverse_mode(f, x))
        | dict(overwritten=x[1] * 1.0, by_one_path=w_bar * 2 * u * x[1])
    )


@REVERSE_MODE.exercise
def sweeps():
    inputs, outputs = 1000, 3  # a sweep forwards for each input, backwards for each output
    return number(min(inputs, outputs), forward=inputs, entries=inputs * outputs, tolerance=1e-6)


@REVERSE_MODE.exercise
def used_twice():
    g = reverse_mode(lambda x: x[0] * x[0] * x[1], np.array([3.0, 2.0]))
    return array(g, once=[6.0, 9.0], one_factor_lost=[12.0, 3.0])


@REVERSE_MODE.exercise
def what_is_kept():
    def steps(depth):
        def f(x):
            v = x[0]
            for _ in range(depth):
                v = np.tanh(v)
            return v

        return len(wengert_list(f, np.array([0.3]))[0])

    return choice(grows=steps(50) > 10 * steps(2), constant=steps(50) == steps(2), none=steps(50) == 0)


@REVERSE_MODE.cases
def cases(rng):
    yield "three steps", dict(f=baydin, x=np.array([2.0, 5.0]))
    yield "reused", dict(f=reused, x=rng.standard_normal(3))
    yield "broadcast", dict(f=broadcast, x=rng.standard_normal(3))
    yield "a layer", dict(f=layer, x=rng.standard_normal(3))
    yield "softmax loss", dict(f=softmax_loss, x=rng.standard_normal(5))
    yield "elementary functions", dict(f=elementary, x=rng.standard_normal(4))
    yield "one input", dict(f=reused, x=np.array([0.7]))
    yield "forty inputs", dict(f=softmax_loss, x=rng.standard_normal(40))


@REVERSE_MODE.invalid
def invalid(rng):
    yield "a result of three numbers", dict(f=generic(lambda x: x * 2.0), x=np.ones(3))


OPERATIONS = (
    lambda xp, a, b: a + b,
    lambda xp, a, b: a - 2.0 * b,
    lambda xp, a, b: a * xp.sin(b),
    lambda xp, a, b: a / (1.0 + b * b),
    lambda xp, a, b: xp.exp(-a * a),
    lambda xp, a, b: xp.log(1.0 + a * a),
    lambda xp, a, b: xp.sqrt(1.0 + a * a),
    lambda xp, a, b: abs(xp.tanh(a)),
    lambda xp, a, b: xp.maximum(a, b),
    lambda xp, a, b: xp.where(a > 0.3, a, xp.cos(b)),
    lambda xp, a, b: xp.sum(xp.broadcast_to(a, (2, 3)), axis=1, keepdims=True),
    lambda xp, a, b: xp.mean(xp.broadcast_to(a, (2, 3)), axis=0),
    lambda xp, a, b: xp.tanh(xp.broadcast_to(a, (2, 3)) @ xp.swapaxes(xp.broadcast_to(b, (2, 3)), 0, 1))[:, :1],
    lambda xp, a, b: xp.reshape(xp.broadcast_to(a, (2, 3)), (3, 2))[1:, 0][:, None],
    lambda xp, a, b: xp.concatenate([xp.broadcast_to(a, (2, 3))[1:], xp.broadcast_to(b, (2, 3))[:1]]),
)


def random_graph(rng, steps=10):
    """A function of 6 numbers: each step joins two earlier arrays, (2, 3) or what broadcasts to it, old ones too."""
    chosen = [(int(rng.integers(len(OPERATIONS))), int(rng.integers(99)), int(rng.integers(3))) for _ in range(steps)]

    @generic
    def f(x):
        xp = namespace(x)
        nodes = [xp.reshape(x, (2, 3)), x[:3], xp.reshape(x[4:], (2, 1))]
        for operation, i, j in chosen:
            nodes.append(OPERATIONS[operation](xp, nodes[i % len(nodes)], nodes[-1 - j]))
        return sum(xp.sin(v).sum() for v in nodes[-3:])

    return f


def torch_gradient(f, x):
    import torch

    t = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(f(t), t)[0].numpy()


@REVERSE_MODE.claim
def equals_torch_on_random_graphs(reverse_mode, rng):
    """Equals `torch.autograd` on random expression graphs, to $10^{-12}$ of the largest entry (of 1 where all are smaller)"""
    for _ in range(12):
        f, x = random_graph(rng), rng.standard_normal(6)
        want = torch_gradient(f, x)
        # about a thousand scalar operations and their derivatives stand behind one entry
        yield roundoff(reverse_mode(f, x), want, terms=1000, scale=max(1.0, np.abs(want).max()))


@REVERSE_MODE.claim
def differentiates_its_own_backward_pass(reverse_mode, rng):
    """The backward pass can be differentiated again: Hessian times vector equals PyTorch's"""
    import torch

    for _ in range(6):
        f, x, u = random_graph(rng, 6), rng.standard_normal(6), rng.standard_normal(6)
        t = torch.tensor(x, requires_grad=True)
        (g,) = torch.autograd.grad(f(t), t, create_graph=True)
        (want,) = torch.autograd.grad((g * torch.tensor(u)).sum() + (t * t).sum() / 2, t)

        @generic
        def slope(z, f=f, u=u):  # ∇(⟨∇f(z), u⟩ + ½⟨z, z⟩) = H u + z
            return (reverse_mode.raw({"f": f, "x": z}) * like(u, z)).sum() + (z * z).sum() / 2

        got = reverse_mode(slope, x)
        yield roundoff(got, want.numpy(), terms=1000, scale=max(1.0, float(want.abs().max())))


@REVERSE_MODE.claim
def reuse_adds_up(reverse_mode, rng):
    """A value used twice receives the sum of both adjoints: $(x^2)^2+x^2$ has derivative $4x^3+2x$"""
    x = np.array([-2.0, 1.0, 3.0])
    return identical(reverse_mode(reused, x), 4 * x**3 + 2 * x)


@REVERSE_MODE.claim
def broadcasting_is_summed_back(reverse_mode, rng):
    """What broadcasting spread out is summed back"""
    B = rng.standard_normal((5, 3))

    @generic
    def rows_and_columns(x):
        xp = namespace(x)
        return xp.sin(like(B, x) + x[:3]).sum() + (like(B, x) * xp.reshape(x[3:], (5, 1)) * x[0]).sum()

    x = rng.standard_normal(8)
    first = np.cos(B + x[:3]).sum(0) + np.array([(B * x[3:, None]).sum(), 0, 0])
    return roundoff(reverse_mode(rows_and_columns, x), np.concatenate([first, B.sum(1) * x[0]]), terms=15)


@REVERSE_MODE.claim
def long_chains(reverse_mode, rng):
    """A chain of 5000 steps is no deeper than the memory: no recursion"""

    @generic
    def chain(x):
        for _ in range(5000):
            x = x * 1.0001
        return x.sum()

    return roundoff(reverse_mode(chain, np.array([1.0])), np.array([1.0001**5000]), terms=5000, c=1)


@REVERSE_MODE.claim(required=False)
def kinks_break_the_chain(reverse_mode, rng):
    r"""$\big|x+|x|\big|-|x|$ is x, with derivative 1 everywhere; backwards through its steps it is 1 at −1 and 1, but 0 at
    0, where the derivative of $|x|$ was chosen to be 0"""
    f = generic(lambda x: (abs(x + abs(x)) - abs(x)).sum())
    return identical(reverse_mode(f, np.array([-1.0, 0.0, 1.0])), np.array([1.0, 0.0, 1.0]))


@generic
def moderate(x):
    """Eleven operations an entry, whatever the number of entries."""
    xp = namespace(x)
    y = xp.sin(x) * x + xp.exp(-0.5 * x * x)
    return (y / xp.sqrt(1 + y * y)).sum()


@REVERSE_MODE.claim(of_definition=False)
def cost_is_five_evaluations(reverse_mode, rng):
    """A gradient of this function, of products, a quotient, sine, exponential and root, costs at most 5 evaluations, for
    10 inputs and for a million (operations counted)"""
    from gradus.page.not_applicable import NotApplicable
    from gradus.page.operations import Counted

    evidence = []
    for n in (10, 10**2, 10**4, 10**6):
        one, all_partials = Counted.of(np.linspace(-1, 1, n)), Counted.of(np.linspace(-1, 1, n))
        moderate(one)
        reverse_mode.raw({"f": moderate, "x": all_partials})
        ratio = all_partials.operations[0] / one.operations[0]
        if ratio < 1:
            raise NotApplicable(
                Text(
                    "it does not compute with the NumPy arrays that it is given: operations cannot be counted",
                    "它不用所给的 NumPy 数组计算：无法统计运算次数",
                )
            )
        why = Text(f"the cheap gradient principle, n = {n}", f"廉价梯度原理，n = {n}")
        evidence.append(bound(ratio, 5.0, "≤", why))
        if not evidence[-1].holds:
            break
    return all_of(*evidence)


def digits():
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, t = load_digits(return_X_y=True)
    return train_test_split(X / 16, t, test_size=0.2, random_state=0, stratify=t)


def logits(theta, X, hidden=32):
    """A multilayer perceptron 64–32–10, its weights in one vector."""
    a, b = 64 * hidden, 65 * hidden
    H = np.tanh(X @ np.reshape(theta[:a], (64, hidden)) + theta[a:b])
    return H @ np.reshape(theta[b : b + 10 * hidden], (hidden, 10)) + theta[b + 10 * hidden :]


@REVERSE_MODE.claim(cost="slow", of_definition=False)
def trains_a_network_on_digits(reverse_mode, rng):
    """In NumPy alone it trains a multilayer perceptron on 8×8 handwritten digits to 95 % of a held-out fifth"""
    X, X_test, t, t_test = digits()
    theta = 0.2 * rng.standard_normal(65 * 32 + 33 * 10)
    velocity = np.zeros_like(theta)
    for _ in range(15):
        for batch in np.array_split(rng.permutation(len(X)), 40):

            @generic
            def loss(theta, Xb=X[batch], tb=t[batch]):
                Z = logits(theta, Xb)
                Z = Z - Z.max(1, keepdims=True)
                return (np.log(np.exp(Z).sum(1)) - Z[np.arange(len(tb)), tb]).mean()

            velocity = 0.9 * velocity - 0.1 * reverse_mode(loss, theta)
            theta = theta + velocity
    correct = (logits(theta, X_test).argmax(1) == t_test).mean()
    return metric(correct, 0.95, "≥", Text("359 digits held out, stratified", "留出 359 个数字，分层抽样"))


@REVERSE_MODE.mutant(caught_by="reuse-adds-up, equals-definition, equals-torch-on-random-graphs")
def adjoint_overwritten(f, x):
    """the adjoint of a reused value is overwritten, not added to"""
    trace, y = wengert_list(f, x)
    v_bar = [0.0] * len(trace)
    v_bar[y.index] = 1.0
    for j in reversed(range(len(trace))):
        for i, partial in trace[j][1]:
            v_bar[i] = v_bar[j] * partial
    return np.array(v_bar[: np.size(x)]).reshape(np.shape(x))


@REVERSE_MODE.mutant(caught_by="broadcasting-is-summed-back, equals-definition")
def broadcasting_not_summed_back(f, x):
    """what was broadcast is not summed back: the first copy stands for all"""
    from gradus.foundations.autodiff import Step, Variable
    from gradus.foundations.autodiff.rules import RULES

    start = Variable(x)
    start.step.live = True
    y = f(start).step
    found, adjoint = {y.time: y}, {y.time: np.ones(y.value.shape)}
    while found:
        v = found.pop(max(found))  # latest first
        values = [a.value if isinstance(a, Step) else a for a in v.inputs]
        for i, a in enumerate(v.inputs):
            if isinstance(a, Step):
                share = np.asarray(RULES[v.function][i](adjoint[v.time], v.value, *values, **v.options))
                first = share[(0,) * (share.ndim - a.value.ndim)][tuple(slice(n) for n in a.value.shape)]
                adjoint[a.time] = adjoint.get(a.time, 0.0) + first
                found[a.time] = a
    return adjoint[start.step.time]


@REVERSE_MODE.mutant(caught_by="long-chains")
def recursive(f, x):
    """the walk is recursive"""
    from functools import cache

    trace, y = wengert_list(f, x)
    users = [[] for _ in trace]
    for j, (_, partials) in enumerate(trace):
        for i, partial in partials:
            users[i].append((j, partial))

    @cache
    def adjoint(i):
        return float(i == y.index) + sum(adjoint(j) * partial for j, partial in users[i])

    return np.array([adjoint(i) for i in range(np.size(x))]).reshape(np.shape(x))


@REVERSE_MODE.mutant(caught_by="cost-is-five-evaluations, equals-torch-on-random-graphs")
def one_difference_per_input(f, x):
    """one difference of values for each input"""
    h = 1e-6
    return np.array([(f(x + h * e) - f(x)) / h for e in np.eye(len(x))])


@REVERSE_MODE.mutant(caught_by="differentiates-its-own-backward-pass")
def backward_pass_detached(f, x):
    """the backward pass is not recorded"""
    while any(hasattr(v, "value") for v in np.ravel(x)):
        x = np.array([getattr(v, "value", v) for v in np.ravel(x)])
    return reverse_mode(f, x)


@REVERSE_MODE.mutant(caught_by="trains-a-network-on-digits, equals-definition, kinks-break-the-chain")
def seeded_with_minus_one(f, x):
    """seeded with −1: every step goes uphill"""
    from gradus.foundations.autodiff import vjp

    return vjp(f, x)[1](-1.0)[0]


@REVERSE_MODE.figure(x1=Slider(0.2, 5, 2.0, "first input x₁"), x2=Slider(-6, 6, 5.0, "second input x₂"))
def figure(x1, x2):
    from matplotlib.patches import FancyBboxPatch

    trace, y = wengert_list(baydin, np.array([x1, x2]))
    v_bar = [0.0] * len(trace)
    v_bar[y.index] = 1.0
    for j in reversed(range(len(trace))):
        for i, partial in trace[j][1]:
            v_bar[i] += v_bar[j] * partial
    names = ("$x_1$", "$x_2$", r"$\ln x_1$", r"$x_1 x_2$", r"$v_3 + v_4$", r"$\sin x_2$", "$y = v_5 - v_6$")
    places = ((0, 1), (0, -1), (1.6, 1.6), (1.6, 0.0), (3.2, 0.9), (1.6, -1.6), (4.8, 0))
    fig, ax = canvas(width=7.6, height=3.9)
    ax.set_axis_off()
    ax.set(xlim=(-0.75, 5.5), ylim=(-2.25, 2.7))
    for j, (_, partials) in enumerate(trace):
        for i, partial in partials:
            ax.annotate(
                "", places[j], places[i], arrowprops=dict(arrowstyle="-|>", color="#888888", shrinkA=38, shrinkB=38)
            )
            middle = (np.add(places[i], places[j]) / 2) + (0, 0.13)
            ax.text(*middle, f"{partial:.3g}", ha="center", va="bottom", fontsize=9.5, color="#777777")
    for j, (name, (a, b)) in enumerate(zip(names, places, strict=True)):
        ax.add_patch(
            FancyBboxPatch((a - 0.44, b - 0.42), 0.88, 0.86, boxstyle="round,pad=0.06", fill=False, ec="#bbbbbb")
        )
        ax.text(a, b + 0.33, f"$v_{j + 1}$ = {name}" if 1 < j < 6 else name, ha="center", va="center", fontsize=10)
        ax.text(a, b, f"{trace[j][0]:.4g}", ha="center", va="center", color=COLOURS[0], fontsize=10)
        ax.text(a, b - 0.33, f"{v_bar[j]:.4g}", ha="center", va="center", color=COLOURS[1], fontsize=10)
    ax.text(-0.7, 2.65, "value →", color=COLOURS[0], va="top")
    ax.text(0.25, 2.65, "← adjoint", color=COLOURS[1], va="top")
    ax.text(1.35, 2.65, "on the edges: partial derivative of the step", color="#777777", va="top", fontsize=10)
    words = Text(
        f"Graph of y = ln x₁ + x₁x₂ − sin x₂ at ({x1:.3g}, {x2:.3g}): y = {trace[-1][0]:.4g}. Backwards from adjoint 1, "
        f"x₁ receives 1/x₁ from the logarithm and x₂ from the product, {v_bar[0]:.4g} together; x₂ receives "
        f"x₁ and −cos x₂, {v_bar[1]:.4g} together.",
        f"y = ln x₁ + x₁x₂ − sin x₂ 在 ({x1:.3g}, {x2:.3g}) 处的计算图：y = {trace[-1][0]:.4g}。从伴随量 1 反向传播，"
        f"x₁ 从对数得到 1/x₁，从乘积得到 x₂，合计 {v_bar[0]:.4g}；x₂ 得到 x₁ 与 −cos x₂，合计 {v_bar[1]:.4g}。",
    )
    return Drawing(fig, words)
