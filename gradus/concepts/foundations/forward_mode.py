"""Forward-mode automatic differentiation: dual numbers."""

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import array, number
from gradus.page.figures import COLOURS, canvas


def _torch(jvp, f, x, u):
    return jvp(f, (x,), (u,))


FORWARD_MODE = Concept(
    key="forward-mode",
    kind="algorithm",
    title="Dual numbers and forward mode",
    summary=r"Compute with $a+b\varepsilon$ where $\varepsilon^2=0$: the function then carries its derivative along "
    "one direction, exact to rounding, for the price of a few evaluations and no memory of the way. A whole "
    "gradient takes one run per input.",
    formulas=(
        r"(a+b\varepsilon)(c+d\varepsilon)=ac+(ad+bc)\varepsilon,\qquad \varphi(a+b\varepsilon)=\varphi(a)+\varphi'(a)\,b\,\varepsilon",
        r"f(x+u\varepsilon)=f(x)+\big(J(x)\,u\big)\varepsilon",
        r"\dot v_j=\sum_{i\,:\,i\to j}\frac{\partial\varphi_j}{\partial v_i}\,\dot v_i,\qquad \dot x=u",
    ),
    symbols=(
        Symbol("f", "f", "function", "function to be differentiated", "function"),
        Symbol("x", "x", "n", "where"),
        Symbol("u", "u", "n", "direction"),
        Symbol(r"\varepsilon", "", "", r"a number with $\varepsilon^2=0$, $\varepsilon\ne0$"),
        Symbol("J", "", "m n", "Jacobian"),
        Symbol(r"\dot v_j", "", "", "tangent: derivative of step j along u"),
        Symbol(r"\varphi", "", "function", "elementary function of a step"),
    ),
    returns=(Result("y", "...", "value of f at x"), Result("y_dot", "...", "derivative of f at x in the direction u")),
    needs=("chain-rule", "jacobian"),
    source="griewank2008evaluating",
    year=1964,
    people=("Robert Edwin Wengert", "William Kingdon Clifford"),
    aliases="dual numbers, forward-mode automatic differentiation, jvp, tangent mode, "
    "前向模式自动微分, 对偶数, 前向自动微分, 二元数",
    implementations=(
        Implementation("gradus.foundations.autodiff:jvp", "numpy"),
        Implementation("torch.func:jvp", "torch", _torch),
    ),
    readings="griewank2008evaluating ch. 3; baydin2018automatic §3.1; wengert1964simple; clifford1873preliminary",
    hypotheses=(Hypothesis("every step has a derivative at the value that it meets", "steps-without-a-derivative"),),
    deviations="JAX and `torch.func` call it `jvp` and return the value beside the tangent, as here; nested runs "
    "need a tag for each level.",
)


@FORWARD_MODE.definition
def forward_mode(f, x, u):
    def dual(z):
        return z if isinstance(z, Dual) else Dual(z, 0.0)

    class Dual:  # a + bε
        def __init__(self, a, b):
            self.a, self.b = a, b

        __add__ = __radd__ = lambda p, q: Dual(p.a + dual(q).a, p.b + dual(q).b)
        __mul__ = __rmul__ = lambda p, q: Dual(p.a * dual(q).a, p.a * dual(q).b + p.b * dual(q).a)
        __neg__ = lambda p: Dual(-p.a, -p.b)
        __sub__ = lambda p, q: p + -dual(q)
        __rsub__ = lambda p, q: -p + q
        __pow__ = lambda p, n: Dual(p.a**n, n * p.a ** (n - 1) * p.b)
        __truediv__ = lambda p, q: p * dual(q) ** -1.0
        __rtruediv__ = lambda p, q: p**-1.0 * q
        __gt__ = lambda p, q: p.a > dual(q).a
        exp = lambda p: Dual(np.exp(p.a), np.exp(p.a) * p.b)
        log = lambda p: Dual(np.log(p.a), p.b / p.a)
        sin = lambda p: Dual(np.sin(p.a), np.cos(p.a) * p.b)
        cos = lambda p: Dual(np.cos(p.a), -np.sin(p.a) * p.b)
        tanh = lambda p: Dual(np.tanh(p.a), (1 - np.tanh(p.a) ** 2) * p.b)
        sqrt = lambda p: Dual(np.sqrt(p.a), p.b / (2 * np.sqrt(p.a)))

    # NumPy hands every entry of an array of objects to the object's own methods
    z = np.array([Dual(a, b) for a, b in zip(x, u, strict=True)], object)
    y = np.asarray(f(z), object)
    flat = [dual(v) for v in y.ravel()]
    return np.array([v.a for v in flat]).reshape(y.shape), np.array([v.b for v in flat]).reshape(y.shape)


