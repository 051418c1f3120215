"""Neural ordinary differential equation."""

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

NEURAL_ODE = Concept(
    key="neural-ode",
    kind="model",
    title="Neural ordinary differential equation",
    summary="A residual network whose blocks are scaled by 1/L is Euler's method; as L grows it becomes the flow of a "
    "differential equation, with an error of order 1/L. Its gradient is the solution of a second equation, backwards.",
    formulas=(
        r"x_{l+1}=x_l+\tfrac TL\,f(x_l),\quad l=0,\dots,L-1\qquad\xrightarrow{L\to\infty}\qquad\dot x=f(x),\quad x(0)=x_0",
        r"k_1=f(x),\quad k_2=f(x+\tfrac h2k_1),\quad k_3=f(x+\tfrac h2k_2),\quad k_4=f(x+hk_3),\qquad x\leftarrow x+\tfrac h6(k_1+2k_2+2k_3+k_4),\quad h=\tfrac TL",
        r"\lVert x_L-x(T)\rVert=O(L^{-q})",
        r"\dot a=-\Bigl(\frac{\partial f}{\partial x}\Bigr)^{\!\mathsf T}a,\quad a(T)=\frac{\partial\ell}{\partial x(T)},\qquad\frac{\partial\ell}{\partial x(0)}=a(0),\quad\frac{\partial\ell}{\partial\theta}=\int_0^Ta^{\mathsf T}\frac{\partial f}{\partial\theta}\,dt",
    ),
    symbols=(
        Symbol("f", "field", "function", "velocity of a state: a network with parameters θ", "function"),
        Symbol("x_0", "x", "... n", "states at time 0"),
        Symbol("T", "time", "", "time; negative to go back"),
        Symbol("L", "steps", "", "number of steps, of blocks", "natural"),
        Symbol("q", "order", "", "1: Euler's method, first formula; 4: Runge and Kutta's, second", "natural"),
        Symbol("x_L", "", "... n", "states at the end"),
        Symbol("x(T)", "", "... n", "solution of the differential equation"),
        Symbol("k,\\ h", "", "", "velocities of the stages, and the step"),
        Symbol("a", "", "... n", "adjoint state: gradient of the loss ℓ by x(t)"),
        Symbol(r"\theta", "", "", "parameters of f"),
    ),
    needs=("residual", "reverse-mode", "checkpointing"),
    source="chen2018neural",
    year=2018,
    people=("Ricky Chen", "Yulia Rubanova", "Jesse Bettencourt", "David Duvenaud"),
    aliases="NODE, ODE-Net, adjoint method, continuous depth, 神经 ODE, 伴随方法, 连续深度, 神经微分方程",
    implementations=(Implementation("gradus.networks.neural_ode:neural_ode", "torch"),),
    readings="chen2018neural §2; haber2017stable §2; gholami2019anode §3; pontryagin1962mathematical §1",
    hypotheses=(
        Hypothesis("the limit: each block is scaled by 1/L", "step-of-one-has-no-limit"),
        Hypothesis("the limit: f is Lipschitz", "two-solutions-from-one-start"),
        Hypothesis("order q: f is q times continuously differentiable", "a-kink-costs-the-order"),
        Hypothesis("order is kept: the step is small beside 1/Lip f", "large-steps-cross"),
    ),
    conventions=(
        Convention(
            "which gradient",
            "that of the steps, by autograd: exact for what is computed, memory for every step",
            "torchdiffeq's `odeint_adjoint` solves the adjoint equation anew: memory for one state, and a gradient that is off by "
            "the errors of both solutions",
        ),
        Convention(
            "who chooses the steps",
            "the caller: L equal ones",
            "torchdiffeq by an error estimate (Dormand and Prince's fifth order unless told otherwise), so that the number of "
            "evaluations depends on the input; diffrax where its `PIDController` is passed, and in equal steps by default",
        ),
    ),
    deviations="All blocks share one f. Depth of its own weights is a field that depends on time, which the state can carry as one "
    "more entry with velocity 1.",
    longest_sum=32,
)


