"""The pages of many concepts measured by several processes: what each finds is told by name, and put together in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from gradus.catalogue import concept as load_concept
from gradus.errors import GradusError
from gradus.page import Concept, Cost
from gradus.page.evidence import Evidence
from gradus.text import Text
from gradus.verify.runner import MutantResult, Report, Result, Verdict, claims_of, verify

FEW = 6  # concepts that are measured by one process: others would hardly have started
MOST = 4  # processes: each imports what the pages' implementations need


#: A result without its concept and claim, and one of a mutant without its concept and mutant: pages hold functions.
Measured = tuple[str, str, Verdict, Evidence | None, Text, int, float]
Tried = tuple[str, tuple[str, ...], float]


def verify_side_by_side(
    concepts: Sequence[Concept], cost: Sequence[Cost] = ("quick",), base: int = 0, processes: int = 0
) -> Iterator[Report]:
    """A report for each concept, in order, as `verify` gives it; seeds are of the claims, so that no number depends on the process.

    Args:
        concepts: of the catalogue.
        cost: of the claims.
        base: of their seeds.
        processes: how many work side by side; 0 for one a core, up to four.

    Raises:
        GradusError: a process was ended from outside, as by a system that is short of memory.
    """
    processes = processes or min(MOST, _cores())
    if len(concepts) <= FEW or processes < 2:
        yield from (verify([concept], None, cost, base=base) for concept in concepts)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start) as pool:
        waiting = [pool.submit(_find, concept.key, tuple(cost), base) for concept in concepts]
        try:
            for concept, found in zip(concepts, waiting, strict=True):
                yield _put_together(concept, cost, *found.result())
        except BrokenProcessPool as error:
            raise GradusError(
                Text(
                    "a process that measures was ended, perhaps for lack of memory; verify fewer concepts at once",
                    "有测量进程被终止，可能是内存不足；请减少同时验证的概念",
                )
            ) from error
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()  # a slow claim may take minutes
            pool.shutdown(cancel_futures=True)
            raise


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start() -> None:
    """One thread for each process, and Ctrl-C, which a terminal sends to all of them, ends it without a word."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _find(key: str, cost: Sequence[Cost], base: int) -> tuple[list[Measured], list[Tried]]:
    report = verify([load_concept(key)], None, cost, base=base)
    return (
        [
            (r.claim.name, r.implementation, r.verdict, r.evidence, r.reason, r.seed, r.seconds)
            for r in report.results
        ],
        [(m.mutant.name, m.missed_by, m.seconds) for m in report.mutants],
    )


def _put_together(
    concept: Concept, cost: Sequence[Cost], measured: Sequence[Measured], tried: Sequence[Tried]
) -> Report:
    claims = {claim.name: claim for claim in claims_of(concept, cost)}
    return Report(
        tuple(Result(concept, claims[row[0]], *row[1:]) for row in measured),
        tuple(MutantResult(concept, concept.mutants[row[0]], *row[1:]) for row in tried),
    )
