"""What the linked site costs: a page, the whole site, one changed page, and a build in which nothing has changed.

python -m benchmarks.site [--only attention,entropy] [--beside PATH] [--processes 2]

The evidence of every page is measured first and kept, as it is where the site is built; the cost of that is told apart.
A page alone is `gradus show KEY --html` without kept evidence, in this build or in the one that `--beside` names.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ("attention", "entropy", "pca", "gradient-descent")  # the pages that are also written alone
QUICK = "softmax,entropy,attention"


class Clock:
    """Seconds by the clock, and of the processor in the processes that have ended."""

    def __enter__(self) -> "Clock":
        self._start, self._busy = time.perf_counter(), _busy()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.processor = time.perf_counter() - self._start, _busy() - self._busy


def _busy() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(tree: Path, data: Path, *arguments: str) -> Clock:
    """One command of the build in `tree`, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "GRADUS_DATA": str(data), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "gradus", *arguments]
    with Clock() as clock:
        subprocess.run(command, check=True, cwd=tree, env=environment, stdout=subprocess.DEVNULL)
    return clock


def main() -> list[Row]:
    """Print the table; returns a page of the site beside the same page alone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="the concepts of the site; all unless given")
    parser.add_argument(
        "--beside", type=Path, help="the folder of another build, whose pages alone are timed"
    )
    parser.add_argument("--quick", action="store_true", help=f"a site of {QUICK}")
    options, _ = parser.parse_known_args()
    only = options.only or (QUICK if options.quick else "")
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder), options.beside or ROOT, ["--only", only] if only else [])


def _measure(folder: Path, beside: Path, only: list[str]) -> list[Row]:
    tree, data, site = folder / "tree", folder / "data", folder / "site"
    shutil.copytree(ROOT / "gradus", tree / "gradus", ignore=shutil.ignore_patterns("__pycache__"))
    sample = [key for key in SAMPLE if not only or key in only[1]]
    alone = [
        run(beside, folder / f"none-{key}", "show", key, "--html", str(folder / "page.html"))
        for key in sample
    ]
    build = ("site", "build", str(site), *only)
    run(tree, data, "--version")  # compiles what is imported first
    cold = run(tree, data, *build)
    shutil.rmtree(site)
    whole = run(tree, data, *build)
    nothing = run(tree, data, *build)
    prose = next((tree / "gradus" / "concepts").rglob("attention.en.md"))
    prose.write_text(prose.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    changed = run(tree, data, *build)
    pages = len(list((site / "en").glob("*.html"))) - 6  # less the overviews
    rebuilt = _pages_alone(tree, data, site, build)
    rows = [
        ("whole site, evidence measured with it", cold),
        ("whole site, evidence at hand", whole),
        ("one page's prose changed", changed),
        ("nothing changed", nothing),
        (f"all {pages} pages in both languages, frames at hand", rebuilt),
    ]
    print(f"{'seconds':52s}{'clock':>10s}{'processor':>12s}")
    for name, clock in rows:
        print(f"{name:52s}{clock.wall:10.1f}{clock.processor:12.1f}")
    per_page = rebuilt.processor / (2 * pages)
    theirs = sum(clock.processor for clock in alone) / len(alone)
    print(f"{'processor seconds of a page of the site':52s}{'':10s}{per_page:12.2f}")
    print(f"{'processor seconds of a page alone':52s}{'':10s}{theirs:12.2f}")
    return [Row("a page of the site", 1e3 * per_page, "show KEY --html", 1e3 * theirs, "ms")]


def _pages_alone(tree: Path, data: Path, site: Path, build: tuple[str, ...]) -> Clock:
    """All pages made again, their frames kept."""
    for lang in ("en", "zh"):
        for page in (site / lang).glob("*.html"):
            page.unlink()
    return run(tree, data, *build)


if __name__ == "__main__":
    main()
