"""The bidirectional recurrent network: one network reads forwards, another backwards."""

import numpy as np

from gradus.concepts.networks.rnn.padded_rows import alone_and_padded
from gradus.concepts.networks.rnn.recurrent_layers import by_two_directions, is_instance, two_biases
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _module(layer, x, W, U, b, h0, lengths):
    weights = dict(weight_ih=W[:, None], weight_hh=U[:, None], **two_biases(b[:, None]))
    return by_two_directions(layer, x, h0, weights, lengths)


BIDIRECTIONAL = Concept(
    key="bidirectional",
    kind="layer",
    title="Bidirectional recurrent network",
    summary="Two recurrent networks with weights of their own read one sequence, the first from its beginning, the second from its "
    "end. What stands side by side at a position then knows the whole sequence; and nothing can be answered before it ends.",
    formulas=(
        r"\overrightarrow h_t=\tanh\bigl(\overrightarrow Wx_t+\overrightarrow U\,\overrightarrow h_{t-1}+\overrightarrow b\bigr),\qquad t=1,\dots,T",
        r"\overleftarrow h_t=\tanh\bigl(\overleftarrow Wx_t+\overleftarrow U\,\overleftarrow h_{t+1}+\overleftarrow b\bigr),\qquad t=T,\dots,1",
        r"y_t=\begin{pmatrix}\overrightarrow h_t\\\overleftarrow h_t\end{pmatrix},\qquad\text{last states:}\quad\overrightarrow h_T,\ \overleftarrow h_1",
        r"s>t:\ \frac{\partial\overrightarrow h_t}{\partial x_s}=0,\qquad s<t:\ \frac{\partial\overleftarrow h_t}{\partial x_s}=0",
    ),
    symbols=(
        Symbol("x", "x", "... T d", "inputs, one step a row"),
        Symbol("W", "W", "2 n d", "input weights of both directions, forwards first"),
        Symbol("U", "U", "2 n n", "recurrent weights of both directions"),
        Symbol("b", "b", "2 n", "biases of both directions"),
        Symbol(
            r"\overrightarrow h_0,\ \overleftarrow h_{T+1}",
            "h0",
            "... 2 n",
            "states in front of the first step and behind the last; 0 unless given",
        ),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("y", "", "... T 2·n", "both states at each position; 0 after the end of a row"),
        Symbol(r"\overrightarrow h,\ \overleftarrow h", "", "... T n", "states of the two directions"),
        Symbol("T", "", "", "number of steps of the row"),
        Symbol("d,\\ n", "", "", "numbers of inputs, and of units of each direction"),
        Symbol("s,\\ t", "", "", "indices of steps"),
    ),
    returns=(
        Result("y", "... T 2·n", "both states at each position, forwards first"),
        Result(
            "last",
            "... 2 n",
            "the state of each direction after its own last step: at the row's end, and at its beginning",
        ),
    ),
    needs=("rnn",),
    source="schuster1997bidirectional",
    year=1997,
    people=("Mike Schuster", "Kuldip Paliwal"),
    aliases="BRNN, BiRNN, BiLSTM, BiGRU, bidirectional LSTM, bidirectional recurrence, go_backwards, "
    "双向循环网络, 双向 LSTM, 双向长短期记忆, 双向 GRU",
    implementations=(Implementation("torch.nn:RNN", "torch", _module),),
    readings="schuster1997bidirectional §II.B; graves2012supervised §3.2.4; goodfellow2016deep §10.3",
    hypotheses=(
        Hypothesis("the whole sequence is there before the first answer", "pieces-need-both-ends"),
        Hypothesis("the backward half begins at the row's own end: its length is known", "begins-in-the-padding"),
    ),
    conventions=(
        Convention(
            "how the halves are joined",
            "side by side, forwards first, as in PyTorch and by default in Keras",
            "in Keras also sum, product, average, or apart; in ONNX on an axis of their own, (T, 2, B, n)",
        ),
        Convention(
            "where the backward half's outputs stand",
            "at the position that was read, as in PyTorch, ONNX and Keras's Bidirectional",
            "in the order of reading in a Keras layer with go_backwards alone: the last position first",
        ),
        Convention(
            "the last states",
            "an axis of length 2 before the units",
            "the first axis in PyTorch, (layers · 2, B, n), both directions of a layer together; in ONNX (2, B, n)",
        ),
        Convention(
            "after the end of a padded row",
            "outputs are 0, and each direction's last state is that of the row itself, as from PyTorch's packed sequences and ONNX",
            "without lengths PyTorch reads the padding first when it goes backwards; Keras needs a mask",
        ),
    ),
    nonfinite="nan",
    other_form=lambda function: _module if is_instance(function) else None,
)


