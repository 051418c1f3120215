"""HMC beside the published means and mean squares of posteriordb, whose data are read where they stand."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import posteriors
import pytest
import torch

from gradus.inference import HMC, diagnose, sample

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "posteriordb"
HARD = {"eight_schools-eight_schools_centered": "divergent"}  # what must be said of it
pytestmark = pytest.mark.slow


class Compared(NamedTuple):
    """How far the worst mean and mean square lie from those published, in standard errors of both together; and the run."""

    mean: float
    square: float
    rhat: float
    size: float
    seconds: float
    sound: bool
    said: str


def compared(name: str, folder: Path = FOLDER) -> Compared:
    data, model, other = posteriors.POSTERIORS[name]
    made, want = model(posteriors.read(folder, data)), posteriors.published(folder, other or name)
    begun = time.process_time()
    draws = sample(
        made.log_density,
        made.start,
        method=HMC(
            metric="laplace" if "beta" in made.start else "dense",  # of regressions
            acceptance=0.9,
            most_steps=50 if name in HARD else 1000,
        ),
        constraints=made.constraints,
        draws=400,
        warmup=400,
        chains=32,
        batched=True,
        seed=1,
    )
    seconds = time.process_time() - begun
    found = made.quantities(dict(draws.items()))
    assert set(want) <= set(found)
    values = {k: found[k].numpy() for k in want}
    diagnosis = diagnose({**values, **{f"{k}^2": v**2 for k, v in values.items()}})
    worst = [0.0, 0.0]
    for k, (mean, error, square, square_error) in want.items():
        for i, (key, at, off) in enumerate(((k, mean, error), (f"{k}^2", square, square_error))):
            both = math.hypot(off, float(diagnosis.mcse_mean[key]))
            worst[i] = max(worst[i], abs(float(diagnosis.mean[key]) - at) / both)
    rhat = max(float(np.max(diagnosis.rhat[k])) for k in want)
    size = min(float(diagnosis.ess_bulk[k]) for k in want)
    said = "; ".join(n.en.split(":")[0] for n in draws.diagnosis.notes)
    return Compared(*worst, rhat, size, seconds, draws.diagnosis.sound, said)


@pytest.mark.skipif(not FOLDER.exists(), reason=f"posteriordb is not at {FOLDER}")
@pytest.mark.parametrize("name", posteriors.POSTERIORS)
def test_means_and_squares_are_those_published(name: str) -> None:
    torch.set_num_threads(1)
    found = compared(name)
    if name in HARD:
        assert not found.sound and HARD[name] in found.said
        return
    assert found.mean < 4 and found.square < 4
    assert found.rhat < 1.03 and found.size > 400


if __name__ == "__main__":  # the table of the documentation
    import sys

    torch.set_num_threads(1)
    chosen = sys.argv[2:] or list(posteriors.POSTERIORS)
    print("| posterior | mean | mean square | R̂ | ESS | seconds | said |\n|---|---|---|---|---|---|---|")
    for each in chosen:
        r = compared(each, Path(sys.argv[1]))
        print(
            f"| {each.split('-')[1] if not each.startswith('nes') else each} | {r.mean:.1f} | {r.square:.1f} | {r.rhat:.3f} | {r.size:.0f} | {r.seconds:.1f} | {r.said} |",
            flush=True,
        )
