"""Builds the site into a folder: only what has changed, on two processes, each file written aside and renamed."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from gradus.locks import waiting_lock
from gradus.progress import item_bar
from gradus.site.making import is_current, make, make_some, start_worker
from gradus.site.manifest import Manifest, Row, open_site
from gradus.site.plan import Part, chosen, parts

PROCESSES = 2
FEW = 2  # parts that are made at once without starting other processes


@dataclass(frozen=True)
class Built:
    """What a build did.

    Attributes:
        directory: of the site.
        made: the names of the parts that were made.
        kept: how many had not changed.
        removed: files of concepts that are no more.
        seconds: how long it took.
    """

    directory: Path
    made: tuple[str, ...]
    kept: int
    removed: tuple[str, ...]
    seconds: float


def build_site(
    directory: str | os.PathLike[str],
    keys: Sequence[str] | None = None,
    processes: int = PROCESSES,
    measure: bool = True,
    show: bool | None = None,
) -> Built:
    """Builds the site, or of a site that is there what has changed.

    Args:
        directory: a new or empty folder, or one that a site was built into before.
        keys: of the concepts; all of them unless given.
        processes: how many work side by side.
        measure: whether claims are measured whose evidence is not at hand; else their pages say so.
        show: whether a bar is drawn; on a terminal only unless given.

    Raises:
        GradusError: the folder holds files that are not the site's, or cannot be written.
    """
    start = time.perf_counter()
    catalogue, manifest = chosen(keys), open_site(directory)
    with waiting_lock(manifest.lock):
        manifest = open_site(directory)  # as another build may have left it
        every = parts(catalogue)
        due = [part for part in every if not is_current(part, manifest, catalogue, measure)]
        removed = manifest.keep_only({file for part in every for file in part.files})
        if due or removed:
            manifest.claim(file for part in due for file in part.files)
            _make_all(due, manifest, keys, processes, measure, show)
            manifest.write()
    made = tuple(part.name for part in due)
    return Built(manifest.directory, made, len(every) - len(due), tuple(removed), time.perf_counter() - start)


def _make_all(
    due: Sequence[Part],
    manifest: Manifest,
    keys: Sequence[str] | None,
    processes: int,
    measure: bool,
    show: bool | None,
) -> None:
    """Makes the parts and notes each as it is done, so that a build that is interrupted goes on where it was."""
    where = (str(manifest.directory), keys, measure)
    try:
        with item_bar(len(due), show) as begin:
            if len(due) <= FEW or processes < 2:
                for part in due:
                    begin(part.key)
                    manifest.rows[part.name] = make(part, *where)
            else:
                for part, row in _made(due, processes, where):
                    begin(part.key)
                    manifest.rows[part.name] = row
    except BaseException:
        manifest.write()
        raise


def _made(
    due: Sequence[Part], processes: int, where: tuple[str, Sequence[str] | None, bool]
) -> Iterator[tuple[Part, Row]]:
    """The parts with their rows as processes make them; those that were begun are waited for.

    One process makes the page and the frames of a concept, whose figure it lays out once.
    """
    together: dict[str, list[Part]] = {}
    for part in due:
        together.setdefault(part.key, []).append(part)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=start_worker) as pool:
        waiting = {pool.submit(make_some, some, *where): some for some in together.values()}
        while waiting:
            try:
                done = wait(waiting, return_when=FIRST_COMPLETED).done
            except KeyboardInterrupt:
                pool.shutdown(wait=True, cancel_futures=True)
                for future, some in waiting.items():
                    if not future.cancelled() and not future.exception():
                        yield from zip(some, future.result(), strict=True)
                raise
            for future in done:
                yield from zip(waiting.pop(future), future.result(), strict=True)