@BIDIRECTIONAL.definition
def bidirectional(x, W, U, b, h0=None, lengths=None):
    T = x.shape[-2]
    length = np.asarray(T if lengths is None else lengths)
    halves, last = [], []
    for k, order in enumerate((range(T), range(T - 1, -1, -1))):
        h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0[..., k, :]
        states = [None] * T
        for t in order:
            new = np.tanh(x[..., t, :] @ W[k].T + h @ U[k].T + b[k])
            inside = (t < length)[..., None]  # outside a row its state stays, and the answer is 0
            h = np.where(inside, new, h)
            states[t] = np.where(inside, new, 0.0)
        halves.append(np.stack(states, -2))
        last.append(h)
    return np.concatenate(halves, -1), np.stack(last, -2)


@BIDIRECTIONAL.example
def example():
    x, W, U, b = (
        np.array([[1.0], [0.0], [2.0]]),
        np.array([[[1.0]], [[1.0]]]),
        np.array([[[0.5]], [[-1.0]]]),
        np.zeros((2, 1)),
    )
    y, last = bidirectional(x, W, U, b)
    moved = np.array([[1.0], [0.0], [-2.0]])
    z = bidirectional(moved, W, U, b)[0]
    padded = np.concatenate([x, np.zeros((1, 1))])
    shifted = np.array([[0.0], [0.5]])
    right, wrong = bidirectional(padded, W, U, shifted, lengths=3)[0], bidirectional(padded, W, U, shifted)[0]
    return (
        dict(x=x, W=W, U=U, b=b, forwards=y[:, 0], backwards=y[:, 1], last=last[:, 0], end=y[-1])
        | dict(alone=np.tanh(x[2, 0]), moved=z, u=U[1, 0, 0], bias=0.5, right=right[:3, 1])
        | dict(wrong=wrong[:3, 1])
    )


@BIDIRECTIONAL.exercise
def weights_of_a_second_layer():
    n = 64
    return number(
        2 * (n * 2 * n + n * n + 2 * n), narrow=2 * (n * n + n * n + 2 * n), one_direction=n * 2 * n + n * n + 2 * n
    )


@BIDIRECTIONAL.exercise
def who_hears_of_step_two():
    rng = np.random.default_rng(0)
    w, x = weights(rng), rng.standard_normal((5, 3))
    changed = x.copy()
    changed[1] += 1.0
    y, z = (bidirectional(v, **w)[0][2] for v in (x, changed))
    forwards, backwards = bool((y != z)[:4].any()), bool((y != z)[4:].any())
    return choice(
        forward_half=forwards and not backwards, backward_half=backwards and not forwards, both=forwards and backwards
    )


@BIDIRECTIONAL.exercise
def when_padding_does_no_harm():
    rng = np.random.default_rng(0)
    w, x = weights(rng), rng.standard_normal((4, 3))

    def harmless(filling, b, h0):
        own = dict(w, b=b, h0=h0)
        padded = np.concatenate([x, np.full((2, 3), filling)])
        return bool(np.allclose(bidirectional(padded, **own)[0][:4], bidirectional(x, **own)[0]))

    zero, state = np.zeros((2, 4)), np.ones((2, 4))
    return choice(
        zeros_and_no_bias=harmless(0.0, zero, zero) and not harmless(0.0, zero, state),
        zeros=harmless(0.0, w["b"], zero),
        always=harmless(1.0, zero, zero),
    )


