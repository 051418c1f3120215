"""Runs the benchmarks in turn, or one by name, and ends with one table: ours, the peer, the ratio.

python -m benchmarks [--quick]
python -m benchmarks NAME [its own options]
"""

import argparse
import sys
import traceback
from importlib import import_module

from benchmarks.table import Row, table

NAMES = (
    "startup",
    "verification",
    "judge",
    "regression",
    "autodiff",
    "recurrent",
    "attention",
    "graphs",
    "minimize",
    "quadratic",
    "inference",
    "structure",
    "chains",
    "kalman",
    "mixture",
    "posterior",
    "optimizers",
    "frechet",
    "generation",
    "kfac",
    "curvature",
    "training",
    "watching",
    "site",
)
CAN_BE_QUICK = tuple(name for name in NAMES if name not in ("startup", "verification", "judge"))


def run(name: str, options: list[str]) -> list[Row]:
    """Run one benchmark with its own options; a benchmark without a peer has no rows."""
    print(f"\n== {name}", flush=True)
    sys.argv = [f"benchmarks.{name}", *options]
    return import_module(f"benchmarks.{name}").main() or []


def run_all(quick: bool) -> tuple[list[Row], list[str]]:
    """The rows of all benchmarks, and the names of those that failed; one failure does not stop the others."""
    rows, failed = [], []
    for name in NAMES:
        try:
            rows += run(name, ["--quick"] if quick and name in CAN_BE_QUICK else [])
        except (Exception, SystemExit):
            traceback.print_exc()
            failed.append(name)
    return rows, failed


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "name", nargs="?", choices=NAMES, help="run only this one; what follows are its options"
    )
    parser.add_argument("--quick", action="store_true", help="shorten those that train")
    options, rest = parser.parse_known_args()
    failed: list[str] = []
    if options.name:
        rows = run(options.name, [*rest, *(["--quick"] if options.quick else [])])
    elif rest:
        parser.error(f"{' '.join(rest)}: only one benchmark by name takes options of its own")
    else:
        rows, failed = run_all(options.quick)
    if rows:
        print(f"\n{table(rows)}")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
