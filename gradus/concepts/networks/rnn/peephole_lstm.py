"""The LSTM whose gates look at their own cell."""

import math
from functools import cache

import numpy as np

from gradus.concepts.networks.rnn.padded_rows import alone_and_padded
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, metric, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

PEEPHOLE = Concept(
    key="peephole-lstm",
    kind="layer",
    title="LSTM with peepholes",
    summary="Each gate of an LSTM also sees the cell that it guards, through one weight a unit: input and forget gate the cell "
    "as it was, the output gate the cell as it has just become. So a unit can act on what it stores even while its output is "
    "shut.",
    formulas=(
        r"i_t=\sigma(W_ix_t+U_ih_{t-1}+p_i\odot c_{t-1}+b_i),\qquad f_t=\sigma(W_fx_t+U_fh_{t-1}+p_f\odot c_{t-1}+b_f)",
        r"c_t=f_t\odot c_{t-1}+i_t\odot\tanh(W_gx_t+U_gh_{t-1}+b_g)",
        r"o_t=\sigma(W_ox_t+U_oh_{t-1}+p_o\odot c_t+b_o),\qquad h_t=o_t\odot\tanh c_t,\qquad t=1,\dots,T",
    ),
    symbols=(
        Symbol("x", "x", "... T d", "inputs, one step a row"),
        Symbol("W", "W", "4 n d", "input weights of i, f, g, o, in this order"),
        Symbol("U", "U", "4 n n", "recurrent weights of i, f, g, o"),
        Symbol("p", "P", "3 n", "peepholes of i, f, o: one weight a unit, a diagonal matrix"),
        Symbol("b", "b", "4 n", "biases of i, f, g, o"),
        Symbol("h_0", "h0", "... n", "first output; 0 unless given"),
        Symbol("c_0", "c0", "... n", "first cell; 0 unless given"),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("h", "", "... T n", "outputs; 0 after the end of a row"),
        Symbol("c", "", "... n", "cell"),
        Symbol("i,\\ f,\\ o", "", "... n", "input gate, forget gate, output gate"),
        Symbol(r"\sigma", "", "", r"logistic function $1/(1+e^{-z})$, entry by entry"),
        Symbol(r"\odot", "", "", "product entry by entry"),
        Symbol("T", "", "", "number of steps"),
        Symbol("d,\\ n", "", "", "numbers of inputs and of units"),
        Symbol("t", "", "", "index of steps; g is the index of what may be written"),
    ),
    returns=(
        Result("h", "... T n", "the output after every step"),
        Result("h_last", "... n", "the output after the last step of each row"),
        Result("c_last", "... n", "the cell after the last step of each row"),
    ),
    needs=("lstm", "sigmoid", "tanh"),
    source="gers2002learning",
    year=2000,
    people=("Felix Gers", "Nicol Schraudolph", "Jürgen Schmidhuber"),
    aliases="peephole connections, peephole LSTM, 窥孔连接, 窥视孔连接",
    implementations=(Implementation("gradus.networks.peephole_lstm:peephole_lstm", "torch"),),
    readings="gers2002learning §3; gers2000learning §3; hochreiter1997long §4",
    hypotheses=(
        Hypothesis("a shut output hides the cell from the gates: no peepholes", "a-shut-output-hides-nothing"),
        Hypothesis("the output gate is computed after the cell", "output-looks-at-the-old-cell"),
    ),
    conventions=(
        Convention(
            "peephole weights",
            "one a unit, in the order i, f, o",
            "ONNX has one a unit, in the order i, o, f; PyTorch and Keras have no peepholes",
        ),
        Convention("the order of the gates", "i, f, g, o, as in PyTorch", "i, o, f, c in ONNX"),
        Convention("gradients", "exact, through all states", "cut at the peepholes and gates in Gers et al. 2002"),
    ),
    unverified="That peepholes help to learn tasks of timing (Gers et al. 2002), and change little elsewhere (Greff et al. 2017), "
    "is not measured here.",
    nonfinite="nan",
)


def sigma(z):
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + e^-z), which would overflow


@PEEPHOLE.definition
def peephole_lstm(x, W, U, P, b, h0=None, c0=None, lengths=None):
    zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
    h, c = (zeros if s is None else s for s in (h0, c0))
    outputs = []
    for t in range(x.shape[-2]):
        i, f, g, o = (x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4))
        cell = sigma(f + P[1] * c) * c + sigma(i + P[0] * c) * np.tanh(g)
        output = sigma(o + P[2] * cell) * np.tanh(cell)
        if lengths is None:
            h, c = output, cell
            outputs.append(output)
        else:  # after its end a row keeps its states and gives 0
            inside = (t < np.asarray(lengths))[..., None]
            h, c = np.where(inside, output, h), np.where(inside, cell, c)
            outputs.append(np.where(inside, output, 0.0))
    return np.stack(outputs, -2), h, c