@NEURAL_ODE.definition
def neural_ode(field, x, time=1.0, steps=16, order=1):
    if steps < 1 or order not in (1, 4):
        raise ValueError("at least one step, of order 1 or 4")
    h = time / steps
    for _ in range(steps):
        k1 = field(x)
        if order == 1:
            x = x + h * k1
            continue
        k2 = field(x + h / 2 * k1)
        k3 = field(x + h / 2 * k2)
        k4 = field(x + h * k3)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x


@generic
def decay(x):
    return -x


@generic
def turning(x):
    return x @ like(np.array([[0.0, 1.0], [-1.0, 0.0]]), x)


W1 = np.array([[1.0, -0.5, 0.5], [0.3, 0.8, -1.0]])
W2 = np.array([[0.6, -0.4], [-0.5, 1.0], [0.2, 0.7]])


@generic
def small_network(x):
    """tanh(x W₁) W₂: two numbers, three hidden units."""
    return namespace(x).tanh(x @ like(W1, x)) @ like(W2, x)


@NEURAL_ODE.example
def example():
    x = np.array([1.0])
    steps = [1, 2, 4, 8]
    ends = np.array([neural_ode(decay, x, steps=L)[0] for L in steps])
    true = np.exp(-1.0)
    return (
        dict(field=decay, x=x, time=1.0, steps=4, start=x[0])
        | dict(path=np.array([neural_ode(decay, x, time=k / 4, steps=k)[0] for k in (1, 2, 3, 4)]), ends=ends)
        | dict(errors=true - ends, true=true, runge=neural_ode(decay, x, steps=1, order=4)[0])
        | dict(runge_error=neural_ode(decay, x, steps=1, order=4)[0] - true, factor=0.75)
        | dict(back=neural_ode(decay, x * ends[2], time=-1.0, steps=4)[0])
    )


@NEURAL_ODE.exercise
def ten_times_the_blocks():
    error = [abs(neural_ode(decay, np.ones(1), steps=L)[0] - np.exp(-1)) for L in (100, 1000)]
    return number(error[0] / error[1], fourth_order=1e4, root=np.sqrt(10), tolerance=0.02)


@NEURAL_ODE.exercise
def minus_the_identity():
    flows = [neural_ode(lambda x, a=a: a * x, np.array([1.0]), steps=1000)[0] for a in (-2.0, -20.0, -200.0)]
    one_block = neural_ode(lambda x: -2 * x, np.array([1.0]), steps=1)[0]
    return choice(block_alone=one_block == -1 and min(flows) > 0, both=min(flows) < 0, neither=one_block != -1)


@NEURAL_ODE.exercise
def growth_of_the_gradient():
    return number(np.exp(2.0), one_block=3.0, state=np.exp(-2.0))


@NEURAL_ODE.cases
def cases(rng):
    yield "decay", dict(field=decay, x=rng.standard_normal(3))
    yield "a turn", dict(field=turning, x=rng.standard_normal((2, 2)), time=2.0, steps=12)
    yield "a network", dict(field=small_network, x=rng.standard_normal((3, 2)), steps=8)
    yield "a network, fourth order", dict(field=small_network, x=rng.standard_normal((3, 2)), steps=4, order=4)
    yield "one block", dict(field=small_network, x=rng.standard_normal(2), steps=1)
    yield "backwards", dict(field=small_network, x=rng.standard_normal((2, 2)), time=-1.5, steps=6, order=4)
    yield "no time", dict(field=decay, x=rng.standard_normal((2, 3)), time=0.0)
    yield "many steps", dict(field=turning, x=rng.standard_normal((1, 2)), steps=40)
    yield "many states", dict(field=small_network, x=rng.standard_normal((150, 2)), steps=3)
    yield "square", dict(field=decay, x=rng.standard_normal((3, 3)), steps=3, order=4)


@NEURAL_ODE.invalid
def invalid(rng):
    x = rng.standard_normal(2)
    yield "no steps", dict(field=decay, x=x, steps=0)
    yield "an order that is none of the two", dict(field=decay, x=x, order=3)
    yield "not a function", dict(field=3.0, x=x)