def weights(rng, d=3, n=4):
    W, U = rng.standard_normal((2, n, d)), rng.standard_normal((2, n, n)) / np.sqrt(n)
    return dict(W=W, U=U, b=rng.standard_normal((2, n)))


@BIDIRECTIONAL.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "one sequence", dict(x=normal(4, 3), **weights(rng, 3, 2))
    yield "a batch", dict(x=normal(2, 5, 3), **weights(rng, 3, 4), h0=normal(2, 2, 4))
    yield "two leading axes", dict(x=normal(2, 3, 2, 2), **weights(rng, 2, 3))
    yield "one step", dict(x=normal(1, 3), **weights(rng, 3, 4), h0=normal(2, 4))
    yield "one unit, one input", dict(x=normal(6, 1), **weights(rng, 1, 1))
    yield "padded rows", dict(x=normal(3, 5, 2), **weights(rng, 2, 3), lengths=np.array([5, 2, 1]))
    yield (
        "padded rows, first states given",
        dict(x=normal(3, 4, 2), **weights(rng, 2, 2), h0=normal(3, 2, 2), lengths=np.array([1, 4, 3])),
    )
    yield "two of everything", dict(x=normal(2, 2), **weights(rng, 2, 2))
    yield "saturated", dict(x=normal(4, 3), **weights(rng, 3, 2) | dict(b=800.0 * rng.choice([-1.0, 1.0], (2, 2))))
    yield "long", dict(x=normal(40, 2), **weights(rng, 2, 3))
    yield "many units", dict(x=normal(3, 2), **weights(rng, 2, 20))


@BIDIRECTIONAL.invalid
def invalid(rng):
    good = dict(x=np.ones((3, 2)), W=np.ones((2, 4, 2)), U=np.ones((2, 4, 4)), b=np.ones((2, 4)))
    yield "inputs of another width", {**good, "x": np.ones((3, 5))}
    yield "weights of one direction", {**good, "W": np.ones((1, 4, 2)), "U": np.ones((1, 4, 4)), "b": np.ones((1, 4))}
    yield "first states of another width", {**good, "h0": np.ones((2, 3))}


def by_sums(x, W, U, b, h, backwards):
    """The states of one direction, every sum written out, in the order of the positions."""
    found = []
    for row in x[::-1] if backwards else x:
        h = [
            np.tanh(sum(W[j, k] * v for k, v in enumerate(row)) + sum(U[j, k] * v for k, v in enumerate(h)) + b[j])
            for j in range(len(b))
        ]
        found.append(h)
    return np.array(found[::-1] if backwards else found)


@BIDIRECTIONAL.claim
def each_half_reads_by_itself(layer, rng):
    """Each half is a recurrent network with weights and a first state of its own, the backward one led from the last step to the
    first: both sum by sum"""
    w, x, h0 = weights(rng), rng.standard_normal((3, 3)), rng.standard_normal((2, 4))
    halves = [by_sums(x, w["W"][k], w["U"][k], w["b"][k], h0[k], k == 1) for k in range(2)]
    return roundoff(layer(x, **w, h0=h0)[0], np.concatenate(halves, -1), terms=10, scale=1.0)


@BIDIRECTIONAL.claim
def reversal_is_a_symmetry(layer, rng):
    """The sequence reversed, and the directions' weights and first states exchanged, give the same outputs, in reversed order and
    with the halves exchanged"""
    w, x, h0 = weights(rng), rng.standard_normal((2, 6, 3)), rng.standard_normal((2, 2, 4))
    y, last = layer(x, **w, h0=h0)
    z, end = layer(x[:, ::-1].copy(), **{k: v[::-1].copy() for k, v in w.items()}, h0=h0[:, ::-1].copy())
    yield roundoff(np.roll(z[:, ::-1], 4, -1), y, terms=10, scale=1.0)
    yield roundoff(end[:, ::-1], last, terms=10, scale=1.0)
    yield bound(np.abs(y[..., :4] - y[..., 4:]).max(), 0.01, "≥", Text("the halves differ", "两部分不同"))