@PEEPHOLE.example
def example():
    x, W, U = (
        np.array([[1.0]]),
        np.array([1.0, 0.0, 2.0, 0.0]).reshape(4, 1, 1),
        np.zeros((4, 1, 1)) + np.array([0.5, 0.0, 0.0, 1.0]).reshape(4, 1, 1),
    )
    P, b, h0, c0 = (
        np.array([[0.5], [1.0], [-3.0]]),
        np.array([[0.0], [1.0], [0.0], [2.0]]),
        np.array([0.2]),
        np.array([1.0]),
    )
    sums = x[0, 0] * W[:, 0, 0] + h0[0] * U[:, 0, 0] + b[:, 0]
    i, f, g = sigma(sums[0] + P[0, 0] * c0[0]), sigma(sums[1] + P[1, 0] * c0[0]), np.tanh(sums[2])
    _, h_last, c = peephole_lstm(x, W, U, P, b, h0, c0)
    o, old = sigma(sums[3] + P[2, 0] * c[0]), sigma(sums[3] + P[2, 0] * c0[0])
    return (
        dict(x=x, W=W, U=U, P=P, b=b, h0=h0, c0=c0, i=i, f=f, g=g, c=c[0], o=o, h=h_last[0], old=old)
        | dict(wrong=old * np.tanh(c[0]), sum_o=sums[3], p_i=P[0, 0], p_f=P[1, 0], p_o=P[2, 0], before=c0[0])
        | dict(sum_i=sums[0], sum_f=sums[1])
    )


@PEEPHOLE.exercise
def how_many_more_weights():
    n = 100
    return number(3 * n, full=3 * n * n, four_gates=4 * n, tolerance=1e-6)


@PEEPHOLE.exercise
def threshold_of_the_cell():
    return number(20 / 10, of_the_bias=20.0, inverse=10 / 20)


@PEEPHOLE.exercise
def what_a_shut_output_shows():
    shut = np.array([[60.0], [60.0], [60.0], [-60.0]])
    zero, x = np.zeros((4, 1, 1)), np.zeros((3, 1))
    without = peephole_lstm(x, zero, zero, np.zeros((3, 1)), shut)[0]
    with_one = peephole_lstm(x, zero, zero, np.array([[0.0], [0.0], [50.0]]), shut)[0]
    dark, seen = bool(abs(without).max() < 1e-9), bool(abs(with_one[-1]).max() > 0.9)
    return choice(opens_itself=dark and seen, never=not seen, always=not dark)


@PEEPHOLE.cases
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
    yield (
        "padded rows, one of no step",
        dict(x=rng.standard_normal((3, 5, 2)), **layer(2, 3), lengths=np.array([5, 2, 0])),
    )
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
    yield "three of everything", dict(x=rng.standard_normal((3, 3)), **layer(3, 3))
    yield (
        "saturated",
        dict(x=rng.standard_normal((4, 3)), **layer(3, 2) | dict(b=800.0 * rng.choice([-1.0, 1.0], (4, 2)))),
    )
    yield "long", dict(x=rng.standard_normal((40, 2)), **layer(2, 3))
    yield "many units", dict(x=rng.standard_normal((3, 2)), **layer(2, 20))


@PEEPHOLE.invalid
def invalid(rng):
    good = dict(x=np.ones((3, 2)), W=np.ones((4, 5, 2)), U=np.ones((4, 5, 5)), P=np.ones((3, 5)), b=np.ones((4, 5)))
    yield "inputs of another width", {**good, "x": np.ones((3, 4))}
    yield "peepholes that are full matrices", {**good, "P": np.ones((3, 5, 5))}
    yield "a peephole for every gate", {**good, "P": np.ones((4, 5))}


def weights(rng, d=3, n=4):
    W, U = rng.standard_normal((4, n, d)), rng.standard_normal((4, n, n)) / np.sqrt(n)
    return dict(W=W, U=U, P=rng.standard_normal((3, n)), b=rng.standard_normal((4, n)))


def constant(n, i, f, g, o):
    """Weights of gates that stand still at these sums, where no peephole is open."""
    return dict(W=np.zeros((4, n, 1)), U=np.zeros((4, n, n)), b=np.array([[i] * n, [f] * n, [g] * n, [o] * n], float))


