"""Watches a model's forward pass, and gathers for each block the second moments of its inputs and of its gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.optimization.forward_hooks import BeginHook, EndHook, Hook
from gradus.optimization.kronecker_layers import (
    CONVOLUTIONS,
    Block,
    channels_last_rows,
    flat,
    frequencies,
    input_projections,
    patches,
    reduced,
)
from gradus.text import Text

Rows = Callable[[Tensor], Tensor]


@dataclass(eq=False)
class _Use:
    """One use of a block in a forward pass: where the gradient of its output is found, and how it becomes rows."""

    block: Block
    edge: GradientEdge
    rows: Rows


class Recorder:
    """Sums aaᵀ and ggᵀ over what passes through the blocks while it is on.

    Args:
        model: whose forward passes are watched, in training mode and with gradients.
        blocks: by module.
        columns: from the model's outputs to the vectors by whose back-propagation g comes; None where g is that of the
            loss itself, which the user's own backward pass brings.
        due: whether the next forward pass is to be watched.
        reduce: whether the uses of a weight within a sample are taken together: the mean of a, the sum of g.
    """

    def __init__(
        self,
        model: nn.Module,
        blocks: dict[nn.Module, list[Block]],
        columns: Callable[[Tensor], Iterator[Tensor]] | None,
        due: Callable[[], bool],
        reduce: bool = False,
    ) -> None:
        self.reduce = reduce
        self.columns, self.due, self.on, self.paused = columns, due, False, False
        self.uses: list[_Use] = []
        self.arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self.clear()
        self.handles = [model.register_forward_pre_hook(BeginHook(self), with_kwargs=True)]
        for module, own in blocks.items():
            self.handles.append(module.register_forward_hook(LayerHook(self, own), with_kwargs=True))
        self.handles.append(model.register_forward_hook(EndHook(self)))

    def clear(self) -> None:
        """Forgets all sums."""
        self.inputs: dict[Block, tuple[Tensor, int]] = {}
        self.outputs: dict[Block, Tensor] = {}
        self.samples = 0

    def remove(self) -> None:
        """Takes the hooks off the model."""
        for handle in self.handles:
            handle.remove()

    def begin(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Before the model's forward pass."""
        watched = not self.paused and model.training and torch.is_grad_enabled()
        self.on = watched and self.due()
        self.uses = []
        if watched:
            self.arguments = arguments, options

    def use(
        self, block: Block, x: Tensor, output: Tensor, rows_in: Rows, rows_out: Rows, samples: int = 0
    ) -> None:
        """The block has made `output` of `x`; `samples` of them, where its rows are more and are to be taken together."""
        if not output.requires_grad:
            return
        if self.reduce and samples and not block.diagonal:
            rows_in = _together(rows_in, samples, mean=True)
            rows_out = _together(rows_out, samples, mean=False)
        with torch.no_grad():
            moment, count = self.inputs.get(block, (0, 0))
            if block.diagonal:
                self.inputs[block] = moment + rows_in(x), count + x.numel()
            else:
                rows = block.rows_of_inputs(_wide(rows_in(x.detach())))
                self.inputs[block] = moment + rows.mT @ rows, count + rows.shape[-2]
        if self.columns is None:
            output.register_hook(lambda g: self.gradients(block, rows_out(g)))
        else:
            self.uses.append(_Use(block, get_gradient_edge(output), rows_out))

    @torch.no_grad()
    def gradients(self, block: Block, rows: Tensor) -> None:
        """Adds ggᵀ."""
        rows = _wide(rows)
        before = self.outputs.get(block)
        self.outputs[block] = rows.mT @ rows if before is None else before + rows.mT @ rows

    def end(self, output: Any) -> None:
        """After the model's forward pass: g of targets that the model's own distribution draws, or of all of them."""
        if not self.on:
            return
        self.on = False
        if not isinstance(output, Tensor):
            got = type(output).__name__
            raise GradusError(
                Text(
                    f"KFAC: expected the model to return one tensor, got {got}; wrap it so that it returns the logits or means alone",
                    f"KFAC：模型应返回单个张量，得到 {got}；请加一层包装，只返回 logits 或均值",
                )
            )
        self.samples += output.shape[:-1].numel()
        if self.columns is None or not self.uses:
            return
        edges = [use.edge for use in self.uses]
        for column in self.columns(output.detach()):
            found = torch.autograd.grad(output, edges, column, retain_graph=True, allow_unused=True)
            for use, g in zip(self.uses, found, strict=True):
                if g is not None:
                    self.gradients(use.block, use.rows(g))
        self.uses = []


