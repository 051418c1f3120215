"""The recurrent network with tanh units, and backpropagation through time."""

import numpy as np

from gradus.concepts.networks.rnn.padded_rows import alone_and_padded
from gradus.concepts.networks.rnn.recurrent_layers import by_module, by_steps, other_form, two_biases
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _module(layer, x, W, U, b, h0, lengths):
    weights = dict(weight_ih=W[None], weight_hh=U[None], **two_biases(b[None]))
    return by_module(layer, x, [h0], weights, lengths)


def _steps(step, x, W, U, b, h0, lengths):
    return by_steps(step, x, [h0], [W, U, b], lengths, len(b))


RNN = Concept(
    key="rnn",
    kind="layer",
    title="Recurrent neural network",
    summary="One layer is applied at every step, to the input of that step and to its own last state, so that a sequence "
    "of any length needs the same few weights. Gradients pass through all steps, and shrink or grow with each.",
    formulas=(
        r"h_t=\tanh(Wx_t+Uh_{t-1}+b),\qquad t=1,\dots,T",
        r"h_{t,j}=\tanh\Bigl(\sum_{k=1}^{d}w_{jk}x_{t,k}+\sum_{k=1}^{n}u_{jk}h_{t-1,k}+b_j\Bigr),\qquad j=1,\dots,n",
        r"\delta_T=\frac{\partial\ell}{\partial h_T},\qquad\delta_{t-1}=U^{\mathsf T}\bigl((1-h_t^2)\odot\delta_t\bigr),\qquad\frac{\partial\ell}{\partial U}=\sum_{t=1}^{T}\bigl((1-h_t^2)\odot\delta_t\bigr)h_{t-1}^{\mathsf T}",
        r"\frac{\partial h_T}{\partial h_0}=\prod_{t=T}^{1}\operatorname{diag}(1-h_t^2)\,U,\qquad h_t=0:\quad\frac{\partial h_T}{\partial h_0}=U^T,\quad\|U^T\|^{1/T}\to\rho(U)",
    ),
    symbols=(
        Symbol("x", "x", "... T d", "inputs, one step a row"),
        Symbol("W", "W", "n d", "input weights, one unit a row"),
        Symbol("U", "U", "n n", "recurrent weights: $u_{jk}$ leads from unit k to unit j"),
        Symbol("b", "b", "n", "biases"),
        Symbol("h_0", "h0", "... n", "first state; 0 unless given"),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("h", "", "... T n", "states; 0 after the end of a row"),
        Symbol(r"\ell", "", "", r"a loss of the last state $h_T$ alone"),
        Symbol(r"\delta_t", "", "n", r"derivative of ℓ by $h_t$"),
        Symbol(r"\rho(U)", "", "", "spectral radius: the largest modulus of an eigenvalue"),
        Symbol(r"\odot", "", "", "product entry by entry; the square of a vector likewise"),
        Symbol("T", "", "", "number of steps; as an exponent of U, its power"),
        Symbol("d,\\ n", "", "", "numbers of inputs and of units"),
        Symbol("j,\\ k,\\ t", "", "", "indices of units or inputs, and of steps"),
    ),
    returns=(
        Result("h", "... T n", "the state after every step"),
        Result("h_last", "... n", "the state after the last step of each row"),
    ),
    needs=("backprop-mlp", "reverse-mode", "tanh", "gradient-clipping"),
    source="elman1990finding",
    year=1990,
    people=("Jeffrey Elman", "Paul Werbos"),
    aliases="recurrent network, RNN, simple recurrent network, Elman network, BPTT, backpropagation through time, "
    "truncated BPTT, hidden state, sequence model, "
    "循环网络, 简单循环网络, 随时间反向传播, 截断的随时间反向传播, 递归神经网络, 隐藏状态, 序列模型",
    implementations=(Implementation("torch.nn:RNN", "torch", _module),),
    readings="elman1990finding pp. 182-186; werbos1990backpropagation §III; pascanu2013difficulty §2; goodfellow2016deep §10.2",
    hypotheses=(
        Hypothesis(
            r"the rate $\rho(U)$: states at 0, so that all slopes $1-h_t^2$ are 1", "slopes-shrink-the-derivative"
        ),
        Hypothesis("the rate of a single step: U is symmetric, or otherwise normal", "first-step-goes-on"),
    ),
    conventions=(
        Convention("biases", "one", "two in PyTorch and ONNX, which are only ever added; one in Keras"),
        Convention(
            "how the weights lie",
            "one unit a row, W is n × d, as in PyTorch and ONNX",
            "one unit a column in Keras: d × n",
        ),
        Convention(
            "after the end of a padded row",
            "outputs are 0 and the last state is that of the row's own end, as from PyTorch's packed sequences and ONNX",
            "Keras repeats the last output under a mask, unless zero_output_for_mask is set",
        ),
        Convention("the activation", "tanh", "the logistic function in Elman 1990; ReLU is offered by PyTorch"),
    ),
    nonfinite="nan",
    other_form=other_form(_module, _steps),
)