@BIDIRECTIONAL.claim
def halves_share_nothing(layer, rng):
    """Other weights and another first state of one direction change that half, and nothing in the other"""
    w, other, x = weights(rng), weights(rng), rng.standard_normal((5, 3))
    y, last = layer(x, **w)
    for k in range(2):
        mixed = {name: np.stack([other[name][j] if j == k else v[j] for j in range(2)]) for name, v in w.items()}
        h0 = np.stack([np.full(4, 0.5 if j == k else 0.0) for j in range(2)])
        z, end = layer(x, **mixed, h0=h0)
        half, own = (slice(4, 8), slice(0, 4)) if k == 0 else (slice(0, 4), slice(4, 8))
        yield roundoff(z[:, half], y[:, half], terms=8, scale=1.0)
        yield roundoff(end[1 - k], last[1 - k], terms=8, scale=1.0)
        yield bound(np.abs(z[:, own] - y[:, own]).max(), 0.01, "≥", Text("its own half", "它自己的一半"))


@BIDIRECTIONAL.claim
def every_position_hears_of_every_step(layer, rng):
    """A changed input can change the forward half there and after it, the backward half there and before it, and no other entry: so
    every position can hear of every step"""
    Q = np.stack([np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2)])
    w, x = dict(W=0.2 * rng.standard_normal((2, 4, 3)), U=0.9 * Q, b=np.zeros((2, 4))), rng.standard_normal((5, 3))
    y = layer(x, **w)[0]
    for s in range(5):
        changed = x.copy()
        changed[s] += 1.0
        moved = np.abs(layer(changed, **w)[0] - y)
        yield roundoff(moved[:s, :4], np.zeros((s, 4)), terms=8, scale=1.0)
        yield roundoff(moved[s + 1 :, 4:], np.zeros((4 - s, 4)), terms=8, scale=1.0)
        least = min(moved[s:, :4].max(-1).min(), moved[: s + 1, 4:].max(-1).min())
        yield bound(least, 1e-4, "≥", Text("the smallest change that must be seen", "应能看到的最小变化"))


@BIDIRECTIONAL.claim
def last_states_stand_at_both_ends(layer, rng):
    """The forward half ends at the last position, the backward half at the first. At the last position the backward half has read a
    single input, whatever came before"""
    w, x, other = weights(rng), rng.standard_normal((6, 3)), rng.standard_normal((5, 3))
    y, last = layer(x, **w)
    yield identical(last, np.stack([y[-1, :4], y[0, 4:]]))
    yield roundoff(y[-1, 4:], np.tanh(w["W"][1] @ x[-1] + w["b"][1]), terms=4, scale=1.0)
    yield roundoff(layer(np.concatenate([other, x[-1:]]), **w)[0][-1, 4:], y[-1, 4:], terms=4, scale=1.0)


@BIDIRECTIONAL.claim
def pieces_need_both_ends(layer, rng):
    """Cut in two, the sequence gives the same where the second piece gets the forward state of the first, and the first
    the backward state of the second: what comes later changes the answers before it, for normal weights and inputs by
    more than .01 at the cut"""
    w, x, zero = weights(rng), rng.standard_normal((9, 3)), np.zeros(4)
    whole, last = layer(x, **w)
    behind = layer(x[4:], **w)[1][1]
    first, left = layer(x[:4], **w, h0=np.stack([zero, behind]))
    second, right = layer(x[4:], **w, h0=np.stack([left[0], zero]))
    yield roundoff(np.concatenate([first, second]), whole, terms=20, scale=1.0)
    yield roundoff(np.stack([right[0], left[1]]), last, terms=20, scale=1.0)
    apart = np.abs(layer(x[:4], **w)[0][-1] - whole[3]).max()
    yield bound(apart, 0.01, "≥", Text("the later inputs at the cut", "切口处之后的输入的影响"))


@BIDIRECTIONAL.claim
def padding_changes_nothing(layer, rng):
    """A row of a padded batch gives what it gives alone, whatever stands in the padding (NaN too) and whatever its neighbours are:
    the backward half begins at the row's own end"""
    return alone_and_padded(layer, rng, weights)


