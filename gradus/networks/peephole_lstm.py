"""The LSTM with peepholes: its gates see the cell, through one weight a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gradus.arguments import Sizes, flag, refusal, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.networks.padded_sequences import Rows, of_one_layer
from gradus.networks.peephole_steps import steps_back, steps_forward

__all__ = ["PeepholeLSTM", "peephole_lstm"]


def peephole_lstm(
    x: Float[Tensor, "*batch T d"],
    W: Float[Tensor, "4 n d"],
    U: Float[Tensor, "4 n n"],
    P: Float[Tensor, "3 n"],
    b: Float[Tensor, "4 n"],
    h0: Float[Tensor, "*batch n"] | None = None,
    c0: Float[Tensor, "*batch n"] | None = None,
    lengths: Int[Tensor, "*batch"] | None = None,
) -> tuple[Float[Tensor, "*batch T n"], Float[Tensor, "*batch n"], Float[Tensor, "*batch n"]]:
    r"""A layer of LSTM units whose gates look at their own cell.

    .. math::
        i_t, f_t = \sigma(W x_t + U h_{t-1} + p \odot c_{t-1} + b), \quad g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g) \\
        c_t = f_t \odot c_{t-1} + i_t \odot g_t, \quad
        o_t = \sigma(W_o x_t + U_o h_{t-1} + p_o \odot c_t + b_o), \quad h_t = o_t \odot \tanh c_t

    Args:
        x: inputs (..., T, d).
        W: input weights of i, f, g, o (4, n, d).
        U: recurrent weights (4, n, n).
        P: peepholes of i, f, o (3, n); with zeros it is `torch.nn.LSTM`.
        b: biases (4, n).
        h0: first state, 0 unless given.
        c0: first cell, 0 unless given.
        lengths: steps of each row, where rows are padded at their end.

    Returns:
        h (..., T, n), 0 after the end of a row; the last h and the last c of each row (..., n).

    Raises:
        GradusError: shapes that do not fit, several precisions, lengths beyond T.

    Cost: 8·T·n·(d + n) operations a sequence; training keeps 7·T·n numbers.

    Source: gers2002learning, eq. 3 to 8.

    Example:
        >>> import torch
        >>> zero = torch.zeros
        >>> h, h_last, c_last = peephole_lstm(zero(5, 2), zero(4, 3, 2), zero(4, 3, 3), zero(3, 3), zero(4, 3))
        >>> h.shape, c_last.tolist()
        (torch.Size([5, 3]), [0.0, 0.0, 0.0])
    """
    sizes = Sizes(gates=(4, "i, f, g, o"), peepholes=(3, "i, f, o"))
    tensor("x", x, "*batch T>=1 d", sizes)
    tensor("W", W, "gates n d", sizes)
    tensor("U", U, "gates n n", sizes)
    tensor("P", P, "peepholes n", sizes)
    tensor("b", b, "gates n", sizes)
    same_kind(x=x, W=W, U=U, P=P, b=b)
    rows = Rows.of(x.to(W.dtype), lengths)
    n = W.shape[1]
    first = rows.state("h0", h0, n), rows.state("c0", c0, n)
    same_kind(W=W, h0=h0, c0=c0)
    h, c = _layer(rows.x.transpose(0, 1), W, U, P, b, *first)
    return rows.outputs(h), rows.last(h, first[0]), rows.last(c, first[1])


class PeepholeLSTM(nn.Module):
    r"""`peephole_lstm` with weights of its own, called as `torch.nn.LSTM` with one layer is.

    Weights and biases are drawn from U(−1/√n, 1/√n), as PyTorch draws them; the bias of the forget gate begins at 1 more.

    Args:
        input_size: d.
        hidden_size: n.
        batch_first: whether inputs and outputs are (batch, T, ·); (T, batch, ·) unless given. A sequence alone is (T, d).

    Raises:
        GradusError: sizes that are no whole numbers above 0.

    Source: gers2002learning; the forget gate's bias after gers2000learning.

    Example:
        >>> import torch
        >>> h, (h_last, c_last) = PeepholeLSTM(2, 3, batch_first=True)(torch.zeros(4, 5, 2))
        >>> h.shape, c_last.shape
        (torch.Size([4, 5, 3]), torch.Size([1, 4, 3]))
    """

    def __init__(self, input_size: int, hidden_size: int, batch_first: bool = False) -> None:
        super().__init__()
        self.input_size = whole("input_size", input_size, least=1)
        self.hidden_size = whole("hidden_size", hidden_size, least=1)
        self.batch_first = flag("batch_first", batch_first)
        d, n = self.input_size, self.hidden_size
        self.weight_ih = nn.Parameter(torch.empty(4, n, d))
        self.weight_hh = nn.Parameter(torch.empty(4, n, n))
        self.weight_peephole = nn.Parameter(torch.empty(3, n))
        self.bias = nn.Parameter(torch.empty(4, n))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        width = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -width, width)
        with torch.no_grad():
            self.bias[1] += 1

    def forward(
        self, x: Tensor, states: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Outputs, and the last h and c with an axis for the one layer in front."""
        tensor("x", x)
        swapped = x.ndim == 3 and not self.batch_first
        h0 = c0 = None
        if states is not None:
            if not isinstance(states, (tuple, list)) or len(states) != 2:
                raise refusal("states", ("the pair (h, c)", "一对 (h, c)"), states, kind=True)
            h0, c0 = (of_one_layer(f"states[{i}]", s) for i, s in enumerate(states))
        h, h_last, c_last = peephole_lstm(
            x.transpose(0, 1) if swapped else x,
            self.weight_ih, self.weight_hh, self.weight_peephole, self.bias, h0, c0, lengths,
        )  # fmt: skip
        return h.transpose(0, 1) if swapped else h, (h_last[None], c_last[None])

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.input_size}, {self.hidden_size}" + ", batch_first=True" * self.batch_first