@RNN.definition
def rnn(x, W, U, b, h0=None, lengths=None):
    h = np.zeros((*x.shape[:-2], len(b))) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        new = np.tanh(x[..., t, :] @ W.T + h @ U.T + b)
        if lengths is None:
            h = new
            states.append(new)
        else:  # after its end a row keeps its state and gives 0
            inside = (t < np.asarray(lengths))[..., None]
            h = np.where(inside, new, h)
            states.append(np.where(inside, new, 0.0))
    return np.stack(states, -2), h


@RNN.example
def example():
    x, W, U, b = np.array([[1.0], [0.0], [0.0]]), np.array([[1.0]]), np.array([[0.5]]), np.array([0.0])
    h = rnn(x, W, U, b)[0][:, 0]
    u, slope, before = U[0, 0], 1 - h**2, np.array([0.0, h[0], h[1]])
    delta = np.array([u * slope[1] * u * slope[2], u * slope[2], 1.0])
    terms = slope * delta * before
    return (
        dict(x=x, W=W, U=U, b=b, u=u, h=h, slope=slope, delta=delta, terms=terms, dU=terms.sum())
        | dict(share=terms[1] / terms.sum(), at_rest=u**2, far=slope[1] * slope[2] * u**2)
        | dict(three=np.array([1.0, 2, 3]), x1=x[0, 0], ten=u**10)
    )


@RNN.exercise
def steps_to_a_thousandth():
    steps = next(T for T in range(1, 100) if 0.5**T < 1e-3)
    return number(
        steps, of_the_weight_squared=next(T for T in range(1, 100) if 0.25**T < 1e-3), linear_decay=501, tolerance=1e-6
    )


@RNN.exercise
def grows_before_it_falls():
    U = np.array([[0.5, 5.0], [0.0, 0.5]])
    norms = [np.linalg.norm(np.linalg.matrix_power(U, T), 2) for T in range(1, 60)]
    return choice(grows_then_falls=norms[0] > 1 > norms[-1], falls=max(norms) < 1, explodes=norms[-1] > norms[0])


@RNN.exercise
def what_truncation_leaves_out():
    return number(0.9**20, one_step=0.9, of_all=1 - 0.9**20)


@RNN.cases
def cases(rng):
    def layer(d, n):
        return dict(W=rng.standard_normal((n, d)), U=rng.standard_normal((n, n)) / np.sqrt(n), b=rng.standard_normal(n))

    yield "one sequence", dict(x=rng.standard_normal((4, 3)), **layer(3, 2))
    yield "a batch", dict(x=rng.standard_normal((2, 5, 3)), **layer(3, 4), h0=rng.standard_normal((2, 4)))
    yield "two leading axes", dict(x=rng.standard_normal((2, 3, 2, 2)), **layer(2, 3))
    yield "one step", dict(x=rng.standard_normal((1, 3)), **layer(3, 4), h0=rng.standard_normal(4))
    yield "one unit, one input", dict(x=rng.standard_normal((6, 1)), **layer(1, 1))
    yield "padded rows", dict(x=rng.standard_normal((3, 5, 2)), **layer(2, 3), lengths=np.array([5, 2, 1]))
    yield (
        "padded rows, first states given",
        dict(
            x=rng.standard_normal((3, 4, 2)), **layer(2, 2), h0=rng.standard_normal((3, 2)), lengths=np.array([1, 4, 3])
        ),
    )
    yield "square", dict(x=rng.standard_normal((3, 3)), **layer(3, 3))
    # by the biases: by large inputs or weights the gradients of these would be large multiples of the rounding of 1 − h²
    yield "saturated", dict(x=rng.standard_normal((4, 3)), **layer(3, 2) | dict(b=np.array([300.0, -300.0])))
    yield "long", dict(x=rng.standard_normal((60, 2)), **layer(2, 3))
    yield "many units", dict(x=rng.standard_normal((3, 2)), **layer(2, 40))


