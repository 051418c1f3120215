"""How long `gradus verify --all` takes, and which concepts take longest, against the budget of 60 s."""

import time

from benchmarks.table import Row
from gradus.catalogue import load
from gradus.verify import verify
from gradus.verify.output import summary

BUDGET = 60.0


def main() -> list[Row]:
    seconds, parts = {}, []
    for concept in load():
        start = time.perf_counter()
        parts.append(verify([concept]))
        seconds[concept.key] = time.perf_counter() - start
    print(f"verify --all: {sum(seconds.values()):.1f} s (budget {BUDGET:.0f} s)")
    for key in sorted(seconds, key=seconds.__getitem__, reverse=True)[:10]:
        print(f"  {key:24s} {seconds[key]:.2f} s")
    failed = [summary(p) for p in parts if not p.holds]
    print("  all hold" if not failed else "\n".join(failed))
    return [Row(f"verify --all, {len(seconds)} concepts", sum(seconds.values()), "the budget", BUDGET, "s")]


if __name__ == "__main__":
    main()