@BIDIRECTIONAL.mutant(caught_by="each-half-reads-by-itself, halves-share-nothing, equals-definition")
def one_set_of_weights(x, W, U, b, **given):
    """both directions have the weights of the first"""
    return bidirectional(x, *(np.stack([v[0], v[0]]) for v in (W, U, b)), **given)


@BIDIRECTIONAL.mutant(
    caught_by="each-half-reads-by-itself, reversal-is-a-symmetry, last-states-stand-at-both-ends, padding-changes-nothing"
)
def in_the_order_of_reading(x, W, U, b, **given):
    """the backward half stands in the order of reading, as with go_backwards: not turned back"""
    y, last = bidirectional(x, W, U, b, **given)
    n = b.shape[-1]
    return np.concatenate([y[..., :n], y[..., ::-1, n:]], -1), last


@BIDIRECTIONAL.mutant(caught_by="padding-changes-nothing, equals-definition")
def begins_in_the_padding(x, W, U, b, h0=None, lengths=None):
    """backwards the padding is read first"""
    y, last = bidirectional(x, W, U, b, h0, lengths)
    z, end = bidirectional(x, W, U, b, h0)
    n = b.shape[-1]
    return np.concatenate([y[..., :n], z[..., n:]], -1), np.stack([last[..., 0, :], end[..., 1, :]], -2)


@BIDIRECTIONAL.mutant(caught_by="padding-changes-nothing, equals-definition")
def through_the_padding(x, W, U, b, h0=None, lengths=None):
    """the forward half's last state is taken behind the padding"""
    y, last = bidirectional(x, W, U, b, h0, lengths)
    behind = bidirectional(x, W, U, b, h0)[1]
    return y, np.stack([behind[..., 0, :], last[..., 1, :]], -2)


@BIDIRECTIONAL.mutant(caught_by="last-states-stand-at-both-ends, reversal-is-a-symmetry, equals-definition")
def last_position_for_both(x, W, U, b, **given):
    """both last states are taken at the last position"""
    y, last = bidirectional(x, W, U, b, **given)
    return y, np.stack([last[..., 0, :], y[..., -1, b.shape[-1] :]], -2)


@BIDIRECTIONAL.mutant(caught_by="each-half-reads-by-itself, last-states-stand-at-both-ends, equals-definition")
def without_its_own_input(x, W, U, b, h0=None, lengths=None):
    """the backward half at a position has not read that position: one step late"""
    y, last = bidirectional(x, W, U, b, h0, lengths)
    n = b.shape[-1]
    behind = np.zeros_like(y[..., :1, n:]) if h0 is None else np.broadcast_to(h0[..., None, 1, :], y[..., :1, n:].shape)
    return np.concatenate([y[..., :n], np.concatenate([y[..., 1:, n:], behind], -2)], -1), last


@BIDIRECTIONAL.mutant(caught_by="every-position-hears-of-every-step, each-half-reads-by-itself, pieces-need-both-ends")
def forwards_twice(x, W, U, b, h0=None, lengths=None):
    """the second half reads forwards, too"""
    n = b.shape[-1]
    y, last = bidirectional(x, W, U, b, h0, lengths)
    turned = None if h0 is None else h0[..., ::-1, :]
    z, end = bidirectional(x, W[::-1], U[::-1], b[::-1], turned, lengths)
    return np.concatenate([y[..., :n], z[..., :n]], -1), np.stack([last[..., 0, :], end[..., 0, :]], -2)


@BIDIRECTIONAL.mutant(caught_by="halves-share-nothing, each-half-reads-by-itself, equals-definition")
def goes_on_from_the_end(x, W, U, b, h0=None, lengths=None):
    """the backward half begins with the forward half's last state"""
    last = bidirectional(x, W, U, b, h0, lengths)[1]
    first = np.zeros_like(last) if h0 is None else np.broadcast_to(h0, last.shape)
    return bidirectional(x, W, U, b, np.stack([first[..., 0, :], last[..., 0, :]], -2), lengths)