@PEEPHOLE.claim
def without_peepholes_it_is_the_lstm(layer, rng):
    r"""With $p=0$ it is the LSTM, here as `torch.nn.LSTM` computes it"""
    import torch

    w, x = weights(rng), rng.standard_normal((6, 3))
    theirs = torch.nn.LSTM(3, 4).double()
    with torch.no_grad():
        for name, value in (("weight_ih_l0", w["W"]), ("weight_hh_l0", w["U"]), ("bias_ih_l0", w["b"])):
            getattr(theirs, name).copy_(torch.as_tensor(value.reshape(16, *value.shape[2:])))
        theirs.bias_hh_l0.zero_()
        y, (h, c) = theirs(torch.as_tensor(x))
    got = layer(x, **{**w, "P": 0 * w["P"]})
    for a, b in zip(got, (y, h[0], c[0]), strict=True):
        yield roundoff(a, b.numpy(), terms=32, scale=1.0)


@PEEPHOLE.claim
def output_gate_looks_at_the_new_cell(layer, rng):
    r"""The output gate sees $c_t$, not $c_{t-1}$: a cell that goes from 0 to tanh 2 with $p_o=4$ shows .73; at the old cell
    it would show .37, less by more than .3"""
    c = math.tanh(2.0)
    right, wrong = (math.tanh(c) / (1 + math.exp(-4 * seen)) for seen in (c, 0.0))
    P = np.array([[0.0], [0.0], [4.0]])
    h = layer(np.zeros((1, 1)), **constant(1, 60, 60, 2, 0), P=P)[0][0, 0]
    yield roundoff(h, right, terms=8)
    yield bound(right - wrong, 0.3, "≥", Text("how far the two are apart", "两者相差多少"))


@PEEPHOLE.claim
def input_and_forget_gates_look_at_the_old_cell(layer, rng):
    r"""Input and forget gate see $c_{t-1}$, each with its own weight: one step in numbers"""
    P, c0 = np.array([[1.0], [-2.0], [0.5]]), 0.8
    i, f = 1 / (1 + math.exp(-(0.3 + c0))), 1 / (1 + math.exp(-(0.7 - 2 * c0)))
    c = f * c0 + i * math.tanh(0.4)
    got = layer(np.zeros((1, 1)), **constant(1, 0.3, 0.7, 0.4, -0.2), P=P, c0=np.array([c0]))
    return roundoff([got[2][0], got[1][0]], [c, math.tanh(c) / (1 + math.exp(0.2 - 0.5 * c))], terms=8)


@PEEPHOLE.claim
def each_unit_sees_its_own_cell(layer, rng):
    """A peephole leads from a unit's own cell to its own gates alone: without recurrent weights another unit's cell changes
    nothing, bit for bit"""
    w, x, c0 = weights(rng), rng.standard_normal((5, 3)), rng.standard_normal(4)
    w["U"] = 0 * w["U"]
    # the second unit's gates stand open for every draw, so that its own output shows its cell
    w["W"][:, 1], w["P"][:, 1], w["b"][:, 1] = 0, 1, [0, 2, 0, 2]
    other = c0 + np.array([0.0, 3.0, 0.0, 0.0])
    h, moved = layer(x, **w, c0=c0)[0], layer(x, **w, c0=other)[0]
    keep = [0, 2, 3]
    yield identical(moved[:, keep], h[:, keep])
    yield bound(np.abs(moved[:, 1] - h[:, 1]).max(), 0.01, "≥", Text("its own moves", "它自己的会变"))


@PEEPHOLE.claim
def a_shut_output_hides_nothing(layer, rng):
    r"""A unit can count unseen and then show itself: a cell that grows by 1 a step behind an output gate of bias −50 opens it
    with $p_o=10$ at the fifth step, half open; without a peephole it stays shut"""
    x, w = np.zeros((8, 1)), constant(1, 60, 60, 60, -50)
    h = layer(x, **w, P=np.array([[0.0], [0.0], [10.0]]))[0][:, 0]
    dark = layer(x, **w, P=np.zeros((3, 1)))[0]
    yield roundoff(h[4], np.tanh(5.0) / 2, terms=50)
    yield bound(h[3], 1e-4, "≤", Text("one step before", "前一步"))
    yield bound(h[5], 0.999, "≥", Text("one step after", "后一步"))
    yield bound(np.abs(dark).max(), 1e-20, "≤", Text("the gate stands at its bias", "门停在其偏置处"))


