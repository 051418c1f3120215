"""The long short-term memory, with forget gates."""

import math
from functools import cache

import numpy as np

from gradus.concepts.networks.rnn.padded_rows import alone_and_padded
from gradus.concepts.networks.rnn.recurrent_layers import by_module, by_steps, other_form, two_biases
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, metric, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _module(layer, x, W, U, b, h0, c0, lengths):
    weights = dict(weight_ih=W, weight_hh=U, **two_biases(b))
    return by_module(layer, x, [h0, c0], weights, lengths)


def _steps(step, x, W, U, b, h0, c0, lengths):
    return by_steps(step, x, [h0, c0], [W, U, b], lengths, b.shape[-1])


LSTM = Concept(
    key="lstm",
    kind="layer",
    title="Long short-term memory",
    summary="A recurrent layer whose units keep a cell apart from their output. The cell is only multiplied by a forget gate "
    "and added to, so that along the cell the derivative over many steps is a product of forget gates, near 1 where the network "
    "wants to remember.",
    formulas=(
        r"i_t,\,f_t,\,o_t=\sigma(W_\bullet x_t+U_\bullet h_{t-1}+b_\bullet),\qquad g_t=\tanh(W_gx_t+U_gh_{t-1}+b_g),\qquad\bullet=i,f,o",
        r"c_t=f_t\odot c_{t-1}+i_t\odot g_t,\qquad h_t=o_t\odot\tanh c_t,\qquad t=1,\dots,T",
        r"U=0:\qquad\frac{\partial c_T}{\partial c_0}=\operatorname{diag}\prod_{t=1}^{T}f_t",
        r"b_f=\log(\tau-1):\qquad\sigma(b_f)^\tau=\left(1-\tfrac1\tau\right)^\tau\to e^{-1}",
    ),
    symbols=(
        Symbol("x", "x", "... T d", "inputs, one step a row"),
        Symbol("W", "W", "4 n d", "input weights of i, f, g, o, in this order"),
        Symbol("U", "U", "4 n n", "recurrent weights of i, f, g, o"),
        Symbol("b", "b", "4 n", "biases of i, f, g, o"),
        Symbol("h_0", "h0", "... n", "first output; 0 unless given"),
        Symbol("c_0", "c0", "... n", "first cell; 0 unless given"),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("h", "", "... T n", "outputs; 0 after the end of a row"),
        Symbol("c", "", "... n", "cell"),
        Symbol("i,\\ f,\\ o", "", "... n", "input gate, forget gate, output gate"),
        Symbol("g", "", "... n", "what may be written into the cell"),
        Symbol(r"\sigma", "", "", r"logistic function $1/(1+e^{-z})$, entry by entry"),
        Symbol(r"\odot", "", "", "product entry by entry; ∏ likewise"),
        Symbol(r"\tau", "", "", "steps after which about 1/e of the cell is left"),
        Symbol("T", "", "", "number of steps"),
        Symbol("d,\\ n", "", "", "numbers of inputs and of units"),
        Symbol("t", "", "", "index of steps"),
    ),
    returns=(
        Result("h", "... T n", "the output after every step"),
        Result("h_last", "... n", "the output after the last step of each row"),
        Result("c_last", "... n", "the cell after the last step of each row"),
    ),
    needs=("rnn", "sigmoid", "tanh"),
    source="gers2000learning",
    year=1997,
    people=("Sepp Hochreiter", "Jürgen Schmidhuber", "Felix Gers"),
    aliases="LSTM, long short term memory network, forget gate, constant error carousel, cell state, chrono initialisation, "
    "长短期记忆网络, 长短时记忆网络, 遗忘门, 常误差传送带, 细胞状态",
    implementations=(Implementation("torch.nn:LSTM", "torch", _module),),
    readings="hochreiter1997long §4; gers2000learning §3; tallec2018can §2; goodfellow2016deep §10.10",
    hypotheses=(
        Hypothesis(
            "the product of forget gates is the whole derivative: gates do not see the last output, U = 0",
            "outputs-are-a-second-way",
        ),
        Hypothesis("cells are forgotten: a forget gate (the cell of 1997 had none)", "no-forget-gate"),
    ),
    conventions=(
        Convention(
            "the order of the gates", "i, f, g, o, as in PyTorch and Keras (which writes c for g)", "i, o, f, c in ONNX"
        ),
        Convention(
            "biases",
            "one",
            "two in PyTorch and ONNX, which are only ever added; one in Keras, whose forget gates begin at 1",
        ),
        Convention(
            "after the end of a padded row",
            "outputs are 0 and the last states are those of the row's own end, as from PyTorch's packed sequences and ONNX",
            "Keras repeats the last output under a mask, unless zero_output_for_mask is set",
        ),
    ),
    nonfinite="nan",
    other_form=other_form(_module, _steps),
)


