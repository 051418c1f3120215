"""The layers of a model whose curvature is kept as a Kronecker product: which they are, what goes in, what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
ALL = slice(None)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(eq=False)
class Block:
    """Weights with a curvature of their own: G groups, each a matrix (d_out, d_in) with its bias as a last column.

    Attributes:
        name: of the weight in the model.
        weight: the parameter, (G · d_out, …), or a taller one of which `weight_rows` are the block's.
        bias: its bias, or a longer one of which `bias_rows` are the block's; None where it has none.
        groups: G.
        samples_axis: of the layer's inputs and outputs, along which samples lie; all other leading axes share the weight.
        diagonal: whether the input factor is one, as of an embedding, whose inputs are unit vectors; it is kept as a row.
    """

    name: str
    weight: nn.Parameter
    bias: nn.Parameter | None
    weight_rows: slice = field(default_factory=lambda: ALL)
    bias_rows: slice = field(default_factory=lambda: ALL)
    groups: int = 1
    samples_axis: int = 0
    diagonal: bool = False

    def matrix(self, of: Callable[[nn.Parameter], Tensor]) -> Tensor:
        """What `of` says of weight and bias, as (G, d_out, d_in)."""
        weight = of(self.weight)[self.weight_rows]
        if self.diagonal:
            return weight.mT[None]
        rows = weight.reshape(self.groups, weight.shape[0] // self.groups, -1)
        if self.bias is None:
            return rows
        return torch.cat([rows, of(self.bias)[self.bias_rows].reshape(*rows.shape[:2], 1)], -1)

    def spread(self, matrix: Tensor, onto: Callable[[nn.Parameter], Tensor]) -> None:
        """Writes (G, d_out, d_in) into the tensors of weight and bias."""
        weight = onto(self.weight)[self.weight_rows]
        if self.diagonal:
            weight.copy_(matrix[0].mT)
            return
        if self.bias is None:
            weight.copy_(matrix.reshape(weight.shape))
            return
        weight.copy_(matrix[..., :-1].reshape(weight.shape))
        onto(self.bias)[self.bias_rows].copy_(matrix[..., -1].reshape(-1))

    @property
    def sizes(self) -> tuple[int, int]:
        """(d_in, d_out), the bias counted in; 1 for an input factor that is diagonal."""
        if self.diagonal:
            return 1, self.weight.shape[1]
        d_out = len(range(*self.weight_rows.indices(self.weight.shape[0]))) // self.groups
        return self.weight[0].numel() + (self.bias is not None), d_out

    @property
    def suffix(self) -> str:
        """Tells the blocks of one weight apart."""
        return "" if self.weight_rows.start is None else f"_{self.weight_rows.start}"

    def rows_of_inputs(self, rows: Tensor) -> Tensor:
        """(G or 1, n, features) with the column of ones where there is a bias."""
        if self.bias is None:
            return rows
        return torch.cat([rows, rows.new_ones(*rows.shape[:-1], 1)], -1)


def blocks_of(model: nn.Module, largest: int) -> tuple[dict[nn.Module, list[Block]], list[str]]:
    """The blocks by module, and the names of the parameters that belong to none.

    A weight that several modules share, one whose factor would be larger than `largest`, one that is written by
    parametrisation, and every other kind of layer belong to none.
    """
    names = {id(p): name for name, p in model.named_parameters()}
    users: dict[int, int] = {}
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            users[id(parameter)] = users.get(id(parameter), 0) + 1
    chosen: dict[nn.Module, list[Block]] = {}
    treated: set[int] = set()
    inner = {id(m.out_proj) for m in model.modules() if isinstance(m, nn.MultiheadAttention)}
    second = _samples_second(model)
    for module in model.modules():
        for block in _candidates(module, names) if id(module) not in inner else ():
            block.samples_axis = int(id(module) in second)
            own = [p for p in (block.weight, block.bias) if p is not None]
            if all(users[id(p)] == 1 and p.requires_grad for p in own) and max(block.sizes) <= largest:
                chosen.setdefault(module, []).append(block)
                treated.update(id(p) for p in own)
    return chosen, [name for name, p in model.named_parameters() if id(p) not in treated and p.requires_grad]


def _candidates(module: nn.Module, names: dict[int, str]) -> Iterator[Block]:
    def block(
        weight: Any, bias: Any, rows: slice = ALL, bias_rows: slice = ALL, groups: int = 1
    ) -> Iterator[Block]:
        if isinstance(weight, nn.Parameter) and id(weight) in names and (bias is None or id(bias) in names):
            yield Block(names[id(weight)], weight, bias, rows, bias_rows, groups)

    if isinstance(module, nn.Linear):
        yield from block(module.weight, module.bias)
    elif isinstance(module, CONVOLUTIONS):
        yield from block(module.weight, module.bias, groups=module.groups)
    elif isinstance(module, nn.Embedding):
        # a norm that is cut as it is looked up, or gradients divided by frequencies, are another function of the weight
        if module.max_norm is None and not module.scale_grad_by_freq and not module.sparse:
            for embedding in block(module.weight, None):
                embedding.diagonal = True
                yield embedding
    elif isinstance(module, nn.MultiheadAttention):
        for weight, rows, third in input_projections(module):
            yield from block(weight, module.in_proj_bias, rows, third)
        yield from block(module.out_proj.weight, module.out_proj.bias)


def _samples_second(model: nn.Module) -> set[int]:
    """The modules, by identity, whose inputs have the sequence first: known of PyTorch's attentions and their layers."""
    second: set[int] = set()
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention) and not module.batch_first:
            second.add(id(module))
        elif isinstance(module, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)) and not module.self_attn.batch_first:  # fmt: skip
            second |= {id(module.linear1), id(module.linear2)}
    return second