@PEEPHOLE.claim
def padding_changes_nothing(layer, rng):
    """A row of a padded batch gives what it gives alone, whatever stands in the padding (NaN too) and whatever its neighbours
    are"""
    return alone_and_padded(layer, rng, weights)


@PEEPHOLE.claim
def both_states_are_handed_on(layer, rng):
    """A sequence in two pieces, output and cell handed over, is the sequence in one"""
    w, x = weights(rng), rng.standard_normal((9, 3))
    whole, h, c = layer(x, **w)
    first, h1, c1 = layer(x[:4], **w)
    second, h2, c2 = layer(x[4:], **w, h0=h1, c0=c1)
    yield roundoff(np.concatenate([first, second]), whole, terms=16, scale=1.0)
    yield roundoff([h2, c2], [h, c], terms=16)


INTERVAL, UNITS, SEEDS, STEPS = 10, 4, 3, 500


def spikes(starts):
    """Sequences of 25 steps with one spike each, at these steps."""
    x = np.zeros((len(starts), 25, 1))
    x[np.arange(len(starts)), starts, 0] = 1
    return x


@cache
def trained_to_answer(seed, peepholes):
    """Weights of a network trained to answer a spike ten steps later, its readout, and after how many steps 95 % were right."""
    import torch

    from gradus.networks import PeepholeLSTM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer, readout = PeepholeLSTM(1, UNITS, batch_first=True), torch.nn.Linear(UNITS, 1)
        torch.nn.init.zeros_(layer.weight_peephole).requires_grad_(peepholes)
        trained = [p for p in (*layer.parameters(), *readout.parameters()) if p.requires_grad]
        optimizer = torch.optim.Adam(trained, lr=0.02)
        x, starts, first = torch.as_tensor(spikes(np.arange(10)), dtype=torch.float32), torch.arange(10), None
        y = torch.nn.functional.one_hot(starts + INTERVAL, 25).float()
        for step in range(1, STEPS + 1):
            z = readout(layer(x)[0])[..., 0]
            if first is None and bool((z.argmax(1) == starts + INTERVAL).all()):
                first = step - 1
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y, weight=1 + (INTERVAL - 1) * y)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (1 + math.cos(math.pi * step / STEPS))
            optimizer.step()
    W, U, P, b, V, v = (p.detach().double().numpy() for p in (*layer.parameters(), *readout.parameters()))
    return dict(W=W, U=U, P=P, b=b), V[0], v, first


@PEEPHOLE.claim(cost="slow")
def a_spike_is_answered_to_the_step(layer, rng):
    """Trained for 500 steps, four units answer a spike ten steps later and at no other step, wherever it stands: three of three
    networks with peepholes, and three of three without, which at this size shows no advantage"""
    starts = np.arange(10)
    right, steps = [], {}
    for kind in (True, False):
        nets = [trained_to_answer(seed, kind) for seed in range(SEEDS)]
        steps[kind] = [str(n[3]) for n in nets]
        z = [layer(spikes(starts), **w)[0] @ V + v for w, V, v, _ in nets]
        right.append(sum(bool((one.argmax(-1) == starts + INTERVAL).all()) for one in z))
    said = Text(
        f"steps until then: with {', '.join(steps[True])}; without {', '.join(steps[False])}",
        f"所需步数：有窥孔 {', '.join(steps[True])}；无窥孔 {', '.join(steps[False])}",
    )
    yield metric(right[0], SEEDS, "≥", said)
    yield metric(right[1], SEEDS, "≥", said)


def variant(step):
    """A layer with another step `(i, f, g, o, P, c) -> (h, c)` of the sums."""

    def layer(x, W, U, P, b, h0=None, c0=None, lengths=None):
        zeros = np.zeros((*x.shape[:-2], b.shape[-1]))
        h, c = (zeros if s is None else s for s in (h0, c0))
        outputs = []
        for t in range(x.shape[-2]):
            z = [x[..., t, :] @ W[k].T + h @ U[k].T + b[k] for k in range(4)]
            inside = np.ones((1,), bool) if lengths is None else (t < np.asarray(lengths))[..., None]
            output, cell = step(*z, P, c)
            h, c = np.where(inside, output, h), np.where(inside, cell, c)
            outputs.append(np.where(inside, output, 0.0))
        return np.stack(outputs, -2), h, c

    return layer