def sigma(z):
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + e^-z), which would overflow


@LSTM.definition
def lstm(x, W, U, b, h0=None, c0=None, lengths=None):
    zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
    h, c = (zeros if s is None else s for s in (h0, c0))
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4))
        cell = sigma(f) * c + sigma(i) * np.tanh(g)
        output = sigma(o) * np.tanh(cell)
        if lengths is None:
            h, c = output, cell
            outputs.append(output)
        else:  # after its end a row keeps its states and gives 0
            inside = (t < np.asarray(lengths))[..., None]
            h, c = np.where(inside, output, h), np.where(inside, cell, c)
            outputs.append(np.where(inside, output, 0.0))
    return np.stack(outputs, -2), h, c


@LSTM.example
def example():
    x = np.array([[1.0], [0.0], [0.0]])
    W, U = np.array([2.0, 0.5, 1.0, 1.0]).reshape(4, 1, 1), np.array([-1.0, 0.5, 0.5, 1.0]).reshape(4, 1, 1)
    b = np.array([[-1.0], [2.0], [0.0], [0.0]])
    h, _, c_last = lstm(x, W, U, b)
    h, gates, cells, before = h[:, 0], [], [], (0.0, 0.0)
    for t in range(3):
        z = x[t, 0] * W[:, 0, 0] + before[0] * U[:, 0, 0] + b[:, 0]
        i, f, o = sigma(z[[0, 1, 3]])
        g, c = np.tanh(z[2]), f * before[1] + i * np.tanh(z[2])
        gates.append([i, f, g, o])
        cells.append(c)
        before = (h[t], c)
    gates = np.array(gates)
    return (
        dict(x=x, W=W, U=U, b=b, i=gates[:, 0], f=gates[:, 1], g=gates[:, 2], o=gates[:, 3])
        | dict(c=np.array(cells), h=h, carried=gates[1, 1] * gates[2, 1], at_bias=sigma(2.0))
        | dict(hundred=sigma(2.0) ** 100, five=sigma(math.log(99)) ** 100, c_last=c_last[0])
    )


@LSTM.exercise
def bias_for_a_hundred_steps():
    return number(math.log(99), of_the_logarithm_of_the_gate=math.log(100 / 99), no_bias=0.0, hundred=100.0)


@LSTM.exercise
def count_the_weights():
    d, n = 10, 20
    return number(
        4 * (n * d + n * n + n), two_biases=4 * (n * d + n * n + 2 * n), one_gate=n * d + n * n + n, tolerance=1e-6
    )


@LSTM.exercise
def a_closed_output_gate():
    W, U = np.zeros((4, 1, 1)), np.zeros((4, 1, 1))
    b = np.array([[60.0], [60.0], [60.0], [-60.0]])
    h, _, c = lstm(np.zeros((5, 1)), W, U, b)
    hidden = abs(h).max() < 1e-9 and abs(c[0] - 5) < 1e-9
    return choice(hidden=hidden, lost=bool(abs(c[0]) < 1e-9), shown=bool(abs(h).max() > 0.1))


