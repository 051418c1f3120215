"""Whether outputs are, near the present parameters, an affine function of every single parameter: read off their graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

# By the names of autograd's nodes. Of one argument, or of several that are added, chosen or put side by side:
LINEAR = {
    "AccumulateGrad", "AdaptiveAvgPool1DBackward", "AdaptiveAvgPool2DBackward", "AdaptiveAvgPool3DBackward",
    "AdaptiveMaxPool2DBackward", "AdaptiveMaxPool3DBackward", "AddBackward", "AliasBackward", "AmaxBackward", "AminBackward",
    "AsStridedBackward", "AvgPool2DBackward", "AvgPool3DBackward", "BackwardHookFunctionBackward", "CatBackward", "ChunkBackward", "ClampBackward",
    "ClampMaxBackward", "ClampMinBackward", "CloneBackward", "CumsumBackward", "DiagonalBackward", "PixelShuffleBackward",
    "SortBackward", "TopkBackward", "TrilBackward", "TriuBackward", "Im2ColBackward", "Col2ImBackward",
    "ConstantPadNdBackward", "ContiguousBackward", "DetachBackward", "EmbeddingBackward", "ExpandBackward", "FlipBackward", "GatherBackward",
    "HardtanhBackward", "IndexBackward", "IndexSelectBackward", "LeakyReluBackward", "MaskedFillBackward", "MaxBackward",
    "MaxPool2DWithIndicesBackward", "MaxPool3DWithIndicesBackward", "MaximumBackward", "MeanBackward", "MinBackward",
    "MinimumBackward", "NegBackward", "PermuteBackward", "ReluBackward", "RepeatBackward", "ReshapeAliasBackward",
    "RollBackward", "SelectBackward", "SliceBackward", "SplitBackward", "SplitWithSizesBackward", "SqueezeBackward",
    "StackBackward", "SubBackward", "SumBackward", "TBackward", "ThresholdBackward", "ToCopyBackward", "TransposeBackward",
    "UnbindBackward", "UnfoldBackward", "UnsafeViewBackward", "UnsqueezeBackward", "UpsampleBilinear2DBackward",
    "UpsampleNearest1DBackward", "UpsampleNearest2DBackward", "ViewBackward", "WhereBackward", "AbsBackward",
}  # fmt: skip
# Products of their arguments: affine in each parameter that stands in one factor only.
PRODUCTS = {
    "AddbmmBackward", "AddmmBackward", "AddmvBackward", "BaddbmmBackward", "BmmBackward", "ConvolutionBackward",
    "DivBackward", "DotBackward", "MmBackward", "MulBackward", "MvBackward", "NativeBatchNormBackward", "PreluKernelBackward",
}  # fmt: skip
ADDING = {
    "AddbmmBackward",
    "AddmmBackward",
    "AddmvBackward",
    "BaddbmmBackward",
}  # whose first argument is a summand


def curved_operation(outputs: Tensor, parameters: Sequence[Tensor]) -> str | None:
    """The first operation that keeps the outputs from being piecewise affine in each parameter; None where there is none.

    Where it is None the second derivative of every output by any one parameter is 0 almost everywhere: the Hessian of a
    loss and its Gauss–Newton matrix have the same diagonal. An operation that is not known counts as curved.
    """
    own = {id(p): k for k, p in enumerate(parameters)}
    below: dict[Any, frozenset[int]] = {}
    stack = [outputs.grad_fn] if outputs.grad_fn is not None else []
    while stack:
        node: Any = stack[-1]
        children = [child for child, _ in node.next_functions if child is not None]
        waiting = [child for child in children if child not in below]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if node in below:
            continue
        variable = getattr(node, "variable", None)
        sets = [
            frozenset({own[id(variable)]}) if variable is not None and id(variable) in own else frozenset()
        ]
        sets += [below[child] if child is not None else frozenset() for child, _ in node.next_functions]
        below[node] = frozenset().union(*sets)
        if below[node] and not _straight(node, sets[1:]):
            return str(node.name())
    return None


def _straight(node: Any, factors: list[frozenset[int]]) -> bool:
    name = type(node).__name__.rstrip("0123456789")
    if name in LINEAR:
        return True
    if name not in PRODUCTS:
        return False
    if name == "NativeBatchNormBackward" and getattr(node, "_saved_training", True):
        return False
    if name == "DivBackward" and len(factors) > 1 and factors[1]:
        return False
    if name in ADDING:
        factors = factors[1:]
    return sum(map(len, factors)) == len(frozenset().union(*factors))