@FORWARD_MODE.example
def example():
    def f(x):
        return x[0] * x[1] + x[0] / x[1]

    x, u, h = np.array([3.0, 2.0]), np.array([1.0, 4.0]), 1e-3
    y, y_dot = forward_mode(f, x, u)
    gradient = np.array([forward_mode(f, x, e)[1] for e in np.eye(2)])
    product, quotient = (forward_mode(g, x, u) for g in (lambda x: x[0] * x[1], lambda x: x[0] / x[1]))
    return (
        dict(f=f, x=x, u=u, y=y, y_dot=y_dot, product=np.array(product), quotient=np.array(quotient))
        | dict(gradient=gradient, shares=gradient * u, h=h, difference=(f(x + h * u) - f(x)) / h)
        | dict(doubled=forward_mode(f, x, 2 * u)[1])
    )


@FORWARD_MODE.exercise
def cube_of_a_dual_number():
    (a,), (b,) = forward_mode(lambda x: x * x * x, np.array([2.0]), np.array([1.0]))
    z = (2 + 1j) ** 3
    return array([a, b], complex_number=[z.real, z.imag], inner_factor_lost=[8.0, 4.0])


@FORWARD_MODE.exercise
def few_inputs():
    inputs, outputs = 5, 2000
    return number(min(inputs, outputs), backwards=outputs, entries=inputs * outputs, tolerance=1e-6)


@FORWARD_MODE.exercise
def derivative_within_a_derivative():
    def inner(x):  # d/dy (x + y) at y = 1, with an ε of its own
        return forward_mode(lambda y: x + y, np.array([1.0]), np.array([1.0]))[1][0]

    (outer,) = forward_mode(lambda x: x * inner(1.0), np.array([1.0]), np.array([1.0]))[1]
    (both,) = forward_mode(lambda x: x + x, np.array([1.0]), np.array([1.0]))[1]  # x and y share the ε
    return number(outer, same_epsilon=outer * both, inner_ignored=0.0)


@generic
def moderate(x):
    """Eleven operations an entry, whatever the number of entries."""
    xp = namespace(x)
    y = xp.sin(x) * x + xp.exp(-0.5 * x * x)
    return (y / xp.sqrt(1 + y * y)).sum()


@generic
def curve(x):
    xp = namespace(x)
    return xp.stack([x[0] * xp.cos(x[1]), x[0] / (1 + x[1] ** 2), xp.log(2 + xp.sin(x[0] * x[1]))])


def perceptron(A):
    A = A / np.sqrt(A.shape[1])
    return generic(lambda x: namespace(x).tanh(like(A, x) @ x))


@FORWARD_MODE.cases
def cases(rng):
    yield "a number from many", dict(f=moderate, x=rng.standard_normal(4), u=rng.standard_normal(4))
    yield "a curve", dict(f=curve, x=np.array([1.2, -0.4]), u=np.array([0.3, 1.0]))
    yield (
        "a layer",
        dict(f=perceptron(rng.standard_normal((3, 5))), x=rng.standard_normal(5), u=rng.standard_normal(5)),
    )
    yield "one variable", dict(f=moderate, x=np.array([0.3]), u=np.array([1.0]))
    yield "no direction", dict(f=curve, x=np.array([1.2, -0.4]), u=np.zeros(2))
    yield "forty variables", dict(f=moderate, x=rng.standard_normal(40), u=rng.standard_normal(40))


@FORWARD_MODE.invalid
def invalid(rng):
    yield "a direction of another shape", dict(f=moderate, x=np.ones(3), u=np.ones(2))


@FORWARD_MODE.claim
def equals_the_complex_step(forward_mode, rng):
    r"""Of analytic functions, real for real arguments, it equals the complex step: $Ju=\operatorname{Im}f(x+\mathrm ihu)/h$"""
    for f, n in ((moderate, 6), (curve, 2), (perceptron(rng.standard_normal((4, 3))), 3)):
        for _ in range(5):
            x, u = rng.uniform(-1, 1, n), rng.standard_normal(n)
            want = np.imag(f(x + 1e-30j * u)) / 1e-30
            yield roundoff(forward_mode(f, x, u)[1], want, terms=12 * n, scale=max(1.0, float(np.abs(want).max())))


