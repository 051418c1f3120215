"""What judging a user's own softmax costs beyond the import of its framework, in NumPy, PyTorch and JAX, beside another build.

python -m benchmarks.judge [--beside PATH] [--runs 5]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.synthetic_catalogue import ROOT
from benchmarks.table import Row

ENVIRONMENT = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "COLUMNS")}
SOFTMAX = """
def softmax(z):
    e = {exp}(z - {max})
    return e / {sum}
"""
FRAMEWORKS = {
    "numpy": "import numpy as np\n"
    + SOFTMAX.format(exp="np.exp", max="z.max(-1, keepdims=True)", sum="e.sum(-1, keepdims=True)"),
    "torch": "import torch\n"
    + SOFTMAX.format(exp="torch.exp", max="z.amax(-1, keepdim=True)", sum="e.sum(-1, keepdim=True)"),
    "jax": "import jax\nimport jax.numpy as jnp\n"
    + SOFTMAX.format(exp="jnp.exp", max="z.max(-1, keepdims=True)", sum="e.sum(-1, keepdims=True)"),
}


def seconds(arguments: list[str], tree: Path, data: str, folder: Path) -> float:
    """Wall seconds of one process; the verdict must be that all claims hold."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(tree), "GRADUS_DATA": data}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def measure(trees: dict[str, Path], runs: int, folder: Path) -> dict[tuple[str, str], float]:
    """Median seconds of each verification less those of the framework's import, the builds in turn."""
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as data:
        for round_ in range(runs + 1):
            for name in FRAMEWORKS:
                cases = {
                    build: [
                        "-m",
                        "gradus",
                        "verify",
                        "softmax",
                        "--implementation",
                        f"{name}_softmax.py:softmax",
                    ]
                    for build in trees
                }
                for build, arguments in {**cases, "import": ["-c", f"import {name}"]}.items():
                    took = seconds(arguments, trees.get(build, ROOT), data, folder)
                    if round_:  # the first round compiles and fills the caches, which every user has from the second on
                        times.setdefault((name, build), []).append(took)
    median = {case: statistics.median(t) for case, t in times.items()}
    return {
        (name, build): median[name, build] - median[name, "import"] for name in FRAMEWORKS for build in trees
    }


def main() -> list[Row]:
    """Print what each verification costs; returns it beside the other build, where one is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--beside", type=Path, help="the folder of another build of Gradus")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured")
    options, _ = parser.parse_known_args()
    trees = {"here": ROOT, **({"beside": options.beside.resolve()} if options.beside else {})}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FRAMEWORKS.items():
            (Path(folder) / f"{name}_softmax.py").write_text(text, encoding="utf-8")
        measured = measure(trees, options.runs, Path(folder))
    for (name, build), cost in measured.items():
        print(f"verify softmax in {name:6s} {build:8s} {cost:.2f} s beyond the framework's import")
    if not options.beside:
        return []
    return [
        Row(f"verify softmax in {name}", measured[name, "here"], "beside", measured[name, "beside"], "s")
        for name in FRAMEWORKS
    ]


if __name__ == "__main__":
    main()
