"""Forward–backward of 1,000 sequences of 1,000 steps, 20 states and 30 symbols, beside hmmlearn's two modes.

    python -m benchmarks.chains [--quick] [--rounds 3]

Posteriors and log-likelihoods of all sequences, the best paths, and one iteration of Baum–Welch. hmmlearn gets the sequences as it wants
them, one after the other; "scaling" is its fastest mode, "log" its default. One thread; the sides take turns, of each the processor time of
a call counts, and over the rounds the median. The answers are compared first, untimed; the largest difference is printed.
"""

import argparse
import importlib
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.table import Row
from gradus.inference import HiddenMarkovModel

SEQUENCES, STEPS, STATES, SYMBOLS = 1000, 1000, 20, 30


def tables() -> tuple[Any, Any, Any]:
    """Start, transitions, emissions."""
    rng = np.random.default_rng(0)
    return (
        rng.dirichlet(np.ones(STATES)), rng.dirichlet(np.ones(STATES), STATES), rng.dirichlet(np.ones(SYMBOLS), STATES),
    )  # fmt: skip


def with_hmmlearn(mode: str, iterations: int = 0) -> Any:
    """The same model of the peer's; its priors are off by default."""
    model = importlib.import_module("hmmlearn.hmm").CategoricalHMM(
        STATES, implementation=mode, n_iter=iterations, init_params="", tol=-np.inf
    )
    model.startprob_, model.transmat_, model.emissionprob_ = tables()
    model.n_features = SYMBOLS
    return model


def compared(count: int, rounds: int) -> list[Row]:
    x = np.random.default_rng(1).integers(0, SYMBOLS, (count, STEPS))
    column, lengths = x.reshape(-1, 1), [STEPS] * count
    ours, single = HiddenMarkovModel(*tables()), HiddenMarkovModel(*tables(), dtype="float32")
    sides: dict[str, Callable[[], Any]] = {
        "posterior": lambda: ours.posterior(x),
        "posterior, float32": lambda: single.posterior(x),
        "path": lambda: ours.viterbi(x),
        "iteration": lambda: ours.fit(x, max_iter=1),
    }
    if importlib.util.find_spec("hmmlearn") is None:
        print("hmmlearn is not installed (`pip install hmmlearn`): left out")
    else:
        for mode in ("scaling", "log"):
            peer = with_hmmlearn(mode)
            sides[f"hmmlearn {mode}"] = lambda peer=peer: peer.score_samples(column, lengths)  # type: ignore[misc]
        sides["hmmlearn path"] = lambda: with_hmmlearn("scaling").decode(column, lengths)
        sides["hmmlearn two iterations"] = lambda: with_hmmlearn("scaling", 2).fit(column, lengths)
    if "hmmlearn scaling" in sides:
        log, posterior = sides["hmmlearn scaling"]()
        for name in ("posterior", "posterior, float32"):
            found = sides[name]()
            apart = np.abs(found.states.reshape(-1, STATES) - posterior).max()
            relative = abs(found.log_likelihood.sum() / log - 1)
            print(f"{name}: largest difference {apart:.0e}, log-likelihood {relative:.0e} relative")
        relative = abs(sides["path"]().log_probability.sum() / sides["hmmlearn path"]()[0] - 1)
        print(f"path: log-probability {relative:.0e} relative")
        del posterior, found
    each: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, call in sides.items():
            begun = time.process_time()
            call()  # the answer is dropped: fresh memory would cost both sides more than the mathematics
            each[name].append(time.process_time() - begun)
    middle = {name: statistics.median(times) for name, times in each.items()}
    for name, seconds in middle.items():
        print(f"{name}: {seconds:.3f} s (best {min(each[name]):.3f})", flush=True)
    if "hmmlearn scaling" not in sides:
        return []
    what = f"{count} chains: "
    return [
        Row(what + "posteriors", middle["posterior"], "hmmlearn scaling", middle["hmmlearn scaling"], "s"),
        Row(what + "posteriors, float32", middle["posterior, float32"], "hmmlearn scaling", middle["hmmlearn scaling"], "s"),
        Row(what + "posteriors", middle["posterior"], "hmmlearn log (default)", middle["hmmlearn log"], "s"),
        Row(what + "best paths", middle["path"], "hmmlearn", middle["hmmlearn path"], "s"),
        Row(what + "two expectations, one iteration", middle["iteration"], "hmmlearn, two iterations", middle["hmmlearn two iterations"], "s"),
    ]  # fmt: skip


def main() -> list[Row]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one round of a tenth of the sequences")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.quick:
        return compared(SEQUENCES // 10, 1)
    return compared(SEQUENCES, options.rounds)


if __name__ == "__main__":
    from benchmarks.table import table

    print(table(main()))