@FORWARD_MODE.claim
def value_is_untouched(forward_mode, rng):
    r"""The value is the function's own, whatever the direction: $\varepsilon^2=0$ leaves it alone"""
    x = rng.standard_normal(2)
    values = [forward_mode(curve, x, u)[0] for u in (np.zeros(2), np.ones(2), 1e3 * rng.standard_normal(2))]
    return all_of(*[identical(v, values[0]) for v in values], roundoff(values[0], curve(x), terms=4, scale=3.0))


@FORWARD_MODE.claim
def linear_in_the_direction(forward_mode, rng):
    """The tangent is linear in the direction: twice the direction, twice the tangent, to the bit"""
    x, u, v = rng.standard_normal((3, 2))
    one, two, three = (forward_mode(curve, x, w)[1] for w in (u, 2 * u, u + v))
    return all_of(identical(two, 2 * one), roundoff(three, one + forward_mode(curve, x, v)[1], terms=8, scale=4.0))


def operations(forward_mode, x, directions):
    """Operations of one evaluation, and of the runs along the directions."""
    from gradus.page.not_applicable import NotApplicable
    from gradus.page.operations import Counted

    one, total = Counted.of(x), 0
    moderate(one)
    for u in directions:
        z = Counted.of(x)
        forward_mode.raw({"f": moderate, "x": z, "u": u})
        if z.operations[0] < one.operations[0]:
            raise NotApplicable(
                Text(
                    "it does not compute with the NumPy arrays that it is given: operations cannot be counted",
                    "它不用所给的 NumPy 数组计算：无法统计运算次数",
                )
            )
        total += z.operations[0]
    return total / one.operations[0]


@FORWARD_MODE.claim(of_definition=False)
def cost_grows_with_the_inputs(forward_mode, rng):
    """One direction costs at most 4 evaluations of this function, of products, a quotient, sine, exponential and root
    (operations counted); the whole gradient costs n times as much: it grows with the inputs"""
    sizes = (2, 4, 8, 16)
    whole = [operations(forward_mode, np.linspace(-1, 1, n), np.eye(n)) for n in sizes]
    why = Text(
        "a product of two becomes three products and a sum, an elementary function brings its derivative and a product",
        "两数之积变为三次乘法与一次加法；初等函数另加其导数与一次乘法",
    )
    return all_of(rate(sizes, whole, 1.0), bound(whole[-1] / sizes[-1], 4.0, "≤", why))


@FORWARD_MODE.claim
def memory_does_not_grow_with_the_steps(forward_mode, rng):
    """It remembers nothing of the way: 300 steps one after the other need no more memory than 10"""
    from gradus.frameworks.memory import peak_memory

    def steps(count):
        @generic
        def f(x):
            for _ in range(count):
                x = namespace(x).sin(x) * 1.1
            return x

        return f

    x, u = rng.standard_normal(400), rng.standard_normal(400)
    few, many = (peak_memory(forward_mode, f=steps(k), x=x, u=u) for k in (10, 300))
    return bound(
        many / few,
        1.2,
        "≤",
        Text("the same few arrays, and the interpreter's own", "同样的几个数组，加上解释器自身的开销"),
    )


@FORWARD_MODE.claim(required=False)
def steps_without_a_derivative(forward_mode, rng):
    r"""Every step must have a derivative: $\sqrt{x^4}$ is $x^2$ and has the derivative 0 at 0, but its root has none there,
    and the tangent is 0/0; at 1 it is 2"""
    f = generic(lambda x: namespace(x).sqrt(x * x * x * x))
    with np.errstate(all="ignore"):
        y, y_dot = forward_mode(f, np.array([0.0, 1.0]), np.ones(2))
    yield identical(y, np.array([0.0, 1.0]))
    yield identical(np.isfinite(y_dot), np.array([False, True]))
    yield roundoff(y_dot[1], 2.0, terms=4)


@FORWARD_MODE.mutant(caught_by="value-is-untouched, equals-the-complex-step, linear-in-the-direction")
def complex_numbers(f, x, u):
    r"""$\varepsilon^2=-1$: complex numbers with a step of full length"""
    y = f(x + 1j * u)
    return np.real(y), np.imag(y)


@FORWARD_MODE.mutant(caught_by="linear-in-the-direction, equals-definition")
def direction_normalised(f, x, u):
    """the direction is normalised"""
    return forward_mode(f, x, u / max(np.linalg.norm(u), 1e-300))