@LSTM.cases
def cases(rng):
    def layer(d, n):
        return weights(rng, d, n)

    yield "one sequence", dict(x=rng.standard_normal((4, 3)), **layer(3, 2))
    yield (
        "a batch",
        dict(
            x=rng.standard_normal((2, 5, 3)),
            **layer(3, 4),
            h0=rng.standard_normal((2, 4)),
            c0=rng.standard_normal((2, 4)),
        ),
    )
    yield "two leading axes", dict(x=rng.standard_normal((2, 3, 2, 2)), **layer(2, 3))
    yield "one step, a cell alone", dict(x=rng.standard_normal((1, 3)), **layer(3, 4), c0=3 * rng.standard_normal(4))
    yield "one unit, one input", dict(x=rng.standard_normal((6, 1)), **layer(1, 1))
    yield "padded rows", dict(x=rng.standard_normal((3, 5, 2)), **layer(2, 3), lengths=np.array([5, 2, 1]))
    yield (
        "padded rows, first states given",
        dict(
            x=rng.standard_normal((3, 4, 2)),
            **layer(2, 2),
            h0=rng.standard_normal((3, 2)),
            c0=rng.standard_normal((3, 2)),
            lengths=np.array([1, 4, 3]),
        ),
    )
    yield "square", dict(x=rng.standard_normal((3, 3)), **layer(3, 3))
    yield "four of everything", dict(x=rng.standard_normal((4, 4)), **layer(4, 4))
    yield (
        "saturated",
        dict(x=rng.standard_normal((4, 3)), **layer(3, 2) | dict(b=800.0 * rng.choice([-1.0, 1.0], (4, 2)))),
    )
    yield "long", dict(x=rng.standard_normal((40, 2)), **layer(2, 3))
    yield "many units", dict(x=rng.standard_normal((3, 2)), **layer(2, 20))


@LSTM.invalid
def invalid(rng):
    good = dict(x=np.ones((3, 2)), W=np.ones((4, 5, 2)), U=np.ones((4, 5, 5)), b=np.ones((4, 5)))
    yield "inputs of another width", {**good, "x": np.ones((3, 4))}
    yield "weights of three gates", {**good, "W": np.ones((3, 5, 2))}
    yield "a first cell of another width", {**good, "h0": np.ones(5), "c0": np.ones(4)}


def weights(rng, d=3, n=4):
    W, U = rng.standard_normal((4, n, d)), rng.standard_normal((4, n, n)) / np.sqrt(n)
    return dict(W=W, U=U, b=rng.standard_normal((4, n)))


def constant(n, i, f, g, o):
    """A layer whose gates stand still, at these sums."""
    return dict(W=np.zeros((4, n, 1)), U=np.zeros((4, n, n)), b=np.array([[i] * n, [f] * n, [g] * n, [o] * n], float))


@LSTM.claim
def cell_derivative_is_the_product_of_forget_gates(lstm, rng):
    r"""The constant error carousel: where gates do not see the last output, the derivative of the cell over T steps is
    $\prod f_t$, each cell by itself, whatever the inputs"""
    w, x = weights(rng), rng.standard_normal((8, 3))
    w["U"] = 0 * w["U"]
    f = 1 / (1 + np.exp(-(x @ w["W"][1].T + w["b"][1])))
    columns = [lstm(x, **w, c0=e)[2] - lstm(x, **w, c0=-e)[2] for e in 4 * np.eye(4)]
    return roundoff(np.stack(columns, -1) / 8, np.diag(f.prod(0)), terms=24, scale=1.0)