@BIDIRECTIONAL.mutant(caught_by="each-half-reads-by-itself, reversal-is-a-symmetry, equals-definition")
def features_turned_for_time(x, W, U, b, **given):
    """the features are turned round for the backward half, and not the steps"""
    y, last = bidirectional(x, W, U, b, **given)
    z, end = bidirectional(x[..., ::-1], W[::-1], U[::-1], b[::-1], **given)
    n = b.shape[-1]
    return np.concatenate([y[..., :n], z[..., :n]], -1), np.stack([last[..., 0, :], end[..., 0, :]], -2)


@BIDIRECTIONAL.mutant(caught_by="each-half-reads-by-itself, halves-share-nothing, equals-definition")
def added_up(x, W, U, b, **given):
    """the halves are added up, not set side by side"""
    y, last = bidirectional(x, W, U, b, **given)
    n = b.shape[-1]
    return y[..., :n] + y[..., n:], last


@BIDIRECTIONAL.mutant(caught_by="pieces-need-both-ends, each-half-reads-by-itself, equals-definition")
def first_states_ignored(x, W, U, b, h0=None, lengths=None):
    """the first states are ignored"""
    return bidirectional(x, W, U, b, None, lengths)


BIDIRECTIONAL.erratum(
    "E156",
    common="`out[:, -1]` of a bidirectional network sums up the sequence (yunjey/pytorch-tutorial#149)",
    why="At the last position the backward half has read one input alone, the last: half of the features know nothing of the rest. "
    "In a padded batch the position is not even the row's end.",
    right=r"The last states of both directions: $\overrightarrow h_T$ and $\overleftarrow h_1$, PyTorch's `h_n[-2]` and `h_n[-1]`",
    claims="last-states-stand-at-both-ends",
)


@BIDIRECTIONAL.figure(
    position=Slider(1, 12, 5, "position t", integer=True),
    memory=Slider(0.2, 1.0, 0.8, "what a state keeps of the one before"),
)
def figure(position, memory):
    T, n, t = 12, 6, int(position) - 1
    rng = np.random.default_rng(2)
    U = memory * np.stack([np.linalg.qr(rng.standard_normal((n, n)))[0] for _ in range(2)])
    w = dict(W=0.5 * rng.standard_normal((2, n, 2)), U=U, b=np.zeros((2, n)))
    x, step = rng.standard_normal((T, 2)), 2.0**-16
    size = np.zeros((2, T))
    for s in range(T):
        columns = []
        for k in range(2):
            e = np.zeros((T, 2))
            e[s, k] = step
            difference = bidirectional(x + e, **w)[0][t] - bidirectional(x - e, **w)[0][t]
            columns.append(difference / (2 * step))
        size[:, s] = np.linalg.norm(np.array(columns).reshape(2, 2, n), axis=(0, 2))
    fig, ax = canvas(width=6.4, height=3.2)
    steps = np.arange(1, T + 1)
    ax.bar(steps - 0.2, size[0], 0.4, color=COLOURS[0], label="forward half")
    ax.bar(steps + 0.2, size[1], 0.4, color=COLOURS[1], label="backward half")
    ax.axvline(position, color=COLOURS[6], lw=0.8, ls=":")
    ax.set(xlabel="input of step s", ylabel="derivative at position t", xticks=steps)
    ax.legend(frameon=False)
    words = Text(
        f"Size of the derivatives of both halves at position {int(position)} by the inputs of each of {T} steps. The forward half hears "
        f"of the first {int(position)}, of step 1 by {size[0, 0]:.3g}; the backward half of the last {T - t}, of step {T} by {size[1, -1]:.3g}.",
        f"位置 {int(position)} 处两个方向对 {T} 步输入的导数大小。正向部分只知道前 {int(position)} 步，对第 1 步为 {size[0, 0]:.3g}；反向部分只知道后 {T - t} 步，对第 {T} 步为 {size[1, -1]:.3g}。",
    )
    return Drawing(fig, words)
