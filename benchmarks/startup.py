"""How long a reader waits for each reading command: beside `import numpy`, another build, and with a larger catalogue.

python -m benchmarks.startup [--beside PATH] [--concepts 400] [--runs 9]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.synthetic_catalogue import ROOT, grown
from benchmarks.table import Row

# compiled modules are kept, as they are for every user: without them each start compiles all pages anew
ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "COLUMNS")}
COMMANDS = {
    "gradus map": ["-m", "gradus", "map"],
    "gradus search attenton": ["-m", "gradus", "search", "attenton"],
    "gradus path attention": ["-m", "gradus", "path", "attention"],
    "gradus show attention": ["-m", "gradus", "show", "attention"],
    "gradus run --help": ["-m", "gradus", "run", "--help"],
    "gradus --help": ["-m", "gradus", "--help"],
    "import all pages": ["-c", "from gradus.catalogue import load; load()"],
}
PLAIN = {"python alone": ["-c", "pass"], "import numpy": ["-c", "import numpy"]}
CLOCKS = ("wall", "processor")

Case = tuple[str, str]  # a command and the build that runs it


def measure(builds: dict[str, Path], runs: int) -> dict[str, dict[Case, float]]:
    """Median seconds of whole processes, by the clock and of the processor, which other work on the machine disturbs less.

    All cases are taken in turn, so that drift of the machine meets all alike.
    """
    cases: dict[Case, list[str]] = {(name, "here"): arguments for name, arguments in PLAIN.items()}
    cases |= {(name, build): arguments for name, arguments in COMMANDS.items() for build in builds}
    seconds: dict[str, dict[Case, list[float]]] = {clock: {case: [] for case in cases} for clock in CLOCKS}
    with tempfile.TemporaryDirectory() as data:
        for round_ in range(runs + 1):
            for case, arguments in cases.items():
                for clock, took in zip(CLOCKS, _seconds(arguments, builds[case[1]], data), strict=True):
                    if round_:  # the first round compiles and fills the caches
                        seconds[clock][case].append(took)
    return {
        clock: {case: statistics.median(times) for case, times in of_clock.items()}
        for clock, of_clock in seconds.items()
    }


def _seconds(arguments: list[str], tree: Path, data: str) -> tuple[float, float]:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tree), "GRADUS_DATA": data}
    before, start = _busy(), time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, cwd=tree, env=environment, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start, _busy() - before


def _busy() -> float:
    """Processor seconds of the processes that have ended, 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0.0
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table(clock: str, seconds: dict[Case, float], builds: list[str]) -> str:
    """One line a command: milliseconds of each build, and how many times as long as here."""
    lines = [f"{f'median ms, {clock}':30s}" + "".join(f"{build:>24s}" for build in builds)]
    for name in [*PLAIN, *COMMANDS]:
        here = seconds[name, "here"]
        times = [seconds[name, build] for build in builds if (name, build) in seconds]
        cells = [f"{1e3 * t:.0f} ({t / here:.2f}×)" if here else "" for t in times]
        lines.append(f"{name:30s}" + "".join(f"{cell:>24s}" for cell in cells))
    return "\n".join(lines)


def main() -> list[Row]:
    """Print the table; returns each reading command beside `import numpy`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beside", type=Path, help="the folder of another build of Gradus")
    parser.add_argument("--concepts", type=int, default=400, help="size of the larger catalogue")
    parser.add_argument("--runs", type=int, default=9, help="how often each is measured")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        # other builds are copied, so that nothing is compiled into them
        trees = {"here": ROOT, **({"beside": options.beside.resolve()} if options.beside else {})}
        builds = {name: grown(tree, Path(folder) / name, 0) for name, tree in trees.items()}
        builds |= {
            f"{name}, {options.concepts} concepts": grown(
                tree, Path(folder) / f"{name}-grown", options.concepts
            )
            for name, tree in trees.items()
        }
        measured = measure(builds, options.runs)
    for clock, seconds in measured.items():
        print(table(clock, seconds, list(builds)), end="\n\n")
    wall = {name: 1e3 * measured["wall"][name, "here"] for name in (*PLAIN, *COMMANDS)}
    return [Row(name, wall[name], "import numpy", wall["import numpy"], "ms") for name in COMMANDS]


if __name__ == "__main__":
    main()
