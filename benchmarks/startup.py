"""How long a reader waits: importing all pages and building the roadmap, and each reading command, against the budget of 0.3 s."""

import os
import statistics
import subprocess
import sys
import time

BUDGET = 0.3
# compiled modules are kept, as they are for every user: without them each start compiles all pages anew
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
CASES = {
    "python alone": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import all pages, build the roadmap": ["-c", "from gradus.catalogue import load; load()"],
    "gradus --help": ["-m", "gradus", "--help"],
    "gradus map": ["-m", "gradus", "map"],
    "gradus show attention": ["-m", "gradus", "show", "attention"],
    "gradus path attention": ["-m", "gradus", "path", "attention"],
    "gradus search attenton": ["-m", "gradus", "search", "attenton"],
}


def measure(runs: int = 7) -> dict[str, list[float]]:
    """Wall seconds of whole processes, the cases taken in turn so that drift of the machine meets all alike."""
    times: dict[str, list[float]] = {name: [] for name in CASES}
    for i in range(runs + 1):
        for name, arguments in CASES.items():
            start = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT
            )
            if i:  # the first round fills the caches
                times[name].append(time.perf_counter() - start)
    return times


def main() -> None:
    print(f"start-up, seconds (whole process; budget {BUDGET} s)")
    for name, seconds in measure().items():
        print(
            f"  {name:38s} median {statistics.median(seconds):.3f}   min {min(seconds):.3f}   max {max(seconds):.3f}"
        )


if __name__ == "__main__":
    main()