@LSTM.claim
def outputs_are_a_second_way(lstm, rng):
    r"""Gates that see the last output open a second way for the derivative: over two steps of one unit it is
    $f_2f_1+\frac{\partial c_2}{\partial h_1}\,o_1(1-\tanh^2c_1)\,f_1$"""
    W, U, b = (
        np.zeros((4, 1, 1)),
        np.array([1.0, -0.5, 2.0, 0.5]).reshape(4, 1, 1),
        np.array([[0.5], [1.0], [0.3], [0.2]]),
    )
    c0, h0, step = 0.7, -0.4, 2.0**-14

    def gates(h):
        z = U[:, 0, 0] * h + b[:, 0]
        i, f, o = 1 / (1 + np.exp(-z[[0, 1, 3]]))
        return i, f, np.tanh(z[2]), o

    i1, f1, g1, o1 = gates(h0)
    c1 = f1 * c0 + i1 * g1
    h1 = o1 * np.tanh(c1)
    i2, f2, g2, _ = gates(h1)
    by_h1 = c1 * f2 * (1 - f2) * U[1, 0, 0] + g2 * i2 * (1 - i2) * U[0, 0, 0] + i2 * (1 - g2**2) * U[2, 0, 0]
    exact = f2 * f1 + by_h1 * o1 * (1 - np.tanh(c1) ** 2) * f1
    up, down = (lstm(np.zeros((2, 1)), W, U, b, h0=np.array([h0]), c0=np.array([c0 + s]))[2][0] for s in (step, -step))
    # a difference errs by step²/6 of the third derivative
    yield roundoff((up - down) / (2 * step), exact, scale=1.0, epsilon=step**2)
    yield bound(abs(exact - f1 * f2), 0.1, "≥", Text("the second way is not small here", "这里第二条路径并不小"))


@LSTM.claim
def forget_bias_sets_the_memory(lstm, rng):
    r"""Where nothing else moves the forget gate and nothing is written, a forget bias of $\log(\tau-1)$ keeps about 1/e
    of the cell over τ steps: .3675 at τ = 500; a bias of 0 keeps $2^{-500}$"""
    x = np.zeros((500, 1))
    keeps = lstm(x, **constant(1, 0, math.log(499), 0, 0), c0=np.ones(1))[2][0]
    halves = lstm(x, **constant(1, 0, 0, 0, 0), c0=np.ones(1))[2][0]
    yield roundoff(keeps, (1 - 1 / 500) ** 500, terms=500)
    yield roundoff(halves, 2.0**-500, terms=500)


@LSTM.claim
def the_cell_counts_and_the_output_does_not(lstm, rng):
    """The cell has no bound: with open gates and g = 1 it adds up to 7 in seven steps, while the output stays below 1"""
    h, _, c = lstm(np.zeros((7, 1)), **constant(2, 60, 60, 60, 60))
    yield roundoff(c, [7.0, 7.0], terms=7)
    yield roundoff(h[:, 0], np.tanh(np.arange(1.0, 8)), terms=7, scale=1.0)


@LSTM.claim
def each_gate_has_its_place(lstm, rng):
    """The order is i, f, g, o: one step of one unit with four different biases, written out in numbers"""
    b = np.array([[0.5], [-1.0], [0.8], [2.0]])
    zero = np.zeros((4, 1, 1))
    i, f, o = (1 / (1 + math.exp(-z)) for z in (0.5, -1.0, 2.0))
    c = f * 0.9 + i * math.tanh(0.8)
    h, h_last, c_last = lstm(np.zeros((1, 1)), zero, zero, b, c0=np.array([0.9]))
    return roundoff([h[0, 0], h_last[0], c_last[0]], [o * math.tanh(c)] * 2 + [c], terms=4)


@LSTM.claim
def both_states_are_handed_on(lstm, rng):
    """A sequence in two pieces, output and cell handed over, is the sequence in one; without the cell it is not"""
    w, x = weights(rng), rng.standard_normal((9, 3))
    whole, h, c = lstm(x, **w)
    first, h1, c1 = lstm(x[:4], **w)
    second, h2, c2 = lstm(x[4:], **w, h0=h1, c0=c1)
    yield roundoff(np.concatenate([first, second]), whole, terms=16, scale=1.0)
    yield roundoff([h2, c2], [h, c], terms=16)
    yield identical(h, whole[-1])
    forgotten = np.abs(lstm(x[4:], **w, h0=h1)[0] - whole[4:]).max()
    yield bound(forgotten, 0.01, "≥", Text("the cell is more than the output", "细胞状态多于输出"))