@FORWARD_MODE.mutant(caught_by="memory-does-not-grow-with-the-steps")
def twice_backwards(f, x, u):
    """by two passes of reverse mode, which keep every step"""
    from gradus.foundations.autodiff import grad, vjp

    y, pull = vjp(f, x)  # w ↦ Jᵀw is linear, and the transpose of its derivative is J
    return y, grad(lambda w: (pull(w)[0] * u).sum())(np.zeros(np.shape(y)))


@FORWARD_MODE.mutant(caught_by="equals-the-complex-step, equals-definition, steps-without-a-derivative")
def difference(f, x, u):
    """a difference of values"""
    h = 1e-6
    return f(x), (f(x + h * u) - f(x)) / h


@FORWARD_MODE.mutant(caught_by="cost-grows-with-the-inputs")
def all_directions(f, x, u):
    """all n directions are computed to return one"""
    from gradus.foundations.autodiff import jvp

    return f(x), sum(jvp(f, x, e)[1] * c for e, c in zip(np.eye(len(x)), u, strict=True))


@FORWARD_MODE.figure(x=Slider(-2, 2, 0.6, "value part a"), u=Slider(-1, 1, 0.6, "dual part b"))
def figure(x, u):
    def f(z):
        return np.sin(2 * z) + z * z / 2

    (y,), (slope,) = forward_mode(lambda z: f(z), np.array([x]), np.array([u]))
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    t = np.linspace(-2.6, 2.6, 300)
    left.plot(t, f(t), color="#888888")
    left.plot([x, x + u], [y, y + slope], color=COLOURS[2], lw=1.5)
    left.plot([x, x, -2.6], [-1.6, y, y], color="#bbbbbb", lw=0.8, ls=":")
    left.annotate("", (x + u, -1.5), (x, -1.5), arrowprops=dict(arrowstyle="-|>", color=COLOURS[0], lw=2))
    left.annotate("", (-2.5, y + slope), (-2.5, y), arrowprops=dict(arrowstyle="-|>", color=COLOURS[1], lw=2))
    left.plot(x, y, "o", color="#333333", ms=5)
    left.set(xlim=(-2.6, 2.6), ylim=(-1.6, 3.6), xlabel=r"$a + b\varepsilon$", ylabel=r"$f(a)+f'(a)\,b\,\varepsilon$")
    left.set_title(rf"$f({x:.2f}{u:+.2f}\varepsilon)={y:.3f}{slope:+.3f}\varepsilon$", fontsize=10)
    sizes = 2 ** np.arange(7)
    counts = gradient_costs(sizes)
    for k, (name, row) in enumerate(counts.items()):
        right.loglog(sizes, row, "o-", color=COLOURS[k], ms=4, label=name)
    right.set(
        xlabel="number of inputs n",
        ylabel="cost in evaluations of f",
        title="cost of a whole gradient",
        xticks=[1, 4, 16, 64],
    )
    right.set_xticklabels(["1", "4", "16", "64"])
    right.minorticks_off()
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"The dual number {x:.2f} {u:+.2f} ε becomes {y:.3f} {slope:+.3f} ε: the arrow on the x axis is mapped along the tangent "
        f"to the arrow on the y axis. A gradient of 64 inputs costs {counts['forward mode'][-1]:.0f} evaluations forwards and {counts['reverse mode'][-1]:.1f} backwards.",
        f"对偶数 {x:.2f} {u:+.2f} ε 变为 {y:.3f} {slope:+.3f} ε：x 轴上的箭头沿切线映射为 y 轴上的箭头。"
        f"64 个输入的梯度，前向模式需 {counts['forward mode'][-1]:.0f} 次函数计算，反向模式只需 {counts['reverse mode'][-1]:.1f} 次。",
    )
    return Drawing(fig, words)


def gradient_costs(sizes):
    """Operations of a gradient in units of one evaluation, by both modes of the library."""
    from gradus.foundations.autodiff import grad, jvp
    from gradus.page.operations import Counted

    def count(run, n):
        one, z = Counted.of(np.linspace(-1, 1, n)), Counted.of(np.linspace(-1, 1, n))
        moderate(one)
        run(z)
        return z.operations[0] / one.operations[0]

    return {
        "forward mode": [count(lambda z: [jvp(moderate, z, e) for e in np.eye(len(z))], n) for n in sizes],
        "reverse mode": [count(lambda z: grad(moderate)(z), n) for n in sizes],
    }