def solution(f, x, time, steps=400):
    """The solution by the classical method in small steps, written out here: another code than the page's."""
    h = time / steps
    for _ in range(steps):
        stages = [f(x)]
        for c in (h / 2, h / 2, h):
            stages.append(f(x + c * stages[-1]))
        x = x + h * np.average(stages, axis=0, weights=(1, 2, 2, 1))
    return x


@NEURAL_ODE.claim
def one_step_is_a_residual_block(flow, rng):
    """At order 1 and with T = L every step is a plain residual block, x + f(x); with T = 1 the blocks are scaled by
    1/L"""
    x = rng.standard_normal((4, 2))
    yield roundoff(flow(small_network, x, steps=1), x + small_network(x), terms=4)
    y = x
    for _ in range(3):
        y = y + small_network(y)
    yield roundoff(flow(small_network, x, time=3.0, steps=3), y, terms=12)
    z = x + small_network(x) / 2
    yield roundoff(flow(small_network, x, steps=2), z + small_network(z) / 2, terms=8)


@NEURAL_ODE.claim
def converges_at_its_order(flow, rng):
    """A residual network with the step 1/L differs from the differential equation by O(1/L); steps of the fourth order by
    O(1/L⁴)"""
    x = rng.standard_normal((3, 2))
    want = solution(small_network, x, 2.0)
    for order, sizes in ((1, (32, 64, 128, 256)), (4, (4, 8, 16, 32))):
        errors = [np.abs(flow(small_network, x, time=2.0, steps=L, order=order) - want).max() for L in sizes]
        yield rate(sizes, errors, -float(order), 0.15 if order == 1 else 0.4)


@NEURAL_ODE.claim
def powers_of_a_matrix(flow, rng):
    r"""For a linear field it is $(1+hA)^L$ (order 1) or a power of the exponential series' first five terms (order 4): decay
    for T = 1 in L steps gives $(1-\frac1L)^L$ at order 1, where a turn by T keeps no length: $(1+h^2)^{L/2}$"""
    for L in (1, 4, 10):
        yield roundoff(flow(decay, np.ones(1), steps=L), [(1 - 1 / L) ** L], terms=4 * L)
        series = sum((-1 / L) ** k / f for k, f in enumerate((1, 1, 2, 6, 24)))
        yield roundoff(flow(decay, np.ones(1), steps=L, order=4), [series**L], terms=8 * L)
    end = flow(turning, np.array([3.0, 4.0]), time=2.0, steps=8)
    yield roundoff(np.hypot(*end), 5 * (1 + 1 / 16) ** 4, terms=32)


@NEURAL_ODE.claim
def step_of_one_has_no_limit(flow, rng):
    """If the step of 1 is kept, deeper is not finer but longer: with T = L the time grows with
    L, and the end may move on and on; with T = 1 it settles"""
    x = np.array([[1.0, 0.5]])
    kept = [flow(small_network, x, time=float(L), steps=L) for L in (8, 16)]
    scaled = [flow(small_network, x, steps=L) for L in (8, 16)]
    moved, settled = (np.abs(b - a).max() for a, b in (kept, scaled))
    yield bound(moved, 1.0, "≥", Text("of the size of the state", "与状态同量级"))
    yield bound(settled, 0.1, "≤", Text("first order: the error is halved", "一阶：误差减半"))


@NEURAL_ODE.claim
def flows_do_not_cross(flow, rng):
    r"""Paths do not cross: on the line the order of the states stays, and no flow turns x into −x, which one residual
    block does. Euler's steps keep the order where $h\operatorname{Lip}f<1$: of each distance at least
    $(1-h\operatorname{Lip}f)^L$ is left"""
    x = np.sort(rng.standard_normal(12))[:, None]
    field = lambda x: np.sin(3 * x) - x
    for time in (2.0, -0.5):
        shrunk = np.diff(flow(field, x, time=time, steps=64)[:, 0]) / np.diff(x[:, 0])
        step = abs(time) / 64 * 4  # h·Lip f
        why = Text(f"(1 − h·Lip f)^L with h·Lip f = {step:g}", f"(1 − h·Lip f)^L，h·Lip f = {step:g}")
        yield bound(shrunk.min(), (1 - step) ** 64, "≥", why)
    yield identical(flow(lambda x: -2 * x, np.array([1.0, -3.0]), steps=1), [-1.0, 3.0])


