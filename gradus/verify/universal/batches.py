"""The claims about batches: as one by one, and empty where the batch is empty."""

from __future__ import annotations

import numpy as np

from gradus.errors import raised
from gradus.frameworks import Adapted
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import FEW, Measure, over_cases
from gradus.verify.universal.sensitivity import REFUSALS, largest, parts, sensitivity, symbol_of, terms_of
from gradus.verify.universal.values import close


def accepts_batches(concept: Concept) -> Measure:
    """The claim's measurement: a case and its fellow, stacked, beside the two apart."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        few = FEW * adapted.framework.compiles
        return over_cases(concept, rng, lambda arguments: _one_by_one(concept, adapted, arguments), few)

    return measure


def accepts_empty_batch(concept: Concept) -> Measure:
    """The claim's measurement: a batch of none has results of the right shapes."""
    why = Text("the shape with a batch of 0", "批量为 0 的形状")

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            names = _batched(concept, arguments)
            with np.errstate(all="ignore"):
                want = [(0, *r.shape) for r in parts(concept.definition(**arguments))]
            none = {k: np.zeros((0, *arguments[k].shape), arguments[k].dtype) for k in names}
            got = [r.shape for r in parts(adapted(**{**arguments, **none}))]
            note = Text("", "")
            if got != want:
                note = Text(f"shapes {got}, expected {want}", f"形状为 {got}，应为 {want}")
            return Evidence("identical", float(got != want), "=", 0.0, 0.0, why, note)

        return over_cases(concept, rng, one, few=FEW * adapted.framework.compiles)

    return measure


def _one_by_one(concept: Concept, adapted: Adapted, arguments: Arguments) -> Evidence:
    names = _batched(concept, arguments, kind="f")
    members = [arguments, _fellow(concept, arguments, names)]
    stacked = {**arguments, **{k: np.stack([m[k] for m in members]) for k in names}}
    want = [np.stack(pair) for pair in zip(*[parts(adapted(**m)) for m in members], strict=True)]
    with np.errstate(all="ignore"):
        sizes = sensitivity(concept, arguments, parts(concept.definition(**arguments)))
    try:
        got = parts(adapted(**stacked))
    except REFUSALS as error:
        if adapted.name.startswith("gradus."):
            raise
        en, zh = raised(error)
        raise NotApplicable(
            Text(f"it does not take such a batch: {en}", f"它不接受这样的批量：{zh}")
        ) from None
    n = terms_of(concept, arguments)
    return all_of(
        *[close(g, w, max(s, largest(w)), n, "float64") for g, w, s in zip(got, want, sizes, strict=True)]
    )


def _fellow(concept: Concept, arguments: Arguments, names: list[str]) -> Arguments:
    """Other arguments of the same shapes: halved, or reversed where they must go on adding up to 1."""
    if any(symbol_of(concept, k).domain == "simplex" for k in names):
        return {**arguments, **{k: arguments[k][..., ::-1] for k in names}}
    return {**arguments, **{k: arguments[k][...] * 0.5 for k in names}}


def _batched(concept: Concept, arguments: Arguments, kind: str = "") -> list[str]:
    """The arguments with a batch axis; those whose numbers are of the kind, where it matters."""
    rows = [s.argument for s in concept.symbols if s.batched and s.argument]
    names = [k for k in rows if isinstance(arguments.get(k), np.ndarray) and kind in arguments[k].dtype.kind]
    if not names:
        raise NotApplicable(Text("no batched array among the arguments", "参数中没有可批量的数组"))
    return names
