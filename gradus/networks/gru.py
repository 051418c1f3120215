"""The gated recurrent unit in both its forms: the state is reset before the recurrent product, or the product after it."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gradus.arguments import Sizes, flag, whole
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.networks.padded_sequences import Rows, of_one_layer

__all__ = ["GRU", "gru"]


def gru(
    x: Float[Tensor, "*batch T d"],
    W: Float[Tensor, "3 n d"],
    U: Float[Tensor, "3 n n"],
    b: Float[Tensor, "3 n"],
    c: Float[Tensor, "3 n"],
    h0: Float[Tensor, "*batch n"] | None = None,
    reset_after: bool = True,
    lengths: Int[Tensor, "*batch"] | None = None,
) -> tuple[Float[Tensor, "*batch T n"], Float[Tensor, "*batch n"]]:
    r"""A layer of gated recurrent units.

    .. math::
        r_t, z_t = \sigma(W x_t + b + U h_{t-1} + c), \quad h_t = (1 - z_t) \odot \tilde h_t + z_t \odot h_{t-1} \\
        \tilde h_t = \tanh\bigl(W_n x_t + b_n + r_t \odot (U_n h_{t-1} + c_n)\bigr) \text{ (after), or }
        \tanh\bigl(W_n x_t + b_n + U_n (r_t \odot h_{t-1}) + c_n\bigr) \text{ (before)}

    Args:
        x: inputs (..., T, d).
        W: input weights of r, z, n (3, n, d).
        U: recurrent weights (3, n, n).
        b: biases of the inputs (3, n).
        c: biases of the recurrent products (3, n).
        h0: first state, 0 unless given.
        reset_after: whether the product is reset, as in `torch.nn.GRU` and cuDNN, or the state before it, as in cho2014learning.
        lengths: steps of each row, where rows are padded at their end.

    Returns:
        h (..., T, n), 0 after the end of a row; the last h of each row (..., n).

    Raises:
        GradusError: shapes that do not fit, several precisions, lengths beyond T.

    Cost: 6·T·n·(d + n) operations a sequence; training keeps 5·T·n numbers.

    Source: cho2014learning, eq. 5 to 8; chung2014empirical.

    Example:
        >>> import torch
        >>> zero = torch.zeros
        >>> h, last = gru(zero(5, 2), zero(3, 4, 2), zero(3, 4, 4), zero(3, 4), zero(3, 4), h0=torch.ones(4))
        >>> last.tolist()
        [0.03125, 0.03125, 0.03125, 0.03125]
    """
    sizes = Sizes(gates=(3, "r, z, n"))
    tensor("x", x, "*batch T>=1 d", sizes)
    tensor("W", W, "gates n d", sizes)
    tensor("U", U, "gates n n", sizes)
    tensor("b", b, "gates n", sizes)
    tensor("c", c, "gates n", sizes)
    same_kind(x=x, W=W, U=U, b=b, c=c)
    flag("reset_after", reset_after)
    rows = Rows.of(x.to(W.dtype), lengths)
    first = rows.state("h0", h0, W.shape[1])
    same_kind(W=W, h0=h0)
    arguments = rows.x.transpose(0, 1), W, U, b, c, first
    if concrete(*arguments):
        h = _GRU.apply(reset_after, *arguments)
    else:
        h = _step_by_step(reset_after, *arguments)
    return rows.outputs(h), rows.last(h, first)


class GRU(nn.Module):
    r"""`gru` with weights of its own, called as `torch.nn.GRU` with one layer is.

    All weights are drawn from U(−1/√n, 1/√n), as PyTorch draws them.

    Args:
        input_size: d.
        hidden_size: n.
        batch_first: whether inputs and outputs are (batch, T, ·); (T, batch, ·) unless given. A sequence alone is (T, d).
        reset_after: as for `gru`.

    Raises:
        GradusError: sizes that are no whole numbers above 0.

    Source: cho2014learning.

    Example:
        >>> import torch
        >>> h, last = GRU(2, 3, batch_first=True, reset_after=False)(torch.zeros(4, 5, 2))
        >>> h.shape, last.shape
        (torch.Size([4, 5, 3]), torch.Size([1, 4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, batch_first: bool = False, reset_after: bool = True
    ) -> None:
        super().__init__()
        self.input_size = whole("input_size", input_size, least=1)
        self.hidden_size = whole("hidden_size", hidden_size, least=1)
        self.batch_first = flag("batch_first", batch_first)
        self.reset_after = flag("reset_after", reset_after)
        d, n = self.input_size, self.hidden_size
        self.weight_ih = nn.Parameter(torch.empty(3, n, d))
        self.weight_hh = nn.Parameter(torch.empty(3, n, n))
        self.bias_ih = nn.Parameter(torch.empty(3, n))
        self.bias_hh = nn.Parameter(torch.empty(3, n))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        width = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -width, width)

    def forward(
        self, x: Tensor, h0: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Outputs, and the last state with an axis for the one layer in front."""
        tensor("x", x)
        swapped = x.ndim == 3 and not self.batch_first
        h, last = gru(
            x.transpose(0, 1) if swapped else x,
            self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh,
            None if h0 is None else of_one_layer("h0", h0), self.reset_after, lengths,
        )  # fmt: skip
        return h.transpose(0, 1) if swapped else h, last[None]

    def extra_repr(self) -> str:
        """The sizes, and which form it is where it is not PyTorch's."""
        options = ", batch_first=True" * self.batch_first + ", reset_after=False" * (not self.reset_after)
        return f"{self.input_size}, {self.hidden_size}{options}"


def _step_by_step(after: bool, x: Tensor, W: Tensor, U: Tensor, b: Tensor, c: Tensor, h: Tensor) -> Tensor:
    """The layer as autograd, `torch.compile` and `torch.func` see through it."""
    n = W.shape[1]
    inputs = nn.functional.linear(x, W.flatten(0, 1), b.flatten())
    gates, candidate, states = U[:2].flatten(0, 1), U[2], []
    for t in range(x.shape[0]):
        w_rz, w_n = inputs[t].split([2 * n, n], -1)
        r, z = torch.sigmoid(w_rz + h @ gates.mT + c[:2].flatten()).split(n, -1)
        if after:
            new = torch.tanh(w_n + r * (h @ candidate.mT + c[2]))
        else:
            new = torch.tanh(w_n + (r * h) @ candidate.mT + c[2])
        h = (1 - z) * new + z * h
        states.append(h)
    return torch.stack(states)


class _GRU(torch.autograd.Function):
    """The layer with units first, (n, B), so that each gate is one block of memory; a backward of its own."""

    @staticmethod
    def forward(
        ctx: Any, after: bool, x: Tensor, W: Tensor, U: Tensor, b: Tensor, c: Tensor, h0: Tensor
    ) -> Tensor:
        T, B, n = x.shape[0], x.shape[1], W.shape[1]
        bias = torch.stack((b[0] + c[0], b[1] + c[1], b[2] if after else b[2] + c[2]))
        a = torch.baddbmm(bias.reshape(1, -1, 1), W.reshape(1, 3 * n, -1).expand(T, -1, -1), x.mT)
        a = a.view(T, 3, n, B)  # r, z and the candidate
        h = x.new_empty(T + 1, n, B)
        q = x.new_empty(T, n, B)  # after: U h + c; before: r ⊙ h
        h[0] = h0.mT
        gates, candidate = U[:2].reshape(2 * n, n), U[2]
        rows = zip(a[:, :2].unbind(), a[:, 2].unbind(), strict=True)
        hs, qs, shift = h.unbind(), q.unbind(), c[2][:, None].expand(n, B)
        for t, (both, new) in enumerate(rows):
            r, z = both.view(2 * n, B).addmm_(gates, hs[t]).sigmoid_().view(2, n, B).unbind()
            if after:
                new.addcmul_(r, torch.addmm(shift, candidate, hs[t], out=qs[t]))
            else:
                new.addmm_(candidate, torch.mul(r, hs[t], out=qs[t]))
            torch.lerp(new.tanh_(), hs[t], z, out=hs[t + 1])
        ctx.after = after
        ctx.save_for_backward(x, W, U, b, c, h0, a, h, q)
        return h[1:].mT

    @staticmethod
    def backward(ctx: Any, dh: Tensor) -> Any:
        x, W, U, b, c, h0, a, h, q = ctx.saved_tensors
        if torch.is_grad_enabled():  # a derivative of the derivative is asked for
            inputs = (x, W, U, b, c, h0)
            chosen = [v for v, w in zip(inputs, ctx.needs_input_grad[1:], strict=True) if w]
            found = iter(
                torch.autograd.grad(_step_by_step(ctx.after, *inputs), chosen, dh, create_graph=True)
            )
            return None, *[next(found) if w else None for w in ctx.needs_input_grad[1:]]
        da, dq, d_h0 = _through_time(ctx.after, U, a, h, q, dh)
        T, B, n = x.shape[0], x.shape[1], W.shape[1]
        joined = da.transpose(0, 1).transpose(1, 2).reshape(3, n, T * B)
        before = h[:-1].transpose(0, 1).reshape(n, T * B)
        inner = dq.transpose(0, 1).reshape(n, T * B)
        d_U = torch.empty_like(U)
        torch.mm(joined[:2].reshape(2 * n, T * B), before.mT, out=d_U[:2].view(2 * n, n))
        if ctx.after:
            torch.mm(inner, before.mT, out=d_U[2])
        else:
            torch.mm(joined[2], q.transpose(0, 1).reshape(n, T * B).mT, out=d_U[2])
        d_b = joined.sum(2)
        d_c = torch.stack((d_b[0], d_b[1], inner.sum(1) if ctx.after else d_b[2]))
        flat = joined.view(3 * n, T * B)
        d_W = (flat @ x.flatten(0, 1)).view_as(W)
        d_x = (flat.mT @ W.reshape(3 * n, -1)).view(x.shape) if ctx.needs_input_grad[1] else None
        return None, d_x, d_W, d_U, d_b, d_c, d_h0.mT


def _through_time(
    after: bool, U: Tensor, a: Tensor, h: Tensor, q: Tensor, dh: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Derivatives by the sums of r, z and the candidate (T, 3, n, B), by q (T, n, B), and by the first state.

    What a step multiplies by is computed for all steps at once.
    """
    T, _, n, B = a.shape
    r, z, new = a.unbind(1)
    by_new = (1 - z) * (1 - new * new)
    by_z = (h[:-1] - new) * z * (1 - z)
    da, dq = torch.empty_like(a), torch.empty_like(q)
    recurrent = U[:2].reshape(2 * n, n).mT.contiguous()
    candidate = U[2].mT.contiguous()
    d_h = [*dh.mT.contiguous().unbind()]
    d_h0 = a.new_zeros(n, B)
    d_r, d_z, d_n = da.unbind(1)
    slopes = q * r * (1 - r) if after else h[:-1] * r * (1 - r)
    rs, zs, new_s, z_s, r_s = r.unbind(), z.unbind(), by_new.unbind(), by_z.unbind(), slopes.unbind()
    drs, dzs, dns, dqs, gates = d_r.unbind(), d_z.unbind(), d_n.unbind(), dq.unbind(), da[:, :2].unbind()
    for t in reversed(range(T)):
        down = d_h[t - 1] if t else d_h0
        torch.mul(d_h[t], z_s[t], out=dzs[t])
        torch.mul(d_h[t], new_s[t], out=dns[t])
        down.addcmul_(d_h[t], zs[t])
        if after:
            torch.mul(dns[t], rs[t], out=dqs[t])
            torch.mul(dns[t], r_s[t], out=drs[t])
            down.addmm_(candidate, dqs[t])
        else:
            torch.mm(candidate, dns[t], out=dqs[t])  # by r ⊙ h
            torch.mul(dqs[t], r_s[t], out=drs[t])
            down.addcmul_(dqs[t], rs[t])
        down.addmm_(recurrent, gates[t].view(2 * n, B))
    return da, dq, d_h0