@NEURAL_ODE.claim
def large_steps_cross(flow, rng):
    """With steps that are not small beside 1/Lip f the discrete paths may cross, and decay may become growth: a step of
    3 of Euler's method along f = −x takes x to −2x"""
    x = np.array([1.0, 2.0])
    once, twice = flow(decay, x, time=3.0, steps=1), flow(decay, x, time=6.0, steps=2)
    return all_of(identical(once, [-2.0, -4.0]), identical(twice, [4.0, 8.0]))


@NEURAL_ODE.claim
def a_kink_costs_the_order(flow, rng):
    """Across a kink of f the order is lost: the field |x − ⅓| + 0.1 of a ReLU network is met with an error that falls more slowly
    than 1/L⁴: at L = 128 it is more than 10 times what that would make of the one at L = 8"""
    field = lambda x: np.abs(x - 1 / 3) + 0.1
    # from 0 to the kink v = 1/3 − x decays to v′ = −(v + 0.1), from it on w = x − 1/3 grows by w′ = w + 0.1
    t = np.log((1 / 3 + 0.1) / 0.1)
    want = 1 / 3 + 0.1 * (np.exp(2.0 - t) - 1)
    errors = [abs(flow(field, np.zeros(1), time=2.0, steps=L, order=4)[0] - want) for L in (8, 128)]
    yield bound(
        errors[1] / errors[0], 10 * (8 / 128) ** 4, "≥", Text("fourth order would give 1.5e-5", "四阶应为 1.5e-5")
    )
    yield bound(errors[1], (2 / 128) ** 2 / 2, "≤", Text("h²/2: the step across the kink", "h²/2：跨过折点的一步"))


@NEURAL_ODE.claim
def two_solutions_from_one_start(flow, rng):
    r"""Where f is not Lipschitz a start may have many solutions: of $\dot x=2\sqrt{|x|}$ both 0 and $t^2$ begin at 0. The network
    finds the first from 0, and is near the second from $10^{-12}$"""
    field = lambda x: 2 * np.sqrt(np.abs(x))
    at_rest = identical(flow(field, np.zeros(1), steps=100), [0.0])
    error = abs(flow(field, np.full(1, 1e-12), steps=4096)[0] - 1)
    return all_of(at_rest, bound(error, 0.01, "≤", Text("Euler's error at L = 4096", "L = 4096 时欧拉法的误差")))


def adjoint(flow, x, a, time, steps, order):
    """Both gradients by the adjoint equation: state, adjoint and the integral for the factor θ = 1 of the field, back in
    time."""
    n = x.shape[-1]

    @generic
    def field(z):
        state, a = z[..., :n], z[..., n : 2 * n]
        hidden = namespace(z).tanh(state @ like(W1, z))
        velocity = hidden @ like(W2, z)
        back = ((a @ like(W2.T, z)) * (1 - hidden**2)) @ like(W1.T, z)  # aᵀ∂f/∂x
        return namespace(z).concatenate([velocity, -back, -(a * velocity).sum(-1)[..., None]], -1)

    end = flow(small_network, x, time=time, steps=steps, order=order)
    z = np.concatenate([end, a, np.zeros((*x.shape[:-1], 1))], -1)
    z = flow(field, z, time=-time, steps=steps, order=order)
    return z[..., n : 2 * n], z[..., -1]


