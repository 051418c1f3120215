"""The report of a verification, made from what the judging processes have recorded and from how they ended."""

from __future__ import annotations

from dataclasses import replace

from gradus.catalogue import concept as load_concept
from gradus.page import Claim, Concept
from gradus.text import Text
from gradus.verify.counterexamples import Counterexample
from gradus.verify.isolated.limits import MEGABYTE, Limits
from gradus.verify.isolated.own_claims import ANSWERS, LEAVES_PROCESS, STRUCTURE, outcome
from gradus.verify.isolated.supervisor import Records, Request
from gradus.verify.isolated.wire import example_of, result_of, text_of
from gradus.verify.runner import Report, Result, as_remark, claims_of, seed_of

FORGED = Text("it writes among the judge's records (left out)", "它在评判程序的记录中写入内容（未予采信）")
NOTHING = Text("no claim of the page could be measured on it", "该页没有一条断言可在其上测量")


def report_of(request: Request, records: Records) -> Report:
    """The report of a verification from what the judging processes have recorded."""
    concept = load_concept(request.key)
    results = _results(concept, request, records)
    examples: list[tuple[Concept, Counterexample]] = [
        (concept, example_of(e)) for e in records.of("example")[-1:]
    ]
    remarks = [text_of(e["text"]) for kind in ("unrepeatable",) for e in records.of(kind)[-1:]]
    taken = [text_of(e["text"]) for e in records.of("taken")[-1:]]
    changed = sorted({name for e in records.of("left") for name in e["changed"]})
    if changed:
        names = ", ".join(changed)
        remarks.append(Text(f"it changes {names} (put back)", f"它改动了 {names}（已恢复）"))
    return Report(
        tuple(results),
        (),
        tuple(examples),
        (*taken, *remarks),
        records.output if records.output.strip() else "",
    )


def _results(concept: Concept, request: Request, records: Records) -> list[Result]:
    """What is asked of any code first, then the claims in their order."""
    name = request.path
    before = records.endings.get("") or next((text_of(e["text"]) for e in records.of("answers")), None)
    results = [outcome(concept, ANSWERS, name, before)]
    structure = next((text_of(e["text"]) for e in records.of("structure")), None)
    if before is None:
        results.append(outcome(concept, STRUCTURE, name, structure))
    claims = {c.name: c for c in claims_of(concept, tuple(request.cost))}  # type: ignore[arg-type]
    measured = {e["claim"]: e for e in records.of("result")}
    for claim in (claims[n] for n in records.claims):
        if claim.name in measured:
            result = result_of(measured[claim.name], concept, claims, name)
            results.append(_judged_beside(result, measured[claim.name]["replaced"], records, request.limits))
        elif claim.name in records.slow and any(e["single"] for e in records.of("taken")):
            results.append(_unmeasured(concept, claim, request, "skipped", _one_by_one(records, claim)))
        elif claim.name in records.endings:
            ending = _unmeasured(concept, claim, request, "fails", records.endings[claim.name])
            results.append(ending if request.strict else as_remark(ending))
        else:
            results.append(
                _unmeasured(concept, claim, request, "skipped", _why_not(before or structure, records))
            )
    if before is None and structure is None and not any(r.verdict != "skipped" for r in results[2:]):
        results[0] = outcome(concept, ANSWERS, name, NOTHING)
    left = [text_of(e["fault"]) for e in records.of("left") if e["fault"]]
    if records.forged:
        left.insert(0, FORGED)
    if before is None and structure is None:
        results.append(outcome(concept, LEAVES_PROCESS, name, left[0] if left else None))
    return results


def _one_by_one(records: Records, claim: Claim) -> Text:
    """That a claim of many members takes too long one by one, which is nothing wrong."""
    en, zh = records.endings[claim.name]
    return Text(
        f"{claim.name} not measured, one member of a batch at a time: {en}",
        f"未测量 {claim.name}，逐个处理批量成员：{zh}",
    )


def _why_not(before: Text | None, records: Records) -> Text:
    if before is not None:
        return Text("not measured: what comes before it failed", "未测量：其前提已不成立")
    count = len(records.endings)
    return Text(
        f"not measured: the process has ended {count} times before", f"未测量：此前进程已中止 {count} 次"
    )


def _unmeasured(concept: Concept, claim: Claim, request: Request, verdict: str, why: Text) -> Result:
    seed = seed_of(concept, claim.name, request.base)
    return Result(concept, claim, request.path, verdict, None, why, seed, 0.0)  # type: ignore[arg-type]


def _judged_beside(result: Result, replaced: list[str], records: Records, limits: Limits) -> Result:
    """A result does not count where the code replaced parts of the judge; nor is printing without measure let pass."""
    if replaced:
        names = ", ".join(replaced)
        why = Text(f"during this claim it replaced {names}", f"在该断言期间它替换了 {names}")
        return replace(result, verdict="fails", evidence=None, reason=why)
    printed = records.printed.get(result.claim.name, 0)
    if printed > limits.output:
        most = f"{limits.output / MEGABYTE:g} MB"
        why = Text(
            f"it printed {printed / MEGABYTE:.1f} MB during this claim, more than {most}",
            f"在该断言期间输出了 {printed / MEGABYTE:.1f} MB，超过 {most}",
        )
        return replace(result, verdict="fails", evidence=None, reason=why)
    return result
