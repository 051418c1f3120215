"""Evidence of probability 0: which findings exclude one another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gradus.errors import GradusError
from gradus.inference.evidence import Evidence
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.inference.compiled import CompiledNetwork

__all__ = ["impossible"]


def impossible(compiled: CompiledNetwork, known: Evidence, place: int | None) -> GradusError:
    """The error for evidence that has no probability: findings that exclude one another, with none to spare.

    Without any one of them the rest of those named would be possible; fewer others may exclude one another, too.
    """
    states = compiled.network.states
    findings = {v: states[v][i] for v, i in known.findings[place or 0].items()}
    which = Text("", "") if place is None else Text(f"set {place}: ", f"第 {place} 组：")
    if compiled.log_evidence() == -math.inf:
        return GradusError(
            Text(
                "network: expected factors whose product is not 0 everywhere, got Z = 0; no state of it is possible",
                "network：各因子之积应不恒为 0，实得 Z = 0；任何状态都不可能",
            )
        )
    if compiled.log_evidence(findings) > -math.inf:
        soft = ", ".join(known.soft)
        return GradusError(
            Text(
                f"soft: {which.en}the likelihoods of {soft} leave no state that the network and the findings allow",
                f"soft：{which.zh}{soft} 的似然与网络及证据不相容，没有任何可能的状态",
            )
        )
    needed = list(findings)
    for v in list(findings):
        rest = {u: findings[u] for u in needed if u != v}
        if compiled.log_evidence(rest) == -math.inf:
            needed.remove(v)
    several = ", ".join(f"{v}={findings[v]}" for v in needed)
    if len(needed) == 1:
        en, zh = f"{several} has probability 0 in this network", f"{several} 在此网络中概率为 0"
    else:
        en = f"{several} exclude one another: together they have probability 0 in this network"
        zh = f"{several} 互相矛盾：在此网络中同时成立的概率为 0"
    return GradusError(
        Text(f"evidence: {which.en}{en}; drop one of them", f"evidence：{which.zh}{zh}；请去掉其中一项")
    )
