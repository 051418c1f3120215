"""The logarithm of the evidence as a function of the tables, differentiable by PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import same_device, same_kind, tensor
from gradus.inference.evidence import Evidence
from gradus.inference.passes import log_of, upward
from gradus.inference.potentials import multiplied
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference.compiled import CompiledNetwork

__all__ = ["tensor_log_evidence"]


def tensor_log_evidence(compiled: CompiledNetwork, known: Evidence, tables: Any) -> Tensor:
    """`CompiledNetwork.log_evidence` of tables given as tensors.

    Raises:
        GradusError: another number of tables, or one of another shape, kind or device, or with an entry that is negative or not finite.
    """
    factors = compiled.network.factors
    if isinstance(tables, (str, Mapping, Tensor)) or not hasattr(tables, "__len__"):
        raise refusal(
            "tables", ("a list of tensors, one a factor", "张量的列表，每个因子一个"), tables, kind=True
        )
    if len(tables) != len(factors):
        came = Text(f"{len(tables)}", f"{len(tables)} 个")
        raise refusal(
            "tables", (f"{len(factors)} tensors, one a factor", f" {len(factors)} 个张量，每个因子一个"), came
        )
    given = {}
    for i, (factor, table) in enumerate(zip(factors, tables, strict=True)):
        name, shape = f"tables[{i}]", factor.table.shape
        given[name] = tensor(name, table, meta=False, finite=True)
        if tuple(table.shape) != shape:
            came = Text(str(tuple(table.shape)), str(tuple(table.shape)))
            raise refusal(name, (f"the shape {shape}", f"形状 {shape}"), came)
        if bool((table < 0).any()):
            least = Text(f"{table.min().item():.6g}", f"{table.min().item():.6g}")
            raise refusal(name, ("no negative number", "非负数"), least)
    if not given:
        return torch.zeros((), dtype=torch.float64)
    same_kind(**given)
    same_device(**given)
    first = next(iter(given.values()))
    products, constant = multiplied(compiled.network, compiled.clusters, list(given.values()))
    potentials = [
        torch.ones([1] * len(c.shape), dtype=first.dtype, device=first.device) if p is None else p
        for c, p in zip(compiled.clusters, products, strict=True)
    ]
    vectors = {
        v: torch.as_tensor(x, dtype=first.dtype, device=first.device) for v, x in known.vectors.items()
    }
    up = upward(compiled.clusters, potentials, vectors, known.batch is not None, ["sum"] * len(potentials))
    log = log_of(up, [x[0] for v, x in vectors.items() if v not in compiled.places]) + constant
    log = log if isinstance(log, Tensor) else torch.as_tensor(log, dtype=first.dtype, device=first.device)
    return log.expand(known.batch) if known.batch is not None else log