@LSTM.claim
def padding_changes_nothing(lstm, rng):
    """A row of a padded batch gives what it gives alone, whatever stands in the padding (NaN too) and whatever its neighbours
    are"""
    return alone_and_padded(lstm, rng, weights)


STEPS, UNITS, SEEDS = 500, 8, 4


def bits(count, rng):
    """Sequences that begin with ±1, the bit, and go on with 499 steps of noise."""
    x, y = 0.05 * rng.standard_normal((count, STEPS, 1)), rng.integers(0, 2, count)
    x[:, 0, 0] = 2 * y - 1
    return x, y


@cache
def trained_to_remember(kind, seed):
    """A network trained on the bit, and its readout; the LSTM's forget biases drawn from log U(1, T), its input biases their
    negatives."""
    import torch
    from torch import nn

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer, readout = getattr(nn, kind)(1, UNITS, batch_first=True), nn.Linear(UNITS, 1)
        if kind == "LSTM":
            with torch.no_grad():
                forget = torch.log(1 + (STEPS - 1) * torch.rand(UNITS))
                layer.bias_ih_l0.copy_(torch.cat((-forget, forget, torch.zeros(2 * UNITS))))
                layer.bias_hh_l0.zero_()
        parameters = [*layer.parameters(), *readout.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=0.02)
        for _ in range(200):
            x, y = (torch.as_tensor(a, dtype=torch.float32) for a in bits(16, rng))
            loss = nn.functional.binary_cross_entropy_with_logits(readout(layer(x)[0][:, -1])[:, 0], y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
    numbers = [p.detach().double().numpy() for p in parameters]
    return layer.double(), numbers


@LSTM.claim(cost="slow")
def carries_a_bit_over_500_steps(lstm, rng):
    """One bit over 500 steps, after 200 steps of training: with forget biases drawn from log U(1, 500) and the input gates'
    biases their negatives all of 4 LSTMs of 8 units tell it at the end for at least 95 % of the sequences, and at most 2 of 4
    plain recurrent networks do"""
    import torch

    x, y = bits(200, np.random.default_rng(99))
    ours, plain = [], []
    for seed in range(SEEDS):
        _, (W, U, b, b2, V, v) = trained_to_remember("LSTM", seed)
        last = lstm(x, W.reshape(4, UNITS, 1), U.reshape(4, UNITS, UNITS), (b + b2).reshape(4, UNITS))[1]
        ours.append(float(((last @ V[0] + v > 0) == y).mean()))
        layer, (*_, V, v) = trained_to_remember("RNN", seed)
        with torch.no_grad():
            last = layer(torch.as_tensor(x))[0][:, -1].numpy()
        plain.append(float(((last @ V[0] + v > 0) == y).mean()))
    said = Text(
        f"accuracies of the LSTM {', '.join(f'{a:.2f}' for a in ours)}; plain {', '.join(f'{a:.2f}' for a in plain)}",
        f"LSTM 的准确率 {', '.join(f'{a:.2f}' for a in ours)}；普通循环网络 {', '.join(f'{a:.2f}' for a in plain)}",
    )
    yield metric(min(ours), 0.95, "≥", said)
    yield metric(sum(a >= 0.95 for a in plain), 2, "≤", said)


@LSTM.mutant(
    caught_by="each-gate-has-its-place, equals-definition, forget-bias-sets-the-memory, carries-a-bit-over-500-steps"
)
def order_of_onnx(x, W, U, b, h0=None, c0=None, lengths=None):
    """the gates in another order: i, o, f, c, as in ONNX"""
    order = [0, 2, 3, 1]
    return lstm(x, W[order], U[order], b[order], h0, c0, lengths)


def variant(step):
    """A layer with another step `(i, f, g, o, c) -> (h, c)` of the sums."""

    def layer(x, W, U, b, h0=None, c0=None, lengths=None):
        zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
        h, c = (zeros if s is None else s for s in (h0, c0))
        outputs = []
        for t in range(x.shape[-2]):
            z = [x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4)]
            inside = np.ones((1,), bool) if lengths is None else (t < np.asarray(lengths))[..., None]
            output, cell = step(*z, c)
            h, c = np.where(inside, output, h), np.where(inside, cell, c)
            outputs.append(np.where(inside, output, 0.0))
        return np.stack(outputs, -2), h, c

    return layer