@RNN.invalid
def invalid(rng):
    good = dict(x=np.ones((3, 2)), W=np.ones((4, 2)), U=np.ones((4, 4)), b=np.ones(4))
    yield "inputs of another width", {**good, "x": np.ones((3, 5))}
    yield "recurrent weights that are not square", {**good, "U": np.ones((4, 3))}
    yield "a first state of another width", {**good, "h0": np.ones(3)}


def layer(rng, d=3, n=4, size=1.0):
    return dict(
        W=rng.standard_normal((n, d)), U=size * rng.standard_normal((n, n)) / np.sqrt(n), b=rng.standard_normal(n)
    )


SMALL = 2.0**-40  # a state so small that tanh is linear to the last digit


def state_jacobian(rnn, x, W, U, b, h0, step):
    """∂h_T/∂h_0 by central differences, a column a unit."""
    moves = step * np.eye(len(b))
    columns = [(rnn(x, W, U, b, h0 + e)[1] - rnn(x, W, U, b, h0 - e)[1]) / (2 * step) for e in moves]
    return np.stack(columns, -1)


def at_rest(rnn, U, T):
    n = len(U)
    return state_jacobian(rnn, np.zeros((T, 1)), np.ones((n, 1)), U, np.zeros(n), np.zeros(n), SMALL)


@RNN.claim
def derivative_at_rest_is_a_power(rnn, rng):
    r"""At $h=0$ the derivative of $h_T$ by $h_0$ is $U^T$. For $U=\begin{pmatrix}.5&5\\0&.5\end{pmatrix}$ its norm first grows to
    5.05 and is above 1 for five steps; its T-th root is still 4% above $\rho=.5$ at $T=200$"""
    U = np.array([[0.5, 5.0], [0.0, 0.5]])
    for T in (1, 3, 8):
        yield roundoff(at_rest(rnn, U, T), np.linalg.matrix_power(U, T), terms=2 * T)
    norms = np.array([np.linalg.norm(at_rest(rnn, U, T), 2) for T in (1, 5, 6, 200)])
    why = Text("the norm of the matrix power, computed from its closed form", "矩阵幂的范数，由闭式算得")
    yield near(norms[0], 5.0495, 1e-3, why)
    yield bound(norms[1], 1.0, "≥", why)
    yield bound(norms[2], 1.0, "≤", why)
    yield near(norms[3] ** (1 / 200), 0.5 * 2000 ** (1 / 200), 1e-3, why)


@RNN.claim
def slopes_shrink_the_derivative(rnn, rng):
    r"""Away from 0 each step brings the slopes $1-h_t^2\le1$: the norm stays below $\|U\|^T$, and an orthogonal U of 6
    units that would keep every gradient loses 99% in 20 steps where 6 inputs and their weights are standard normal"""
    Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    w = dict(W=rng.standard_normal((6, 6)), U=Q, b=np.zeros(6))
    norms = [
        np.linalg.norm(state_jacobian(rnn, rng.standard_normal((20, 6)), **w, h0=np.zeros(6), step=2.0**-14), 2)
        for _ in range(3)
    ]
    yield roundoff(np.linalg.norm(at_rest(rnn, Q, 20), 2), 1.0, terms=120)
    yield bound(max(norms), 0.01, "≤", Text("1 at rest", "静止时为 1"))


@RNN.claim
def bptt_recursion(rnn, rng):
    r"""The recursion of $\delta_t$ gives the derivatives by U: those that differences of values find"""
    w, x, g = layer(rng), rng.standard_normal((6, 3)), rng.standard_normal(4)
    h = rnn(x, **w)[0]
    before = np.concatenate([np.zeros((1, 4)), h[:-1]])
    delta, dU = g, np.zeros((4, 4))
    for t in reversed(range(6)):
        dU += np.outer((1 - h[t] ** 2) * delta, before[t])
        delta = w["U"].T @ ((1 - h[t] ** 2) * delta)
    step, found = 2.0**-14, np.zeros((4, 4))
    for j, k in np.ndindex(4, 4):
        e = np.zeros((4, 4))
        e[j, k] = step
        found[j, k] = g @ (rnn(x, w["W"], w["U"] + e, w["b"])[1] - rnn(x, w["W"], w["U"] - e, w["b"])[1]) / (2 * step)
    # a difference errs by step²/6 of the third derivative, and by ε/step
    return roundoff(found, dU, scale=np.abs(dU).max() + 1.0, epsilon=30 * step**2)