def of_the_steps(flow, x, a, time, steps, order):
    """The gradients of the steps themselves, by central differences of their results."""
    h = 2.0**-10
    run = lambda f, y: (flow(f, y, time=time, steps=steps, order=order) * a).sum(-1)
    by_state = np.stack(
        [(run(small_network, x + h * e) - run(small_network, x - h * e)) / (2 * h) for e in np.eye(2)], -1
    )
    by_factor = [run(lambda y, s=s: (1 + s * h) * small_network(y), x) for s in (1, -1)]
    return by_state, (by_factor[0] - by_factor[1]) / (2 * h)


@NEURAL_ODE.claim
def adjoint_is_the_gradient_in_the_limit(flow, rng):
    """The adjoint equation, solved by the same method, gives the gradients by the state and by a parameter; from those of the
    steps, which autograd gives, they differ by O(1/L) for Euler's method"""
    x, a = rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
    errors, sizes = [], (8, 16, 32, 64)
    for L in sizes:
        pairs = zip(adjoint(flow, x, a, 1.0, L, 1), of_the_steps(flow, x, a, 1.0, L, 1), strict=True)
        errors.append([np.abs(p - q).max() for p, q in pairs])
    for one in np.array(errors).T:
        yield rate(sizes, one, -1.0, 0.2)
    fine = zip(adjoint(flow, x, a, 1.0, 16, 4), of_the_steps(flow, x, a, 1.0, 16, 4), strict=True)
    why = Text("fourth order at L = 16, and differences over h = 2⁻¹⁰", "L = 16 的四阶误差与 h = 2⁻¹⁰ 的差分误差")
    yield bound(max(np.abs(p - q).max() for p, q in fine), 1e-5, "≤", why)


@NEURAL_ODE.claim
def going_back_may_lose_the_start(flow, rng):
    """Going back returns to the start up to the method's error, if the field does not contract much; behind a contraction
    by $e^{-50}$ nothing of the start is left to return to, and an adjoint that recomputes the states there is wrong"""
    x = rng.standard_normal((3, 2))
    there = flow(small_network, x, steps=64, order=4)
    back = flow(small_network, there, time=-1.0, steps=64, order=4)
    yield bound(np.abs(back - x).max(), 1e-6, "≤", Text("two solutions of order 4 at L = 64", "两次 L = 64 的四阶求解"))
    strong = lambda x: 50 * (1 - x)
    ends = flow(strong, np.array([0.0, 3.0]), steps=400, order=4)
    again = flow(strong, ends, time=-1.0, steps=400, order=4)
    yield bound(np.abs(again - np.array([0.0, 3.0])).max(), 0.5, "≥", Text("of the size of the start", "与初值同量级"))


@NEURAL_ODE.claim
def volume_follows_the_divergence(flow, rng):
    r"""A flow keeps the orientation: $\log\det\frac{\partial x(T)}{\partial x(0)}=\int_0^T\operatorname{tr}\frac{\partial f}{\partial x}dt$, the
    formula behind continuous normalising flows"""

    @generic
    def field(z):
        hidden = namespace(z).tanh(z[..., :2] @ like(W1, z))
        trace = ((1 - hidden**2) * like((W1 * W2.T).sum(0), z)).sum(-1)[..., None]
        return namespace(z).concatenate([hidden @ like(W2, z), trace], -1)

    x, h = 0.5 * rng.standard_normal(2), 2.0**-10
    J = np.stack(
        [
            (flow(small_network, x + h * e, steps=32, order=4) - flow(small_network, x - h * e, steps=32, order=4))
            / (2 * h)
            for e in np.eye(2)
        ]
    )
    sign, logarithm = np.linalg.slogdet(J)
    integral = flow(field, np.append(x, 0.0), steps=32, order=4)[2]
    why = Text("differences over h = 2⁻¹⁰, and order 4 at L = 32", "h = 2⁻¹⁰ 的差分误差与 L = 32 的四阶误差")
    return all_of(identical(sign, 1.0), bound(abs(logarithm - integral), 1e-5, "≤", why))


@NEURAL_ODE.mutant(
    caught_by="one-step-is-a-residual-block, converges-at-its-order, step-of-one-has-no-limit, powers-of-a-matrix, "
    "volume-follows-the-divergence"
)
def step_of_one_kept(field, x, time=1.0, steps=16, order=1):
    """the step 1 is kept, whatever T and L"""
    return neural_ode(field, x, float(steps), steps, order)


