"""Linear-chain conditional random fields."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import concrete, same_device, same_kind, tensor
from gradus.text import Text

__all__ = ["LinearChainCRF"]


class LinearChainCRF(nn.Module):
    r"""A linear-chain conditional random field: a distribution over sequences of tags, given scores.

    .. math:: p(y\mid e)=\frac{\exp s(y,e)}{\sum_{y'}\exp s(y',e)},\qquad
        s(y,e)=a_{y_1}+\sum_{t=1}^Te_{t,y_t}+\sum_{t=2}^TB_{y_{t-1}y_t}+c_{y_T}

    The scores of the tags, e, come from any network. Rows may be padded at the left, at the right or on both sides, as `mask` says;
    what is padded counts for nothing in values and gradients, even NaN. In any precision: sums over paths run in float32 at least.

    Args:
        tags: number K of tags.
        device, dtype: of the parameters.

    Attributes:
        start: a, (K,), a score for the first tag.
        transitions: B, (K, K), a row the tag that is left.
        end: c, (K,), a score for the last tag.

    Raises:
        GradusError: no tag, or a dtype that is not floating-point.

    Source: Lafferty, McCallum and Pereira 2001.

    Example:
        >>> crf = LinearChainCRF(2)
        >>> emissions = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]])
        >>> crf.decode(emissions)[0].tolist(), crf.marginals(emissions).shape
        ([0, 1, 1], torch.Size([1, 3, 2]))
    """

    def __init__(self, tags: int, *, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        tags = whole("tags", tags, least=1)
        if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
            floating = (
                "a floating-point dtype of torch, such as torch.float64",
                "torch 的浮点类型，例如 torch.float64",
            )
            raise refusal("dtype", floating, dtype, kind=True)
        self.start = nn.Parameter(torch.zeros(tags, device=device, dtype=dtype))
        self.transitions = nn.Parameter(torch.zeros(tags, tags, device=device, dtype=dtype))
        self.end = nn.Parameter(torch.zeros(tags, device=device, dtype=dtype))

    def forward(self, emissions: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""The logarithm of p(y | e), a row a number, as `log_likelihood`; its negative mean is the loss to train by.

        Raises:
            GradusError: as `log_likelihood`.

        Example:
            >>> LinearChainCRF(2)(torch.zeros(1, 3, 2), torch.tensor([[0, 1, 1]])).exp().tolist()
            [0.125]
        """
        return self.log_likelihood(emissions, tags, mask)

    def log_likelihood(self, emissions: Tensor, tags: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""The logarithm of p(y | e) of each row.

        .. math:: \frac{\partial\log p(y\mid e)}{\partial B_{ij}}=\#_y(i\to j)-\mathbb E\,\#(i\to j)

        Args:
            emissions: scores of the tags, (n, T, K).
            tags: the right ones, (n, T); what stands where the mask is False is not looked at.
            mask: (n, T), booleans: which steps there are, in one run in each row, wherever it begins; all if left out.

        Raises:
            GradusError: shapes, precisions or devices that do not fit, tags that are none, or a mask with an empty row or a gap.

        Cost: one product of (n, K) and (K, K) a step, and its gradient.

        Source: Sutton and McCallum 2012, §4.

        Example:
            >>> LinearChainCRF(2).log_likelihood(torch.zeros(1, 3, 2), torch.tensor([[0, 1, 1]])).exp().tolist()
            [0.125]
        """
        scores, lengths, order = self._aligned(emissions, mask)
        y = tensor("tags", tags, dtype="integer")
        if y.shape != emissions.shape[:2]:
            shape = str(tuple(y.shape))
            n, T = emissions.shape[:2]
            raise refusal(
                "tags",
                (f"shape ({n}, {T}), as of emissions", f"与 emissions 相同的形状 ({n}, {T})"),
                Text(shape, shape),
            )
        same_device(emissions=emissions, tags=tags)
        y = y.long().gather(1, order)
        steps = torch.arange(y.shape[1], device=y.device)
        inside = steps < lengths[:, None]
        K = len(self.start)
        bad = inside & ((y < 0) | (y >= K))
        if concrete(bad) and bool(bad.any()):
            worst = int(y[bad][0])
            raise refusal("tags", (f"tags from 0 to {K - 1}", f"0 到 {K - 1} 的标签"), worst)
        y = torch.where(inside, y, 0)
        start, B, end = self._weights(scores)
        own = scores.gather(2, y[..., None])[..., 0].sum(1)  # what is padded has scores of 0
        pairs = torch.where(inside[:, 1:], B[y[:, :-1], y[:, 1:]], 0.0).sum(1)
        last = y.gather(1, lengths[:, None] - 1)[:, 0]
        total = start[y[:, 0]] + own + pairs + end[last]
        return (total - self._log_partition(scores, lengths)).to(emissions.dtype)

    def log_partition(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""The logarithm of Z(e), the sum over all sequences of tags, of each row.

        .. math:: \alpha_1=a+e_1,\qquad\alpha_t(j)=\log\sum_i\exp\bigl(\alpha_{t-1}(i)+B_{ij}\bigr)+e_{tj},\qquad
            \log Z=\log\sum_k\exp(\alpha_T(k)+c_k)

        Raises:
            GradusError: as `log_likelihood`.

        Example:
            >>> LinearChainCRF(2).log_partition(torch.zeros(1, 3, 2)).exp().round().tolist()
            [8.0]
        """
        scores, lengths, _ = self._aligned(emissions, mask)
        return self._log_partition(scores, lengths).to(emissions.dtype)

    def marginals(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        r"""P(y_t = k | e) of each step, (n, T, K); 0 where the mask is False. They are the derivatives of log Z by the scores.

        .. math:: P(y_t=k\mid e)=\frac{\partial\log Z}{\partial e_{tk}}

        Differentiable, as everything here but `decode`.

        Raises:
            GradusError: as `log_likelihood`.

        Example:
            >>> LinearChainCRF(2).marginals(torch.zeros(1, 2, 2)).tolist()
            [[[0.5, 0.5], [0.5, 0.5]]]
        """
        scores, lengths, order = self._aligned(emissions, mask)
        alpha, beta = self._messages(scores, lengths), self._messages(scores, lengths, backward=True)
        inside = torch.arange(scores.shape[1], device=scores.device) < lengths[:, None]
        posterior = torch.where(inside[..., None], torch.softmax(alpha + beta, -1), 0.0)
        back = torch.argsort(order, 1)
        return posterior.gather(1, back[..., None].expand_as(posterior)).to(emissions.dtype)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor | None = None) -> list[Tensor]:
        r"""The tags that are the most probable together, argmax p(y | e): a tensor of its own length for each row (Viterbi).

        Raises:
            GradusError: as `log_likelihood`; or NaN among the scores.

        Example:
            >>> [row.tolist() for row in LinearChainCRF(2).decode(torch.eye(2)[None], torch.tensor([[True, False]]))]
            [[0]]
        """
        scores, lengths, _ = self._aligned(emissions, mask)
        start, B, end = self._weights(scores)
        delta, origins = start + scores[:, 0], []
        for t in range(1, scores.shape[1]):
            best, origin = (delta[:, :, None] + B).max(1)
            on = (t < lengths)[:, None]
            delta = torch.where(on, best + scores[:, t], delta)
            origins.append(torch.where(on, origin, torch.arange(len(start), device=scores.device)))
        best, last = (delta + end).max(1)
        if bool(best.isnan().any()):  # compared with anything, NaN would be some tag or other
            row = int(best.isnan().int().argmax())
            came = Text(f"NaN in row {row}", f"第 {row} 行中有 NaN")
            raise refusal("emissions", ("scores that are numbers", "不含 NaN 的得分"), came)
        path = [last]
        for origin in reversed(origins):
            path.append(origin.gather(1, path[-1][:, None])[:, 0])
        return [
            row[:length] for row, length in zip(torch.stack(path[::-1], 1), lengths.tolist(), strict=True)
        ]

    def _weights(self, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.start.to(scores.dtype), self.transitions.to(scores.dtype), self.end.to(scores.dtype)

    def _log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        alpha = self._messages(scores, lengths)
        last = alpha.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, alpha.shape[2]))[:, 0]
        return torch.logsumexp(last + self.end.to(scores.dtype), -1)

    def _messages(self, scores: Tensor, lengths: Tensor, backward: bool = False) -> Tensor:
        """Messages (n, T, K) in logarithms: forward ones hold their own score, backward ones do not."""
        start, B, end = self._weights(scores)
        steps = scores.shape[1]
        if not backward:
            messages = [start + scores[:, 0]]
            for t in range(1, steps):
                messages.append(torch.logsumexp(messages[-1][:, :, None] + B, 1) + scores[:, t])
            return torch.stack(messages, 1)
        messages = [end.expand(len(scores), -1)]
        for t in range(steps - 1, 0, -1):
            step = torch.logsumexp(B + (scores[:, t] + messages[-1])[:, None], 2)
            messages.append(torch.where((t < lengths)[:, None], step, end))
        return torch.stack(messages[::-1], 1)

    def _aligned(self, emissions: Any, mask: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Scores with each row's steps first and 0 after them, the lengths, and where each step stood."""
        sizes = Sizes()
        sizes["K"] = (len(self.start), "tags")
        e = tensor("emissions", emissions, "n T K", sizes, meta=False)
        same_kind(emissions=e, parameters=self.start)
        n, T, _ = e.shape
        if T == 0:
            raise refusal("emissions", ("at least one step", "至少一步"), Text("none", "零步"))
        wide = e if e.dtype in (torch.float32, torch.float64) else e.float()
        steps = torch.arange(T, device=e.device)
        if mask is None:
            return wide, torch.full((n,), T, device=e.device), steps.expand(n, T)
        mask = tensor("mask", mask, dtype="any", meta=False)
        if mask.dtype != torch.bool or mask.shape != (n, T):
            raise refusal(
                "mask", (f"booleans of shape ({n}, {T})", f"形状为 ({n}, {T}) 的布尔张量"), mask, kind=True
            )
        same_device(emissions=e, mask=mask)
        lengths = mask.sum(1)
        first = mask.int().argmax(1)
        if concrete(mask):
            run = (steps >= first[:, None]) & (steps < (first + lengths)[:, None])
            wrong = (lengths == 0) | (run != mask).any(1)
            if bool(wrong.any()):
                row = int(wrong.int().argmax())
                found = Text(
                    f"row {row}: {mask[row].int().tolist()}", f"第 {row} 行：{mask[row].int().tolist()}"
                )
                raise refusal("mask", ("one run of steps in each row", "每行恰有一段连续的步"), found)
        order = (steps + first[:, None]) % T
        moved = wide.gather(1, order[..., None].expand_as(wide))
        return torch.where((steps < lengths[:, None])[..., None], moved, 0.0), lengths, order