@RNN.claim
def truncation_has_a_bias(rnn, rng):
    r"""Backpropagation that stops after k steps leaves out the derivative of the state at which it stops, carried on through
    the k steps: times $u^k$ for one linear unit of weight u. With u = .9 and equal inputs it finds 66% of the derivative
    after 10 of 60 steps"""
    u, T, k, step = 0.9, 60, 10, 2.0**-12
    x, W, b = np.full((T, 1), SMALL), np.ones((1, 1)), np.zeros(1)

    def by_differences(x, h0):
        up, down = (rnn(x, W, np.array([[u + s]]), b, h0)[1][0] for s in (step, -step))
        return (up - down) / (2 * step * SMALL)

    whole, early = by_differences(x, np.zeros(1)), by_differences(x[: T - k], np.zeros(1))
    truncated = by_differences(x[T - k :], rnn(x[: T - k], W, np.array([[u]]), b)[1])
    share = sum(j * u ** (j - 1) for j in range(k)) + k * u ** (k - 1) * (1 - u ** (T - k)) / (1 - u)
    exact = sum(j * u ** (j - 1) for j in range(T))
    why = Text("error of the differences, (T·step/u)²", "差分的误差 (T·步长/u)²")
    yield near(whole, exact, exact * (T * step / u) ** 2, why)
    yield near(truncated, share, exact * (T * step / u) ** 2, why)
    yield near(whole - truncated, u**k * early, exact * (T * step / u) ** 2, why)


@RNN.claim
def clipping_bounds_the_step(rnn, rng):
    r"""With a recurrent weight of 1.5 the derivative of 30 steps at rest is $1.5^{30}\approx2\cdot10^5$; clipped to norm 1, a
    step of rate .1 moves by .1 and not by 19175"""
    g = at_rest(rnn, np.array([[1.5]]), 30).ravel()
    clipped = g * min(1.0, 1.0 / np.linalg.norm(g))
    yield roundoff(g, [1.5**30], terms=90)
    yield roundoff(0.1 * clipped, [0.1])


@RNN.claim
def every_unit_has_its_own_sum(rnn, rng):
    r"""Each unit adds up all states with weights of its own: two steps written out entry by entry"""
    w, x = layer(rng), rng.standard_normal((2, 3))
    first = [np.tanh(sum(w["W"][j, k] * x[0, k] for k in range(3)) + w["b"][j]) for j in range(4)]
    second = [
        np.tanh(
            sum(w["W"][j, k] * x[1, k] for k in range(3)) + sum(w["U"][j, k] * first[k] for k in range(4)) + w["b"][j]
        )
        for j in range(4)
    ]
    return roundoff(rnn(x, **w)[0], np.array([first, second]), terms=8, scale=1.0)


@RNN.claim
def the_state_is_all_that_is_handed_on(rnn, rng):
    """A sequence in two pieces, the state handed over, is the sequence in one; later inputs change nothing before them"""
    w, x = layer(rng), rng.standard_normal((9, 3))
    whole, last = rnn(x, **w)
    first, state = rnn(x[:4], **w)
    second, end = rnn(x[4:], **w, h0=state)
    changed = np.concatenate([x[:4], 5 * x[4:]])
    yield roundoff(np.concatenate([first, second]), whole, terms=8, scale=1.0)
    yield roundoff(end, last, terms=8, scale=1.0)
    yield identical(last, whole[-1])
    yield roundoff(rnn(changed, **w)[0][:4], whole[:4], terms=8, scale=1.0)


@RNN.claim
def padding_changes_nothing(rnn, rng):
    """A row of a padded batch gives what it gives alone, whatever stands in the padding (NaN too) and whatever its neighbours
    are"""
    return alone_and_padded(rnn, rng, layer)


@RNN.mutant(caught_by="every-unit-has-its-own-sum, equals-definition")
def unit_index_lost(x, W, U, b, h0=None, lengths=None):
    """the unit's index is lost: all units share one recurrent sum"""
    return rnn(x, W, np.broadcast_to(U.mean(0), U.shape), b, h0, lengths)