@NEURAL_ODE.mutant(caught_by="converges-at-its-order, powers-of-a-matrix, equals-definition, a-kink-costs-the-order")
def one_step_too_many(field, x, time=1.0, steps=16, order=1):
    """one step too many"""
    return neural_ode(field, x, time * (steps + 1) / steps, steps + 1, order)


@NEURAL_ODE.mutant(caught_by="converges-at-its-order, powers-of-a-matrix, equals-definition")
def stages_of_equal_weight(field, x, time=1.0, steps=16, order=1):
    """the four stages weigh the same"""
    if order == 1:
        return neural_ode(field, x, time, steps)
    h = time / steps
    for _ in range(steps):
        k1 = field(x)
        k2 = field(x + h / 2 * k1)
        k3 = field(x + h / 2 * k2)
        x = x + h / 4 * (k1 + k2 + k3 + field(x + h * k3))
    return x


@NEURAL_ODE.mutant(caught_by="going-back-may-lose-the-start, adjoint-is-the-gradient-in-the-limit, equals-definition")
def never_back(field, x, time=1.0, steps=16, order=1):
    """the sign of the time is lost"""
    return neural_ode(field, x, abs(time), steps, order)


@NEURAL_ODE.mutant(caught_by="one-step-is-a-residual-block, equals-definition, flows-do-not-cross")
def activation_after_the_sum(field, x, time=1.0, steps=16, order=1):
    """a ReLU behind every step"""
    h = time / steps
    for _ in range(steps):
        x = np.maximum(neural_ode(field, x, h, 1, order), 0)
    return x


@NEURAL_ODE.mutant(caught_by="large-steps-cross, two-solutions-from-one-start, equals-definition, powers-of-a-matrix")
def implicit_steps(field, x, time=1.0, steps=16, order=1):
    """each step ends with the velocity of its end, by three repetitions, from a start moved by 1e-9"""
    h, x = time / steps, x + 1e-9
    for _ in range(steps):
        y = x
        for _ in range(3):
            y = x + h * field(y)
        x = y
    return x


@NEURAL_ODE.figure(
    steps=Slider(1, 64, 16, "number of blocks L", log=True, integer=True), time=Slider(0.5, 6, 4.0, "time T")
)
def figure(steps, time):
    L, starts = int(steps), np.array([[1.5, 0.0], [0.0, 1.0], [-1.0, -1.5]])
    spiral = lambda x: np.stack([-0.25 * x[:, 0] - x[:, 1], x[:, 0] - 0.25 * x[:, 1]], -1)
    fig, ax = canvas(width=6.4, height=3.6)
    fine = np.stack([solution(spiral, starts, t, 100) if t else starts for t in np.linspace(0, time, 80)])
    path = np.stack([neural_ode(spiral, starts, time * k / L, k) if k else starts for k in range(L + 1)])
    for i in range(len(starts)):
        ax.plot(*fine[:, i].T, color="#7F7F7F", lw=1, label="differential equation" if i == 0 else None)
        ax.plot(*path[:, i].T, "o-", ms=3, color=COLOURS[i], label="residual network" if i == 0 else None)
    ax.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    ax.legend(frameon=False, fontsize=9.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    error = float(np.linalg.norm(path[-1] - fine[-1], axis=-1).max())
    twice = neural_ode(spiral, starts, time, 2 * L)
    half = float(np.linalg.norm(twice - fine[-1], axis=-1).max())
    words = Text(
        f"A residual network of L = {L} blocks, each scaled by T/L = {time / L:.2f}, beside the differential equation that it "
        f"follows. At the end it is off by at most {error:.3f}, with twice as many blocks by {half:.3f}.",
        f"L = {L} 个残差块的网络，每块乘以 T/L = {time / L:.2f}，与它所逼近的微分方程。终点处至多相差 {error:.3f}，块数加倍时为 {half:.3f}。",
    )
    return Drawing(fig, words)