@LSTM.mutant(caught_by="the-cell-counts-and-the-output-does-not, equals-definition")
def tanh_left_off(x, W, U, b, h0=None, c0=None, lengths=None):
    """the cell is put out without its tanh"""

    def step(i, f, g, o, c):
        cell = sigma(f) * c + sigma(i) * np.tanh(g)
        return sigma(o) * cell, cell

    return variant(step)(x, W, U, b, h0, c0, lengths)


@LSTM.mutant(
    caught_by="each-gate-has-its-place, both-states-are-handed-on, cell-derivative-is-the-product-of-forget-gates"
)
def states_swapped(x, W, U, b, h0=None, c0=None, lengths=None):
    """output and cell are taken for each other"""
    outputs, h, c = lstm(x, W, U, b, c0, h0, lengths)
    return outputs, c, h


@LSTM.mutant(
    caught_by="forget-bias-sets-the-memory, cell-derivative-is-the-product-of-forget-gates, outputs-are-a-second-way"
)
def no_forget_gate(x, W, U, b, h0=None, c0=None, lengths=None):
    """no forget gate: the cell of 1997, which only adds up"""

    def step(i, f, g, o, c):
        cell = c + sigma(i) * np.tanh(g)
        return sigma(o) * np.tanh(cell), cell

    return variant(step)(x, W, U, b, h0, c0, lengths)


@LSTM.mutant(caught_by="outputs-are-a-second-way, both-states-are-handed-on, equals-definition")
def gates_do_not_see_the_output(x, W, U, b, h0=None, c0=None, lengths=None):
    """no recurrent weights"""
    return lstm(x, W, 0 * U, b, h0, None, lengths)


@LSTM.mutant(caught_by="padding-changes-nothing, equals-definition")
def runs_on_into_the_padding(x, W, U, b, h0=None, c0=None, lengths=None):
    """the padding is read as if it were input"""
    return lstm(x, W, U, b, h0, c0)


@LSTM.figure(bias=Slider(-1.0, 8.0, 6.0, "forget bias"), noise=Slider(0.0, 3.0, 1.0, "spread of the forget gate's sum"))
def figure(bias, noise):
    steps = np.arange(501)
    rng = np.random.default_rng(0)
    sums = noise * rng.standard_normal((8, 500))

    def kept(b):
        return np.concatenate([np.ones((8, 1)), np.cumprod(sigma(b + sums), 1)], 1)

    fig, ax = canvas(width=6.4, height=3.4)
    for i, (b, name) in enumerate(((bias, "this bias"), (0.0, "bias 0"))):
        for k, line in enumerate(kept(b)):
            ax.semilogy(steps, line, color=COLOURS[i], lw=0.8, label=name if k == 0 else None)
    ax.semilogy(steps, sigma(bias) ** steps, ":", color=COLOURS[6], label="without spread")
    ax.set(xlabel="steps t", ylabel=r"$\prod f_t$", ylim=(1e-12, 2))
    ax.legend(frameon=False)
    end, mean = float(np.exp(np.log(sigma(bias + sums)).sum(1).mean())), float(sigma(bias) ** 500)
    words = Text(
        f"What is left of a cell, eight units. With a forget bias of {bias:.3g} and a spread of {noise:.3g} it is {end:.3g} after 500 "
        f"steps (geometric mean); without spread {mean:.3g}. Spread costs memory, for the gate loses more below than it wins above.",
        f"细胞状态所剩的比例，八个单元。遗忘门偏置为 {bias:.3g}、离散程度为 {noise:.3g} 时，500 步后剩 {end:.3g}（几何平均）；没有离散时为 {mean:.3g}。"
        f"离散会损失记忆，因为门在偏低时失去的多于偏高时得到的。",
    )
    return Drawing(fig, words)