@RNN.mutant(caught_by="derivative-at-rest-is-a-power, truncation-has-a-bias")
def first_step_goes_on(x, W, U, b, h0=None, lengths=None):
    """every step is taken to grow like the first: the norm of U in the place of U"""
    return rnn(x, W, np.linalg.norm(U, 2) * 1.001 * np.eye(len(b)), b, h0, lengths)


@RNN.mutant(caught_by="derivative-at-rest-is-a-power, every-unit-has-its-own-sum")
def transposed(x, W, U, b, h0=None, lengths=None):
    """the recurrent weights are transposed"""
    return rnn(x, W, U.T, b, h0, lengths)


@RNN.mutant(
    caught_by="the-state-is-all-that-is-handed-on, derivative-at-rest-is-a-power, clipping-bounds-the-step, "
    "slopes-shrink-the-derivative"
)
def first_state_ignored(x, W, U, b, h0=None, lengths=None):
    """the first state is ignored"""
    return rnn(x, W, U, b, None, lengths)


@RNN.mutant(caught_by="bptt-recursion, slopes-shrink-the-derivative, equals-definition")
def no_activation(x, W, U, b, h0=None, lengths=None):
    """no activation: the linear network"""
    h = np.zeros((*x.shape[:-2], len(b))) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        inside = np.ones((1,), bool) if lengths is None else (t < np.asarray(lengths))[..., None]
        new = x[..., t, :] @ W.T + h @ U.T + b
        h = np.where(inside, new, h)
        states.append(np.where(inside, new, 0.0))
    return np.stack(states, -2), h


@RNN.mutant(caught_by="padding-changes-nothing, equals-definition")
def runs_on_into_the_padding(x, W, U, b, h0=None, lengths=None):
    """the padding is read as if it were input"""
    return rnn(x, W, U, b, h0)


@RNN.mutant(caught_by="the-state-is-all-that-is-handed-on, equals-definition")
def read_backwards(x, W, U, b, h0=None, lengths=None):
    """the sequence is read from its end"""
    return rnn(x[..., ::-1, :], W, U, b, h0, lengths)


@RNN.figure(
    radius=Slider(0.3, 1.2, 0.9, "spectral radius ρ of U"),
    coupling=Slider(0.0, 5.0, 2.0, "weight from unit 2 to unit 1"),
)
def figure(radius, coupling):
    U, steps = np.array([[radius, coupling], [0.0, radius]]), np.arange(1, 61)
    rest = [np.linalg.norm(np.linalg.matrix_power(U, int(T)), 2) for T in steps]
    x, w = np.random.default_rng(0).standard_normal((60, 2)), dict(W=np.eye(2), U=U, b=np.zeros(2))
    J, driven = np.eye(2), []
    for h in rnn(x, **w)[0]:
        J = np.diag(1 - h**2) @ U @ J
        driven.append(np.linalg.norm(J, 2))
    fig, ax = canvas(width=6.4, height=3.4)
    ax.semilogy(steps, rest, color=COLOURS[0], label="at rest, h = 0")
    ax.semilogy(steps, np.maximum(driven, 1e-16), color=COLOURS[1], label="standard normal inputs")
    ax.semilogy(steps, radius**steps, ":", color=COLOURS[6], label=r"$\rho^T$")
    ax.axhline(1.0, color=COLOURS[6], lw=0.6)
    ax.set(xlabel="steps T", ylabel=r"$\|\partial h_T/\partial h_0\|$", ylim=(1e-8, None))
    ax.legend(frameon=False)
    top = int(np.argmax(rest)) + 1
    words = Text(
        f"Norm of the derivative of the state after T steps by the first state, ρ = {radius:.3g}. At rest it is largest at "
        f"T = {top}, {max(rest):.3g}, and {rest[-1]:.3g} at T = 60 (ρ to the power 60 is {radius**60:.3g}); driven by inputs it is "
        f"{driven[-1]:.3g} there.",
        f"T 步之后的状态对初始状态的导数的范数，ρ = {radius:.3g}。静止时在 T = {top} 处最大，为 {max(rest):.3g}；T = 60 时为 {rest[-1]:.3g}"
        f"（ρ 的 60 次方为 {radius**60:.3g}）。有输入驱动时，T = 60 处为 {driven[-1]:.3g}。",
    )
    return Drawing(fig, words)