def _together(rows: Rows, samples: int, *, mean: bool) -> Rows:
    return lambda values: reduced(_wide(rows(values)), samples, mean=mean)


def _wide(values: Tensor) -> Tensor:
    return values.to(torch.promote_types(values.dtype, torch.float32))


class LayerHook(Hook[Recorder]):
    """After the forward pass of a module with blocks."""

    def __init__(self, recorder: Recorder | None = None, blocks: Sequence[Block] = ()) -> None:
        super().__init__(recorder)
        self.blocks = blocks

    def __call__(
        self, module: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any], output: Any
    ) -> Any:
        """Tells the recorder of what passed through the module's blocks."""
        recorder = self.watcher
        if recorder is None or not recorder.on:
            return None
        if isinstance(module, nn.MultiheadAttention):
            return watched_attention(module, self.blocks, recorder, *arguments, **options)
        x = arguments[0] if arguments else options["input"]
        block = self.blocks[0]
        if isinstance(module, CONVOLUTIONS):
            dims = len(module.kernel_size)
            recorder.use(
                block, x, output,
                lambda v: patches(module, v),
                lambda g: channels_last_rows(g if g.dim() == dims + 2 else g[None], module.groups),
                len(x) if x.dim() == dims + 2 else 1,
            )  # fmt: skip
        elif isinstance(module, nn.Embedding):
            recorder.use(block, x, output, lambda tokens: frequencies(module, tokens), flat)
        else:
            of_sequences(recorder, block, x, output)
        return None


def of_sequences(recorder: Recorder, block: Block, x: Tensor, output: Tensor, alone: bool = False) -> None:
    """The block has made `output` of `x` (…, features), of which one leading axis is that of the samples, or none (`alone`)."""
    axis = block.samples_axis if x.dim() > 2 else 0
    rows = (lambda v: flat(v.movedim(axis, 0))) if axis else flat
    recorder.use(block, x, output, rows, rows, 1 if alone or x.dim() == 1 else x.shape[axis])


def watched_attention(
    module: nn.MultiheadAttention, blocks: Sequence[Block], recorder: Recorder,
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None, need_weights: bool = True,
    attn_mask: Tensor | None = None, average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """The attention's result once more, its projections outside of PyTorch's own function, which shows nothing of them.

    PyTorch's function gets the projected queries, keys and values, and identity matrices for its weights.
    """
    of = {(id(block.weight), block.weight_rows.start): block for block in blocks}
    bias, projected = module.in_proj_bias, []
    for x, (weight, rows, third) in zip((query, key, value), input_projections(module), strict=True):
        y = F.linear(x, weight[rows], None if bias is None else bias[third])
        if (block := of.get((id(weight), rows.start))) is not None:
            of_sequences(recorder, block, x, y, alone=x.dim() == 2)
        projected.append(y)
    swap = module.batch_first and query.dim() == 3
    identity = torch.eye(module.embed_dim, dtype=query.dtype, device=query.device)
    q, k, v = (y.transpose(0, 1) if swap else y for y in projected)
    heads, shares = F.multi_head_attention_forward(
        q, k, v, module.embed_dim, module.num_heads, identity.repeat(3, 1), None, module.bias_k, module.bias_v,
        module.add_zero_attn, module.dropout, identity, None, training=module.training,
        key_padding_mask=key_padding_mask, need_weights=need_weights, attn_mask=attn_mask,
        average_attn_weights=average_attn_weights, is_causal=is_causal,
    )  # fmt: skip
    heads = heads.transpose(0, 1) if swap else heads
    output = F.linear(heads, module.out_proj.weight, module.out_proj.bias)
    if (block := of.get((id(module.out_proj.weight), None))) is not None:
        of_sequences(recorder, block, heads, output, alone=heads.dim() == 2)
    return output, shares
