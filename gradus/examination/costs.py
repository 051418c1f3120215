"""What a model costs, counted rather than timed: operations, nodes of the graph, bytes of what its layers put out."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import nn

from gradus.examination.batches import bytes_of, length, tensors


def operations_of(subject: Any) -> float:
    """Operations of a forward pass of one sample, by PyTorch's counter; at least two a parameter."""
    from torch.utils.flop_counter import FlopCounterMode

    inputs, _ = subject.part(2)
    counted = 0
    with contextlib.suppress(Exception), subject.evaluating_plainly(), torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            subject.run(inputs)
        counted = counter.get_total_flops() // length(inputs)
    return float(max(counted, 2 * sum(p.numel() for p in subject.model.parameters())))


def nodes_of(subject: Any) -> int:
    """Nodes of autograd's graph of a loss; a recurrent layer is one node, and has many steps."""
    modules = list(subject.model.modules())
    with contextlib.suppress(Exception), subject.evaluating_plainly(), torch.enable_grad():
        inputs, targets = subject.part(2)
        seen: set[Any] = set()
        waiting = [subject.value(inputs, targets).grad_fn]
        while waiting and len(seen) < 100_000:
            node = waiting.pop()
            if node is not None and node not in seen:
                seen.add(node)
                waiting += [n for n, _ in node.next_functions]
        longest = max((max(t.shape[1:]) for t in tensors(inputs) if t.dim() > 1), default=1)
        return max(len(seen), len(modules) + 3) + 20 * longest * sum(
            isinstance(m, nn.RNNBase) for m in modules
        )
    return len(modules) + 3


def activation_bytes_of(subject: Any) -> float:
    """Bytes of what all layers put out for a sample; of the input where that cannot be heard."""
    inputs, _ = subject.part(1)
    sizes: list[int] = []
    leaves = [
        m
        for m in subject.model.modules()
        if not list(m.children()) and not isinstance(m, torch.jit.ScriptModule)
    ]
    handles = [m.register_forward_hook(lambda _, __, out: sizes.append(bytes_of(out))) for m in leaves]
    try:
        with contextlib.suppress(Exception), subject.evaluating_plainly(), torch.no_grad():
            subject.run(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return float(sum(sizes) or bytes_of(inputs))