def _layer(x: Tensor, *arguments: Tensor) -> Sequence[Tensor]:
    """All h and c (T, B, n), for inputs (T, B, d)."""
    if concrete(x, *arguments):
        states: Sequence[Tensor] = _PeepholeLSTM.apply(x, *arguments)
        return states
    return _step_by_step(x, *arguments)


def _step_by_step(
    x: Tensor, W: Tensor, U: Tensor, P: Tensor, b: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """The layer as autograd, `torch.compile` and `torch.func` see through it."""
    n = W.shape[1]
    inputs = nn.functional.linear(x, W.flatten(0, 1), b.flatten())
    recurrent, outputs, cells = U.flatten(0, 1), [], []
    for t in range(x.shape[0]):
        i, f, g, o = (inputs[t] + h @ recurrent.mT).split(n, -1)
        c = torch.sigmoid(f + P[1] * c) * c + torch.sigmoid(i + P[0] * c) * torch.tanh(g)
        h = torch.sigmoid(o + P[2] * c) * torch.tanh(c)
        outputs.append(h)
        cells.append(c)
    return torch.stack(outputs), torch.stack(cells)


class _PeepholeLSTM(torch.autograd.Function):
    """The layer with a backward of its own: what its steps multiply by is computed for all steps at once."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, W: Tensor, U: Tensor, P: Tensor, b: Tensor, h0: Tensor, c0: Tensor
    ) -> Any:
        T, B, n = x.shape[0], x.shape[1], W.shape[1]
        z = torch.baddbmm(b.reshape(1, -1, 1), W.reshape(1, 4 * n, -1).expand(T, -1, -1), x.mT)
        z = z.view(T, 4, n, B)
        h, c = (x.new_empty(T + 1, n, B) for _ in range(2))
        h[0], c[0], squashed = h0.mT, c0.mT, x.new_empty(T, n, B)
        steps_forward(U.reshape(4 * n, n), P, z, h, c, squashed)
        ctx.save_for_backward(x, W, U, P, b, h0, c0, z, h, c, squashed)
        ctx.set_materialize_grads(False)  # the cells are seldom used, and zeros cost what numbers do
        return h[1:].mT, c[1:].mT

    @staticmethod
    def backward(ctx: Any, dh: Tensor | None, dc: Tensor | None) -> Any:
        x, W, U, P, b, h0, c0, z, h, c, squashed = ctx.saved_tensors
        if torch.is_grad_enabled():  # a derivative of the derivative is asked for
            again = _step_by_step(x, W, U, P, b, h0, c0)
            return _second(again, (x, W, U, P, b, h0, c0), (dh, dc), ctx.needs_input_grad)
        T, _, n, B = z.shape
        dz, d_h0, d_c0 = steps_back(U.reshape(4 * n, n), P, z, c, squashed, dh, dc)
        joined = dz.permute(1, 2, 0, 3).reshape(4, n, T * B)
        flat = joined.view(4 * n, T * B)
        old, new = (v.transpose(0, 1).reshape(n, T * B) for v in (c[:-1], c[1:]))
        cells = (old, old, new)
        d_P = torch.stack([torch.linalg.vecdot(joined[k], v) for k, v in zip((0, 1, 3), cells, strict=True)])
        # the narrow side first: some kernels take several times as long for flat @ x with few columns
        d_W = (x.reshape(T * B, -1).mT @ flat.mT).mT.reshape(W.shape)
        d_U = (flat @ h[:-1].transpose(0, 1).reshape(n, T * B).mT).view_as(U)
        d_x = (W.reshape(4 * n, -1).mT @ flat).mT.view(x.shape) if ctx.needs_input_grad[0] else None
        return d_x, d_W, d_U, d_P, joined.sum(2), d_h0.mT, d_c0.mT


def _second(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    weights: Sequence[Tensor | None],
    wanted: Sequence[bool],
) -> tuple[Tensor | None, ...]:
    """The gradients with a graph of their own; outputs without a weight are not used."""
    used = [(v, w) for v, w in zip(outputs, weights, strict=True) if w is not None]
    outputs, weights = [v for v, _ in used], [w for _, w in used]
    chosen = [v for v, w in zip(inputs, wanted, strict=True) if w]
    found = iter(torch.autograd.grad(outputs, chosen, weights, create_graph=True, allow_unused=True))
    return tuple(next(found) if w else None for w in wanted)