@PEEPHOLE.mutant(
    caught_by="output-gate-looks-at-the-new-cell, a-shut-output-hides-nothing, a-spike-is-answered-to-the-step"
)
def output_looks_at_the_old_cell(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """the output gate looks at the old cell"""

    def step(i, f, g, o, P, c):
        cell = sigma(f + P[1] * c) * c + sigma(i + P[0] * c) * np.tanh(g)
        return sigma(o + P[2] * c) * np.tanh(cell), cell

    return variant(step)(x, W, U, P, b, h0, c0, lengths)


@PEEPHOLE.mutant(caught_by="each-unit-sees-its-own-cell, equals-definition")
def full_peepholes(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """full matrices for diagonal ones: each gate sees all cells"""

    def step(i, f, g, o, P, c):
        whole = c.sum(-1, keepdims=True)
        cell = sigma(f + P[1] * whole) * c + sigma(i + P[0] * whole) * np.tanh(g)
        return sigma(o + P[2] * cell.sum(-1, keepdims=True)) * np.tanh(cell), cell

    return variant(step)(x, W, U, P, b, h0, c0, lengths)


@PEEPHOLE.mutant(
    caught_by="output-gate-looks-at-the-new-cell, a-shut-output-hides-nothing, input-and-forget-gates-look-at-the-old-cell"
)
def no_peepholes(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """no peepholes: the plain LSTM"""
    return peephole_lstm(x, W, U, 0 * P, b, h0, c0, lengths)


@PEEPHOLE.mutant(
    caught_by="input-and-forget-gates-look-at-the-old-cell, output-gate-looks-at-the-new-cell, equals-definition"
)
def order_of_onnx(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """the peepholes in another order: i, o, f, as in ONNX"""
    return peephole_lstm(x, W, U, P[[0, 2, 1]], b, h0, c0, lengths)


@PEEPHOLE.mutant(caught_by="without-peepholes-it-is-the-lstm, both-states-are-handed-on, equals-definition")
def outputs_are_not_fed_back(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """no recurrent weights, and the first cell is ignored"""
    return peephole_lstm(x, W, 0 * U, P, b, h0, None, lengths)


@PEEPHOLE.mutant(caught_by="padding-changes-nothing, equals-definition")
def runs_on_into_the_padding(x, W, U, P, b, h0=None, c0=None, lengths=None):
    """the padding is read as if it were input"""
    return peephole_lstm(x, W, U, P, b, h0, c0)


PEEPHOLE.erratum(
    "E20",
    common=r"$o_t=\sigma(W_ox_t+U_oh_{t-1}+p_o\odot c_{t-1}+b_o)$ (a common slip)",
    why="The output gate would be one step late: it shows the new cell by what the old one was. A cell that has just been "
    "written is shown as if it were empty, wrong by .36 in the claim.",
    right=r"$o_t=\sigma(W_ox_t+U_oh_{t-1}+p_o\odot c_t+b_o)$: the cell is computed before its output gate",
    claims="output-gate-looks-at-the-new-cell",
)


@PEEPHOLE.figure(
    p=Slider(0.0, 20.0, 10.0, "peephole of the output gate"), step=Slider(0.1, 0.99, 0.8, "growth of the cell per step")
)
def figure(p, step):
    x = np.zeros((20, 1))
    b = np.array([[math.log(step / (1 - step))], [60.0], [60.0], [-50.0]])
    P = np.array([[0.0], [0.0], [p]])
    zero = np.zeros((4, 1, 1))
    h = peephole_lstm(x, zero, zero, P, b)[0][:, 0]
    dark = peephole_lstm(x, zero, zero, 0 * P, b)[0][:, 0]
    steps = np.arange(1, 21)
    fig, ax = canvas(width=6.4, height=3.3)
    ax.plot(steps, h, "o-", color=COLOURS[0], ms=4, label="with a peephole")
    ax.plot(steps, dark, "s-", color=COLOURS[1], ms=4, label="without")
    ax.set(xlabel="steps t", ylabel="output", ylim=(-0.05, 1.05), xticks=range(2, 21, 2))
    ax.legend(frameon=False)
    opened = steps[h > 0.25]
    first = f"at step {opened[0]}" if opened.size else "never within 20 steps"
    chinese = f"在第 {opened[0]} 步" if opened.size else "20 步之内从不"
    words = Text(
        f"A cell that grows steadily behind an output gate of bias −50. With the peephole {p:.3g} the unit first shows itself {first}; "
        f"without one its output stays at {dark.max():.2g}.",
        f"细胞状态稳定增长，输出门的偏置为 −50。窥孔权重为 {p:.3g} 时，该单元{chinese}首次显示；没有窥孔时输出停在 {dark.max():.2g}。",
    )
    return Drawing(fig, words)