def input_projections(module: nn.MultiheadAttention) -> Iterator[tuple[nn.Parameter, slice, slice]]:
    """The weights of queries, keys and values, with their rows of the weight and of the bias."""
    E = module.embed_dim
    for k, apart in enumerate((module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)):
        third = slice(k * E, (k + 1) * E)
        if module.in_proj_weight is None:
            yield apart, ALL, third
        else:
            yield module.in_proj_weight, third, third


def frequencies(layer: nn.Embedding, tokens: Tensor) -> Tensor:
    """How often each row is looked up, (1, 1, V): the diagonal of Σ aaᵀ of unit vectors; never that of the padding."""
    counts = torch.bincount(tokens.reshape(-1), minlength=layer.num_embeddings)
    counts = counts.to(torch.promote_types(layer.weight.dtype, torch.float32))
    if layer.padding_idx is not None:
        counts[layer.padding_idx] = 0.0
    return counts[None, None]


def reduced(rows: Tensor, samples: int, *, mean: bool) -> Tensor:
    """Rows (G, n · T, features), those of a sample side by side, as their means or sums over T: (G, n, features)."""
    apart = rows.reshape(rows.shape[0], samples, -1, rows.shape[-1])
    return apart.mean(2) if mean else apart.sum(2)


def flat(values: Tensor) -> Tensor:
    """(1, n, features): every leading axis counts samples."""
    return values.reshape(1, -1, values.shape[-1])


def channels_last_rows(values: Tensor, groups: int) -> Tensor:
    """(N, G · c, *space) as (G, N · space, c)."""
    N, space = values.shape[0], values.shape[2:].numel()
    split = values.reshape(N, groups, -1, space)  # (N, G, c, space)
    return split.permute(1, 0, 3, 2).reshape(groups, N * space, -1)


def patches(layer: Convolution, x: Tensor) -> Tensor:
    """What each output of a convolution sees of its input, (G, N · space, c · kernel)."""
    dims = len(layer.kernel_size)
    if x.dim() == dims + 1:
        x = x[None]
    x = F.pad(x, _padding(layer), mode="constant" if layer.padding_mode == "zeros" else layer.padding_mode)
    for axis in range(dims):
        k, s, d = layer.kernel_size[axis], layer.stride[axis], layer.dilation[axis]
        x = x.unfold(2 + axis, (k - 1) * d + 1, s)[..., ::d]
    N, C = x.shape[:2]
    space, kernel = x.shape[2 : 2 + dims].numel(), x.shape[2 + dims :].numel()
    G = layer.groups
    split = x.reshape(N, G, C // G, space, kernel)
    return split.permute(1, 0, 3, 2, 4).reshape(G, N * space, C // G * kernel)


def _padding(layer: Convolution) -> list[int]:
    """As `torch.nn.functional.pad` takes it: the last axis first, before and behind."""
    sides: list[int] = []
    for axis in reversed(range(len(layer.kernel_size))):
        if layer.padding == "same":
            total = layer.dilation[axis] * (layer.kernel_size[axis] - 1)
            sides += [total // 2, total - total // 2]
        else:
            width = 0 if layer.padding == "valid" else int(layer.padding[axis])
            sides += [width, width]
    return sides
